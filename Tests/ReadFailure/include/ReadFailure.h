#pragma once
// Loaded before a program (LD_PRELOAD), it lets reads of one file fail, as on a disk that goes bad while the
// program runs. The environment says READ_FAILURE_FILE, the file's resolved path, and READ_FAILURE_AFTER, how many
// reads succeed; at exit it writes "N reads" of that file to file descriptor 2.
