#pragma once
#include <stddef.h>

// Guided filter (He, Sun, Tang 2013; fast variant He, Sun 2015) of two images under one gray guide:
// in each window of (2·radius + 1)² pixels, cut at the borders, the linear model
// a ≈ A·guide + B with A = cov(guide, a) / (var(guide) + epsilon), then the mean of the models of all
// windows that cover a pixel. guide, a and b are w × h; out is w × h × 4, pixel-interleaved
// (Aₐ, Bₐ, A_b, B_b). Scratch: ac_guided_scratch floats. radius ≥ 0, epsilon > 0.
void ac_guided_coefficients(const float *guide, const float *a, const float *b, int w, int h,
                            int radius, float epsilon, float *out, float *scratch);
void ac_guided_coefficients_ref(const float *guide, const float *a, const float *b, int w, int h,
                                int radius, float epsilon, float *out, float *scratch);

// How many floats of scratch ac_guided_coefficients needs.
size_t ac_guided_scratch(int w, int h);
