/*
 * A function of every message's path: what calls it has it inline, across files too where
 * the build links the whole program (release builds do).  Calls and the registers saved
 * round them were an eighth of a message's instructions.
 */
#pragma once

#define DP_HOT inline __attribute__((always_inline))

/* A function that has the registers to itself: inline among the other ways that a message
 * may go it, or they, would keep half of what they need in memory. */
#define DP_APART __attribute__((noinline))

/* A pointer that stays one: gcc would work the address out again at every use. */
#define DP_KEEP(p) __asm__("" : "+r"(p))

/* As DPDK's, for files that do without it. */
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif
