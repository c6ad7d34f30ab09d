#include "reach.h"

#include <string.h>

#include "cpu.h"
#include "simd.h"

enum { N = AC_REACH_NUMBERS, H = AC_REACH_HIDDEN };

void ac_reach_scores_ref(const float *numbers, int64_t plane_stride, int count, float largest,
                         const float *weights, float *scores) {
  const float *first_bias = weights + H * N, *second = first_bias + H;
  const float *second_bias = second + H * H, *last = second_bias + H;
  for (int i = 0; i < count; i++) {
    float from[H], to[H];
    for (int o = 0; o < H; o++) {
      float sum = first_bias[o];
      for (int k = 0; k < N; k++) {
        const float value = numbers[k * plane_stride + i];
        sum += weights[o * N + k] * (value < largest ? value : largest);
      }
      from[o] = sum > 0 ? sum : 0;
    }
    for (int o = 0; o < H; o++) {
      float sum = second_bias[o];
      for (int k = 0; k < H; k++) sum += second[o * H + k] * from[k];
      to[o] = sum > 0 ? sum : 0;
    }
    float score = last[H];
    for (int k = 0; k < H; k++) score += last[k] * to[k];
    scores[i] = score;
  }
}

#if defined(__x86_64__)

// Sixteen pairs at a time, which the compiler makes one register or two of.
#define LANES 16
typedef float lanes __attribute__((ext_vector_type(LANES)));

// Four outputs at a time of a layer with ReLU: as many sums, one load and four broadcasts for each input.
static inline __attribute__((always_inline)) void layer(const lanes *from, int inputs,
                                                        const float *weights,
                                                        const float *biases, lanes *to) {
  for (int o = 0; o < H; o += 4) {
    const float *row = weights + o * inputs;
    lanes a = biases[o], b = biases[o + 1], c = biases[o + 2], d = biases[o + 3];
    for (int k = 0; k < inputs; k++) {
      const lanes value = from[k];
      a += row[k] * value;
      b += row[inputs + k] * value;
      c += row[2 * inputs + k] * value;
      d += row[3 * inputs + k] * value;
    }
    to[o] = __builtin_elementwise_max(a, (lanes)0);
    to[o + 1] = __builtin_elementwise_max(b, (lanes)0);
    to[o + 2] = __builtin_elementwise_max(c, (lanes)0);
    to[o + 3] = __builtin_elementwise_max(d, (lanes)0);
  }
}

static inline __attribute__((always_inline)) void scores_of(const float *numbers,
                                                            int64_t plane_stride, int count,
                                                            float largest, const float *weights,
                                                            float *scores) {
  const float *first_bias = weights + H * N, *second = first_bias + H;
  const float *second_bias = second + H * H, *last = second_bias + H;
  for (int i = 0; i < count; i += LANES) {
    const int left = count - i < LANES ? count - i : LANES;
    const size_t bytes = (size_t)left * sizeof(float);
    lanes values[N], from[H], to[H];
    for (int k = 0; k < N; k++) {
      lanes value = 0;
      memcpy(&value, numbers + k * plane_stride + i, bytes);
      values[k] = value < largest ? value : (lanes)largest;
    }
    layer(values, N, weights, first_bias, from);
    layer(from, H, second, second_bias, to);
    lanes score = last[H];
    for (int k = 0; k < H; k++) score += last[k] * to[k];
    memcpy(scores + i, &score, bytes);
  }
}

AC_AVX2 static void scores_avx2(const float *numbers, int64_t plane_stride, int count,
                                float largest, const float *weights, float *scores) {
  scores_of(numbers, plane_stride, count, largest, weights, scores);
}

AC_AVX512 static void scores_avx512(const float *numbers, int64_t plane_stride, int count,
                                    float largest, const float *weights, float *scores) {
  scores_of(numbers, plane_stride, count, largest, weights, scores);
}
#endif

void ac_reach_scores(const float *numbers, int64_t plane_stride, int count, float largest,
                     const float *weights, float *scores) {
#if defined(__x86_64__)
  if (AC_HAS_AVX512) {
    scores_avx512(numbers, plane_stride, count, largest, weights, scores);
    return;
  }
  if (AC_HAS_AVX2) {
    scores_avx2(numbers, plane_stride, count, largest, weights, scores);
    return;
  }
#endif
  ac_reach_scores_ref(numbers, plane_stride, count, largest, weights, scores);
}
