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
// Of a position, for what lies on the stack.
#define AC_MOST_BINS 320

static float certainty_of(float sum, float sum_ed, int bins) {
  if (bins < 2) return 1;
  const float entropy = logf(sum) - sum_ed / sum;
  const float c = 1 - entropy / logf((float)bins);
  return c < 0 ? 0 : c > 1 ? 1 : c;
}

// MARK: - Plain versions

void ac_decode_bins_ref(const float *logits, int logit_stride, const ac_bins *bins, int count,
                        float *a, float *b, float *certainty) {
  for (int p = 0; p < count; p++, logits += logit_stride) {
    double max = -INFINITY, sum = 0, sum_ed = 0, weights = 0, sum_a = 0, sum_b = 0;
    for (int q = 0; q < bins->count; q++) max = fmax(max, (double)logits[q] - bins->bias[q]);
    for (int q = 0; q < bins->count; q++) {
      double d = (double)logits[q] - bins->bias[q] - max;
      if (d < LOWEST) d = LOWEST;
      sum += exp(d);
      sum_ed += exp(d) * d;
      const double weight =
          bins->temperature < COLDEST ? (double)(d >= 0) : exp(d / bins->temperature);
      weights += weight;
      sum_a += weight * bins->center_a[q];
      sum_b += weight * bins->center_b[q];
    }
    const int known = isfinite(sum);
    a[p] = known ? (float)(sum_a / weights) : 0;
    b[p] = known ? (float)(sum_b / weights) : 0;
    certainty[p] = known ? certainty_of((float)sum, (float)sum_ed, bins->count) : 0;
  }
}

void ac_log_row_ref(const float *in, float *out, int n) {
  for (int i = 0; i < n; i++) out[i] = logf(in[i] < 1e-30f ? 1e-30f : in[i]);
}

void ac_cell_roots_ref(const float *values, int value_stride, int bins, int are_shares,
                       const int32_t *cells, int cell_count, int count, float *out,
                       int64_t out_stride) {
  for (int p = 0; p < count; p++, values += value_stride) {
    double max = -INFINITY, total = 0;
    for (int q = 0; q < bins; q++) max = fmax(max, values[q]);
    for (int c = 0; c < cell_count; c++) out[c * out_stride + p] = 0;
    for (int q = 0; q < bins; q++) {
      const double d = are_shares ? values[q] : values[q] - max;
      // fmax would take the other for NaN.
      const double weight = are_shares || isnan(d) ? d : exp(fmax(d, LOWEST));
      total += weight;
      out[cells[q] * out_stride + p] += (float)weight;
    }
    const int known = isfinite(total) && total > 0;
    for (int c = 0; c < cell_count; c++) {
      float *at = out + c * out_stride + p;
      *at = sqrtf(known ? *at / (float)total : 1 / (float)cell_count);
    }
  }
}

#if defined(__x86_64__)

// MARK: - Annealing

// How e^d becomes a weight e^(d/T): the temperatures that need no second exponential have their own.
typedef struct {
  enum { MODE, MEAN, SQUARE, POWER } kind;
  float exponent;
  // Bins with a smaller d have no weight.
  float least;
} anneal;

static anneal anneal_at(float temperature) {
  if (temperature < COLDEST) return (anneal){MODE, 1, 0};
  if (temperature == 1) return (anneal){MEAN, 1, LOWEST};
  return (anneal){temperature == 0.5f ? SQUARE : POWER, 1 / temperature,
                  NEGLIGIBLE * temperature};
}

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

// The sums over the bins of one position.
typedef struct {
  __m256 sum, sum_ed, weights, a, b;
} sums8;

// Adds eight bins, of which `lanes` count; d = the tilted logit − the largest one.
AC_AVX2 static inline void add8(sums8 *to, __m256 d, __m256 lanes, anneal how, __m256 center_a,
                                __m256 center_b) {
  d = _mm256_and_ps(_mm256_max_ps(_mm256_set1_ps(LOWEST), d), lanes);  // keeps NaN
  const __m256 e = _mm256_and_ps(exp8(d), lanes);
  to->sum = _mm256_add_ps(to->sum, e);
  to->sum_ed = _mm256_fmadd_ps(e, d, to->sum_ed);
  const __m256 counts =
      _mm256_and_ps(_mm256_cmp_ps(d, _mm256_set1_ps(how.least), _CMP_GE_OQ), lanes);
  if (!_mm256_movemask_ps(counts)) return;
  __m256 weight;
  switch (how.kind) {
    case MODE: weight = _mm256_set1_ps(1); break;
    case MEAN: weight = e; break;
    case SQUARE: weight = _mm256_mul_ps(e, e); break;
    default: weight = exp8(_mm256_max_ps(_mm256_mul_ps(d, _mm256_set1_ps(how.exponent)),
                                         _mm256_set1_ps(LOWEST)));
  }
  weight = _mm256_and_ps(weight, counts);
  to->weights = _mm256_add_ps(to->weights, weight);
  to->a = _mm256_fmadd_ps(weight, center_a, to->a);
  to->b = _mm256_fmadd_ps(weight, center_b, to->b);
}

