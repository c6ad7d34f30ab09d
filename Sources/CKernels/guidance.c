#include "guidance.h"

#include "cpu.h"
#include "simd.h"

void ac_inner_products_ref(const float *planes, int64_t plane_stride, int channels, int count,
                           const float *vectors, int vector_count, float *out,
                           int64_t out_stride) {
  for (int v = 0; v < vector_count; v++) {
    for (int i = 0; i < count; i++) {
      float sum = 0;
      for (int c = 0; c < channels; c++)
        sum += vectors[(int64_t)v * channels + c] * planes[c * plane_stride + i];
      out[v * out_stride + i] = sum;
    }
  }
}

#if defined(__x86_64__)

// Four vectors and sixteen places at once: eight sums, two loads and four broadcasts for each channel.
#define TILE_VECTORS 4

AC_AVX2 static void inner_products_avx2(const float *planes, int64_t plane_stride, int channels,
                                        int count, const float *vectors, int vector_count,
                                        float *out, int64_t out_stride) {
  for (int i = 0; i < count; i += 16) {
    const int left = count - i;
    const __m256i low = ac_first_lanes(left < 8 ? left : 8);
    const __m256i high = ac_first_lanes(left < 8 ? 0 : left < 16 ? left - 8 : 8);
    for (int v = 0; v < vector_count; v += TILE_VECTORS) {
      const int tile = vector_count - v < TILE_VECTORS ? vector_count - v : TILE_VECTORS;
      const float *at[TILE_VECTORS];
      __m256 sums[TILE_VECTORS][2];
      for (int t = 0; t < TILE_VECTORS; t++) {
        at[t] = vectors + (int64_t)(v + (t < tile ? t : tile - 1)) * channels;
        sums[t][0] = sums[t][1] = _mm256_setzero_ps();
      }
      for (int c = 0; c < channels; c++) {
        const float *plane = planes + c * plane_stride + i;
        const __m256 first = _mm256_maskload_ps(plane, low);
        const __m256 second = _mm256_maskload_ps(plane + 8, high);
        for (int t = 0; t < TILE_VECTORS; t++) {
          const __m256 factor = _mm256_broadcast_ss(at[t] + c);
          sums[t][0] = _mm256_fmadd_ps(factor, first, sums[t][0]);
          sums[t][1] = _mm256_fmadd_ps(factor, second, sums[t][1]);
        }
      }
      for (int t = 0; t < tile; t++) {
        float *row = out + (v + t) * out_stride + i;
        _mm256_maskstore_ps(row, low, sums[t][0]);
        _mm256_maskstore_ps(row + 8, high, sums[t][1]);
      }
    }
  }
}

AC_AVX512 static void inner_products_avx512(const float *planes, int64_t plane_stride,
                                            int channels, int count, const float *vectors,
                                            int vector_count, float *out, int64_t out_stride) {
  for (int i = 0; i < count; i += 32) {
    const int left = count - i;
    const __mmask16 low = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff);
    const __mmask16 high =
        (__mmask16)(left < 16 ? 0 : left < 32 ? (1u << (left - 16)) - 1 : 0xffff);
    for (int v = 0; v < vector_count; v += TILE_VECTORS) {
      const int tile = vector_count - v < TILE_VECTORS ? vector_count - v : TILE_VECTORS;
      const float *at[TILE_VECTORS];
      __m512 sums[TILE_VECTORS][2];
      for (int t = 0; t < TILE_VECTORS; t++) {
        at[t] = vectors + (int64_t)(v + (t < tile ? t : tile - 1)) * channels;
        sums[t][0] = sums[t][1] = _mm512_setzero_ps();
      }
      for (int c = 0; c < channels; c++) {
        const float *plane = planes + c * plane_stride + i;
        const __m512 first = _mm512_maskz_loadu_ps(low, plane);
        const __m512 second = _mm512_maskz_loadu_ps(high, plane + 16);
        for (int t = 0; t < TILE_VECTORS; t++) {
          const __m512 factor = _mm512_set1_ps(at[t][c]);
          sums[t][0] = _mm512_fmadd_ps(factor, first, sums[t][0]);
          sums[t][1] = _mm512_fmadd_ps(factor, second, sums[t][1]);
        }
      }
      for (int t = 0; t < tile; t++) {
        float *row = out + (v + t) * out_stride + i;
        _mm512_mask_storeu_ps(row, low, sums[t][0]);
        _mm512_mask_storeu_ps(row + 16, high, sums[t][1]);
      }
    }
  }
}
#endif

void ac_inner_products(const float *planes, int64_t plane_stride, int channels, int count,
                       const float *vectors, int vector_count, float *out, int64_t out_stride) {
#if defined(__x86_64__)
  if (AC_HAS_AVX512) {
    inner_products_avx512(planes, plane_stride, channels, count, vectors, vector_count, out,
                          out_stride);
    return;
  }
  if (AC_HAS_AVX2) {
    inner_products_avx2(planes, plane_stride, channels, count, vectors, vector_count, out,
                        out_stride);
    return;
  }
#endif
  ac_inner_products_ref(planes, plane_stride, channels, count, vectors, vector_count, out,
                        out_stride);
}
