// Compares the results of two runs of cases.c on different processors.
//
//   compare plain EXPECTED FOUND      neither was compiled with fused multiplications and additions
//   compare fused EXPECTED FOUND      one of them may have been
//   compare self-test EXPECTED        shows that the comparison rejects what is wrong
//
// It prints the largest difference and where. Exit status: 0 if all results agree, 1 otherwise.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"

typedef struct {
  result_header header;
  void *values;
} record;

static record *read_file(const char *path, int *count) {
  FILE *file = fopen(path, "rb");
  record *records = NULL, next;
  *count = 0;
  while (file && fread(&next.header, sizeof next.header, 1, file) == 1) {
    const size_t bytes = (size_t)next.header.count * (size_t)result_size(next.header.type);
    records = realloc(records, (size_t)(*count + 1) * sizeof *records);
    next.values = malloc(bytes + 1);
    if (!records || !next.values || fread(next.values, 1, bytes, file) != bytes) {
      fprintf(stderr, "%s breaks off in \"%.80s\"\n", path, next.header.name);
      exit(1);
    }
    records[(*count)++] = next;
  }
  if (!file || !feof(file) || *count == 0) {
    fprintf(stderr, "%s holds no results\n", path);
    exit(1);
  }
  fclose(file);
  return records;
}

static double value_at(const record *r, int i) {
  switch (r->header.type) {
    case RESULT_U8: return ((const uint8_t *)r->values)[i];
    case RESULT_U16: return ((const uint16_t *)r->values)[i];
    case RESULT_I32: return ((const int32_t *)r->values)[i];
    default: return (double)((const float *)r->values)[i];
  }
}

// How far apart two values are: 0 for the same bits or two NaNs, infinite where only one is a
// number.
static double distance(const record *a, const record *b, int i) {
  const double x = value_at(a, i), y = value_at(b, i);
  if (isnan(x) && isnan(y)) return 0;
  if (isnan(x) || isnan(y)) return INFINITY;
  if (x == y) return signbit(x) == signbit(y) ? 0 : 0x1p-149;
  return fabs(x - y);
}

// The first place where two results differ by more than is allowed, or −1. Raises `largest` to
// their largest difference.
static int mismatch(const record *expected, const record *found, int fused, double *largest) {
  if (memcmp(&expected->header, &found->header, sizeof expected->header) != 0) return 0;
  const tolerance allowed = expected->header.allowed;
  int first = -1;
  for (int i = 0; i < expected->header.count; i++) {
    const double d = distance(expected, found, i);
    if (d > *largest) *largest = d;
    if (first < 0 && !(d <= (double)(fused ? allowed.fused : allowed.plain))) first = i;
  }
  return first;
}

// MARK: - Self-test

static record copy_of(const record *r) {
  const size_t bytes = (size_t)r->header.count * (size_t)result_size(r->header.type);
  record copy = *r;
  copy.values = malloc(bytes + 1);
  if (!copy.values) exit(1);
  memcpy(copy.values, r->values, bytes);
  return copy;
}

// Sets value i of a copy to the nearest one that is more than `by` off.
static void move_value(record *r, int i, float by) {
  const int step = (int)by + 1;
  switch (r->header.type) {
    case RESULT_U8: ((uint8_t *)r->values)[i] = (uint8_t)(((uint8_t *)r->values)[i] + step); break;
    case RESULT_U16:
      ((uint16_t *)r->values)[i] = (uint16_t)(((uint16_t *)r->values)[i] + step);
      break;
    case RESULT_I32: ((int32_t *)r->values)[i] += step; break;
    default: {
      float *v = (float *)r->values + i;
      const float before = *v;
      if (isnan(before)) {
        *v = 0;
      } else if (isinf(before)) {
        *v = NAN;
      } else {
        *v = nextafterf(before + by, INFINITY);
        while (!(*v - before > by)) *v = nextafterf(*v, INFINITY);
      }
    }
  }
}

