#include "build.h"

// Package.swift defines it.
#ifndef AC_BUILD_COMMIT
#define AC_BUILD_COMMIT ""
#endif

const char *ac_build_commit(void) { return AC_BUILD_COMMIT; }
