#pragma once

// Makes malloc take blocks of 1 MB and more from the system and give them back as a whole, for the
// whole process. Otherwise glibc keeps them in heaps that fragment, and memory creeps up with the
// length of a film. Does nothing with other C libraries.
void ac_return_large_blocks(void);