// Whether zeros, values moved by one place, one value that is off, one that is no number, one value
// too few and another name are rejected in every record that they change.
static int self_test(const record *records, int count) {
  int tried = 0, wrong = 0;
  for (int n = 0; n < count; n++)
    for (int fused = 0; fused < 2; fused++)
      for (int kind = 0; kind < 6; kind++) {
        record spoiled = copy_of(&records[n]);
        const int size = result_size(spoiled.header.type), values = spoiled.header.count;
        const float by = fused ? spoiled.header.allowed.fused : spoiled.header.allowed.plain;
        double most = 0, largest = 0;
        if (kind == 0) memset(spoiled.values, 0, (size_t)values * (size_t)size);
        if (kind == 1)
          memmove(spoiled.values, (char *)spoiled.values + size,
                  (size_t)(values - 1) * (size_t)size);
        if (kind == 2) move_value(&spoiled, n * 7919 % values, by);
        if (kind == 3 && spoiled.header.type == RESULT_F32) {
          float *v = (float *)spoiled.values + n * 7919 % values;
          *v = isnan(*v) ? 0 : NAN;
        }
        if (kind == 4) spoiled.header.count--;
        if (kind == 5) spoiled.header.name[0] ^= 1;
        // Zeros in place of zeros change nothing.
        for (int i = 0; i < values && kind < 4; i++)
          most = fmax(most, distance(&records[n], &spoiled, i));
        if (kind >= 4 || most > (double)by) {
          tried++;
          if (mismatch(&records[n], &spoiled, fused, &largest) < 0) {
            printf("WRONG \"%s\": what is spoiled (%d) was taken for right\n",
                   records[n].header.name, kind);
            wrong++;
          }
        }
        free(spoiled.values);
      }
  if (wrong == 0) printf("ok    the comparison rejects each of %d spoiled results\n", tried);
  return wrong > 0 || tried < 8 * count;
}

int main(int argc, char **argv) {
  const int is_self_test = argc == 3 && strcmp(argv[1], "self-test") == 0;
  const int fused = argc == 4 && strcmp(argv[1], "fused") == 0;
  if (!is_self_test && !fused && !(argc == 4 && strcmp(argv[1], "plain") == 0)) {
    fprintf(stderr, "compare plain|fused EXPECTED FOUND, or compare self-test EXPECTED\n");
    return 64;
  }
  int count, others;
  record *expected = read_file(argv[2], &count);
  if (is_self_test) return self_test(expected, count);
  record *found = read_file(argv[3], &others);
  if (count != others) {
    printf("WRONG %s holds %d results, %s %d\n", argv[2], count, argv[3], others);
    return 1;
  }
  int wrong = 0, worst = 0;
  double share = 0, there = 0;
  int64_t values = 0, differing = 0;
  for (int n = 0; n < count; n++) {
    double largest = 0;
    const int at = mismatch(&expected[n], &found[n], fused, &largest);
    const result_header *header = &expected[n].header;
    const double allowed = (double)(fused ? header->allowed.fused : header->allowed.plain);
    if (at >= 0 && wrong++ < 20)
      printf("WRONG \"%s\", found \"%s\", value %d of %d: %.9g, expected %.9g, allowed are %g\n",
             header->name, found[n].header.name, at, header->count,
             at < found[n].header.count ? value_at(&found[n], at) : NAN, value_at(&expected[n], at),
             allowed);
    if (at < 0 && largest > 0 && largest / allowed > share) {
      share = largest / allowed;
      there = largest;
      worst = n;
    }
    values += header->count;
    for (int i = 0; i < header->count && i < found[n].header.count; i++)
      differing += distance(&expected[n], &found[n], i) > 0;
  }
  if (wrong > 0) {
    printf("WRONG %d of %d results\n", wrong, count);
    return 1;
  }
  printf("ok    %d results, %lld values, %lld not the same bits", count, (long long)values,
         (long long)differing);
  if (share > 0)
    printf("; nearest to its limit: %g of %g in \"%s\"", there, there / share,
           expected[worst].header.name);
  printf("\n");
  return 0;
}
