#pragma once
#include <stdint.h>

// Rows of samples: weighted sums, decimation, resampling, curves, quantization. The kernels read and
// write n samples exactly, unaligned, unless stated otherwise; n ≥ 1. `_ref` is the plain version
// that the dispatched one is tested against. Output rows never overlap input rows, unless stated.

// out[i] = offset + Σₖ weights[k]·rows[k][i], k < count, 1 ≤ count. The area average of whole rows and
// the vertical half of chroma siting are both this.
void ac_weigh_rows_u8(const uint8_t *const *rows, const float *weights, int count, float offset,
                      float *out, int n);
void ac_weigh_rows_u16(const uint16_t *const *rows, const float *weights, int count, float offset,
                       float *out, int n);
void ac_weigh_rows_u8_ref(const uint8_t *const *rows, const float *weights, int count,
                          float offset, float *out, int n);
void ac_weigh_rows_u16_ref(const uint16_t *const *rows, const float *weights, int count,
                           float offset, float *out, int n);

// out[i] = Σₖ weights[i·taps + k]·row[first[i] + k], k < taps; taps is a multiple of 8. All of
// row[first[i] … first[i] + taps − 1] must be readable and finite, even where the weight is 0.
void ac_weigh_columns(const float *row, const int32_t *first, const float *weights, int taps,
                      float *out, int n);
void ac_weigh_columns_ref(const float *row, const int32_t *first, const float *weights, int taps,
                          float *out, int n);

// Halves a row to (n + 1) / 2 samples. Centered: each is the mean of two neighbours, the last one
// repeated if n is odd. Cosited: out[i] = (row[2i−1] + 2·row[2i] + row[2i+1]) / 4, borders repeated.
void ac_halve_row_centered(const float *row, float *out, int n);
void ac_halve_row_cosited(const float *row, float *out, int n);
void ac_halve_row_centered_ref(const float *row, float *out, int n);
void ac_halve_row_cosited_ref(const float *row, float *out, int n);

// out[i] = scale·(r0[i] + fraction·(r1[i] − r0[i])).
void ac_lerp_rows(const float *r0, const float *r1, float fraction, float scale, float *out, int n);
void ac_lerp_rows_ref(const float *r0, const float *r1, float fraction, float scale, float *out,
                      int n);

// out[i] = row[index[i]] + fraction[i]·(row[index[i] + 1] − row[index[i]]).
void ac_lerp_columns(const float *row, const int32_t *index, const float *fraction, float *out,
                     int n);
void ac_lerp_columns_ref(const float *row, const int32_t *index, const float *fraction, float *out,
                         int n);

// out[i] = the piecewise linear curve through table[0…last] at clamp(in[i], 0, 1)·last; NaN counts
// as 0. table[last + 1] must be readable. in and out may be the same.
void ac_curve_row(const float *in, const float *table, int last, float *out, int n);
void ac_curve_row_ref(const float *in, const float *table, int last, float *out, int n);

// out[i] = ⌊clamp(in[i]·scale + offset, 0, maximum) + thresholds[i mod 8]⌋, thresholds in 0…1: with ½
// to the nearest code, halves up. NaN counts as 0.
void ac_quantize_row_u8(const float *in, float scale, float offset, float maximum,
                        const float thresholds[8], uint8_t *out, int n);
void ac_quantize_row_u16(const float *in, float scale, float offset, float maximum,
                         const float thresholds[8], uint16_t *out, int n);
void ac_quantize_row_u8_ref(const float *in, float scale, float offset, float maximum,
                            const float thresholds[8], uint8_t *out, int n);
void ac_quantize_row_u16_ref(const float *in, float scale, float offset, float maximum,
                             const float thresholds[8], uint16_t *out, int n);

// out[i] = ⌊weights·(r, g, b)[i] + ½⌋, clamped to 0…65535: the luma of an RGB row as 16-bit
// codes.
void ac_luma_row_u8(const uint8_t *r, const uint8_t *g, const uint8_t *b, const float weights[3],
                    uint16_t *out, int n);
void ac_luma_row_u16(const uint16_t *r, const uint16_t *g, const uint16_t *b,
                     const float weights[3], uint16_t *out, int n);
void ac_luma_row_u8_ref(const uint8_t *r, const uint8_t *g, const uint8_t *b,
                        const float weights[3], uint16_t *out, int n);
void ac_luma_row_u16_ref(const uint16_t *r, const uint16_t *g, const uint16_t *b,
                         const float weights[3], uint16_t *out, int n);

// Deepens samples: `value << shift`, and the top bits repeated below (so that the largest code
// stays the largest) when `repeats` is set. `depth` is the input's.
void ac_widen(const void *input, int depth, int width, int shift, int repeats,
             uint16_t *output);
