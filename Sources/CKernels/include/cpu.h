#pragma once
#include <stdint.h>

// Instruction sets that kernels are written for, as bits.
enum {
  AC_CPU_AVX2 = 1,    // AVX2, FMA and F16C
  AC_CPU_AVX512 = 2,  // AVX-512 F, BW, DQ, VL
};

// What this CPU and operating system offer, less what the environment's AUTOCHROME_ISA (plain, avx2,
// avx512) and this thread's ac_cpu_limit took away.
uint32_t ac_cpu_flags(void);

// Allows this thread only the instruction sets in `mask`, so that tests and benchmarks can run each
// path. UINT32_MAX allows all again.
void ac_cpu_limit(uint32_t mask);
