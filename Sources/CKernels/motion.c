#include "motion_patch.h"

#include <string.h>

#include "cpu.h"

// Weight of the expectation against the patch, as energy per squared pixel: where grain is all that
// a patch shows, or nothing tells the position along an edge, the expectation stands.
#define PRIOR_WEIGHT 16.0f
// Beyond this squared distance the expectation pulls no harder when candidates are compared.
#define PRIOR_REACH 4.0f
// A cost below this is a match that no other candidate need improve on: grain of 0.7 in each image,
// and a share of the texture for what sampling loses.
#define GOOD_COST 64.0f
#define GOOD_SHARE 0.15f

static const ac_motion_operations *operations(void) {
#if defined(__x86_64__)
  if (ac_cpu_flags() & AC_CPU_AVX2) return &ac_motion_avx2;
#endif
  return &ac_motion_reference;
}

// Replicates the edges of a plane into its border.
static void extend(const ac_motion_plane *plane) {
  const int32_t w = plane->width, h = plane->height;
  for (int32_t y = 0; y < h; y++) {
    float *row = plane->origin + y * plane->stride;
    for (int32_t i = 1; i <= AC_MOTION_BORDER; i++) {
      row[-i] = row[0];
      row[w - 1 + i] = row[w - 1];
    }
  }
  const size_t bytes = (size_t)(w + 2 * AC_MOTION_BORDER) * sizeof(float);
  float *first = plane->origin - AC_MOTION_BORDER;
  float *last = first + (h - 1) * plane->stride;
  for (int32_t i = 1; i <= AC_MOTION_BORDER; i++) {
    memcpy(first - i * plane->stride, first, bytes);
    memcpy(last + i * plane->stride, last, bytes);
  }
}

void ac_motion_fill(const float *source, const ac_motion_plane *plane) {
  for (int32_t y = 0; y < plane->height; y++)
    memcpy(plane->origin + y * plane->stride, source + (size_t)y * (size_t)plane->width,
           (size_t)plane->width * sizeof(float));
  extend(plane);
}

void ac_motion_halve(const ac_motion_plane *whole, const ac_motion_plane *half) {
  for (int32_t y = 0; y < half->height; y++) {
    const float *above = whole->origin + 2 * y * whole->stride;
    const float *below = above + whole->stride;
    float *out = half->origin + y * half->stride;
    for (int32_t x = 0; x < half->width; x++)
      out[x] = 0.25f * ((above[2 * x] + above[2 * x + 1]) + (below[2 * x] + below[2 * x + 1]));
  }
  extend(half);
}

void ac_motion_spread(const ac_motion_grid *coarse, const ac_motion_grid *fine) {
  for (int32_t y = 0; y < fine->height; y++) {
    // Centers of fine cells lie a quarter of a coarse cell off the coarse centers.
    int32_t y0 = (y + 1) / 2 - 1, y1 = y0 + 1;
    const float fy = y & 1 ? 0.25f : 0.75f;
    if (y0 < 0) y0 = 0;
    if (y1 > coarse->height - 1) y1 = coarse->height - 1;
    if (y0 > y1) y0 = y1;
    for (int32_t x = 0; x < fine->width; x++) {
      int32_t x0 = (x + 1) / 2 - 1, x1 = x0 + 1;
      const float fx = x & 1 ? 0.25f : 0.75f;
      if (x0 < 0) x0 = 0;
      if (x1 > coarse->width - 1) x1 = coarse->width - 1;
      if (x0 > x1) x0 = x1;
      const ptrdiff_t a = (ptrdiff_t)y0 * coarse->width, b = (ptrdiff_t)y1 * coarse->width;
      const ptrdiff_t at = (ptrdiff_t)y * fine->width + x;
      const float w00 = (1 - fx) * (1 - fy), w10 = fx * (1 - fy), w01 = (1 - fx) * fy,
                  w11 = fx * fy;
      fine->x[at] = 2 * ((w00 * coarse->x[a + x0] + w10 * coarse->x[a + x1]) +
                         (w01 * coarse->x[b + x0] + w11 * coarse->x[b + x1]));
      fine->y[at] = 2 * ((w00 * coarse->y[a + x0] + w10 * coarse->y[a + x1]) +
                         (w01 * coarse->y[b + x0] + w11 * coarse->y[b + x1]));
    }
  }
}

typedef struct {
  float x, y, total;
  ac_motion_fit fit;
} trial;

// The search for one cell.
typedef struct {
  const ac_motion_operations *operations;
  const ac_motion_plane *target;
  const ac_motion_patch *patch;
  float left, top;  // first sample of the patch in the template
  float prior_x, prior_y;
} cell_search;

static float off_prior(const cell_search *s, float x, float y) {
  const float dx = x - s->prior_x, dy = y - s->prior_y;
  const float squared = dx * dx + dy * dy;
  return PRIOR_WEIGHT * (squared < PRIOR_REACH ? squared : PRIOR_REACH);
}

