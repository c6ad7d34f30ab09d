#include "chroma.h"

#include "cpu.h"
#include "simd.h"

// Keeps divisions by the distance to black or white finite.
#define TINY 1e-6f

static float clamp(float v, float low, float high) {
  v = v > low ? v : low;
  return v < high ? v : high;
}

static float larger(float a, float b) { return a > b ? a : b; }

// MARK: - Models

void ac_apply_models_ref(const float *models, const int32_t *index, const float *fraction,
                         const float *guide, float *a, float *b, int n) {
  for (int i = 0; i < n; i++) {
    const float *m = models + 4 * index[i];
    const float f = fraction[i];
    a[i] = (m[0] + f * (m[4] - m[0])) * guide[i] + m[1] + f * (m[5] - m[1]);
    b[i] = (m[2] + f * (m[6] - m[2])) * guide[i] + m[3] + f * (m[7] - m[3]);
  }
}

#if defined(__x86_64__)
// The model of pixels i and i + 4, interpolated, in the two halves of a register.
AC_AVX2 static inline __m256 model_pair(const float *models, const int32_t *index,
                                        const float *fraction, int i) {
  const float *p = models + 4 * index[i], *q = models + 4 * index[i + 4];
  const __m256 m0 = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)),
                                         _mm_loadu_ps(q), 1);
  const __m256 m1 = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + 4)),
                                         _mm_loadu_ps(q + 4), 1);
  const __m256 f = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_set1_ps(fraction[i])),
                                        _mm_set1_ps(fraction[i + 4]), 1);
  return _mm256_fmadd_ps(f, _mm256_sub_ps(m1, m0), m0);
}

AC_AVX2 static void apply_models_avx2(const float *models, const int32_t *index,
                                      const float *fraction, const float *guide, float *a,
                                      float *b, int n) {
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 m0 = model_pair(models, index, fraction, i);
    const __m256 m1 = model_pair(models, index, fraction, i + 1);
    const __m256 m2 = model_pair(models, index, fraction, i + 2);
    const __m256 m3 = model_pair(models, index, fraction, i + 3);
    // Transpose 4 × 4 in both halves.
    const __m256 ab01 = _mm256_unpacklo_ps(m0, m1), ab23 = _mm256_unpacklo_ps(m2, m3);
    const __m256 cd01 = _mm256_unpackhi_ps(m0, m1), cd23 = _mm256_unpackhi_ps(m2, m3);
    const __m256 slope_a = _mm256_shuffle_ps(ab01, ab23, 0x44);
    const __m256 intercept_a = _mm256_shuffle_ps(ab01, ab23, 0xee);
    const __m256 slope_b = _mm256_shuffle_ps(cd01, cd23, 0x44);
    const __m256 intercept_b = _mm256_shuffle_ps(cd01, cd23, 0xee);
    const __m256 g = _mm256_loadu_ps(guide + i);
    _mm256_storeu_ps(a + i, _mm256_fmadd_ps(slope_a, g, intercept_a));
    _mm256_storeu_ps(b + i, _mm256_fmadd_ps(slope_b, g, intercept_b));
  }
  ac_apply_models_ref(models, index + i, fraction + i, guide + i, a + i, b + i, n - i);
}
#endif

void ac_apply_models(const float *models, const int32_t *index, const float *fraction,
                     const float *guide, float *a, float *b, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    apply_models_avx2(models, index, fraction, guide, a, b, n);
    return;
  }
#endif
  ac_apply_models_ref(models, index, fraction, guide, a, b, n);
}

// MARK: - Table

static float node_cb(int32_t node) { return (float)(int16_t)(node & 0xffff); }
static float node_cr(int32_t node) { return (float)(node >> 16); }

