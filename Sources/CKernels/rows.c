#include "rows.h"

#include <string.h>

#include "cpu.h"
#include "simd.h"

static float clamp(float v, float low, float high) {
  v = v > low ? v : low;
  return v < high ? v : high;
}

// MARK: - Weighted sums of rows

#define WEIGH_ROWS_REF                                                                          \
  for (int i = 0; i < n; i++) {                                                                 \
    float sum = offset;                                                                         \
    for (int k = 0; k < count; k++) sum += weights[k] * (float)rows[k][i];                      \
    out[i] = sum;                                                                               \
  }

void ac_weigh_rows_u8_ref(const uint8_t *const *rows, const float *weights, int count,
                          float offset, float *out, int n) {
  WEIGH_ROWS_REF
}

void ac_weigh_rows_u16_ref(const uint16_t *const *rows, const float *weights, int count,
                           float offset, float *out, int n) {
  WEIGH_ROWS_REF
}

#if defined(__x86_64__)
AC_AVX2 static void weigh_rows_u8_avx2(const uint8_t *const *rows, const float *weights, int count,
                                       float offset, float *out, int n) {
  int i = 0;
  for (; i + 32 <= n; i += 32) {
    __m256 s0 = _mm256_set1_ps(offset), s1 = s0, s2 = s0, s3 = s0;
    for (int k = 0; k < count; k++) {
      const uint8_t *p = rows[k] + i;
      const __m256 w = _mm256_set1_ps(weights[k]);
#define TERM(s, at)                                                                             \
  s = _mm256_fmadd_ps(                                                                          \
      w, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p + at)))), s)
      TERM(s0, 0);
      TERM(s1, 8);
      TERM(s2, 16);
      TERM(s3, 24);
#undef TERM
    }
    _mm256_storeu_ps(out + i, s0);
    _mm256_storeu_ps(out + i + 8, s1);
    _mm256_storeu_ps(out + i + 16, s2);
    _mm256_storeu_ps(out + i + 24, s3);
  }
  for (; i < n; i++) {
    float sum = offset;
    for (int k = 0; k < count; k++) sum += weights[k] * (float)rows[k][i];
    out[i] = sum;
  }
}

AC_AVX2 static void weigh_rows_u16_avx2(const uint16_t *const *rows, const float *weights,
                                        int count, float offset, float *out, int n) {
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    __m256 s0 = _mm256_set1_ps(offset), s1 = s0;
    for (int k = 0; k < count; k++) {
      const uint16_t *p = rows[k] + i;
      const __m256 w = _mm256_set1_ps(weights[k]);
#define TERM(s, at)                                                                             \
  s = _mm256_fmadd_ps(                                                                          \
      w, _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(p + at)))), s)
      TERM(s0, 0);
      TERM(s1, 8);
#undef TERM
    }
    _mm256_storeu_ps(out + i, s0);
    _mm256_storeu_ps(out + i + 8, s1);
  }
  for (; i < n; i++) {
    float sum = offset;
    for (int k = 0; k < count; k++) sum += weights[k] * (float)rows[k][i];
    out[i] = sum;
  }
}
#endif

void ac_weigh_rows_u8(const uint8_t *const *rows, const float *weights, int count, float offset,
                      float *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    weigh_rows_u8_avx2(rows, weights, count, offset, out, n);
    return;
  }
#endif
  ac_weigh_rows_u8_ref(rows, weights, count, offset, out, n);
}

void ac_weigh_rows_u16(const uint16_t *const *rows, const float *weights, int count, float offset,
                       float *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    weigh_rows_u16_avx2(rows, weights, count, offset, out, n);
    return;
  }
#endif
  ac_weigh_rows_u16_ref(rows, weights, count, offset, out, n);
}

// MARK: - Weighted sums of columns

void ac_weigh_columns_ref(const float *row, const int32_t *first, const float *weights, int taps,
                          float *out, int n) {
  for (int i = 0; i < n; i++) {
    float sum = 0;
    for (int k = 0; k < taps; k++) sum += weights[i * taps + k] * row[first[i] + k];
    out[i] = sum;
  }
}

