#pragma once
// What the vector kernels share. Only for the .c files here.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>
#define AC_AVX2 __attribute__((target("avx2,fma,f16c")))
#define AC_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define AC_HAS_AVX2 (ac_cpu_flags() & AC_CPU_AVX2)
#define AC_HAS_AVX512 (ac_cpu_flags() & AC_CPU_AVX512)

// The first n lanes of eight, 0 ≤ n ≤ 8, for masked loads and stores.
AC_AVX2 static inline __m256i ac_first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// first[k] = p[index[k]], second[k] = p[index[k] + 1], as eight 64-bit loads: on many CPUs gather
// instructions take several times as long, since their microcode was changed against data sampling.
AC_AVX2 static inline void ac_load_pairs(const float *p, __m256i index, __m256 *first,
                                         __m256 *second) {
  int32_t at[8];
  _mm256_storeu_si256((__m256i *)at, index);
#define PAIR(i, j)                                                                              \
  _mm_loadh_pd(_mm_load_sd((const double *)(p + at[i])), (const double *)(p + at[j]))
  const __m256 low = _mm256_castpd_ps(
      _mm256_insertf128_pd(_mm256_castpd128_pd256(PAIR(0, 1)), PAIR(4, 5), 1));
  const __m256 high = _mm256_castpd_ps(
      _mm256_insertf128_pd(_mm256_castpd128_pd256(PAIR(2, 3)), PAIR(6, 7), 1));
#undef PAIR
  *first = _mm256_shuffle_ps(low, high, 0x88);
  *second = _mm256_shuffle_ps(low, high, 0xdd);
}
#endif
