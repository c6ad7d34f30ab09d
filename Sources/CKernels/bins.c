#include "bins.h"

#include <math.h>

#include "cpu.h"
#include "simd.h"

// Smallest exponent that e^x is taken of: below, floats turn denormal.
#define LOWEST (-87.0f)
// Below this temperature the annealed mean is the mode.
#define COLDEST 1e-3f
// Bins whose weight is below e^−18 of the largest do not move the annealed mean: 313 of them shift
// it by less than 0.001.
#define NEGLIGIBLE (-18.0f)

static float certainty_of(float sum, float sum_ed, int bins) {
  if (bins < 2) return 1;
  const float entropy = logf(sum) - sum_ed / sum;
  const float c = 1 - entropy / logf((float)bins);
  return c < 0 ? 0 : c > 1 ? 1 : c;
}

// What a position gets whose logits are not numbers.
static void fill_uniform(float *out, int bins, int stride, float *certainty) {
  for (int q = 0; q < stride; q++) out[q] = q < bins ? 1.0f / (float)bins : 0;
  *certainty = 0;
}

// MARK: - Plain versions

void ac_softmax_ref(const float *logits, int logit_stride, const float *bias, int bins, int count,
                    float *out, int out_stride, float *certainty) {
  for (int p = 0; p < count; p++, logits += logit_stride, out += out_stride) {
    double max = -INFINITY, sum = 0, sum_ed = 0;
    for (int q = 0; q < bins; q++) max = fmax(max, (double)logits[q] - bias[q]);
    for (int q = 0; q < bins; q++) {
      double d = (double)logits[q] - bias[q] - max;
      if (d < LOWEST) d = LOWEST;
      sum += exp(d);
      sum_ed += exp(d) * d;
    }
    if (!isfinite(sum)) {
      fill_uniform(out, bins, out_stride, certainty + p);
      continue;
    }
    for (int q = 0; q < out_stride; q++) {
      if (q < bins) {
        const double d = (double)logits[q] - bias[q] - max;
        out[q] = (float)(exp(d < LOWEST ? LOWEST : d) / sum);
      } else {
        out[q] = 0;
      }
    }
    certainty[p] = certainty_of((float)sum, (float)sum_ed, bins);
  }
}

void ac_log_row_ref(const float *in, float *out, int n) {
  for (int i = 0; i < n; i++) out[i] = logf(in[i] < 1e-30f ? 1e-30f : in[i]);
}

void ac_annealed_mean_ref(const float *probabilities, int stride, int count,
                          const float *center_a, const float *center_b, float temperature,
                          float *a, float *b) {
  for (int p = 0; p < count; p++, probabilities += stride) {
    double max = 0, sum = 0, sum_a = 0, sum_b = 0;
    for (int q = 0; q < stride; q++) max = fmax(max, probabilities[q]);
    for (int q = 0; q < stride && max > 0; q++) {
      const double ratio = probabilities[q] / max;
      const double weight =
          temperature < COLDEST ? (double)(ratio >= 1) : pow(ratio, 1.0 / temperature);
      sum += weight;
      sum_a += weight * center_a[q];
      sum_b += weight * center_b[q];
    }
    a[p] = sum > 0 ? (float)(sum_a / sum) : 0;
    b[p] = sum > 0 ? (float)(sum_b / sum) : 0;
  }
}

#if defined(__x86_64__)

// MARK: - e^x and ln x
// Polynomials of the Cephes library's expf and logf, without its special cases.

// LOWEST ≤ x ≤ 88; NaN stays NaN.
AC_AVX2 static inline __m256 exp8(__m256 x) {
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
  __m256 y = _mm256_set1_ps(1.9875691500e-4f);
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.3981999507e-3f));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(8.3334519073e-3f));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(4.1665795894e-2f));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.6666665459e-1f));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(5.0000001201e-1f));
  y = _mm256_fmadd_ps(y, _mm256_mul_ps(r, r), _mm256_add_ps(r, _mm256_set1_ps(1)));
  const __m256i power = _mm256_slli_epi32(
      _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(y, _mm256_castsi256_ps(power));
}

