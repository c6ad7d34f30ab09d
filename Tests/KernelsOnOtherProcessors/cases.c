// Runs each kernel on random and extreme data and writes what comes out, for compare.c.
//
//   cases FILE [SEED]
//
// The same seed gives the same data on each processor. It watches the bands around what kernels
// write and, on the way, compares each with its plain reference. Exit status: 0 if that is right, 1
// otherwise.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "CKernels.h"
#include "harness.h"

#define NAME(...)                                                                                  \
  char name[80];                                                                                   \
  snprintf(name, sizeof name, __VA_ARGS__)

// Nothing may differ, not even where fusing is allowed.
static const tolerance same = {0, 0};

// Around and between the widths of vectors.
static const int lengths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 100, 257};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

// MARK: - Rows

static void weighed_rows(int n) {
  static const int counts[] = {1, 2, 7};
  for (int c = 0; c < 3; c++) {
    const int count = counts[c];
    NAME("ac_weigh_rows, %d of %d", count, n);
    const uint8_t *rows8[7];
    const uint16_t *rows16[7];
    for (int k = 0; k < count; k++) {
      rows8[k] = bytes(n, 255);
      rows16[k] = words(n, 65535);
    }
    const float *weights = floats(count, -1, 1);
    float *out = room(n), *reference = room(n);
    ac_weigh_rows_u8(rows8, weights, count, 0.25f, out, n);
    ac_weigh_rows_u8_ref(rows8, weights, count, 0.25f, reference, n);
    agree(name, out, reference, n, 1e-3f);
    put_floats(name, out, n, (tolerance){0, 2e-4f});
    ac_weigh_rows_u16(rows16, weights, count, 0.25f, out, n);
    ac_weigh_rows_u16_ref(rows16, weights, count, 0.25f, reference, n);
    agree(name, out, reference, n, 0.2f);
    put_floats(name, out, n, (tolerance){0, 0.05f});
    release(name);
  }
}

static void weighed_columns(int n, int taps) {
  NAME("ac_weigh_columns, %d by %d", n, taps);
  const float *row = floats(n + taps, -1, 1), *weights = floats(n * taps, -1, 1);
  const int32_t *first = indices(n, n + 1);
  float *out = room(n), *reference = room(n);
  ac_weigh_columns(row, first, weights, taps, out, n);
  ac_weigh_columns_ref(row, first, weights, taps, reference, n);
  agree(name, out, reference, n, 1e-5f);
  put_floats(name, out, n, (tolerance){0, 2e-6f});
  release(name);
}

static void halved_rows(int n) {
  NAME("ac_halve_row, %d", n);
  float *row = floats(n, -1, 1);
  row[n / 2] = n % 3 ? 0x1p-140f : INFINITY;
  const int half = (n + 1) / 2;
  float *out = room(half), *reference = room(half);
  ac_halve_row_centered(row, out, n);
  ac_halve_row_centered_ref(row, reference, n);
  agree(name, out, reference, half, 1e-6f);
  put_floats(name, out, half, (tolerance){0, 2e-7f});
  ac_halve_row_cosited(row, out, n);
  ac_halve_row_cosited_ref(row, reference, n);
  agree(name, out, reference, half, 1e-6f);
  put_floats(name, out, half, (tolerance){0, 2e-7f});
  release(name);
}

static void interpolated_rows(int n) {
  NAME("ac_lerp, %d", n);
  const float *r0 = floats(n + 1, -9, 9), *r1 = floats(n + 1, -9, 9), *fraction = floats(n, 0, 1);
  const int32_t *index = indices(n, n);
  float *out = room(n), *reference = room(n);
  ac_lerp_rows(r0, r1, 0.3f, 1.5f, out, n);
  ac_lerp_rows_ref(r0, r1, 0.3f, 1.5f, reference, n);
  agree(name, out, reference, n, 1e-5f);
  put_floats(name, out, n, (tolerance){0, 4e-6f});
  ac_lerp_columns(r0, index, fraction, out, n);
  ac_lerp_columns_ref(r0, index, fraction, reference, n);
  agree(name, out, reference, n, 1e-5f);
  put_floats(name, out, n, (tolerance){0, 4e-6f});
  release(name);
}

