/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a hash of bytes under a key, so that nobody
 * who does not know the key can aim collisions.
 *
 * Threads.  A pure function.   Memory.  None.   Cost.  O(len).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t tg_siphash(const uint64_t key[2], const void *bytes, size_t len);
