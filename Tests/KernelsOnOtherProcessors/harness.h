#pragma once
#include <stddef.h>
#include <stdint.h>

#include "results.h"

// What all cases stand on: guarded memory, random numbers, the file of results.

// Whether something was wrong on this processor alone; what, is printed.
extern int wrong;

// Opens the file of results and prints the seed of the random numbers.
void begin(const char *path, uint64_t seed);

// Closes the file; returns the status to exit with.
int finish(void);

// Memory of the case at hand, between two bands that nobody may write. A byte is 0xa5.
void *block(size_t bytes);
float *room(int count);

// Ends a case: frees its memory, and looks at the bands.
void release(const char *name);

// 0 … count − 1.
int below(int count);
float uniform(float low, float high);

// Blocks of random numbers. Codes are 0 and the maximum as often as all others together.
float *floats(int count, float low, float high);
int32_t *indices(int count, int end);
uint8_t *bytes(int count, int maximum);
uint16_t *words(int count, int maximum);

// Writes results.
void put(const char *name, result_type type, const void *values, int count, tolerance allowed);
void put_floats(const char *name, const float *values, int count, tolerance allowed);

// Compares a kernel with its reference, on this processor. Codes may be one off.
void agree(const char *name, const float *found, const float *expected, int count, float most);
void agree_codes(const char *name, const uint16_t *found, const uint16_t *expected, int count);