static void curves(int n) {
  NAME("ac_curve_row, %d", n);
  enum { LAST = 64 };
  float *table = room(LAST + 2), *in = floats(n, -0.5f, 1.5f), *out = room(n), *reference = room(n);
  for (int i = 0; i <= LAST; i++) table[i] = (float)(i * i);
  table[LAST + 1] = -1e9f;
  in[0] = NAN;
  in[n - 1] = n > 1 ? 1 : NAN;
  if (n > 3) in[1] = INFINITY, in[2] = -INFINITY;
  ac_curve_row(in, table, LAST, out, n);
  ac_curve_row_ref(in, table, LAST, reference, n);
  agree(name, out, reference, n, 2e-3f);
  put_floats(name, out, n, (tolerance){0, 1e-3f});
  release(name);
}

// What is one code off was a half, or nearly, and was rounded the other way.
static const tolerance one_code = {0, 1};

static void quantized_rows(int n) {
  NAME("ac_quantize_row, %d", n);
  float *in = floats(n, -0.7f, 0.7f), *thresholds = floats(8, 0, 0.99f);
  in[n / 2] = n % 3 == 0 ? NAN : n % 3 == 1 ? INFINITY : -INFINITY;
  uint8_t *out8 = bytes(n, 255), *reference8 = bytes(n, 255);
  uint16_t *out16 = words(n, 65535), *reference16 = words(n, 65535);
  ac_quantize_row_u8(in, 224, 128, 255, thresholds, out8, n);
  ac_quantize_row_u8_ref(in, 224, 128, 255, thresholds, reference8, n);
  put(name, RESULT_U8, out8, n, one_code);
  put(name, RESULT_U8, reference8, n, one_code);
  ac_quantize_row_u16(in, 65535, 32768, 65535, thresholds, out16, n);
  ac_quantize_row_u16_ref(in, 65535, 32768, 65535, thresholds, reference16, n);
  agree_codes(name, out16, reference16, n);
  put(name, RESULT_U16, out16, n, one_code);
  release(name);
}

static void luma_rows(int n) {
  NAME("ac_luma_row, %d", n);
  static const float weights8[3] = {0.2126f * 257, 0.7152f * 257, 0.0722f * 257};
  static const float weights16[3] = {0.2126f, 0.7152f, 0.0722f};
  const uint8_t *rgb8[3];
  const uint16_t *rgb16[3];
  for (int k = 0; k < 3; k++) {
    rgb8[k] = bytes(n, 255);
    rgb16[k] = words(n, 65535);
  }
  uint16_t *out = words(n, 65535), *reference = words(n, 65535);
  ac_luma_row_u8(rgb8[0], rgb8[1], rgb8[2], weights8, out, n);
  ac_luma_row_u8_ref(rgb8[0], rgb8[1], rgb8[2], weights8, reference, n);
  agree_codes(name, out, reference, n);
  put(name, RESULT_U16, out, n, one_code);
  ac_luma_row_u16(rgb16[0], rgb16[1], rgb16[2], weights16, out, n);
  ac_luma_row_u16_ref(rgb16[0], rgb16[1], rgb16[2], weights16, reference, n);
  agree_codes(name, out, reference, n);
  put(name, RESULT_U16, out, n, one_code);
  release(name);
}

static void widened_rows(int n) {
  static const int depths[] = {8, 10, 12, 15};
  for (int d = 0; d < 4; d++)
    for (int repeats = 0; repeats < 2; repeats++) {
      const int depth = depths[d], shift = 16 - depth;
      NAME("ac_widen, %d of %d bits, %d", n, depth, repeats);
      const void *in = depth == 8 ? (void *)bytes(n, 255) : (void *)words(n, (1 << depth) - 1);
      uint16_t *out = words(n, 65535);
      ac_widen(in, depth, n, shift, repeats, out);
      put(name, RESULT_U16, out, n, same);
      release(name);
    }
}

// MARK: - Chroma

static void applied_models(int n) {
  NAME("ac_apply_models, %d", n);
  const float *models = floats(4 * (n + 1), -50, 50), *fraction = floats(n, 0, 1),
              *guide = floats(n, 0, 1);
  const int32_t *index = indices(n, n);
  float *a = room(n), *b = room(n), *reference_a = room(n), *reference_b = room(n);
  ac_apply_models(models, index, fraction, guide, a, b, n);
  ac_apply_models_ref(models, index, fraction, guide, reference_a, reference_b, n);
  agree(name, a, reference_a, n, 1e-4f);
  agree(name, b, reference_b, n, 1e-4f);
  put_floats(name, a, n, (tolerance){0, 4e-5f});
  put_floats(name, b, n, (tolerance){0, 4e-5f});
  release(name);
}