// x normal and positive. ln 1 is 0 exactly.
AC_AVX2 static inline __m256 log8(__m256 x) {
  // x = m·2^e with √½ ≤ m < √2.
  const __m256i bits = _mm256_sub_epi32(_mm256_castps_si256(x), _mm256_set1_epi32(0x3f3504f3));
  const __m256 e = _mm256_cvtepi32_ps(_mm256_srai_epi32(bits, 23));
  const __m256 m = _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x007fffff)),
                       _mm256_set1_epi32(0x3f3504f3)));
  const __m256 z = _mm256_sub_ps(m, _mm256_set1_ps(1)), zz = _mm256_mul_ps(z, z);
  __m256 y = _mm256_set1_ps(7.0376836292e-2f);
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(-1.1514610310e-1f));
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(1.1676998740e-1f));
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(-1.2420140846e-1f));
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(1.4249322787e-1f));
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(-1.6668057665e-1f));
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(2.0000714765e-1f));
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(-2.4999993993e-1f));
  y = _mm256_fmadd_ps(y, z, _mm256_set1_ps(3.3333331174e-1f));
  y = _mm256_mul_ps(y, _mm256_mul_ps(z, zz));
  y = _mm256_fmadd_ps(e, _mm256_set1_ps(-2.12194440e-4f), y);
  y = _mm256_fnmadd_ps(_mm256_set1_ps(0.5f), zz, y);
  return _mm256_fmadd_ps(e, _mm256_set1_ps(0.693359375f), _mm256_add_ps(z, y));
}

AC_AVX2 static inline float sum8(__m256 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

AC_AVX2 static inline float max8(__m256 v) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

// MARK: - AVX2

AC_AVX2 static void softmax_avx2(const float *logits, int logit_stride, const float *bias,
                                 int bins, int count, float *out, int out_stride,
                                 float *certainty) {
  const int whole = bins / 8 * 8;
  const __m256i lanes = ac_first_lanes(bins - whole);
  const __m256 lowest = _mm256_set1_ps(LOWEST);
  for (int p = 0; p < count; p++, logits += logit_stride, out += out_stride) {
    __m256 high = _mm256_set1_ps(-INFINITY);
    for (int q = 0; q < whole; q += 8)
      high = _mm256_max_ps(
          _mm256_sub_ps(_mm256_loadu_ps(logits + q), _mm256_loadu_ps(bias + q)), high);
    __m256 rest = _mm256_setzero_ps();
    if (whole < bins) {
      rest = _mm256_sub_ps(_mm256_maskload_ps(logits + whole, lanes),
                           _mm256_maskload_ps(bias + whole, lanes));
      high = _mm256_max_ps(
          _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), rest, _mm256_castsi256_ps(lanes)), high);
    }
    const __m256 max = _mm256_set1_ps(max8(high));

    __m256 sum = _mm256_setzero_ps(), sum_ed = sum;
    for (int q = 0; q < whole; q += 8) {
      __m256 d = _mm256_sub_ps(_mm256_loadu_ps(logits + q), _mm256_loadu_ps(bias + q));
      d = _mm256_max_ps(lowest, _mm256_sub_ps(d, max));  // keeps NaN
      const __m256 e = exp8(d);
      _mm256_storeu_ps(out + q, e);
      sum = _mm256_add_ps(sum, e);
      sum_ed = _mm256_fmadd_ps(e, d, sum_ed);
    }
    if (whole < bins) {
      const __m256 d = _mm256_max_ps(lowest, _mm256_sub_ps(rest, max));
      const __m256 e = _mm256_and_ps(exp8(d), _mm256_castsi256_ps(lanes));
      _mm256_maskstore_ps(out + whole, lanes, e);
      sum = _mm256_add_ps(sum, e);
      sum_ed = _mm256_fmadd_ps(
          e, _mm256_and_ps(d, _mm256_castsi256_ps(lanes)), sum_ed);
    }
    const float total = sum8(sum);
    if (!isfinite(total)) {
      fill_uniform(out, bins, out_stride, certainty + p);
      continue;
    }
    const __m256 inverse = _mm256_set1_ps(1 / total);
    int q = 0;
    for (; q < whole; q += 8)
      _mm256_storeu_ps(out + q, _mm256_mul_ps(_mm256_loadu_ps(out + q), inverse));
    for (; q < bins; q++) out[q] *= 1 / total;
    for (; q < out_stride; q++) out[q] = 0;
    certainty[p] = certainty_of(total, sum8(sum_ed), bins);
  }
}

