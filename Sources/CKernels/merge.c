#include "merge.h"

#include "cpu.h"

#pragma STDC FP_CONTRACT OFF

void ac_merge_reference(const float *const *sources, const ac_merge_tap *taps,
                        const int32_t *first, int32_t positions, int32_t stride, float *out) {
  for (int32_t p = 0; p < positions; p++) {
    float *to = out + (ptrdiff_t)p * stride;
    for (int32_t c = 0; c < stride; c++) {
      float sum = 0;
      for (int32_t i = first[p]; i < first[p + 1]; i++)
        sum += taps[i].weight * sources[taps[i].source][(ptrdiff_t)taps[i].position * stride + c];
      to[c] = sum;
    }
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define FROM(tap) (sources[(tap).source] + (ptrdiff_t)(tap).position * stride + c)

// Channels from `c` on, one by one: those that fill no vector.
static inline void merge_rest(const float *const *sources, const ac_merge_tap *taps,
                              int32_t begin, int32_t end, int32_t stride, int32_t c, float *to) {
  for (; c < stride; c++) {
    float sum = 0;
    for (int32_t i = begin; i < end; i++) sum += taps[i].weight * *FROM(taps[i]);
    to[c] = sum;
  }
}

__attribute__((target("avx2"))) static void merge_avx2(const float *const *sources,
                                                       const ac_merge_tap *taps,
                                                       const int32_t *first, int32_t positions,
                                                       int32_t stride, float *out) {
  for (int32_t p = 0; p < positions; p++) {
    float *to = out + (ptrdiff_t)p * stride;
    const int32_t begin = first[p], end = first[p + 1];
    int32_t c = 0;
    for (; c + 64 <= stride; c += 64) {
      __m256 sum[8];
      for (int k = 0; k < 8; k++) sum[k] = _mm256_setzero_ps();
      for (int32_t i = begin; i < end; i++) {
        const __m256 weight = _mm256_set1_ps(taps[i].weight);
        const float *from = FROM(taps[i]);
        for (int k = 0; k < 8; k++)
          sum[k] = _mm256_add_ps(sum[k], _mm256_mul_ps(weight, _mm256_loadu_ps(from + 8 * k)));
      }
      for (int k = 0; k < 8; k++) _mm256_storeu_ps(to + c + 8 * k, sum[k]);
    }
    for (; c + 8 <= stride; c += 8) {
      __m256 sum = _mm256_setzero_ps();
      for (int32_t i = begin; i < end; i++)
        sum = _mm256_add_ps(
            sum, _mm256_mul_ps(_mm256_set1_ps(taps[i].weight), _mm256_loadu_ps(FROM(taps[i]))));
      _mm256_storeu_ps(to + c, sum);
    }
    merge_rest(sources, taps, begin, end, stride, c, to);
  }
}

__attribute__((target("avx512f"))) static void merge_avx512(const float *const *sources,
                                                            const ac_merge_tap *taps,
                                                            const int32_t *first,
                                                            int32_t positions, int32_t stride,
                                                            float *out) {
  for (int32_t p = 0; p < positions; p++) {
    float *to = out + (ptrdiff_t)p * stride;
    const int32_t begin = first[p], end = first[p + 1];
    int32_t c = 0;
    for (; c + 160 <= stride; c += 160) {
      __m512 sum[10];
      for (int k = 0; k < 10; k++) sum[k] = _mm512_setzero_ps();
      for (int32_t i = begin; i < end; i++) {
        const __m512 weight = _mm512_set1_ps(taps[i].weight);
        const float *from = FROM(taps[i]);
        for (int k = 0; k < 10; k++)
          sum[k] = _mm512_add_ps(sum[k], _mm512_mul_ps(weight, _mm512_loadu_ps(from + 16 * k)));
      }
      for (int k = 0; k < 10; k++) _mm512_storeu_ps(to + c + 16 * k, sum[k]);
    }
    for (; c + 16 <= stride; c += 16) {
      __m512 sum = _mm512_setzero_ps();
      for (int32_t i = begin; i < end; i++)
        sum = _mm512_add_ps(
            sum, _mm512_mul_ps(_mm512_set1_ps(taps[i].weight), _mm512_loadu_ps(FROM(taps[i]))));
      _mm512_storeu_ps(to + c, sum);
    }
    merge_rest(sources, taps, begin, end, stride, c, to);
  }
}
#endif

void ac_merge(const float *const *sources, const ac_merge_tap *taps, const int32_t *first,
              int32_t positions, int32_t stride, float *out) {
#if defined(__x86_64__)
  const uint32_t flags = ac_cpu_flags();
  if (flags & AC_CPU_AVX512) {
    merge_avx512(sources, taps, first, positions, stride, out);
    return;
  }
  if (flags & AC_CPU_AVX2) {
    merge_avx2(sources, taps, first, positions, stride, out);
    return;
  }
#endif
  ac_merge_reference(sources, taps, first, positions, stride, out);
}
