#pragma once
#include "include/motion.h"

// No operation is fused, on any processor: here, and in what includes this.
#pragma STDC FP_CONTRACT OFF

// The operations that carry the cost of the search, as a table to be chosen by CPU, and the
// arithmetic that both paths share: the sums over a patch are taken with its center sample
// subtracted, and centered here.

enum { AC_MOTION_PATCH_AREA = AC_MOTION_PATCH * AC_MOTION_PATCH };

// Weight that holds the gain near 1, as energy of a patch: grain must not pass for gain.
#define AC_MOTION_GAIN_RIDGE 256.0f

// A patch of the template, ready to be matched.
typedef struct {
  float value[AC_MOTION_PATCH_AREA];  // less the anchor
  // Differences of the neighbours on both sides: twice the gradient.
  float slope_x[AC_MOTION_PATCH_AREA], slope_y[AC_MOTION_PATCH_AREA];
  float anchor;                  // a sample of the patch
  float sum, energy;             // of `value`; energy about its mean
  float sum_x, sum_y;            // of the slopes
  float gain_x, gain_y;          // how much of `value` is in each slope
  float offset_x, offset_y;      // slope · value, with mean and gain taken out of the slope
  float hxx, hxy, hyy;           // normal matrix, with mean and gain taken out
} ac_motion_patch;

// What a position in the other plane gives.
typedef struct {
  float cost;            // squared difference, summed over the patch, mean and gain removed
  float pull_x, pull_y;  // right-hand side of the normal equations
  float mean, energy;
} ac_motion_fit;

typedef struct {
  // Takes the patch whose first sample is (x, y).
  void (*prepare)(const ac_motion_plane *plane, int32_t x, int32_t y, ac_motion_patch *patch);
  // Matches it with the samples of `plane` from (x, y) on, between samples bilinearly. The position
  // is held where the patch lies inside of the border.
  void (*fit)(const ac_motion_plane *plane, float x, float y, const ac_motion_patch *patch,
              ac_motion_fit *fit);
  void (*median)(const float *source, int32_t width, int32_t height, float *result);
} ac_motion_operations;

extern const ac_motion_operations ac_motion_reference;
extern const ac_motion_operations ac_motion_avx2;

// Sums over a patch: v the values, x and y the slopes.
typedef struct {
  float v, vv, xx, xy, yy, x, y, xv, yv;
} ac_motion_patch_sums;

static inline void ac_motion_finish_patch(ac_motion_patch *patch, const ac_motion_patch_sums *s) {
  const float per_sample = 1.0f / AC_MOTION_PATCH_AREA;
  const float mean = s->v * per_sample, mean_x = s->x * per_sample, mean_y = s->y * per_sample;
  const float energy = s->vv - s->v * mean;
  patch->sum = s->v;
  patch->energy = energy > 0 ? energy : 0;
  patch->sum_x = s->x;
  patch->sum_y = s->y;
  const float xv = s->xv - s->x * mean, yv = s->yv - s->y * mean;
  const float per_energy = 1.0f / (patch->energy + AC_MOTION_GAIN_RIDGE);
  patch->gain_x = xv * per_energy;
  patch->gain_y = yv * per_energy;
  patch->offset_x = xv - patch->gain_x * patch->energy;
  patch->offset_y = yv - patch->gain_y * patch->energy;
  // Slopes are twice the gradient.
  patch->hxx = 0.25f * (s->xx - s->x * mean_x - xv * patch->gain_x);
  patch->hxy = 0.25f * (s->xy - s->x * mean_y - xv * patch->gain_y);
  patch->hyy = 0.25f * (s->yy - s->y * mean_y - yv * patch->gain_y);
}

// Sums over what a patch is matched with: j its samples less the patch's anchor, v the patch's
// values, x and y its slopes.
typedef struct {
  float j, jj, jv, jx, jy;
} ac_motion_fit_sums;

// `v` held in low…high; `low` for a NaN.
static inline float ac_motion_hold(float v, float low, float high) {
  return v > low ? (v < high ? v : high) : low;
}

static inline void ac_motion_finish_fit(const ac_motion_patch *patch, const ac_motion_fit_sums *s,
                                        ac_motion_fit *fit) {
  const float mean = s->j * (1.0f / AC_MOTION_PATCH_AREA);
  const float energy = s->jj - s->j * mean;
  const float match = s->jv - patch->sum * mean;
  float gain = (match + AC_MOTION_GAIN_RIDGE) / (patch->energy + AC_MOTION_GAIN_RIDGE);
  gain = ac_motion_hold(gain, 0.5f, 2.0f);
  const float cost = energy - 2 * gain * match + gain * gain * patch->energy +
                     AC_MOTION_GAIN_RIDGE * (gain - 1) * (gain - 1);
  fit->cost = cost > 0 ? cost : 0;
  fit->pull_x = 0.5f * (s->jx - patch->sum_x * mean - patch->gain_x * match - patch->offset_x);
  fit->pull_y = 0.5f * (s->jy - patch->sum_y * mean - patch->gain_y * match - patch->offset_y);
  fit->mean = patch->anchor + mean;
  fit->energy = energy > 0 ? energy : 0;
}

// The place of the first sample of a patch, split into a whole part and the rest.
typedef struct {
  const float *sample;
  float x, y;
} ac_motion_place;
static inline ac_motion_place ac_motion_locate(const ac_motion_plane *plane, float x, float y) {
  x = ac_motion_hold(x, -12.0f, (float)(plane->width + 3));
  y = ac_motion_hold(y, -12.0f, (float)(plane->height + 3));
  // Shifted so that truncation rounds down.
  int32_t whole_x = (int32_t)(x + 16.0f) - 16, whole_y = (int32_t)(y + 16.0f) - 16;
  ac_motion_place place;
  place.sample = plane->origin + (ptrdiff_t)whole_y * plane->stride + whole_x;
  place.x = x - (float)whole_x;
  place.y = y - (float)whole_y;
  return place;
}
