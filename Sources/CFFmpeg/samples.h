#pragma once
// Rows of samples between FFmpeg's layouts and planes of 8-bit or native 16-bit codes.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// One component of a row of packed or foreign-endian samples, as AVComponentDescriptor tells:
// `sample_bytes` is the width of the word (1, 2 or 4) that holds it, `step` the distance of words.
static inline void ac_read_component(const uint8_t *source, int step, int sample_bytes,
                                     int big_endian, int shift, int depth, int width,
                                     int wide_output, void *output) {
  uint8_t *bytes = (uint8_t *)output;
  uint16_t *words = (uint16_t *)output;
  const uint32_t mask = (uint32_t)((1ULL << depth) - 1);
  if (sample_bytes == 1 && !wide_output && shift == 0 && depth == 8) {
    for (int x = 0; x < width; x++) bytes[x] = source[(ptrdiff_t)x * step];
    return;
  }
  for (int x = 0; x < width; x++) {
    const uint8_t *p = source + (ptrdiff_t)x * step;
    uint32_t value;
    if (sample_bytes == 1)
      value = p[0];
    else if (sample_bytes == 2)
      value = big_endian ? (uint32_t)(p[0] << 8 | p[1]) : (uint32_t)(p[1] << 8 | p[0]);
    else
      value = big_endian
                  ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    value = (value >> shift) & mask;
    if (wide_output)
      words[x] = (uint16_t)value;
    else
      bytes[x] = (uint8_t)value;
  }
}

// The reverse of `ac_read_component`, into memory that was zero: other components of the same word
// are kept.
static inline void ac_write_component(uint8_t *target, int step, int sample_bytes, int big_endian,
                                      int shift, int width, int wide_input, const void *input) {
  const uint8_t *bytes = (const uint8_t *)input;
  const uint16_t *words = (const uint16_t *)input;
  for (int x = 0; x < width; x++) {
    uint8_t *p = target + (ptrdiff_t)x * step;
    uint32_t value = (uint32_t)(wide_input ? words[x] : bytes[x]) << shift;
    for (int i = 0; i < sample_bytes; i++)
      p[big_endian ? sample_bytes - 1 - i : i] |= (uint8_t)(value >> (8 * i));
  }
}

// Looks each sample up: any of 8 or 16 bits in, any of 8 or 16 bits out. Codes above `last`, the last
// entry of the table, which a raw stream may hold, count as `last`.
static inline void ac_map_samples(const void *input, int wide_input, int width,
                                  const uint16_t *table, int last, int wide_output, void *output) {
  const uint8_t *bytes = (const uint8_t *)input;
  const uint16_t *words = (const uint16_t *)input;
  for (int x = 0; x < width; x++) {
    const int code = wide_input ? words[x] : bytes[x];
    const uint16_t value = table[code < last ? code : last];
    if (wide_output)
      ((uint16_t *)output)[x] = value;
    else
      ((uint8_t *)output)[x] = (uint8_t)value;
  }
}

// Samples of `depth` bits (1...8) every `step` bits, the first after `offset` bits, top bits first.
static inline void ac_read_bits(const uint8_t *source, int step, int offset, int depth, int width,
                                uint8_t *output) {
  for (int x = 0; x < width; x++) {
    const int first = x * step + offset;
    int value = 0;
    for (int i = first; i < first + depth; i++)
      value = value << 1 | (source[i >> 3] >> (7 - (i & 7)) & 1);
    output[x] = (uint8_t)value;
  }
}

// Luma of "U Y Y V Y Y", which lies at no regular step.
static inline void ac_read_luma_411(const uint8_t *source, int width, uint8_t *output) {
  static const int places[4] = {1, 2, 4, 5};
  for (int x = 0; x < width; x++) output[x] = source[(ptrdiff_t)(x / 4) * 6 + places[x % 4]];
}

static inline void ac_write_luma_411(uint8_t *target, int width, const uint8_t *input) {
  static const int places[4] = {1, 2, 4, 5};
  for (int x = 0; x < width; x++) target[(ptrdiff_t)(x / 4) * 6 + places[x % 4]] = input[x];
}

// The value of a 16-bit float (IEEE 754 binary16).
static inline float ac_half(uint32_t bits) {
  const int exponent = (int)(bits >> 10 & 31);
  const float mantissa = (float)(bits & 1023);
  const float size = exponent == 0    ? ldexpf(mantissa, -24)
                     : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                      : ldexpf(mantissa + 1024, exponent - 25);
  return bits >> 15 ? -size : size;
}

// Floats of 2 or 4 bytes to codes of 16 bits, the nearest to 65535 times the value. What lies outside of 0...1
// is clipped; what is no number becomes 0.
static inline void ac_read_float(const uint8_t *source, int step, int word_bytes, int big_endian,
                                 int width, uint16_t *output) {
  for (int x = 0; x < width; x++) {
    const uint8_t *p = source + (ptrdiff_t)x * step;
    uint32_t bits = 0;
    for (int i = 0; i < word_bytes; i++) bits = bits << 8 | p[big_endian ? i : word_bytes - 1 - i];
    float value;
    if (word_bytes == 2) {
      value = ac_half(bits);
    } else {
      memcpy(&value, &bits, 4);
    }
    output[x] = value > 0 ? (uint16_t)((double)(value < 1 ? value : 1) * 65535 + 0.5) : 0;
  }
}

// The reverse: codes of 16 bits to 0...1.
static inline void ac_write_float(uint8_t *target, int step, int big_endian, int width,
                                  const uint16_t *input) {
  for (int x = 0; x < width; x++) {
    uint8_t *p = target + (ptrdiff_t)x * step;
    const float value = (float)(input[x] / 65535.0);
    uint32_t bits;
    memcpy(&bits, &value, 4);
    for (int i = 0; i < 4; i++) p[big_endian ? 3 - i : i] = (uint8_t)(bits >> (8 * i));
  }
}

// Three rows of codes, each linearized by a table of its own codes, go through a matrix (by rows) and
// are coded again: `encode` has 65536 entries, by the square root of the linear value, clipped to
// 0...1. In place.
static inline void ac_map_colors(uint16_t *first, uint16_t *second, uint16_t *third, int width,
                                 const float *linear, const float *matrix, const uint16_t *encode) {
  uint16_t *rows[3] = {first, second, third};
  for (int x = 0; x < width; x++) {
    const float a = linear[first[x]], b = linear[second[x]], c = linear[third[x]];
    for (int i = 0; i < 3; i++) {
      const float *m = matrix + 3 * i;
      float value = m[0] * a + m[1] * b + m[2] * c;
      value = value < 0 ? 0 : value > 1 ? 1 : value;
      rows[i][x] = encode[(int)(sqrtf(value) * 65535 + 0.5f)];
    }
  }
}
