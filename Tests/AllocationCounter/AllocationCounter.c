#define _GNU_SOURCE
#include "AllocationCounter.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic long count;
static size_t least = (size_t)-1;

static void note(size_t size) {
  if (size >= least) atomic_fetch_add(&count, 1);
}

// The C library's own function of this name.
#define REAL(result, name, ...)                              \
  static result (*real)(__VA_ARGS__);                        \
  if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

void *malloc(size_t size) {
  REAL(void *, "malloc", size_t);
  note(size);
  return real(size);
}

void *realloc(void *old, size_t size) {
  REAL(void *, "realloc", void *, size_t);
  note(size);
  return real(old, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  REAL(int, "posix_memalign", void **, size_t, size_t);
  note(size);
  return real(block, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  REAL(void *, "aligned_alloc", size_t, size_t);
  note(size);
  return real(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
  REAL(void *, "memalign", size_t, size_t);
  note(size);
  return real(alignment, size);
}

__attribute__((constructor)) static void begin(void) {
  const char *bytes = getenv("ALLOCATION_COUNTER_LEAST");
  if (bytes) least = (size_t)strtoul(bytes, NULL, 10);
}

__attribute__((destructor)) static void tell(void) { dprintf(2, "%ld allocations\n", count); }
