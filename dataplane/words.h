/*
 * A slot's bytes under its sequence, as atomic words: no fences, nothing torn, nothing
 * for ThreadSanitizer to suppress.
 *
 *   writer: seq odd (relaxed); words (release); seq even (release)
 *   reader: seq (acquire); words (acquire); seq again (relaxed): equal and even, or retry
 *
 * A word's release pairs with the reader's acquire of that word: a reader that saw a new
 * word sees at least the odd sequence that was stored before it, and retries.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DP_SET(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)
#define DP_GET(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)

static inline void
dp_seq_open(uint32_t *seq)
{
	__atomic_store_n(seq, *seq + 1, __ATOMIC_RELAXED);
}

static inline void
dp_seq_close(uint32_t *seq)
{
	__atomic_store_n(seq, *seq + 1, __ATOMIC_RELEASE);
}

/* Copy @len bytes to words at @to (rounded up to words; @to has room for that). */
static inline void
dp_words_set(uint32_t *to, const void *from, size_t len)
{
	const uint8_t *p = from;
	uint32_t v;

	for (; len >= 4; len -= 4, p += 4) {
		memcpy(&v, p, 4);
		DP_SET(*to, v);
		to++;
	}
	if (len > 0) {
		v = 0;
		memcpy(&v, p, len);
		DP_SET(*to, v);
	}
}

/* Copy @len bytes out of words at @from. */
static inline void
dp_words_get(void *to, const uint32_t *from, size_t len)
{
	uint8_t *p = to;
	uint32_t v;

	for (; len >= 4; len -= 4, p += 4) {
		v = DP_GET(*from);
		from++;
		memcpy(p, &v, 4);
	}
	if (len > 0) {
		v = DP_GET(*from);
		memcpy(p, &v, len);
	}
}
