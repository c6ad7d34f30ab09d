#pragma once
// The commit that was built, with "-dirty" behind it where files were changed since; empty without git.
const char *ac_build_commit(void);
