/*
 * Google Benchmark for C: the library is C++, what it times is not.
 *
 * Threads.  One.   Memory.  Names and arguments are borrowed for the program's life.
 */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Do the work @times times. */
typedef void (*gbench_run)(void *arg, uint64_t times);

void gbench_add(const char *name, gbench_run run, void *arg);
/* Run what was added, as the library's own options in @argv say; the exit code. */
int gbench_main(int argc, char **argv);

#ifdef __cplusplus
}
#endif