static void chroma_rows(int n) {
  NAME("ac_chroma_row, %d", n);
  enum { SIDE = 17, LEVELS = 9 };
  // Smooth, and 0 where a = b = 0, as a table of colors is.
  int32_t *nodes = block(LEVELS * SIDE * SIDE * sizeof *nodes);
  for (int i = 0; i < LEVELS * SIDE * SIDE; i++) {
    const int a = i % SIDE - SIDE / 2, b = i / SIDE % SIDE - SIDE / 2, y = i / (SIDE * SIDE);
    const int noise = a || b ? below(64) : 0;
    const int cb = 300 * b * (y + 2) - 90 * a * a + noise,
              cr = 280 * a * (9 - y) + 40 * a * b - noise;
    nodes[i] = (int32_t)((uint32_t)(cr & 0xffff) << 16 | (uint32_t)(cb & 0xffff));
  }
  const ac_chroma_table table = {.nodes = nodes,
                                 .levels = LEVELS,
                                 .side = SIDE,
                                 .step = 16,
                                 .unit = 1.0f / 65536,
                                 .r_cr = 1.5748f,
                                 .g_cb = -0.18732f,
                                 .g_cr = -0.46812f,
                                 .b_cb = 1.8556f};
  float *y = floats(n, -0.1f, 1.1f), *a = floats(n, -200, 200), *b = floats(n, -200, 200);
  a[n / 2] = n % 3 == 0 ? 0 : n % 3 == 1 ? NAN : INFINITY;
  if (n % 3 == 0) b[n / 2] = 0;
  y[n / 3] = n % 2 ? 1 : n % 4 ? NAN : 0;
  float *cb = room(n), *cr = room(n), *reference_cb = room(n), *reference_cr = room(n);
  ac_chroma_row(&table, y, a, b, cb, cr, n);
  ac_chroma_row_ref(&table, y, a, b, reference_cb, reference_cr, n);
  agree(name, cb, reference_cb, n, 2e-5f);
  agree(name, cr, reference_cr, n, 2e-5f);
  put_floats(name, cb, n, (tolerance){0, 4e-6f});
  put_floats(name, cr, n, (tolerance){0, 4e-6f});
  float *r = room(n), *g = room(n), *blue = room(n);
  ac_rgb_row(&table, y, cb, cr, r, g, blue, n);
  put_floats("ac_rgb_row", r, n, (tolerance){0, 1e-5f});
  put_floats("ac_rgb_row", g, n, (tolerance){0, 1e-5f});
  put_floats("ac_rgb_row", blue, n, (tolerance){0, 1e-5f});
  // Red may lie on Cr, blue on Cb.
  ac_rgb_row(&table, y, cb, cr, cr, g, cb, n);
  agree("ac_rgb_row on its inputs", cr, r, n, 0);
  agree("ac_rgb_row on its inputs", cb, blue, n, 0);
  release(name);
}

static void guided_filter(int w, int h, int radius) {
  NAME("ac_guided_coefficients, %d x %d, radius %d", w, h, radius);
  const float *guide = floats(w * h, 0, 1), *a = floats(w * h, -100, 100),
              *b = floats(w * h, -100, 100);
  float *out = room(4 * w * h), *reference = room(4 * w * h);
  float *scratch = room((int)ac_guided_scratch(w, h));
  ac_guided_coefficients_ref(guide, a, b, w, h, radius, 1e-2f, reference, scratch);
  ac_guided_coefficients(guide, a, b, w, h, radius, 1e-2f, out, scratch);
  agree(name, out, reference, 4 * w * h, 0.02f);
  put_floats(name, out, 4 * w * h, (tolerance){0, 0.02f});
  put_floats("ac_guided_coefficients_ref", reference, 4 * w * h, (tolerance){0, 1e-4f});
  release(name);
}

// MARK: - Bins

// The C library's exp and log differ in their last bits from processor to processor.
static const tolerance color = {1e-5f, 1e-5f}, share = {1e-6f, 1e-6f};

