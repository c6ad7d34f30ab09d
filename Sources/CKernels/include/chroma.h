#pragma once
#include <stdint.h>

// From the models of the guided filter to chroma.

// a[i] = Aₐ·guide[i] + Bₐ and b likewise, where (Aₐ, Bₐ, A_b, B_b) is models[4·index[i] …] linearly
// interpolated with the next model by fraction[i]. The model at index[i] + 1 must be readable and
// finite.
void ac_apply_models(const float *models, const int32_t *index, const float *fraction,
                     const float *guide, float *a, float *b, int n);
void ac_apply_models_ref(const float *models, const int32_t *index, const float *fraction,
                         const float *guide, float *a, float *b, int n);

// A table from (Y′, a, b) to (Cb, Cr), Y′ in 0…1, Cb and Cr in −½…½.
typedef struct {
  // nodes[(iy·side + ib)·side + ia]: Cb in the low, Cr in the high 16 bits, as signed multiples of
  // `unit`. Node ia stands for a = (ia − (side − 1) / 2)·step; iy for Y′ = iy / (levels − 1).
  const int32_t *nodes;
  int32_t levels, side;  // levels ≥ 2; side odd, ≥ 3
  float step;            // CIELAB units between nodes
  float unit;
  // R′ = Y′ + r_cr·Cr, G′ = Y′ + g_cb·Cb + g_cr·Cr, B′ = Y′ + b_cb·Cb.
  float r_cr, g_cb, g_cr, b_cb;
} ac_chroma_table;

// Trilinear lookup, then (Cb, Cr) scaled towards 0 just so far that R′, G′ and B′ lie in 0…1. Y′
// outside of 0…1 counts as the nearest of them; (a, b) outside of the table is scaled onto its
// border. a = b = 0 gives Cb = Cr = 0 exactly. NaN gives 0.
void ac_chroma_row(const ac_chroma_table *table, const float *y, const float *a, const float *b,
                   float *cb, float *cr, int n);
void ac_chroma_row_ref(const ac_chroma_table *table, const float *y, const float *a,
                       const float *b, float *cb, float *cr, int n);

// r, g, b = R′, G′, B′ of (Y′, Cb, Cr), as above, unclamped. Outputs may overlap inputs row by row
// (r = cr, b = cb is allowed).
void ac_rgb_row(const ac_chroma_table *table, const float *y, const float *cb, const float *cr,
                float *r, float *g, float *b, int n);
