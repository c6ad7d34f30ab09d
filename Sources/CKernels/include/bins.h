#pragma once
#include <stdint.h>

// Distributions over color bins, one position after another.

// What is the same for every position. The pointers hold `count` values each.
typedef struct {
  int count;
  // Subtracted from the logits.
  const float *bias;
  const float *center_a, *center_b;
  // 1 the mean, 0 the mode (the mean of the equally likely ones).
  float temperature;
} ac_bins;

// From logits to colors, touching each logit once. For `count` positions, the probability p of bin q
// being the softmax of logits[i·logit_stride + q] − bias[q]: writes the annealed mean (Zhang et al.
// 2016, eq. 5), which is the mean of the bins' centers weighted by p^(1/T), to a[i] and b[i], and
// 1 − entropy of p ÷ ln(bins), 0…1, to certainty[i] (1 if there is one bin). A position with a NaN or
// +∞ comes out as 0, 0 with certainty 0; −∞ forbids a bin.
void ac_decode_bins(const float *logits, int logit_stride, const ac_bins *bins, int count,
                    float *a, float *b, float *certainty);
void ac_decode_bins_ref(const float *logits, int logit_stride, const ac_bins *bins, int count,
                        float *a, float *b, float *certainty);

// Bins joined to cells. For `count` positions, the bin q of position i having the probability of the softmax of
// values[i·value_stride + q], or, where `are_shares`, in proportion to that value: writes the root of the sum
// over the bins with cells[q] = c to out[c·out_stride + i]. All cells of a position whose sum is not positive and
// finite come out alike.
void ac_cell_roots(const float *values, int value_stride, int bins, int are_shares,
                   const int32_t *cells, int cell_count, int count, float *out,
                   int64_t out_stride);
void ac_cell_roots_ref(const float *values, int value_stride, int bins, int are_shares,
                       const int32_t *cells, int cell_count, int count, float *out,
                       int64_t out_stride);

// out[i] = ln(max(in[i], 1e−30)); NaN stays NaN.
void ac_log_row(const float *in, float *out, int n);
void ac_log_row_ref(const float *in, float *out, int n);
