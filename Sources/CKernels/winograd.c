#include "winograd.h"

#include <stddef.h>

#include "cpu.h"
#include "simd.h"

#define R 0.70710678118654752440
#define S 1.41421356237309504880

// What a tile's inputs, a kernel and the products are multiplied by along each axis.
static const double input_matrix[6][6] = {
    {1, 0, -2.5, 0, 1, 0},   {0, -2 * R, -2, R, 1, 0},  {0, 2 * R, -2, -R, 1, 0},
    {0, -S / 2, -0.5, S, 1, 0}, {0, S / 2, -0.5, -S, 1, 0}, {0, 1, 0, -2.5, 0, 1}};
static const double kernel_matrix[6][3] = {
    {1, 0, 0},
    {-2.0 / 3, -2 * R / 3, -1.0 / 3},
    {-2.0 / 3, 2 * R / 3, -1.0 / 3},
    {1.0 / 6, S / 6, 1.0 / 3},
    {1.0 / 6, -S / 6, 1.0 / 3},
    {0, 0, 1}};
static const double output_matrix[4][6] = {{1, 1, 1, 1, 1, 0},
                                           {0, R, -R, S, -S, 0},
                                           {0, 0.5, 0.5, 2, 2, 0},
                                           {0, R / 2, -R / 2, 2 * S, -2 * S, 1}};

// MARK: - Tiles

static int tiles_along(int extent, int dilation) {
  return ((extent + dilation - 1) / dilation + 3) / 4;
}

int32_t ac_winograd_tiles(const ac_winograd_map *map) {
  return map->images * map->dilation * map->dilation * tiles_along(map->height, map->dilation) *
         tiles_along(map->width, map->dilation);
}

typedef struct {
  ptrdiff_t image;  // the number of its first pixel
  int row, column;  // of the first result
} tile_place;

static tile_place place_of(const ac_winograd_map *map, int tile) {
  const int down = tiles_along(map->height, map->dilation);
  const int across = tiles_along(map->width, map->dilation);
  const int phase = tile / (down * across) % (map->dilation * map->dilation);
  tile_place place;
  place.image = (ptrdiff_t)(tile / (down * across * map->dilation * map->dilation)) * map->height *
                map->width;
  place.row = phase / map->dilation + tile / across % down * 4 * map->dilation;
  place.column = phase % map->dilation + tile % across * 4 * map->dilation;
  return place;
}

// MARK: - Plain

void ac_winograd_input_ref(const ac_winograd_map *map, const float *x, int first, int count,
                           float *v) {
  const ptrdiff_t point = (ptrdiff_t)ac_winograd_tiles(map) * map->channels;
  for (int tile = first; tile < first + count; tile++) {
    const tile_place place = place_of(map, tile);
    for (int c = 0; c < map->channels; c++) {
      double d[6][6];
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
          const int row = place.row + (i - 1) * map->dilation;
          const int column = place.column + (j - 1) * map->dilation;
          const int inside = row >= 0 && row < map->height && column >= 0 && column < map->width;
          d[i][j] =
              inside ? x[(place.image + (ptrdiff_t)row * map->width + column) * map->channels + c]
                     : 0;
        }
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
          double sum = 0;
          for (int k = 0; k < 6; k++)
            for (int l = 0; l < 6; l++) sum += input_matrix[i][k] * d[k][l] * input_matrix[j][l];
          v[(i * 6 + j) * point + (ptrdiff_t)tile * map->channels + c] = (float)sum;
        }
    }
  }
}

void ac_winograd_output_ref(const ac_winograd_map *map, const float *m,
                            const ac_winograd_finish *finish, int first, int count, float *y) {
  const ptrdiff_t point = (ptrdiff_t)ac_winograd_tiles(map) * map->channels;
  for (int tile = first; tile < first + count; tile++) {
    const tile_place place = place_of(map, tile);
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 4; j++) {
        const int row = place.row + i * map->dilation, column = place.column + j * map->dilation;
        if (row >= map->height || column >= map->width) continue;
        for (int c = 0; c < map->channels; c++) {
          const ptrdiff_t at =
              (place.image + (ptrdiff_t)row * map->width + column) * map->channels + c;
          double sum = 0;
          for (int k = 0; k < 6; k++)
            for (int l = 0; l < 6; l++)
              sum += output_matrix[i][k] * output_matrix[j][l] *
                     m[(k * 6 + l) * point + (ptrdiff_t)tile * map->channels + c];
          if (finish->bias) sum += finish->bias[c];
          if (finish->summand) sum += finish->summand[at];
          if (sum < 0) sum *= finish->slope;
          if (finish->scale) sum = sum * finish->scale[c] + finish->shift[c];
          y[at] = (float)sum;
        }
      }
  }
}

void ac_winograd_weights(const float *w, int outputs, int inputs, float *u) {
  for (int input = 0; input < inputs; input++)
    for (int output = 0; output < outputs; output++) {
      const float *g = w + ((ptrdiff_t)output * inputs + input) * 9;
      double rows[6][3];
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 3; j++)
          rows[i][j] = kernel_matrix[i][0] * g[j] + kernel_matrix[i][1] * g[3 + j] +
                       kernel_matrix[i][2] * g[6 + j];
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
          u[((ptrdiff_t)(i * 6 + j) * inputs + input) * outputs + output] =
              (float)(rows[i][0] * kernel_matrix[j][0] + rows[i][1] * kernel_matrix[j][1] +
                      rows[i][2] * kernel_matrix[j][2]);
    }
}

// MARK: - Vectors of channels

#if defined(__x86_64__)
#define WIDTH 8
#define TARGET AC_AVX2
#define NAME(function) function##_avx2
#include "winograd_tiles.h"

#define WIDTH 16
#define TARGET AC_AVX512
#define NAME(function) function##_avx512
#include "winograd_tiles.h"
#elif defined(__clang__)
// What every other processor has, such as NEON; GCC lacks what the file needs.
#define WIDTH 4
#define TARGET
#define NAME(function) function##_4
#include "winograd_tiles.h"
#endif

void ac_winograd_input(const ac_winograd_map *map, const float *x, int first, int count,
                       float *v) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    const int wide = AC_HAS_AVX512 ? map->channels / 16 * 16 : 0;
    if (wide) winograd_input_avx512(map, x, first, count, v, 0, wide);
    if (wide < map->channels) winograd_input_avx2(map, x, first, count, v, wide, map->channels);
    return;
  }
#elif defined(__clang__)
  winograd_input_4(map, x, first, count, v, 0, map->channels);
  return;
#endif
  ac_winograd_input_ref(map, x, first, count, v);
}

void ac_winograd_output(const ac_winograd_map *map, const float *m,
                        const ac_winograd_finish *finish, int first, int count, float *y) {
#if defined(__x86_64__)
  if (AC_HAS_AVX2) {
    const int wide = AC_HAS_AVX512 ? map->channels / 16 * 16 : 0;
    if (wide) winograd_output_avx512(map, m, finish, first, count, y, 0, wide);
    if (wide < map->channels)
      winograd_output_avx2(map, m, finish, first, count, y, wide, map->channels);
    return;
  }
#elif defined(__clang__)
  winograd_output_4(map, m, finish, first, count, y, 0, map->channels);
  return;
#endif
  ac_winograd_output_ref(map, m, finish, first, count, y);
}