static void decoded_bins(int bins, float spread, float temperature) {
  NAME("ac_decode_bins, %d, +-%g, T %g", bins, (double)spread, (double)temperature);
  enum { COUNT = 6 };
  float *logits = floats(COUNT * (bins + 3), -spread, spread);
  const float *bias = floats(bins, -2, 2);
  const float *center_a = floats(bins, -110, 110), *center_b = floats(bins, -110, 110);
  const ac_bins table = {bins, bias, center_a, center_b, temperature};
  logits[bins / 2] = NAN;
  logits[bins + 3 + bins / 3] = INFINITY;
  logits[2 * (bins + 3) + bins / 3] = bins > 1 ? -INFINITY : 0;
  float *out = room(3 * COUNT), *reference = room(3 * COUNT);
  ac_decode_bins(logits, bins + 3, &table, COUNT, out, out + COUNT, out + 2 * COUNT);
  ac_decode_bins_ref(logits, bins + 3, &table, COUNT, reference, reference + COUNT,
                     reference + 2 * COUNT);
  agree(name, out, reference, 2 * COUNT, 5e-3f);
  agree(name, out + 2 * COUNT, reference + 2 * COUNT, COUNT, 1e-5f);
  put_floats(name, out, 2 * COUNT, color);
  put_floats(name, out + 2 * COUNT, COUNT, share);
  release(name);
}

static void roots_of_cells(int bins, int cell_count, int are_shares, int count) {
  NAME("ac_cell_roots, %d in %d, %d, %d", bins, cell_count, are_shares, count);
  float *values = floats(count * bins, are_shares ? 0 : -20, are_shares ? 1 : 20);
  if (count > 1) values[bins + bins / 2] = NAN;
  const int32_t *cells = indices(bins, cell_count);
  float *out = room(cell_count * count), *reference = room(cell_count * count);
  ac_cell_roots(values, bins, bins, are_shares, cells, cell_count, count, out, count);
  ac_cell_roots_ref(values, bins, bins, are_shares, cells, cell_count, count, reference, count);
  agree(name, out, reference, cell_count * count, 1e-5f);
  put_floats(name, out, cell_count * count, share);
  release(name);
}

static void logarithms(int n) {
  NAME("ac_log_row, %d", n);
  float *in = floats(n, 0, 1), *out = room(n), *reference = room(n);
  in[0] = 0;
  if (n > 3) in[1] = 1, in[2] = NAN, in[3] = INFINITY;
  ac_log_row(in, out, n);
  ac_log_row_ref(in, reference, n);
  if (n > 3) out[3] = reference[3] = 0;  // only what is finite is promised
  agree(name, out, reference, n, 1e-5f);
  put_floats(name, out, n, (tolerance){1e-5f, 1e-5f});
  release(name);
}

// MARK: - Guidance

static void inner_products(int channels, int count, int vectors) {
  NAME("ac_inner_products, %d channels, %d, %d vectors", channels, count, vectors);
  const int stride = count + 5;
  const float *planes = floats(channels * stride, -1, 1),
              *these = floats(vectors * channels, -1, 1);
  float *out = floats(vectors * stride, 0, 0), *reference = floats(vectors * stride, 0, 0);
  ac_inner_products(planes, stride, channels, count, these, vectors, out, stride);
  ac_inner_products_ref(planes, stride, channels, count, these, vectors, reference, stride);
  agree(name, out, reference, vectors * stride, 1e-5f * (float)channels);
  put_floats(name, out, vectors * stride, (tolerance){0, 4e-7f * (float)channels});
  release(name);
}

static void scores_of_reach(int n) {
  NAME("ac_reach_scores, %d", n);
  const int stride = n + 3;
  float *numbers = floats(AC_REACH_NUMBERS * stride, -2, 6),
        *weights = floats(AC_REACH_WEIGHTS, -0.5f, 0.5f);
  numbers[n / 2] = n % 2 ? NAN : INFINITY;
  float *out = room(n), *reference = room(n);
  ac_reach_scores(numbers, stride, n, 4, weights, out);
  ac_reach_scores_ref(numbers, stride, n, 4, weights, reference);
  agree(name, out, reference, n, 1e-3f);
  put_floats(name, out, n, (tolerance){0, 4e-5f});
  release(name);
}

// MARK: - Motion: no operation is fused, so that all processors give the same bits

static ac_motion_plane plane(int width, int height) {
  const int stride = width + 2 * AC_MOTION_BORDER + 3, rows = height + 2 * AC_MOTION_BORDER;
  float *memory = floats(stride * rows, 0, 0);
  return (ac_motion_plane){memory + AC_MOTION_BORDER * stride + AC_MOTION_BORDER, width, height,
                           stride};
}

static ac_motion_grid grid(int width, int height) {
  return (ac_motion_grid){floats(width * height, 0, 0), floats(width * height, 0, 0), width,
                          height};
}

