#include <stddef.h>
#include <stdint.h>

int autochrome_fuzz(const uint8_t *data, size_t count);

/* libFuzzer calls this function with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count) { return autochrome_fuzz(data, count); }