AC_AVX2 static void log_row_avx2(const float *in, float *out, int n) {
  const __m256 least = _mm256_set1_ps(1e-30f);
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = _mm256_loadu_ps(in + i);
    const __m256 nan = _mm256_cmp_ps(v, v, _CMP_UNORD_Q);
    _mm256_storeu_ps(out + i, _mm256_blendv_ps(log8(_mm256_max_ps(v, least)), v, nan));
  }
  ac_log_row_ref(in + i, out + i, n - i);
}

AC_AVX2 static void annealed_mean_avx2(const float *probabilities, int stride, int count,
                                       const float *center_a, const float *center_b,
                                       float temperature, float *a, float *b) {
  const int is_mode = temperature < COLDEST, is_mean = temperature == 1,
            is_square = temperature == 0.5f;
  const __m256 exponent = _mm256_set1_ps(is_mode ? 1 : 1 / temperature);
  const float smallest = is_mode ? 1 : is_mean ? 0 : expf(NEGLIGIBLE * temperature);
  for (int p = 0; p < count; p++, probabilities += stride) {
    __m256 high = _mm256_setzero_ps(), high1 = high;
    for (int q = 0; q < stride; q += 16) {
      high = _mm256_max_ps(_mm256_loadu_ps(probabilities + q), high);
      high1 = _mm256_max_ps(_mm256_loadu_ps(probabilities + q + 8), high1);
    }
    const float max = max8(_mm256_max_ps(high, high1));
    if (!(max > 0)) {
      a[p] = b[p] = 0;
      continue;
    }
    const __m256 bound = _mm256_set1_ps(smallest * max), inverse = _mm256_set1_ps(1 / max);
    __m256 sum = _mm256_setzero_ps(), sum_a = sum, sum_b = sum;
    for (int q = 0; q < stride; q += 8) {
      const __m256 v = _mm256_loadu_ps(probabilities + q);
      const __m256 counts = _mm256_cmp_ps(v, bound, _CMP_GE_OQ);
      if (!_mm256_movemask_ps(counts)) continue;
      __m256 weight = v;
      if (is_mode) {
        weight = _mm256_set1_ps(1);
      } else if (is_square) {
        const __m256 ratio = _mm256_mul_ps(v, inverse);
        weight = _mm256_mul_ps(ratio, ratio);
      } else if (!is_mean) {
        const __m256 ratio = _mm256_max_ps(_mm256_mul_ps(v, inverse), _mm256_set1_ps(1e-30f));
        const __m256 x = _mm256_mul_ps(log8(ratio), exponent);
        weight = exp8(_mm256_max_ps(x, _mm256_set1_ps(LOWEST)));
      }
      weight = _mm256_and_ps(weight, counts);
      sum = _mm256_add_ps(sum, weight);
      sum_a = _mm256_fmadd_ps(weight, _mm256_loadu_ps(center_a + q), sum_a);
      sum_b = _mm256_fmadd_ps(weight, _mm256_loadu_ps(center_b + q), sum_b);
    }
    const float total = sum8(sum);
    a[p] = sum8(sum_a) / total;
    b[p] = sum8(sum_b) / total;
  }
}

// MARK: - AVX-512