static trial attempt(const cell_search *s, float x, float y) {
  trial t;
  // Held to where the patch lies inside of the border.
  t.x = ac_motion_hold(s->left + x, -12.0f, (float)(s->target->width + 3)) - s->left;
  t.y = ac_motion_hold(s->top + y, -12.0f, (float)(s->target->height + 3)) - s->top;
  s->operations->fit(s->target, s->left + t.x, s->top + t.y, s->patch, &t.fit);
  t.total = t.fit.cost + off_prior(s, t.x, t.y);
  return t;
}

// Steps towards the least cost. A step below a tenth of a pixel is taken without looking again.
static trial refine(const cell_search *s, trial best, int32_t iterations) {
  const float a = s->patch->hxx + PRIOR_WEIGHT, b = s->patch->hxy,
              c = s->patch->hyy + PRIOR_WEIGHT;
  const float determinant = a * c - b * b;
  if (!(determinant > 1.0f)) return best;
  const float scale = 1.0f / determinant;
  trial now = best;
  for (int32_t i = 0; i < iterations; i++) {
    const float rx = now.fit.pull_x + PRIOR_WEIGHT * (now.x - s->prior_x);
    const float ry = now.fit.pull_y + PRIOR_WEIGHT * (now.y - s->prior_y);
    const float dx = ac_motion_hold((c * rx - b * ry) * scale, -2.0f, 2.0f);
    const float dy = ac_motion_hold((a * ry - b * rx) * scale, -2.0f, 2.0f);
    if (dx * dx + dy * dy < 0.01f) {
      best.x -= dx;
      best.y -= dy;
      break;
    }
    now = attempt(s, now.x - dx, now.y - dy);
    if (!(now.total < best.total)) break;
    best = now;
  }
  return best;
}

// Tries (x, y) unless a candidate before it was so near that refinement leads to the same place.
static void consider(const cell_search *s, float x, float y, trial *best, float (*tried)[2],
                     int32_t *count) {
  for (int32_t i = 0; i < *count; i++) {
    const float dx = x - tried[i][0], dy = y - tried[i][1];
    if (dx * dx + dy * dy < 1.0f) return;
  }
  tried[*count][0] = x;
  tried[*count][1] = y;
  *count += 1;
  const trial t = attempt(s, x, y);
  if (t.total < best->total) *best = t;
}

void ac_motion_search(const ac_motion_plane *pattern, const ac_motion_plane *target,
                      const ac_motion_grid *prior, const ac_motion_grid *result, int32_t radius,
                      int32_t iterations, const ac_motion_quality *quality) {
  ac_motion_patch patch;
  cell_search s = {.operations = operations(), .target = target, .patch = &patch};
  const int32_t w = result->width;
  for (int32_t cy = 0; cy < result->height; cy++) {
    for (int32_t cx = 0; cx < w; cx++) {
      const ptrdiff_t at = (ptrdiff_t)cy * w + cx;
      const int32_t left = AC_MOTION_CELL * cx - 2, top = AC_MOTION_CELL * cy - 2;
      s.operations->prepare(pattern, left, top, &patch);
      s.left = (float)left;
      s.top = (float)top;
      s.prior_x = prior->x[at];
      s.prior_y = prior->y[at];
      trial best = attempt(&s, s.prior_x, s.prior_y);
      if (best.fit.cost > GOOD_COST + GOOD_SHARE * patch.energy) {
        float tried[6][2] = {{s.prior_x, s.prior_y}};
        int32_t count = 1;
        if (cx > 0) consider(&s, result->x[at - 1], result->y[at - 1], &best, tried, &count);
        if (cy > 0) consider(&s, result->x[at - w], result->y[at - w], &best, tried, &count);
        // Those not yet searched: what the coarser level says of them.
        if (cx + 2 < w) consider(&s, prior->x[at + 2], prior->y[at + 2], &best, tried, &count);
        if (cy + 2 < result->height)
          consider(&s, prior->x[at + 2 * w], prior->y[at + 2 * w], &best, tried, &count);
        consider(&s, 0, 0, &best, tried, &count);
        for (int32_t dy = -radius; dy <= radius; dy++)
          for (int32_t dx = -radius; dx <= radius; dx++) {
            if (dx == 0 && dy == 0) continue;
            const trial t = attempt(&s, s.prior_x + (float)dx, s.prior_y + (float)dy);
            if (t.total < best.total) best = t;
          }
      }
      // From here on the winner is the expectation.
      s.prior_x = best.x;
      s.prior_y = best.y;
      best.total = best.fit.cost;
      best = refine(&s, best, iterations);
      result->x[at] = best.x;
      result->y[at] = best.y;
      if (!quality) continue;
      const float per_sample = 1.0f / AC_MOTION_PATCH_AREA;
      const float energy = best.fit.energy;
      quality->residual[at] = best.fit.cost * per_sample;
      quality->variance[at] = (energy > patch.energy ? energy : patch.energy) * per_sample;
      quality->pattern_mean[at] = patch.anchor + patch.sum * per_sample;
      quality->target_mean[at] = best.fit.mean;
    }
  }
}

void ac_motion_median(const ac_motion_grid *source, const ac_motion_grid *result) {
  const ac_motion_operations *o = operations();
  o->median(source->x, source->width, source->height, result->x);
  o->median(source->y, source->width, source->height, result->y);
}
