#pragma once
#include <stdint.h>

// A file of results: records one after another, each a header and then its values. Both processors
// store the lowest byte first.

// By how much a value may differ between two processors. 0 demands the same bits; NaN is NaN, of
// whatever bits.
typedef struct {
  float plain;  // where no multiplication is fused with an addition
  float fused;  // where the compiler may do so on one of the two
} tolerance;

typedef enum { RESULT_U8 = 1, RESULT_U16, RESULT_I32, RESULT_F32 } result_type;

typedef struct {
  char name[80];
  int32_t type;  // result_type
  tolerance allowed;
  int32_t count;
} result_header;

static inline int result_size(int32_t type) {
  return type == RESULT_U8 ? 1 : type == RESULT_U16 ? 2 : 4;
}
