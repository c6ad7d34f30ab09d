#pragma once
#include <stdint.h>

// Distributions over color bins, one position after another.

// Softmax over `bins` logits per position, tilted by a bias. For `count` positions: reads
// logits[p·logit_stride + q] − bias[q] for q < bins, writes probabilities that add up to 1 to
// out[p·out_stride + q], zeros for bins ≤ q < out_stride, and 1 − entropy ÷ ln(bins), 0…1, to
// certainty[p] (1 if bins is 1). A position with a NaN or +∞ comes out uniform with certainty 0.
// Reads no logits beyond q < bins. out_stride ≥ bins.
void ac_softmax(const float *logits, int logit_stride, const float *bias, int bins, int count,
                float *out, int out_stride, float *certainty);
void ac_softmax_ref(const float *logits, int logit_stride, const float *bias, int bins, int count,
                    float *out, int out_stride, float *certainty);

// out[i] = ln(max(in[i], 1e−30)); NaN stays NaN.
void ac_log_row(const float *in, float *out, int n);
void ac_log_row_ref(const float *in, float *out, int n);

// Annealed mean (Zhang et al. 2016, eq. 5): the mean of the bin centers weighted by p^(1/T). For
// `count` positions: probabilities[p·stride + q], q < stride, all ≥ 0; stride is a multiple of 16 and
// those past the last bin are 0; center_a and center_b hold `stride` values. temperature 1 is the
// mean, 0 the mode (the mean of the equally likely ones). A position without any probability gives
// 0, 0.
void ac_annealed_mean(const float *probabilities, int stride, int count, const float *center_a,
                      const float *center_b, float temperature, float *a, float *b);
void ac_annealed_mean_ref(const float *probabilities, int stride, int count,
                          const float *center_a, const float *center_b, float temperature,
                          float *a, float *b);