#if defined(__x86_64__)
AC_AVX2 static void weigh_columns_avx2(const float *row, const int32_t *first,
                                       const float *weights, int taps, float *out, int n) {
  for (int i = 0; i < n; i++) {
    const float *p = row + first[i];
    const float *w = weights + (size_t)i * taps;
    __m256 sum = _mm256_mul_ps(_mm256_loadu_ps(w), _mm256_loadu_ps(p));
    for (int k = 8; k < taps; k += 8)
      sum = _mm256_fmadd_ps(_mm256_loadu_ps(w + k), _mm256_loadu_ps(p + k), sum);
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    half = _mm_add_ss(half, _mm_movehdup_ps(half));
    out[i] = _mm_cvtss_f32(half);
  }
}
#endif

void ac_weigh_columns(const float *row, const int32_t *first, const float *weights, int taps,
                      float *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    weigh_columns_avx2(row, first, weights, taps, out, n);
    return;
  }
#endif
  ac_weigh_columns_ref(row, first, weights, taps, out, n);
}

// MARK: - Halving

static void halve_centered_from(const float *row, float *out, int n, int i) {
  for (; i < (n + 1) / 2; i++) {
    const int last = 2 * i + 1 < n ? 2 * i + 1 : n - 1;
    out[i] = 0.5f * (row[2 * i] + row[last]);
  }
}

static void halve_cosited_from(const float *row, float *out, int n, int i, int end) {
  for (; i < end; i++) {
    const int before = i > 0 ? 2 * i - 1 : 0;
    const int after = 2 * i + 1 < n ? 2 * i + 1 : n - 1;
    out[i] = 0.25f * (row[before] + row[after]) + 0.5f * row[2 * i];
  }
}

void ac_halve_row_centered_ref(const float *row, float *out, int n) {
  halve_centered_from(row, out, n, 0);
}

void ac_halve_row_cosited_ref(const float *row, float *out, int n) {
  halve_cosited_from(row, out, n, 0, (n + 1) / 2);
}

#if defined(__x86_64__)
// Even and odd elements of 16 floats.
#define SPLIT(x, y, even, odd)                                                                  \
  const __m256 even = _mm256_castpd_ps(_mm256_permute4x64_pd(                                   \
      _mm256_castps_pd(_mm256_shuffle_ps(x, y, 0x88)), 0xd8));                                  \
  const __m256 odd = _mm256_castpd_ps(                                                          \
      _mm256_permute4x64_pd(_mm256_castps_pd(_mm256_shuffle_ps(x, y, 0xdd)), 0xd8))

AC_AVX2 static void halve_centered_avx2(const float *row, float *out, int n) {
  int i = 0;
  for (; 2 * i + 16 <= n; i += 8) {
    const __m256 x = _mm256_loadu_ps(row + 2 * i), y = _mm256_loadu_ps(row + 2 * i + 8);
    SPLIT(x, y, even, odd);
    _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_set1_ps(0.5f), _mm256_add_ps(even, odd)));
  }
  halve_centered_from(row, out, n, i);
}

AC_AVX2 static void halve_cosited_avx2(const float *row, float *out, int n) {
  const int total = (n + 1) / 2;
  int i = total < 1 ? total : 1;
  halve_cosited_from(row, out, n, 0, i);
  for (; 2 * i + 16 <= n; i += 8) {
    const __m256 x = _mm256_loadu_ps(row + 2 * i), y = _mm256_loadu_ps(row + 2 * i + 8);
    SPLIT(x, y, even, odd);
    const __m256 u = _mm256_loadu_ps(row + 2 * i - 1), v = _mm256_loadu_ps(row + 2 * i + 7);
    const __m256 before = _mm256_castpd_ps(
        _mm256_permute4x64_pd(_mm256_castps_pd(_mm256_shuffle_ps(u, v, 0x88)), 0xd8));
    const __m256 sides = _mm256_mul_ps(_mm256_set1_ps(0.25f), _mm256_add_ps(before, odd));
    _mm256_storeu_ps(out + i, _mm256_fmadd_ps(_mm256_set1_ps(0.5f), even, sides));
  }
  halve_cosited_from(row, out, n, i, total);
}
#endif