void ac_chroma_row_ref(const ac_chroma_table *table, const float *y, const float *a,
                       const float *b, float *cb, float *cr, int n) {
  const int side = table->side, last = side - 2, center = (side - 1) / 2;
  const float limit = (float)center * table->step;
  for (int i = 0; i < n; i++) {
    const float luma = clamp(y[i], 0, 1);
    const float abs_a = a[i] < 0 ? -a[i] : a[i], abs_b = b[i] < 0 ? -b[i] : b[i];
    if (!(abs_a <= 3e38f && abs_b <= 3e38f)) {
      cb[i] = cr[i] = 0;
      continue;
    }
    const float extent = larger(abs_a, abs_b);
    const float shrink = extent > limit ? limit / extent : 1;
    const float ta = clamp(a[i] * shrink / table->step + (float)center, 0, (float)(side - 1));
    const float tb = clamp(b[i] * shrink / table->step + (float)center, 0, (float)(side - 1));
    const float ty = luma * (float)(table->levels - 1);
    const int ia = (int)ta < last ? (int)ta : last, ib = (int)tb < last ? (int)tb : last;
    const int iy = (int)ty < table->levels - 2 ? (int)ty : table->levels - 2;
    const float fa = ta - (float)ia, fb = tb - (float)ib, fy = ty - (float)iy;
    const int32_t *p = table->nodes + ((iy * side + ib) * side + ia);
    float sum_cb = 0, sum_cr = 0;
    for (int k = 0; k < 8; k++) {
      const int32_t node = p[(k & 1) + (k & 2 ? side : 0) + (k & 4 ? side * side : 0)];
      const float weight = (k & 1 ? fa : 1 - fa) * (k & 2 ? fb : 1 - fb) * (k & 4 ? fy : 1 - fy);
      sum_cb += weight * node_cb(node);
      sum_cr += weight * node_cr(node);
    }
    sum_cb *= table->unit;
    sum_cr *= table->unit;

    const float to_white = 1 / larger(1 - luma, TINY), to_black = -1 / larger(luma, TINY);
    const float dr = table->r_cr * sum_cr, db = table->b_cb * sum_cb;
    const float dg = table->g_cb * sum_cb + table->g_cr * sum_cr;
    float excess = larger(larger(dr * to_white, dr * to_black), 1);
    excess = larger(larger(dg * to_white, dg * to_black), excess);
    excess = larger(larger(db * to_white, db * to_black), excess);
    cb[i] = sum_cb / excess;
    cr[i] = sum_cr / excess;
  }
}

void ac_rgb_row(const ac_chroma_table *table, const float *y, const float *cb, const float *cr,
                float *r, float *g, float *b, int n) {
  for (int i = 0; i < n; i++) {
    const float luma = y[i], u = cb[i], v = cr[i];
    r[i] = luma + table->r_cr * v;
    g[i] = luma + table->g_cb * u + table->g_cr * v;
    b[i] = luma + table->b_cb * u;
  }
}

#if defined(__x86_64__)
AC_AVX2 static inline __m256 lerp8(__m256 a, __m256 b, __m256 f) {
  return _mm256_fmadd_ps(f, _mm256_sub_ps(b, a), a);
}

// Cb (`lower`) or Cr of eight nodes.
AC_AVX2 static inline __m256 lower(__m256 node) {
  return _mm256_cvtepi32_ps(
      _mm256_srai_epi32(_mm256_slli_epi32(_mm256_castps_si256(node), 16), 16));
}

AC_AVX2 static inline __m256 upper(__m256 node) {
  return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_castps_si256(node), 16));
}