static void put_plane(const char *name, const ac_motion_plane *p) {
  put_floats(name, p->origin - AC_MOTION_BORDER * (p->stride + 1),
             (int)p->stride * (p->height + 2 * AC_MOTION_BORDER), same);
}

static void put_grid(const char *name, const ac_motion_grid *g) {
  put_floats(name, g->x, g->width * g->height, same);
  put_floats(name, g->y, g->width * g->height, same);
}

// Pictures to search: smooth, noise, an edge, flat, extremes; `shift` moves the first and the
// third.
static float *picture(int kind, int width, int height, float shift) {
  static const float extremes[] = {0, 100, 1e4f, -1e4f};
  float *v = room(width * height);
  for (int i = 0; i < width * height; i++) {
    const float x = (float)(i % width) + shift, y = (float)(i / width) - 0.5f * shift;
    // Two parabolas in place of waves: each processor's C library has sines of its own.
    const float u = x - 13 * floorf(x / 13) - 6.5f, w = y - 9 * floorf(y / 9) - 4.5f;
    v[i] = kind == 0   ? 50 + u * u - 1.5f * w * w + 0.3f * u * w + uniform(-1, 1)
           : kind == 1 ? uniform(0, 100)
           : kind == 2 ? (x > (float)(width / 2) ? 100 : 0)
           : kind == 3 ? 50
                       : extremes[below(4)];
  }
  return v;
}

static void motion(int width, int height, int kind) {
  NAME("ac_motion_search, %d x %d, picture %d", width, height, kind);
  const int columns = (width + 3) / 4, rows = (height + 3) / 4;
  const ac_motion_plane first = plane(width, height), second = plane(width, height);
  ac_motion_fill(picture(kind, width, height, 0), &first);
  ac_motion_fill(picture(kind, width, height, 1.3f), &second);
  put_plane("ac_motion_fill", &second);
  const ac_motion_plane half = plane((width + 1) / 2, (height + 1) / 2);
  ac_motion_halve(&first, &half);
  put_plane("ac_motion_halve", &half);
  const ac_motion_grid coarse = grid((columns + 1) / 2, (rows + 1) / 2),
                       prior = grid(columns, rows);
  for (int i = 0; i < coarse.width * coarse.height; i++) {
    coarse.x[i] = uniform(-3, 3);
    coarse.y[i] = uniform(-3, 3);
  }
  ac_motion_spread(&coarse, &prior);
  put_grid("ac_motion_spread", &prior);
  for (int i = 0; i < columns * rows; i++) {
    const int choice = below(8);
    if (choice == 0) prior.x[i] = uniform(-200, 200);
    if (choice == 1) prior.y[i] = kind == 4 ? NAN : 0.5f;
  }
  const ac_motion_grid result = grid(columns, rows), median = grid(columns, rows);
  float *q = floats(4 * columns * rows, 0, 0);
  const int n = columns * rows;
  const ac_motion_quality quality = {q, q + n, q + 2 * n, q + 3 * n};
  ac_motion_search(&first, &second, &prior, &result, below(3), 4, &quality);
  put_grid(name, &result);
  put_floats(name, q, 4 * n, same);
  ac_motion_search(&first, &second, &prior, &median, 1, 2, NULL);
  put_grid(name, &median);
  ac_motion_median(&result, &median);
  put_grid("ac_motion_median", &median);
  release(name);
}

// MARK: - Winograd