void ac_halve_row_centered(const float *row, float *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    halve_centered_avx2(row, out, n);
    return;
  }
#endif
  ac_halve_row_centered_ref(row, out, n);
}

void ac_halve_row_cosited(const float *row, float *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    halve_cosited_avx2(row, out, n);
    return;
  }
#endif
  ac_halve_row_cosited_ref(row, out, n);
}

// MARK: - Linear interpolation

void ac_lerp_rows_ref(const float *r0, const float *r1, float fraction, float scale, float *out,
                      int n) {
  for (int i = 0; i < n; i++) out[i] = scale * (r0[i] + fraction * (r1[i] - r0[i]));
}

void ac_lerp_columns_ref(const float *row, const int32_t *index, const float *fraction, float *out,
                         int n) {
  for (int i = 0; i < n; i++) {
    const float *p = row + index[i];
    out[i] = p[0] + fraction[i] * (p[1] - p[0]);
  }
}

#if defined(__x86_64__)
AC_AVX2 static void lerp_rows_avx2(const float *r0, const float *r1, float fraction, float scale,
                                   float *out, int n) {
  const __m256 f = _mm256_set1_ps(fraction), s = _mm256_set1_ps(scale);
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 a = _mm256_loadu_ps(r0 + i), b = _mm256_loadu_ps(r1 + i);
    _mm256_storeu_ps(out + i, _mm256_mul_ps(s, _mm256_fmadd_ps(f, _mm256_sub_ps(b, a), a)));
  }
  for (; i < n; i++) out[i] = scale * (r0[i] + fraction * (r1[i] - r0[i]));
}

AC_AVX2 static void lerp_columns_avx2(const float *row, const int32_t *index,
                                      const float *fraction, float *out, int n) {
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i at = _mm256_loadu_si256((const __m256i *)(index + i));
    __m256 a, b;
    ac_load_pairs(row, at, &a, &b);
    const __m256 f = _mm256_loadu_ps(fraction + i);
    _mm256_storeu_ps(out + i, _mm256_fmadd_ps(f, _mm256_sub_ps(b, a), a));
  }
  for (; i < n; i++) {
    const float *p = row + index[i];
    out[i] = p[0] + fraction[i] * (p[1] - p[0]);
  }
}
#endif

void ac_lerp_rows(const float *r0, const float *r1, float fraction, float scale, float *out,
                  int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    lerp_rows_avx2(r0, r1, fraction, scale, out, n);
    return;
  }
#endif
  ac_lerp_rows_ref(r0, r1, fraction, scale, out, n);
}

void ac_lerp_columns(const float *row, const int32_t *index, const float *fraction, float *out,
                     int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    lerp_columns_avx2(row, index, fraction, out, n);
    return;
  }
#endif
  ac_lerp_columns_ref(row, index, fraction, out, n);
}

// MARK: - Curves

void ac_curve_row_ref(const float *in, const float *table, int last, float *out, int n) {
  for (int i = 0; i < n; i++) {
    const float t = clamp(in[i], 0, 1) * (float)last;
    const int k = (int)t;
    out[i] = table[k] + (t - (float)k) * (table[k + 1] - table[k]);
  }
}

#if defined(__x86_64__)
AC_AVX2 static void curve_row_avx2(const float *in, const float *table, int last, float *out,
                                   int n) {
  const __m256 scale = _mm256_set1_ps((float)last), one = _mm256_set1_ps(1);
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = _mm256_max_ps(_mm256_loadu_ps(in + i), _mm256_setzero_ps());
    const __m256 t = _mm256_mul_ps(_mm256_min_ps(v, one), scale);
    const __m256i k = _mm256_cvttps_epi32(t);
    const __m256 f = _mm256_sub_ps(t, _mm256_cvtepi32_ps(k));
    __m256 a, b;
    ac_load_pairs(table, k, &a, &b);
    _mm256_storeu_ps(out + i, _mm256_fmadd_ps(f, _mm256_sub_ps(b, a), a));
  }
  ac_curve_row_ref(in + i, table, last, out + i, n - i);
}
#endif