AC_AVX512 static inline __m512 exp16(__m512 x) {
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  __m512 y = _mm512_set1_ps(1.9875691500e-4f);
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.3981999507e-3f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(8.3334519073e-3f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(4.1665795894e-2f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.6666665459e-1f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(5.0000001201e-1f));
  y = _mm512_fmadd_ps(y, _mm512_mul_ps(r, r), _mm512_add_ps(r, _mm512_set1_ps(1)));
  return _mm512_scalef_ps(y, n);
}

AC_AVX512 static void softmax_avx512(const float *logits, int logit_stride, const float *bias,
                                     int bins, int count, float *out, int out_stride,
                                     float *certainty) {
  const int whole = bins / 16 * 16;
  const __mmask16 lanes = (__mmask16)((1u << (bins - whole)) - 1);
  const __m512 lowest = _mm512_set1_ps(LOWEST);
  for (int p = 0; p < count; p++, logits += logit_stride, out += out_stride) {
    __m512 high = _mm512_set1_ps(-INFINITY);
    for (int q = 0; q < whole; q += 16)
      high = _mm512_max_ps(
          _mm512_sub_ps(_mm512_loadu_ps(logits + q), _mm512_loadu_ps(bias + q)), high);
    const __m512 rest = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, logits + whole),
                                      _mm512_maskz_loadu_ps(lanes, bias + whole));
    high = _mm512_mask_max_ps(high, lanes, rest, high);
    const __m512 max = _mm512_set1_ps(_mm512_reduce_max_ps(high));

    __m512 sum = _mm512_setzero_ps(), sum_ed = sum;
    for (int q = 0; q < whole; q += 16) {
      __m512 d = _mm512_sub_ps(_mm512_loadu_ps(logits + q), _mm512_loadu_ps(bias + q));
      d = _mm512_max_ps(lowest, _mm512_sub_ps(d, max));  // keeps NaN
      const __m512 e = exp16(d);
      _mm512_storeu_ps(out + q, e);
      sum = _mm512_add_ps(sum, e);
      sum_ed = _mm512_fmadd_ps(e, d, sum_ed);
    }
    const __m512 d = _mm512_max_ps(lowest, _mm512_sub_ps(rest, max));
    const __m512 e = exp16(d);
    _mm512_mask_storeu_ps(out + whole, lanes, e);
    sum = _mm512_mask_add_ps(sum, lanes, sum, e);
    sum_ed = _mm512_mask3_fmadd_ps(e, d, sum_ed, lanes);

    const float total = _mm512_reduce_add_ps(sum);
    if (!isfinite(total)) {
      fill_uniform(out, bins, out_stride, certainty + p);
      continue;
    }
    const __m512 inverse = _mm512_set1_ps(1 / total);
    for (int q = 0; q < whole; q += 16)
      _mm512_storeu_ps(out + q, _mm512_mul_ps(_mm512_loadu_ps(out + q), inverse));
    _mm512_mask_storeu_ps(out + whole, lanes, _mm512_mul_ps(e, inverse));
    for (int q = bins; q < out_stride; q++) out[q] = 0;
    certainty[p] = certainty_of(total, _mm512_reduce_add_ps(sum_ed), bins);
  }
}

// x normal and positive. ln 1 is 0 exactly.
AC_AVX512 static inline __m512 log16(__m512 x) {
  const __m512i bits = _mm512_sub_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x3f3504f3));
  const __m512 e = _mm512_cvtepi32_ps(_mm512_srai_epi32(bits, 23));
  const __m512 m = _mm512_castsi512_ps(
      _mm512_add_epi32(_mm512_and_si512(bits, _mm512_set1_epi32(0x007fffff)),
                       _mm512_set1_epi32(0x3f3504f3)));
  const __m512 z = _mm512_sub_ps(m, _mm512_set1_ps(1)), zz = _mm512_mul_ps(z, z);
  __m512 y = _mm512_set1_ps(7.0376836292e-2f);
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(-1.1514610310e-1f));
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(1.1676998740e-1f));
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(-1.2420140846e-1f));
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(1.4249322787e-1f));
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(-1.6668057665e-1f));
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(2.0000714765e-1f));
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(-2.4999993993e-1f));
  y = _mm512_fmadd_ps(y, z, _mm512_set1_ps(3.3333331174e-1f));
  y = _mm512_mul_ps(y, _mm512_mul_ps(z, zz));
  y = _mm512_fmadd_ps(e, _mm512_set1_ps(-2.12194440e-4f), y);
  y = _mm512_fnmadd_ps(_mm512_set1_ps(0.5f), zz, y);
  return _mm512_fmadd_ps(e, _mm512_set1_ps(0.693359375f), _mm512_add_ps(z, y));
}

