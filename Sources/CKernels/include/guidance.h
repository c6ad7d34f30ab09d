#pragma once
#include <stdint.h>

// What guides the colors of a picture.

// Inner products of `vectors` vectors (vectors × channels, dense) with the values of `count` places
// (channels planes, `plane_stride` floats apart): out[v·out_stride + i] = Σ_c vector[v][c]·plane[c][i].
// The sum runs over the channels in their order, so that the places do not depend on each other.
void ac_inner_products(const float *planes, int64_t plane_stride, int channels, int count,
                       const float *vectors, int vector_count, float *out, int64_t out_stride);
void ac_inner_products_ref(const float *planes, int64_t plane_stride, int channels, int count,
                           const float *vectors, int vector_count, float *out,
                           int64_t out_stride);
