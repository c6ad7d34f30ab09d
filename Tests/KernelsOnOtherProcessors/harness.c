#include "harness.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *file;

int wrong;

// MARK: - Memory

enum { BAND = 128, FILL = 0xa5, MOST_BLOCKS = 128 };

// Blocks of the case at hand, each between two bands.
static struct {
  unsigned char *start;
  size_t bytes;
} blocks[MOST_BLOCKS];
static int block_count;

void *block(size_t bytes) {
  unsigned char *start = malloc(bytes + 2 * BAND);
  if (!start || block_count == MOST_BLOCKS) abort();
  memset(start, FILL, bytes + 2 * BAND);
  blocks[block_count].start = start;
  blocks[block_count++].bytes = bytes;
  return start + BAND;
}

float *room(int count) { return block((size_t)count * sizeof(float)); }

void release(const char *name) {
  while (block_count > 0) {
    const unsigned char *p = blocks[--block_count].start;
    const size_t after = BAND + blocks[block_count].bytes;
    int clean = 1;
    for (size_t i = 0; i < BAND; i++) clean &= p[i] == FILL && p[after + i] == FILL;
    if (!clean) {
      printf("WRONG %s: it wrote outside of %zu bytes\n", name, blocks[block_count].bytes);
      wrong = 1;
    }
    free(blocks[block_count].start);
  }
}

// MARK: - Random numbers

static uint64_t state;

static uint64_t next(void) {  // splitmix64
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

int below(int count) { return (int)(next() % (uint64_t)count); }

float uniform(float low, float high) {
  return low + (high - low) * ((float)(next() >> 40) * 0x1p-24f);
}

float *floats(int count, float low, float high) {
  float *v = room(count);
  for (int i = 0; i < count; i++) v[i] = uniform(low, high);
  return v;
}

int32_t *indices(int count, int end) {
  int32_t *v = block((size_t)count * sizeof(int32_t));
  for (int i = 0; i < count; i++) v[i] = below(end);
  return v;
}

// Extremes are as likely as everything else together.
static int code(int maximum) {
  const int kind = below(4);
  return kind == 0 ? 0 : kind == 1 ? maximum : below(maximum + 1);
}

uint8_t *bytes(int count, int maximum) {
  uint8_t *v = block((size_t)count);
  for (int i = 0; i < count; i++) v[i] = (uint8_t)code(maximum);
  return v;
}

uint16_t *words(int count, int maximum) {
  uint16_t *v = block((size_t)count * sizeof(uint16_t));
  for (int i = 0; i < count; i++) v[i] = (uint16_t)code(maximum);
  return v;
}

// MARK: - Results

void put(const char *name, result_type type, const void *values, int count, tolerance allowed) {
  result_header header;
  memset(&header, 0, sizeof header);
  snprintf(header.name, sizeof header.name, "%s", name);
  header.type = type;
  header.allowed = allowed;
  header.count = count;
  if (fwrite(&header, sizeof header, 1, file) != 1 ||
      fwrite(values, (size_t)result_size(type), (size_t)count, file) != (size_t)count) {
    perror("the file of results");
    exit(1);
  }
}

void put_floats(const char *name, const float *values, int count, tolerance allowed) {
  put(name, RESULT_F32, values, count, allowed);
}

void agree(const char *name, const float *found, const float *expected, int count, float most) {
  for (int i = 0; i < count; i++) {
    const int same = isnan(found[i]) || isnan(expected[i])
                         ? isnan(found[i]) && isnan(expected[i])
                         : found[i] == expected[i] || fabsf(found[i] - expected[i]) <= most;
    if (same) continue;
    printf("WRONG %s, value %d: %.9g, by the reference %.9g, allowed are %g\n", name, i,
           (double)found[i], (double)expected[i], (double)most);
    wrong = 1;
    return;
  }
}

void agree_codes(const char *name, const uint16_t *found, const uint16_t *expected, int count) {
  for (int i = 0; i < count; i++) {
    if (abs(found[i] - expected[i]) <= 1) continue;
    printf("WRONG %s, value %d: %d, by the reference %d\n", name, i, found[i], expected[i]);
    wrong = 1;
    return;
  }
}

// MARK: - The run

void begin(const char *path, uint64_t seed) {
  printf("seed %" PRIu64 "\n", seed);
  state = seed;
  file = fopen(path, "wb");
  if (file) return;
  perror(path);
  exit(1);
}

int finish(void) {
  if (fclose(file) == 0) return wrong;
  perror("the file of results");
  return 1;
}
