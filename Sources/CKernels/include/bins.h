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

// out[i] = ln(max(in[i], 1e−30)); NaN stays NaN.
void ac_log_row(const float *in, float *out, int n);
void ac_log_row_ref(const float *in, float *out, int n);