void ac_curve_row(const float *in, const float *table, int last, float *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    curve_row_avx2(in, table, last, out, n);
    return;
  }
#endif
  ac_curve_row_ref(in, table, last, out, n);
}

// MARK: - Quantization

void ac_quantize_row_u8_ref(const float *in, float scale, float offset, float maximum,
                            const float thresholds[8], uint8_t *out, int n) {
  for (int i = 0; i < n; i++)
    out[i] = (uint8_t)(clamp(in[i] * scale + offset, 0, maximum) + thresholds[i & 7]);
}

void ac_quantize_row_u16_ref(const float *in, float scale, float offset, float maximum,
                             const float thresholds[8], uint16_t *out, int n) {
  for (int i = 0; i < n; i++)
    out[i] = (uint16_t)(clamp(in[i] * scale + offset, 0, maximum) + thresholds[i & 7]);
}

#if defined(__x86_64__)
AC_AVX2 static inline __m256i quantize(__m256 v, __m256 scale, __m256 offset, __m256 maximum,
                                       __m256 thresholds) {
  v = _mm256_max_ps(_mm256_fmadd_ps(v, scale, offset), _mm256_setzero_ps());
  return _mm256_cvttps_epi32(_mm256_add_ps(_mm256_min_ps(v, maximum), thresholds));
}

// Sixteen 32-bit codes as 16-bit ones, in order.
AC_AVX2 static inline __m256i pack16(__m256i a, __m256i b) {
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xd8);
}

AC_AVX2 static void quantize_u8_avx2(const float *in, float scale, float offset, float maximum,
                                     const float thresholds[8], uint8_t *out, int n) {
  const __m256 s = _mm256_set1_ps(scale), o = _mm256_set1_ps(offset), m = _mm256_set1_ps(maximum);
  const __m256 t = _mm256_loadu_ps(thresholds);
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i v = pack16(quantize(_mm256_loadu_ps(in + i), s, o, m, t),
                             quantize(_mm256_loadu_ps(in + i + 8), s, o, m, t));
    _mm_storeu_si128((__m128i *)(out + i),
                     _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
  }
  ac_quantize_row_u8_ref(in + i, scale, offset, maximum, thresholds, out + i, n - i);
}

AC_AVX2 static void quantize_u16_avx2(const float *in, float scale, float offset, float maximum,
                                      const float thresholds[8], uint16_t *out, int n) {
  const __m256 s = _mm256_set1_ps(scale), o = _mm256_set1_ps(offset), m = _mm256_set1_ps(maximum);
  const __m256 t = _mm256_loadu_ps(thresholds);
  int i = 0;
  for (; i + 16 <= n; i += 16)
    _mm256_storeu_si256((__m256i *)(out + i),
                        pack16(quantize(_mm256_loadu_ps(in + i), s, o, m, t),
                               quantize(_mm256_loadu_ps(in + i + 8), s, o, m, t)));
  ac_quantize_row_u16_ref(in + i, scale, offset, maximum, thresholds, out + i, n - i);
}
#endif

void ac_quantize_row_u8(const float *in, float scale, float offset, float maximum,
                        const float thresholds[8], uint8_t *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    quantize_u8_avx2(in, scale, offset, maximum, thresholds, out, n);
    return;
  }
#endif
  ac_quantize_row_u8_ref(in, scale, offset, maximum, thresholds, out, n);
}

void ac_quantize_row_u16(const float *in, float scale, float offset, float maximum,
                         const float thresholds[8], uint16_t *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    quantize_u16_avx2(in, scale, offset, maximum, thresholds, out, n);
    return;
  }
#endif
  ac_quantize_row_u16_ref(in, scale, offset, maximum, thresholds, out, n);
}

// MARK: - Luma of RGB

