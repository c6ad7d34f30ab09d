#pragma once
#include <stdint.h>

// Convolution with 3×3 kernels by way of F(4×4, 3×3): Winograd 1980; Lavin and Gray, "Fast algorithms
// for convolutional neural networks", 2015. Tiles of 6×6 inputs and the kernels are evaluated at 36
// points, where the convolution is one product of matrices for each point, and 4×4 results are
// interpolated: 36 multiplications in place of 144. The points are 0, ±√½, ±√2 and ∞ along each axis,
// which lose less than whole numbers (Barabasz et al. 2020 on the choice of points).

enum { AC_WINOGRAD_POINTS = 36 };

// Images of channels that lie last, convolved with stride 1 to the same size: what lies outside counts as
// 0. A dilated convolution is one for each phase of its grid.
typedef struct {
  int32_t images, height, width, channels, dilation;
} ac_winograd_map;

// How many tiles cover all images and phases.
int32_t ac_winograd_tiles(const ac_winograd_map *map);

// x[image][height][width][channels] at the points: v[point][tile][channels], the tiles first …
// first + count − 1. Channels are a multiple of 8.
void ac_winograd_input(const ac_winograd_map *map, const float *x, int first, int count, float *v);
void ac_winograd_input_ref(const ac_winograd_map *map, const float *x, int first, int count,
                           float *v);

// What is done to each result, in this order. NULL leaves a step out.
typedef struct {
  const float *bias;     // [channels], added
  const float *summand;  // as y, added; may be y
  float slope;           // results below 0 are multiplied by it: 1 leaves them, 0 is ReLU
  const float *scale;    // [channels], multiplied by
  const float *shift;    // [channels], added; NULL where scale is
} ac_winograd_finish;

// From m[point][tile][channels] to y[image][height][width][channels], for the same tiles; `map` has the
// channels of y, a multiple of 8.
void ac_winograd_output(const ac_winograd_map *map, const float *m,
                        const ac_winograd_finish *finish, int first, int count, float *y);
void ac_winograd_output_ref(const ac_winograd_map *map, const float *m,
                            const ac_winograd_finish *finish, int first, int count, float *y);

// Kernels w[output][input][3][3] at the points: u[point][input][output].
void ac_winograd_weights(const float *w, int outputs, int inputs, float *u);