AC_AVX512 static void annealed_mean_avx512(const float *probabilities, int stride, int count,
                                           const float *center_a, const float *center_b,
                                           float temperature, float *a, float *b) {
  const int is_mode = temperature < COLDEST, is_mean = temperature == 1,
            is_square = temperature == 0.5f;
  const __m512 exponent = _mm512_set1_ps(is_mode ? 1 : 1 / temperature);
  const float smallest = is_mode ? 1 : is_mean ? 0 : expf(NEGLIGIBLE * temperature);
  for (int p = 0; p < count; p++, probabilities += stride) {
    __m512 high = _mm512_setzero_ps();
    for (int q = 0; q < stride; q += 16)
      high = _mm512_max_ps(_mm512_loadu_ps(probabilities + q), high);
    const float max = _mm512_reduce_max_ps(high);
    if (!(max > 0)) {
      a[p] = b[p] = 0;
      continue;
    }
    const __m512 bound = _mm512_set1_ps(smallest * max), inverse = _mm512_set1_ps(1 / max);
    __m512 sum = _mm512_setzero_ps(), sum_a = sum, sum_b = sum;
    for (int q = 0; q < stride; q += 16) {
      const __m512 v = _mm512_loadu_ps(probabilities + q);
      const __mmask16 counts = _mm512_cmp_ps_mask(v, bound, _CMP_GE_OQ);
      if (!counts) continue;
      __m512 weight = v;
      if (is_mode) {
        weight = _mm512_set1_ps(1);
      } else if (is_square) {
        const __m512 ratio = _mm512_mul_ps(v, inverse);
        weight = _mm512_mul_ps(ratio, ratio);
      } else if (!is_mean) {
        const __m512 ratio = _mm512_max_ps(_mm512_mul_ps(v, inverse), _mm512_set1_ps(1e-30f));
        const __m512 x = _mm512_mul_ps(log16(ratio), exponent);
        weight = exp16(_mm512_max_ps(x, _mm512_set1_ps(LOWEST)));
      }
      weight = _mm512_maskz_mov_ps(counts, weight);
      sum = _mm512_add_ps(sum, weight);
      sum_a = _mm512_fmadd_ps(weight, _mm512_loadu_ps(center_a + q), sum_a);
      sum_b = _mm512_fmadd_ps(weight, _mm512_loadu_ps(center_b + q), sum_b);
    }
    const float total = _mm512_reduce_add_ps(sum);
    a[p] = _mm512_reduce_add_ps(sum_a) / total;
    b[p] = _mm512_reduce_add_ps(sum_b) / total;
  }
}
#endif

// MARK: - Dispatch

void ac_softmax(const float *logits, int logit_stride, const float *bias, int bins, int count,
                float *out, int out_stride, float *certainty) {
#if defined(__x86_64__)
  if (AC_HAS_AVX512) {
    softmax_avx512(logits, logit_stride, bias, bins, count, out, out_stride, certainty);
    return;
  }
  if (AC_HAS_AVX2) {
    softmax_avx2(logits, logit_stride, bias, bins, count, out, out_stride, certainty);
    return;
  }
#endif
  ac_softmax_ref(logits, logit_stride, bias, bins, count, out, out_stride, certainty);
}

void ac_log_row(const float *in, float *out, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    log_row_avx2(in, out, n);
    return;
  }
#endif
  ac_log_row_ref(in, out, n);
}

void ac_annealed_mean(const float *probabilities, int stride, int count, const float *center_a,
                      const float *center_b, float temperature, float *a, float *b) {
#if defined(__x86_64__)
  if (AC_HAS_AVX512) {
    annealed_mean_avx512(probabilities, stride, count, center_a, center_b, temperature, a, b);
    return;
  }
  if (AC_HAS_AVX2) {
    annealed_mean_avx2(probabilities, stride, count, center_a, center_b, temperature, a, b);
    return;
  }
#endif
  ac_annealed_mean_ref(probabilities, stride, count, center_a, center_b, temperature, a, b);
}