static void winograd(ac_winograd_map map, int steps) {
  NAME("ac_winograd, %d x %d x %d, %d channels, dilation %d, %d", map.images, map.height, map.width,
       map.channels, map.dilation, steps);
  const int size = map.images * map.height * map.width * map.channels, c = map.channels;
  const int32_t tiles = ac_winograd_tiles(&map);
  const int points = AC_WINOGRAD_POINTS * tiles * c;
  put("ac_winograd_tiles", RESULT_I32, &tiles, 1, same);
  const float *x = floats(size, -3, 3), *m = floats(points, -2, 2);
  float *v = room(points), *reference = room(points);
  ac_winograd_input(&map, x, 0, tiles / 2, v);
  ac_winograd_input(&map, x, tiles / 2, tiles - tiles / 2, v);
  ac_winograd_input_ref(&map, x, 0, tiles, reference);
  agree(name, v, reference, points, 2e-5f);
  // The plain path of x86-64 adds doubles; on arm64 vectors of floats take its place.
  put_floats(name, v, points, (tolerance){2e-5f, 2e-5f});
  // The summand's memory may be the result's.
  float *y = floats(size, -9, 9), *expected = room(size);
  memcpy(expected, y, (size_t)size * sizeof *y);
  static const float slopes[] = {1, 0, 0.25f, -2};
  const float *bias = floats(c, -2, 2), *scale = floats(c, -2, 2), *shift = floats(c, -2, 2);
  ac_winograd_finish finish = {steps > 1 ? bias : NULL, steps > 0 ? y : NULL, slopes[steps],
                               steps > 2 ? scale : NULL, steps > 2 ? shift : NULL};
  ac_winograd_output(&map, m, &finish, 0, tiles / 2, y);
  ac_winograd_output(&map, m, &finish, tiles / 2, tiles - tiles / 2, y);
  if (steps > 0) finish.summand = expected;
  ac_winograd_output_ref(&map, m, &finish, 0, tiles, expected);
  agree(name, y, expected, size, 2e-4f);
  put_floats(name, y, size, (tolerance){2e-4f, 2e-4f});
  const float *kernels = floats(c * 8 * 9, -1, 1);
  float *u = room(AC_WINOGRAD_POINTS * c * 8);
  ac_winograd_weights(kernels, c, 8, u);
  put_floats("ac_winograd_weights", u, AC_WINOGRAD_POINTS * c * 8, (tolerance){0, 1e-6f});
  release(name);
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "cases FILE [SEED]\n");
    return 64;
  }
  const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
  begin(argv[1], seed);
  ac_return_large_blocks();
  free(malloc(4 << 20));
  // What is compared is the plain path of both processors: nothing may be offered, whatever is
  // asked for.
  ac_cpu_limit(UINT32_MAX);
  const int32_t flags = (int32_t)ac_cpu_flags();
  put("ac_cpu_flags", RESULT_I32, &flags, 1, same);

  for (int i = 0; i < LENGTHS; i++) {
    const int n = lengths[i];
    weighed_rows(n);
    weighed_columns(n, 8);
    weighed_columns(n, 16);
    halved_rows(n);
    interpolated_rows(n);
    curves(n);
    quantized_rows(n);
    luma_rows(n);
    widened_rows(n);
    applied_models(n);
    chroma_rows(n);
    logarithms(n);
    scores_of_reach(n);
  }
  static const int extents[][2] = {{1, 1}, {1, 9}, {9, 1}, {5, 4}, {17, 13}, {40, 23}};
  static const int radii[] = {0, 1, 3, 30};
  for (int i = 0; i < 6; i++)
    for (int r = 0; r < 4; r++) guided_filter(extents[i][0], extents[i][1], radii[r]);
  static const int bins[] = {1, 2, 7, 8, 15, 16, 17, 40, 313};
  static const float spreads[] = {0.01f, 4, 60}, temperatures[] = {0, 0.05f, 0.38f, 0.5f, 0.7f, 1};
  for (int b = 0; b < 9; b++)
    for (int s = 0; s < 3; s++)
      for (int t = 0; t < 6; t++) decoded_bins(bins[b], spreads[s], temperatures[t]);
  static const int cells[][2] = {{1, 1}, {7, 3}, {8, 8}, {17, 4}, {313, 88}},
                   counts[] = {1, 5, 8, 19};
  for (int i = 0; i < 5; i++)
    for (int c = 0; c < 4; c++)
      for (int are_shares = 0; are_shares < 2; are_shares++)
        roots_of_cells(cells[i][0], cells[i][1], are_shares, counts[c]);
  static const int products[][3] = {{1, 1, 1}, {3, 7, 2}, {88, 33, 5}, {313, 40, 4}, {16, 70, 9}};
  for (int i = 0; i < 5; i++) inner_products(products[i][0], products[i][1], products[i][2]);
  static const int planes[][2] = {{1, 1}, {7, 3}, {8, 8}, {33, 21}, {64, 40}, {45, 52}};
  for (int i = 0; i < 6; i++)
    for (int kind = 0; kind < 5; kind++) motion(planes[i][0], planes[i][1], kind);
  static const ac_winograd_map maps[] = {{1, 4, 4, 8, 1},   {1, 9, 13, 24, 1},  {2, 5, 6, 16, 1},
                                         {1, 11, 7, 40, 2}, {1, 16, 20, 32, 3}, {2, 1, 2, 8, 2}};
  for (int i = 0; i < 6; i++)
    for (int steps = 0; steps < 4; steps++) winograd(maps[i], steps);
  return finish();
}
