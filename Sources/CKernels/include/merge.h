#pragma once
#include <stddef.h>
#include <stdint.h>

// Weighted sums of whole positions of interleaved images (NHWC), such as distributions over bins.
// All paths give the same bits: no operation is fused, and the taps add up in their order.

// `weight` times position `position` of image `source`.
typedef struct {
  int32_t source, position;
  float weight;
} ac_merge_tap;

// out[p] = Σ taps[i].weight · sources[taps[i].source][taps[i].position], i from first[p] to
// first[p + 1] - 1, for p from 0 to positions - 1, each position being `stride` floats. A position
// without taps becomes 0. `first` has positions + 1 entries. `out` must not overlap a source.
void ac_merge(const float *const *sources, const ac_merge_tap *taps, const int32_t *first,
              int32_t positions, int32_t stride, float *out);

// The same, in plain C, to compare with.
void ac_merge_reference(const float *const *sources, const ac_merge_tap *taps,
                        const int32_t *first, int32_t positions, int32_t stride, float *out);
