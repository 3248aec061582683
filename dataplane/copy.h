/*
 * Copies and compares of a few bytes whose number is not known when compiling: names,
 * tokens, payloads.
 *
 * A call of memcpy() or memcmp() costs more than the work.  Two words that overlap cover
 * any length between one and two words, so nothing outside the bytes is read or written.
 *
 * Threads.  Pure.
 */
#pragma once

#include "dataplane/hot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Copy 0 to 8 bytes: a token. */
static inline void
dp_copy8(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len >= 4) {
		memcpy(to, from, 4);
		memcpy(to + len - 4, from + len - 4, 4);
	} else if (len > 0) {
		to[0] = from[0];
		to[len / 2] = from[len / 2];
		to[len - 1] = from[len - 1];
	}
}

/* Copy @len bytes; returns what is behind them. */
static inline uint8_t *
dp_copy(uint8_t *to, const void *from, size_t len)
{
	const uint8_t *p = from;

	if (len <= 8) {
		dp_copy8(to, p, len);
	} else if (len <= 16) {
		memcpy(to, p, 8);
		memcpy(to + len - 8, p + len - 8, 8);
	} else if (len <= 64) {
		for (size_t done = 0; done + 16 < len; done += 16)
			memcpy(to + done, p + done, 16);
		memcpy(to + len - 16, p + len - 16, 16);
	} else {
		memcpy(to, p, len);
	}
	return to + len;
}

#define DP_COPY_OVER 32 /* bytes at a time of the next one */
/* So many at any address, in one register.  (The intrinsics' header says the same and
 * takes longer to read than all else that a file includes.) */
typedef uint64_t dp_over
	__attribute__((vector_size(DP_COPY_OVER), aligned(1), may_alias));

/* Copy @len bytes and what is behind them, up to DP_COPY_OVER more, all of which may
 * be read and written; returns what is behind @len. */
static inline uint8_t *
dp_copy_over(uint8_t *to, const void *from, size_t len)
{
	const uint8_t *p = from;

	*(dp_over *)to = *(const dp_over *)p;
	for (size_t done = DP_COPY_OVER; unlikely(done < len); done += DP_COPY_OVER)
		*(dp_over *)(to + done) = *(const dp_over *)(p + done);
	return to + len;
}

static inline uint64_t
dp_load8(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
dp_load4(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Are @len bytes the same? */
static inline bool
dp_same(const void *x, const void *y, size_t len)
{
	const uint8_t *a = x, *b = y;

	if (len > 32)
		return memcmp(a, b, len) == 0;
	if (len >= 16
		&& (dp_load8(a) != dp_load8(b) || dp_load8(a + 8) != dp_load8(b + 8)))
		return false;
	if (len >= 16)
		return dp_load8(a + len - 16) == dp_load8(b + len - 16)
		       && dp_load8(a + len - 8) == dp_load8(b + len - 8);
	if (len >= 8)
		return dp_load8(a) == dp_load8(b)
		       && dp_load8(a + len - 8) == dp_load8(b + len - 8);
	if (len >= 4)
		return dp_load4(a) == dp_load4(b)
		       && dp_load4(a + len - 4) == dp_load4(b + len - 4);
	return len == 0
	       || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}