AC_AVX2 static void decode_bins_avx2(const float *logits, int logit_stride, const ac_bins *bins,
                                     int count, float *a, float *b, float *certainty) {
  const anneal how = anneal_at(bins->temperature);
  const int whole = bins->count / 8 * 8;
  const __m256i rest_lanes = ac_first_lanes(bins->count - whole);
  const __m256 rest_mask = _mm256_castsi256_ps(rest_lanes);
  const __m256 all = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
  for (int p = 0; p < count; p++, logits += logit_stride) {
    __m256 high = _mm256_set1_ps(-INFINITY);
    for (int q = 0; q < whole; q += 8)
      high = _mm256_max_ps(
          _mm256_sub_ps(_mm256_loadu_ps(logits + q), _mm256_loadu_ps(bins->bias + q)), high);
    __m256 rest = _mm256_setzero_ps();
    if (whole < bins->count) {
      rest = _mm256_sub_ps(_mm256_maskload_ps(logits + whole, rest_lanes),
                           _mm256_maskload_ps(bins->bias + whole, rest_lanes));
      high = _mm256_max_ps(_mm256_blendv_ps(_mm256_set1_ps(-INFINITY), rest, rest_mask), high);
    }
    const __m256 max = _mm256_set1_ps(max8(high));
    const __m256 zero = _mm256_setzero_ps();
    sums8 sums = {zero, zero, zero, zero, zero};
    for (int q = 0; q < whole; q += 8) {
      const __m256 v = _mm256_sub_ps(_mm256_loadu_ps(logits + q), _mm256_loadu_ps(bins->bias + q));
      add8(&sums, _mm256_sub_ps(v, max), all, how, _mm256_loadu_ps(bins->center_a + q),
           _mm256_loadu_ps(bins->center_b + q));
    }
    if (whole < bins->count)
      add8(&sums, _mm256_sub_ps(rest, max), rest_mask, how,
           _mm256_maskload_ps(bins->center_a + whole, rest_lanes),
           _mm256_maskload_ps(bins->center_b + whole, rest_lanes));
    const float total = sum8(sums.sum), inverse = 1 / sum8(sums.weights);
    const int known = isfinite(total);
    a[p] = known ? sum8(sums.a) * inverse : 0;
    b[p] = known ? sum8(sums.b) * inverse : 0;
    certainty[p] = known ? certainty_of(total, sum8(sums.sum_ed), bins->count) : 0;
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

// Positions that are summed side by side, so that they are stored in rows.
#define CELL_TILE 8

AC_AVX2 static void cell_roots_avx2(const float *values, int value_stride, int bins,
                                    int are_shares, const int32_t *cells, int cell_count,
                                    int count, float *out, int64_t out_stride) {
  float weights[AC_MOST_BINS + 8];
  float sums[AC_MOST_BINS * CELL_TILE];
  for (int start = 0; start < count; start += CELL_TILE) {
    const int some = count - start < CELL_TILE ? count - start : CELL_TILE;
    float factors[CELL_TILE] = {0}, rests[CELL_TILE] = {0};
    for (int i = 0; i < cell_count * CELL_TILE; i++) sums[i] = 0;
    for (int p = 0; p < some; p++, values += value_stride) {
      __m256 high = _mm256_set1_ps(-INFINITY);
      for (int q = 0; q < bins && !are_shares; q += 8) {
        const __m256i lanes = ac_first_lanes(bins - q < 8 ? bins - q : 8);
        const __m256 v = _mm256_maskload_ps(values + q, lanes);
        high = _mm256_max_ps(
            _mm256_blendv_ps(high, v, _mm256_castsi256_ps(lanes)), high);
      }
      const __m256 max = _mm256_set1_ps(max8(high));
      __m256 total = _mm256_setzero_ps();
      for (int q = 0; q < bins; q += 8) {
        const __m256i lanes = ac_first_lanes(bins - q < 8 ? bins - q : 8);
        __m256 v = _mm256_maskload_ps(values + q, lanes);
        if (!are_shares)  // keeps NaN
          v = exp8(_mm256_max_ps(_mm256_set1_ps(LOWEST), _mm256_sub_ps(v, max)));
        v = _mm256_and_ps(v, _mm256_castsi256_ps(lanes));
        total = _mm256_add_ps(total, v);
        _mm256_storeu_ps(weights + q, v);
      }
      for (int q = 0; q < bins; q++) sums[cells[q] * CELL_TILE + p] += weights[q];
      const float whole = sum8(total);
      if (isfinite(whole) && whole > 0) {
        factors[p] = 1 / whole;
      } else {
        rests[p] = 1 / (float)cell_count;
        for (int c = 0; c < cell_count; c++) sums[c * CELL_TILE + p] = 0;
      }
    }
    const __m256 factor = _mm256_loadu_ps(factors), rest = _mm256_loadu_ps(rests);
    const __m256i lanes = ac_first_lanes(some);
    for (int c = 0; c < cell_count; c++)
      _mm256_maskstore_ps(
          out + c * out_stride + start, lanes,
          _mm256_sqrt_ps(_mm256_fmadd_ps(_mm256_loadu_ps(sums + c * CELL_TILE), factor, rest)));
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

// The sums over the bins of one position.
typedef struct {
  __m512 sum, sum_ed, weights, a, b;
} sums16;

// Adds sixteen bins, of which `lanes` count; d = the tilted logit − the largest one.
AC_AVX512 static inline void add16(sums16 *to, __m512 d, __mmask16 lanes, anneal how,
                                   const float *center_a, const float *center_b) {
  d = _mm512_max_ps(_mm512_set1_ps(LOWEST), d);  // keeps NaN
  const __m512 e = exp16(d);
  to->sum = _mm512_mask_add_ps(to->sum, lanes, to->sum, e);
  to->sum_ed = _mm512_mask3_fmadd_ps(e, d, to->sum_ed, lanes);
  const __mmask16 counts =
      _mm512_mask_cmp_ps_mask(lanes, d, _mm512_set1_ps(how.least), _CMP_GE_OQ);
  if (!counts) return;
  __m512 weight;
  switch (how.kind) {
    case MODE: weight = _mm512_set1_ps(1); break;
    case MEAN: weight = e; break;
    case SQUARE: weight = _mm512_mul_ps(e, e); break;
    default: weight = exp16(_mm512_max_ps(_mm512_mul_ps(d, _mm512_set1_ps(how.exponent)),
                                          _mm512_set1_ps(LOWEST)));
  }
  weight = _mm512_maskz_mov_ps(counts, weight);
  to->weights = _mm512_add_ps(to->weights, weight);
  to->a = _mm512_fmadd_ps(weight, _mm512_maskz_loadu_ps(lanes, center_a), to->a);
  to->b = _mm512_fmadd_ps(weight, _mm512_maskz_loadu_ps(lanes, center_b), to->b);
}

AC_AVX512 static void decode_bins_avx512(const float *logits, int logit_stride,
                                         const ac_bins *bins, int count, float *a, float *b,
                                         float *certainty) {
  const anneal how = anneal_at(bins->temperature);
  const int whole = bins->count / 16 * 16;
  const __mmask16 lanes = (__mmask16)((1u << (bins->count - whole)) - 1);
  for (int p = 0; p < count; p++, logits += logit_stride) {
    __m512 high = _mm512_set1_ps(-INFINITY);
    for (int q = 0; q < whole; q += 16)
      high = _mm512_max_ps(
          _mm512_sub_ps(_mm512_loadu_ps(logits + q), _mm512_loadu_ps(bins->bias + q)), high);
    const __m512 rest = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, logits + whole),
                                      _mm512_maskz_loadu_ps(lanes, bins->bias + whole));
    high = _mm512_mask_max_ps(high, lanes, rest, high);
    const __m512 max = _mm512_set1_ps(_mm512_reduce_max_ps(high));
    const __m512 zero = _mm512_setzero_ps();
    sums16 sums = {zero, zero, zero, zero, zero};
    for (int q = 0; q < whole; q += 16) {
      const __m512 v = _mm512_sub_ps(_mm512_loadu_ps(logits + q), _mm512_loadu_ps(bins->bias + q));
      add16(&sums, _mm512_sub_ps(v, max), 0xffff, how, bins->center_a + q, bins->center_b + q);
    }
    add16(&sums, _mm512_sub_ps(rest, max), lanes, how, bins->center_a + whole,
          bins->center_b + whole);
    const float total = _mm512_reduce_add_ps(sums.sum);
    const float inverse = 1 / _mm512_reduce_add_ps(sums.weights);
    const int known = isfinite(total);
    a[p] = known ? _mm512_reduce_add_ps(sums.a) * inverse : 0;
    b[p] = known ? _mm512_reduce_add_ps(sums.b) * inverse : 0;
    certainty[p] = known ? certainty_of(total, _mm512_reduce_add_ps(sums.sum_ed), bins->count) : 0;
  }
}
#endif

// MARK: - Dispatch

void ac_decode_bins(const float *logits, int logit_stride, const ac_bins *bins, int count,
                    float *a, float *b, float *certainty) {
#if defined(__x86_64__)
  if (AC_HAS_AVX512) {
    decode_bins_avx512(logits, logit_stride, bins, count, a, b, certainty);
    return;
  }
  if (AC_HAS_AVX2) {
    decode_bins_avx2(logits, logit_stride, bins, count, a, b, certainty);
    return;
  }
#endif
  ac_decode_bins_ref(logits, logit_stride, bins, count, a, b, certainty);
}

void ac_cell_roots(const float *values, int value_stride, int bins, int are_shares,
                   const int32_t *cells, int cell_count, int count, float *out,
                   int64_t out_stride) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2 && bins <= AC_MOST_BINS && cell_count <= AC_MOST_BINS) {
    cell_roots_avx2(values, value_stride, bins, are_shares, cells, cell_count, count, out,
                    out_stride);
    return;
  }
#endif
  ac_cell_roots_ref(values, value_stride, bins, are_shares, cells, cell_count, count, out,
                    out_stride);
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
