/* The clock that does not jump.  Threads.  Any. */
#pragma once

#include <stdint.h>
#include <time.h>

#define CTL_NS 1000000000ull

/* Nanoseconds since some moment before the process began. */
static inline uint64_t
ctl_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * CTL_NS + (uint64_t)ts.tv_nsec;
}
