#include "motion_patch.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Without FMA, so that the sums come out as the reference's.
#define AVX2 __attribute__((target("avx2")))

enum { ROWS = AC_MOTION_PATCH };

AVX2 static inline float total(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// The totals of four vectors, in order.
AVX2 static inline __m128 totals(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m128 p = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
  const __m128 r = _mm_add_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
  const __m128 s = _mm_add_ps(_mm256_castps256_ps128(d), _mm256_extractf128_ps(d, 1));
  const __m128 pq = _mm_add_ps(_mm_movelh_ps(p, q), _mm_movehl_ps(q, p));
  const __m128 rs = _mm_add_ps(_mm_movelh_ps(r, s), _mm_movehl_ps(s, r));
  return _mm_add_ps(_mm_shuffle_ps(pq, rs, _MM_SHUFFLE(2, 0, 2, 0)),
                    _mm_shuffle_ps(pq, rs, _MM_SHUFFLE(3, 1, 3, 1)));
}

#define ADD _mm256_add_ps
#define SUB _mm256_sub_ps
#define MUL _mm256_mul_ps
#define LOAD _mm256_loadu_ps
#define ALL _mm256_set1_ps

AVX2 static void prepare(const ac_motion_plane *plane, int32_t x, int32_t y,
                         ac_motion_patch *patch) {
  const ptrdiff_t stride = plane->stride;
  const float *p = plane->origin + y * stride + x;
  patch->anchor = p[4 * stride + 4];
  const __m256 anchor = ALL(patch->anchor);
  __m256 v = _mm256_setzero_ps(), vv = v, xx = v, xy = v, yy = v, sx = v, sy = v, xv = v, yv = v;
  for (int i = 0; i < ROWS; i++, p += stride) {
    const __m256 value = SUB(LOAD(p), anchor);
    const __m256 gx = SUB(LOAD(p + 1), LOAD(p - 1));
    const __m256 gy = SUB(LOAD(p + stride), LOAD(p - stride));
    _mm256_storeu_ps(patch->value + ROWS * i, value);
    _mm256_storeu_ps(patch->slope_x + ROWS * i, gx);
    _mm256_storeu_ps(patch->slope_y + ROWS * i, gy);
    v = ADD(v, value);
    vv = ADD(vv, MUL(value, value));
    xx = ADD(xx, MUL(gx, gx));
    xy = ADD(xy, MUL(gx, gy));
    yy = ADD(yy, MUL(gy, gy));
    sx = ADD(sx, gx);
    sy = ADD(sy, gy);
    xv = ADD(xv, MUL(gx, value));
    yv = ADD(yv, MUL(gy, value));
  }
  float first[4], second[4];
  _mm_storeu_ps(first, totals(v, vv, xx, xy));
  _mm_storeu_ps(second, totals(yy, sx, sy, xv));
  const ac_motion_patch_sums sums = {first[0],  first[1],  first[2],  first[3], second[0],
                                     second[1], second[2], second[3], total(yv)};
  ac_motion_finish_patch(patch, &sums);
}

AVX2 static inline __m256 between_columns(const float *p, __m256 x) {
  const __m256 left = LOAD(p);
  return ADD(left, MUL(x, SUB(LOAD(p + 1), left)));
}

AVX2 static void fit(const ac_motion_plane *plane, float x, float y, const ac_motion_patch *patch,
                     ac_motion_fit *result) {
  const ac_motion_place place = ac_motion_locate(plane, x, y);
  const __m256 fx = ALL(place.x), fy = ALL(place.y), anchor = ALL(patch->anchor);
  const float *p = place.sample;
  __m256 j = _mm256_setzero_ps(), jj = j, jv = j, jx = j, jy = j;
  __m256 above = between_columns(p, fx);
  for (int i = 0; i < ROWS; i++) {
    p += plane->stride;
    const __m256 below = between_columns(p, fx);
    const __m256 sample = SUB(ADD(above, MUL(fy, SUB(below, above))), anchor);
    above = below;
    j = ADD(j, sample);
    jj = ADD(jj, MUL(sample, sample));
    jv = ADD(jv, MUL(sample, LOAD(patch->value + ROWS * i)));
    jx = ADD(jx, MUL(sample, LOAD(patch->slope_x + ROWS * i)));
    jy = ADD(jy, MUL(sample, LOAD(patch->slope_y + ROWS * i)));
  }
  float four[4];
  _mm_storeu_ps(four, totals(j, jj, jv, jx));
  const ac_motion_fit_sums sums = {four[0], four[1], four[2], four[3], total(jy)};
  ac_motion_finish_fit(patch, &sums, result);
}

#define LOW _mm256_min_ps
#define HIGH _mm256_max_ps

// Sorts three vectors, lane by lane.
AVX2 static inline void sort3(__m256 *a, __m256 *b, __m256 *c) {
  const __m256 low = LOW(*a, *b), high = HIGH(*a, *b);
  const __m256 middle = LOW(high, *c);
  *c = HIGH(high, *c);
  *a = LOW(low, middle);
  *b = HIGH(low, middle);
}

AVX2 static inline __m256 median_of_three(__m256 a, __m256 b, __m256 c) {
  return HIGH(LOW(a, b), LOW(HIGH(a, b), c));
}

// The median of nine is the median of the largest of the columns' lows, the median of their middles
// and the smallest of their highs.
AVX2 static inline __m256 median_of_nine(const float *const rows[3], int32_t x) {
  __m256 low[3], middle[3], high[3];
  for (int i = 0; i < 3; i++) {
    low[i] = LOAD(rows[0] + x + i - 1);
    middle[i] = LOAD(rows[1] + x + i - 1);
    high[i] = LOAD(rows[2] + x + i - 1);
    sort3(&low[i], &middle[i], &high[i]);
  }
  return median_of_three(HIGH(HIGH(low[0], low[1]), low[2]),
                         median_of_three(middle[0], middle[1], middle[2]),
                         LOW(LOW(high[0], high[1]), high[2]));
}

AVX2 static void median(const float *source, int32_t width, int32_t height, float *result) {
  if (width < ROWS + 2) {
    ac_motion_reference.median(source, width, height, result);
    return;
  }
  for (int32_t y = 0; y < height; y++) {
    const int32_t above = y > 0 ? y - 1 : 0, below = y + 1 < height ? y + 1 : y;
    const float *rows[3] = {source + (ptrdiff_t)above * width, source + (ptrdiff_t)y * width,
                            source + (ptrdiff_t)below * width};
    float *out = result + (ptrdiff_t)y * width;
    // The last block overlaps the one before; both write the same.
    for (int32_t x = 1; x < width - 1; x += ROWS) {
      const int32_t at = x + ROWS < width ? x : width - 1 - ROWS;
      _mm256_storeu_ps(out + at, median_of_nine(rows, at));
    }
    // At the edges the column outside is the edge's again.
    float edge[3][10];
    const float *const edges[3] = {edge[0], edge[1], edge[2]};
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 10; j++) edge[i][j] = rows[i][width - 1];
      edge[i][0] = edge[i][1] = rows[i][0];
      edge[i][2] = rows[i][1];
      edge[i][4] = rows[i][width - 2];
    }
    float medians[ROWS];
    _mm256_storeu_ps(medians, median_of_nine(edges, 1));
    out[0] = medians[0];
    out[width - 1] = medians[4];
  }
}

const ac_motion_operations ac_motion_avx2 = {prepare, fit, median};
#endif
