#include "cpu.h"

#include <stdatomic.h>

static _Atomic uint32_t limit = UINT32_MAX;

static uint32_t detect(void) {
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
  return flags;
}

uint32_t ac_cpu_flags(void) {
  return detect() & atomic_load_explicit(&limit, memory_order_relaxed);
}

void ac_cpu_limit(uint32_t mask) { atomic_store_explicit(&limit, mask, memory_order_relaxed); }