#define LUMA_REF                                                                                \
  for (int i = 0; i < n; i++) {                                                                 \
    const float y = weights[0] * (float)r[i] + weights[1] * (float)g[i] + weights[2] * (float)b[i]; \
    out[i] = (uint16_t)(clamp(y, 0, 65535) + 0.5f);                                             \
  }

void ac_luma_row_u8_ref(const uint8_t *r, const uint8_t *g, const uint8_t *b,
                        const float weights[3], uint16_t *out, int n) {
  LUMA_REF
}

void ac_luma_row_u16_ref(const uint16_t *r, const uint16_t *g, const uint16_t *b,
                         const float weights[3], uint16_t *out, int n) {
  LUMA_REF
}

#if defined(__x86_64__)
// Eight samples as floats.
AC_AVX2 static inline __m256 load_u8(const uint8_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

AC_AVX2 static inline __m256 load_u16(const uint16_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)));
}

#define LUMA_AVX2(load)                                                                         \
  const __m256 wr = _mm256_set1_ps(weights[0]), wg = _mm256_set1_ps(weights[1]),                \
               wb = _mm256_set1_ps(weights[2]);                                                 \
  int i = 0;                                                                                    \
  for (; i + 8 <= n; i += 8) {                                                                  \
    __m256 y = _mm256_mul_ps(wr, load(r + i));                                                  \
    y = _mm256_fmadd_ps(wg, load(g + i), y);                                                    \
    y = _mm256_fmadd_ps(wb, load(b + i), y);                                                    \
    y = _mm256_min_ps(_mm256_max_ps(y, _mm256_setzero_ps()), _mm256_set1_ps(65535));            \
    const __m256i v = _mm256_cvttps_epi32(_mm256_add_ps(y, _mm256_set1_ps(0.5f)));              \
    _mm_storeu_si128((__m128i *)(out + i), _mm256_castsi256_si128(pack16(v, v)));               \
  }

AC_AVX2 static void luma_u8_avx2(const uint8_t *r, const uint8_t *g, const uint8_t *b,
                                 const float weights[3], uint16_t *out, int n) {
  LUMA_AVX2(load_u8)
  ac_luma_row_u8_ref(r + i, g + i, b + i, weights, out + i, n - i);
}

AC_AVX2 static void luma_u16_avx2(const uint16_t *r, const uint16_t *g, const uint16_t *b,
                                  const float weights[3], uint16_t *out, int n) {
  LUMA_AVX2(load_u16)
  ac_luma_row_u16_ref(r + i, g + i, b + i, weights, out + i, n - i);
}
#endif

void ac_luma_row_u8(const uint8_t *r, const uint8_t *g, const uint8_t *b, const float weights[3],
                    uint16_t *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    luma_u8_avx2(r, g, b, weights, out, n);
    return;
  }
#endif
  ac_luma_row_u8_ref(r, g, b, weights, out, n);
}

void ac_luma_row_u16(const uint16_t *r, const uint16_t *g, const uint16_t *b,
                     const float weights[3], uint16_t *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    luma_u16_avx2(r, g, b, weights, out, n);
    return;
  }
#endif
  ac_luma_row_u16_ref(r, g, b, weights, out, n);
}

// MARK: - Depth

void ac_widen(const void *input, int depth, int width, int shift, int repeats,
             uint16_t *output) {
  const int down = depth - shift;
  if (depth == 8) {
    const uint8_t *bytes = (const uint8_t *)input;
    if (repeats)
      for (int x = 0; x < width; x++)
        output[x] = (uint16_t)(bytes[x] << shift | bytes[x] >> down);
    else
      for (int x = 0; x < width; x++) output[x] = (uint16_t)(bytes[x] << shift);
  } else {
    const uint16_t *words = (const uint16_t *)input;
    if (repeats)
      for (int x = 0; x < width; x++)
        output[x] = (uint16_t)(words[x] << shift | words[x] >> down);
    else
      for (int x = 0; x < width; x++) output[x] = (uint16_t)(words[x] << shift);
  }
}
