#define _GNU_SOURCE
#include "ReadFailure.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic long reads;
static long most = LONG_MAX;
static const char *file;

__attribute__((constructor)) static void start(void) {
  file = getenv("READ_FAILURE_FILE");
  const char *after = getenv("READ_FAILURE_AFTER");
  if (after) most = atol(after);
}

__attribute__((destructor)) static void tell(void) {
  if (file) dprintf(2, "%ld reads\n", atomic_load(&reads));
}

static int is_file(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strcmp(path, file) == 0;
}

ssize_t read(int descriptor, void *buffer, size_t count) {
  static ssize_t (*real)(int, void *, size_t);
  if (!real) real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  if (file && is_file(descriptor) && atomic_fetch_add(&reads, 1) >= most) {
    errno = EIO;
    return -1;
  }
  return real(descriptor, buffer, count);
}
