#pragma once
// What the vector kernels share. Only for the .c files here.
#if defined(__x86_64__)
#include <immintrin.h>
#define AC_AVX2 __attribute__((target("avx2,fma,f16c")))
#define AC_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define AC_HAS_AVX2 (ac_cpu_flags() & AC_CPU_AVX2)
#define AC_HAS_AVX512 (ac_cpu_flags() & AC_CPU_AVX512)

// The first n lanes of eight, 0 ≤ n ≤ 8, for masked loads and stores.
AC_AVX2 static inline __m256i ac_first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif
