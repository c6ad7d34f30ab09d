#pragma once
#include <stdint.h>

// How likely a place has the color of a hint.

// Numbers of a pair of a place and a hint, and units of each of the two hidden layers.
#define AC_REACH_NUMBERS 9
#define AC_REACH_HIDDEN 32
// Weights of the three layers, each outputs × inputs and then its biases.
#define AC_REACH_WEIGHTS                                                                          \
  ((AC_REACH_NUMBERS + 1) * AC_REACH_HIDDEN + (AC_REACH_HIDDEN + 1) * AC_REACH_HIDDEN +           \
   AC_REACH_HIDDEN + 1)

// Scores of `count` pairs by a perceptron with two hidden layers and ReLU. `numbers` are AC_REACH_NUMBERS planes,
// `plane_stride` floats apart; each is taken as `largest` where it is above that, or no number.
void ac_reach_scores(const float *numbers, int64_t plane_stride, int count, float largest,
                     const float *weights, float *scores);
void ac_reach_scores_ref(const float *numbers, int64_t plane_stride, int count, float largest,
                         const float *weights, float *scores);
