#include "cpu.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Of each thread its own: a test that walks through the paths must not change the arithmetic of what
// runs beside it.
static _Thread_local uint32_t limit = UINT32_MAX;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t offered;

static void detect(void) {
  uint32_t flags = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("f16c"))
    flags |= AC_CPU_AVX2;
  if ((flags & AC_CPU_AVX2) && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    flags |= AC_CPU_AVX512;
#endif
  const char *most = getenv("AUTOCHROME_ISA");
  if (most && strcmp(most, "plain") == 0) flags = 0;
  if (most && strcmp(most, "avx2") == 0) flags &= AC_CPU_AVX2;
  offered = flags;
}

uint32_t ac_cpu_flags(void) {
  pthread_once(&once, detect);
  return offered & limit;
}

void ac_cpu_limit(uint32_t mask) { limit = mask; }
