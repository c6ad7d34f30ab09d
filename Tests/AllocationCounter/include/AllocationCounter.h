#pragma once
// Loaded before a program (LD_PRELOAD), it counts the allocations of at least as many bytes as the
// environment's ALLOCATION_COUNTER_LEAST says, and at exit writes "N allocations" to file descriptor 2.
