#pragma once
#include <stddef.h>
#include <stdint.h>

// Motion between two small images by inverse search: 8×8 patches around cells of 4×4 pixels, matched
// with their mean and gain removed (Kroeger et al., "Fast Optical Flow using Dense Inverse Search",
// 2016; the removal of linear appearance variation after Baker and Matthews, "Lucas-Kanade 20 Years
// On", part 3, 2003). All paths give the same bits: no operation is fused or reordered.

enum {
  AC_MOTION_BORDER = 16,  // replicated samples on every side of a plane
  AC_MOTION_CELL = 4,     // pixels per cell, both ways
  AC_MOTION_PATCH = 8,    // pixels per patch, both ways
};

// A plane of `height` rows of `width` floats, `stride` floats apart, with AC_MOTION_BORDER readable
// samples on every side. `origin` is the sample at (0, 0).
typedef struct {
  float *origin;
  int32_t width, height;
  ptrdiff_t stride;
} ac_motion_plane;

// Vectors on a grid of cells, in pixels of the plane they belong to: where the content of a cell of
// the template lies in the other plane, relative to the cell.
typedef struct {
  float *x, *y;
  int32_t width, height;
} ac_motion_grid;

// Copies `source` (width × height floats without padding) into `plane` and replicates its edges
// into the border.
void ac_motion_fill(const float *source, const ac_motion_plane *plane);

// Fills `half`, of (width + 1) / 2 × (height + 1) / 2, with means of 2×2 samples of `whole`, whose
// border must be filled, and replicates the edges into its border.
void ac_motion_halve(const ac_motion_plane *whole, const ac_motion_plane *half);

// Doubles the vectors of `coarse` and spreads them over `fine` bilinearly.
void ac_motion_spread(const ac_motion_grid *coarse, const ac_motion_grid *fine);

// How well the patch of each cell fits where its vector leads, one float per cell and array.
typedef struct {
  float *residual;      // mean squared difference, mean and gain removed
  float *variance;      // the larger of the two patches' variances
  float *pattern_mean;  // mean of the patch
  float *target_mean;   // mean of what it was matched with
} ac_motion_quality;

// Finds for each cell of `pattern` the vector to `target` (planes of one size, borders filled; the
// grid is (width + 3) / 4 × (height + 3) / 4). `prior` is the expectation; a `radius` above 0 also
// tries the whole steps up to that many pixels around it. At most `iterations` steps of refinement.
// `quality` may be NULL.
void ac_motion_search(const ac_motion_plane *pattern, const ac_motion_plane *target,
                      const ac_motion_grid *prior, const ac_motion_grid *result, int32_t radius,
                      int32_t iterations, const ac_motion_quality *quality);

// The 3×3 median of each component; edge cells count again for those outside.
void ac_motion_median(const ac_motion_grid *source, const ac_motion_grid *result);