AC_AVX2 static void chroma_row_avx2(const ac_chroma_table *table, const float *y, const float *a,
                                    const float *b, float *cb, float *cr, int n) {
  const int side = table->side;
  const float half = (float)((side - 1) / 2);
  const __m256 one = _mm256_set1_ps(1), zero = _mm256_setzero_ps(), tiny = _mm256_set1_ps(TINY);
  const __m256 limit = _mm256_set1_ps(half * table->step);
  const __m256 per_step = _mm256_set1_ps(1 / table->step), center = _mm256_set1_ps(half);
  const __m256 top = _mm256_set1_ps((float)(side - 1));
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  const __m256i last = _mm256_set1_epi32(side - 2), last_level = _mm256_set1_epi32(table->levels - 2);
  const __m256 r_cr = _mm256_set1_ps(table->r_cr), b_cb = _mm256_set1_ps(table->b_cb);
  const __m256 g_cb = _mm256_set1_ps(table->g_cb), g_cr = _mm256_set1_ps(table->g_cr);
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    __m256 va = _mm256_loadu_ps(a + i), vb = _mm256_loadu_ps(b + i);
    const __m256 luma = _mm256_min_ps(_mm256_max_ps(_mm256_loadu_ps(y + i), zero), one);
    const __m256 abs_a = _mm256_and_ps(va, magnitude), abs_b = _mm256_and_ps(vb, magnitude);
    const __m256 huge = _mm256_set1_ps(3e38f);
    const __m256 sane = _mm256_and_ps(_mm256_cmp_ps(abs_a, huge, _CMP_LE_OQ),
                                      _mm256_cmp_ps(abs_b, huge, _CMP_LE_OQ));
    va = _mm256_and_ps(va, sane);
    vb = _mm256_and_ps(vb, sane);
    const __m256 extent = _mm256_max_ps(_mm256_and_ps(va, magnitude), _mm256_and_ps(vb, magnitude));
    const __m256 scale =
        _mm256_mul_ps(_mm256_div_ps(limit, _mm256_max_ps(extent, limit)), per_step);
    const __m256 ta = _mm256_min_ps(_mm256_max_ps(_mm256_fmadd_ps(va, scale, center), zero), top);
    const __m256 tb = _mm256_min_ps(_mm256_max_ps(_mm256_fmadd_ps(vb, scale, center), zero), top);
    const __m256 ty = _mm256_mul_ps(luma, _mm256_set1_ps((float)(table->levels - 1)));
    const __m256i ia = _mm256_min_epi32(_mm256_cvttps_epi32(ta), last);
    const __m256i ib = _mm256_min_epi32(_mm256_cvttps_epi32(tb), last);
    const __m256i iy = _mm256_min_epi32(_mm256_cvttps_epi32(ty), last_level);
    const __m256 fa = _mm256_sub_ps(ta, _mm256_cvtepi32_ps(ia));
    const __m256 fb = _mm256_sub_ps(tb, _mm256_cvtepi32_ps(ib));
    const __m256 fy = _mm256_sub_ps(ty, _mm256_cvtepi32_ps(iy));
    const __m256i sides = _mm256_set1_epi32(side);
    const __m256i at = _mm256_add_epi32(
        _mm256_mullo_epi32(_mm256_add_epi32(_mm256_mullo_epi32(iy, sides), ib), sides), ia);

    __m256 plane_cb[2], plane_cr[2];
    for (int k = 0; k < 2; k++) {
      // The nodes are moved as floats and taken as the integers that they are.
      const float *p = (const float *)(table->nodes + k * side * side);
      __m256 n00, n01, n10, n11;
      ac_load_pairs(p, at, &n00, &n01);
      ac_load_pairs(p + side, at, &n10, &n11);
      plane_cb[k] = lerp8(lerp8(lower(n00), lower(n01), fa), lerp8(lower(n10), lower(n11), fa), fb);
      plane_cr[k] = lerp8(lerp8(upper(n00), upper(n01), fa), lerp8(upper(n10), upper(n11), fa), fb);
    }
    const __m256 unit = _mm256_set1_ps(table->unit);
    const __m256 u = _mm256_mul_ps(lerp8(plane_cb[0], plane_cb[1], fy), unit);
    const __m256 v = _mm256_mul_ps(lerp8(plane_cr[0], plane_cr[1], fy), unit);

    const __m256 to_white = _mm256_div_ps(one, _mm256_max_ps(_mm256_sub_ps(one, luma), tiny));
    const __m256 to_black = _mm256_div_ps(_mm256_set1_ps(-1), _mm256_max_ps(luma, tiny));
    const __m256 dr = _mm256_mul_ps(r_cr, v), db = _mm256_mul_ps(b_cb, u);
    const __m256 dg = _mm256_fmadd_ps(g_cb, u, _mm256_mul_ps(g_cr, v));
    __m256 excess = one;
#define FIT(d)                                                                                  \
  excess = _mm256_max_ps(                                                                       \
      excess, _mm256_max_ps(_mm256_mul_ps(d, to_white), _mm256_mul_ps(d, to_black)))
    FIT(dr);
    FIT(dg);
    FIT(db);
#undef FIT
    const __m256 fit = _mm256_div_ps(one, excess);
    _mm256_storeu_ps(cb + i, _mm256_mul_ps(u, fit));
    _mm256_storeu_ps(cr + i, _mm256_mul_ps(v, fit));
  }
  ac_chroma_row_ref(table, y + i, a + i, b + i, cb + i, cr + i, n - i);
}
#endif

void ac_chroma_row(const ac_chroma_table *table, const float *y, const float *a, const float *b,
                   float *cb, float *cr, int n) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    chroma_row_avx2(table, y, a, b, cb, cr, n);
    return;
  }
#endif
  ac_chroma_row_ref(table, y, a, b, cb, cr, n);
}
