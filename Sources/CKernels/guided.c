#include "guided.h"

#include <string.h>

#include "cpu.h"
#include "simd.h"

// MARK: - Plain version

static int first_of(int i, int radius) { return i > radius ? i - radius : 0; }
static int last_of(int i, int radius, int n) { return i + radius < n ? i + radius : n - 1; }

void ac_guided_coefficients_ref(const float *guide, const float *a, const float *b, int w, int h,
                                int radius, float epsilon, float *out, float *scratch) {
  float *models = scratch;
  for (int y = 0; y < h; y++) {
    for (int x = 0; x < w; x++) {
      double n = 0, sum_g = 0, sum_a = 0, sum_b = 0, sum_gg = 0, sum_ga = 0, sum_gb = 0;
      for (int v = first_of(y, radius); v <= last_of(y, radius, h); v++) {
        for (int u = first_of(x, radius); u <= last_of(x, radius, w); u++) {
          const double g = guide[v * w + u], p = a[v * w + u], q = b[v * w + u];
          n += 1;
          sum_g += g, sum_a += p, sum_b += q;
          sum_gg += g * g, sum_ga += g * p, sum_gb += g * q;
        }
      }
      const double g = sum_g / n, p = sum_a / n, q = sum_b / n;
      const double spread = sum_gg / n - g * g + epsilon;
      const double slope_a = (sum_ga / n - g * p) / spread, slope_b = (sum_gb / n - g * q) / spread;
      float *model = models + 4 * ((size_t)y * w + x);
      model[0] = (float)slope_a, model[1] = (float)(p - slope_a * g);
      model[2] = (float)slope_b, model[3] = (float)(q - slope_b * g);
    }
  }
  for (int y = 0; y < h; y++) {
    for (int x = 0; x < w; x++) {
      double n = 0, sum[4] = {0};
      for (int v = first_of(y, radius); v <= last_of(y, radius, h); v++) {
        for (int u = first_of(x, radius); u <= last_of(x, radius, w); u++) {
          n += 1;
          for (int k = 0; k < 4; k++) sum[k] += models[4 * ((size_t)v * w + u) + k];
        }
      }
      for (int k = 0; k < 4; k++) out[4 * ((size_t)y * w + x) + k] = (float)(sum[k] / n);
    }
  }
}

// MARK: - Running sums
// One body, compiled for the base instruction set and for AVX2: sums of columns slide down, sums of
// windows slide right, all quantities of a pixel side by side in one vector.

typedef float f4 __attribute__((vector_size(16), aligned(4)));
typedef float f8 __attribute__((vector_size(32), aligned(4)));

size_t ac_guided_scratch(int w, int h) {
  return (size_t)w * h * 4 + (size_t)w * 8 + (size_t)w * 4;
}

// Adds `sign` times the products of one row to the sums of the columns: for each column
// g, a, b, 0, g², g·a, g·b, 0.
static inline __attribute__((always_inline)) void add_products(const float *guide, const float *a,
                                                              const float *b, int w, float sign,
                                                              float *columns) {
  for (int x = 0; x < w; x++) {
    const float g = guide[x], p = a[x], q = b[x];
    const f4 values = {g, p, q, 0};
    const f4 low = sign * values, high = low * g;
    *(f4 *)(columns + 8 * x) += low;
    *(f4 *)(columns + 8 * x + 4) += high;
  }
}

static inline __attribute__((always_inline)) void guided_body(const float *guide, const float *a,
                                                             const float *b, int w, int h,
                                                             int radius, float epsilon, float *out,
                                                             float *scratch) {
  float *models = scratch, *products = models + (size_t)w * h * 4, *columns = products + 8 * w;
  const int below = radius < h ? radius : h, right = radius < w ? radius : w;

  memset(products, 0, sizeof(float) * 8 * w);
  for (int y = 0; y < below; y++)
    add_products(guide + (size_t)y * w, a + (size_t)y * w, b + (size_t)y * w, w, 1, products);
  for (int y = 0; y < h; y++) {
    const int enter = y + radius, leave = y - radius - 1;
    if (enter < h) {
      const size_t at = (size_t)enter * w;
      add_products(guide + at, a + at, b + at, w, 1, products);
    }
    if (leave >= 0) {
      const size_t at = (size_t)leave * w;
      add_products(guide + at, a + at, b + at, w, -1, products);
    }
    const int rows = last_of(y, radius, h) - first_of(y, radius) + 1;
    f8 sum = {0};
    for (int x = 0; x < right; x++) sum += *(const f8 *)(products + 8 * x);
    for (int x = 0; x < w; x++) {
      if (x + radius < w) sum += *(const f8 *)(products + 8 * (x + radius));
      if (x - radius - 1 >= 0) sum -= *(const f8 *)(products + 8 * (x - radius - 1));
      const int n = rows * (last_of(x, radius, w) - first_of(x, radius) + 1);
      const f8 mean = sum * (1.0f / (float)n);
      const f4 first = __builtin_shufflevector(mean, mean, 0, 1, 2, 3);
      const f4 second = __builtin_shufflevector(mean, mean, 4, 5, 6, 7);
      const f4 covariance = second - first * first[0];
      const f4 slope = covariance / (covariance[0] + epsilon);
      const f4 intercept = first - slope * first[0];
      *(f4 *)(models + 4 * ((size_t)y * w + x)) =
          __builtin_shufflevector(slope, intercept, 1, 5, 2, 6);
    }
  }

  memset(columns, 0, sizeof(float) * 4 * w);
  for (int y = 0; y < below; y++)
    for (int i = 0; i < 4 * w; i++) columns[i] += models[(size_t)y * w * 4 + i];
  for (int y = 0; y < h; y++) {
    const int enter = y + radius, leave = y - radius - 1;
    if (enter < h)
      for (int i = 0; i < 4 * w; i++) columns[i] += models[(size_t)enter * w * 4 + i];
    if (leave >= 0)
      for (int i = 0; i < 4 * w; i++) columns[i] -= models[(size_t)leave * w * 4 + i];
    const int rows = last_of(y, radius, h) - first_of(y, radius) + 1;
    f4 sum = {0};
    for (int x = 0; x < right; x++) sum += *(const f4 *)(columns + 4 * x);
    for (int x = 0; x < w; x++) {
      if (x + radius < w) sum += *(const f4 *)(columns + 4 * (x + radius));
      if (x - radius - 1 >= 0) sum -= *(const f4 *)(columns + 4 * (x - radius - 1));
      const int n = rows * (last_of(x, radius, w) - first_of(x, radius) + 1);
      *(f4 *)(out + 4 * ((size_t)y * w + x)) = sum * (1.0f / (float)n);
    }
  }
}

static void guided_plain(const float *guide, const float *a, const float *b, int w, int h,
                         int radius, float epsilon, float *out, float *scratch) {
  guided_body(guide, a, b, w, h, radius, epsilon, out, scratch);
}

#if defined(__x86_64__)
AC_AVX2 static void guided_avx2(const float *guide, const float *a, const float *b, int w, int h,
                                int radius, float epsilon, float *out, float *scratch) {
  guided_body(guide, a, b, w, h, radius, epsilon, out, scratch);
}
#endif

void ac_guided_coefficients(const float *guide, const float *a, const float *b, int w, int h,
                            int radius, float epsilon, float *out, float *scratch) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    guided_avx2(guide, a, b, w, h, radius, epsilon, out, scratch);
    return;
  }
#endif
  guided_plain(guide, a, b, w, h, radius, epsilon, out, scratch);
}
