#include <string.h>

#include "motion_patch.h"

// Eight running sums, one per column, added up in the order of a vector's halves.
typedef struct {
  float column[AC_MOTION_PATCH];
} columns;

static float total(const columns *c) {
  const float *v = c->column;
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

static void prepare(const ac_motion_plane *plane, int32_t x, int32_t y, ac_motion_patch *patch) {
  const ptrdiff_t stride = plane->stride;
  const float *first = plane->origin + y * stride + x;
  patch->anchor = first[4 * stride + 4];
  columns v = {{0}}, vv = v, xx = v, xy = v, yy = v, sx = v, sy = v, xv = v, yv = v;
  for (int i = 0; i < AC_MOTION_PATCH_AREA; i++) {
    const int c = i % AC_MOTION_PATCH;
    const float *p = first + (i / AC_MOTION_PATCH) * stride + c;
    const float value = p[0] - patch->anchor;
    const float gx = p[1] - p[-1], gy = p[stride] - p[-stride];
    patch->value[i] = value;
    patch->slope_x[i] = gx;
    patch->slope_y[i] = gy;
    v.column[c] += value;
    vv.column[c] += value * value;
    xx.column[c] += gx * gx;
    xy.column[c] += gx * gy;
    yy.column[c] += gy * gy;
    sx.column[c] += gx;
    sy.column[c] += gy;
    xv.column[c] += gx * value;
    yv.column[c] += gy * value;
  }
  const ac_motion_patch_sums sums = {total(&v),  total(&vv), total(&xx), total(&xy), total(&yy),
                                     total(&sx), total(&sy), total(&xv), total(&yv)};
  ac_motion_finish_patch(patch, &sums);
}

static void fit(const ac_motion_plane *plane, float x, float y, const ac_motion_patch *patch,
                ac_motion_fit *result) {
  const ac_motion_place place = ac_motion_locate(plane, x, y);
  columns j = {{0}}, jj = j, jv = j, jx = j, jy = j;
  for (int i = 0; i < AC_MOTION_PATCH_AREA; i++) {
    const int c = i % AC_MOTION_PATCH;
    const float *p = place.sample + (i / AC_MOTION_PATCH) * plane->stride + c;
    const float *q = p + plane->stride;
    const float above = p[0] + place.x * (p[1] - p[0]);
    const float below = q[0] + place.x * (q[1] - q[0]);
    const float sample = (above + place.y * (below - above)) - patch->anchor;
    j.column[c] += sample;
    jj.column[c] += sample * sample;
    jv.column[c] += sample * patch->value[i];
    jx.column[c] += sample * patch->slope_x[i];
    jy.column[c] += sample * patch->slope_y[i];
  }
  const ac_motion_fit_sums sums = {total(&j), total(&jj), total(&jv), total(&jx), total(&jy)};
  ac_motion_finish_fit(patch, &sums, result);
}

static void median(const float *source, int32_t width, int32_t height, float *result) {
  for (int32_t y = 0; y < height; y++) {
    for (int32_t x = 0; x < width; x++) {
      float sorted[9];
      int count = 0;
      for (int32_t dy = -1; dy <= 1; dy++) {
        for (int32_t dx = -1; dx <= 1; dx++) {
          int32_t row = y + dy, column = x + dx;
          row = row < 0 ? 0 : row >= height ? height - 1 : row;
          column = column < 0 ? 0 : column >= width ? width - 1 : column;
          const float v = source[(ptrdiff_t)row * width + column];
          int at = count++;
          for (; at > 0 && sorted[at - 1] > v; at--) sorted[at] = sorted[at - 1];
          sorted[at] = v;
        }
      }
      result[(ptrdiff_t)y * width + x] = sorted[4];
    }
  }
}

const ac_motion_operations ac_motion_reference = {prepare, fit, median};
