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

/* A sequence has 16 or 32 bits, as a slot has room: a reader that is held up in the midst
 * while a slot changes 32,768 times to the step takes words of two times for one. */
#define DP_SEQ_OPEN(seq)                                                                 \
	__atomic_store_n(&(seq), (__typeof__(seq))((seq) + 1), __ATOMIC_RELAXED)
#define DP_SEQ_CLOSE(seq)                                                                \
	__atomic_store_n(&(seq), (__typeof__(seq))((seq) + 1), __ATOMIC_RELEASE)

static inline void
dp_word_set(uint32_t *to, const uint8_t *from)
{
	uint32_t v;

	memcpy(&v, from, 4);
	DP_SET(*to, v);
}

static inline void
dp_word_get(uint8_t *to, const uint32_t *from)
{
	uint32_t v = DP_GET(*from);

	memcpy(to, &v, 4);
}

/* Copy @len bytes to words at @to (rounded up to words; @to has room for that), four at a
 * time. */
static inline void
dp_words_set(uint32_t *to, const void *from, size_t len)
{
	const uint8_t *p = from;
	uint32_t v = 0;

	for (; len >= 16; len -= 16, p += 16, to += 4) {
		dp_word_set(to, p);
		dp_word_set(to + 1, p + 4);
		dp_word_set(to + 2, p + 8);
		dp_word_set(to + 3, p + 12);
	}
	for (; len >= 4; len -= 4, p += 4, to++)
		dp_word_set(to, p);
	if (len > 0) {
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

	for (; len >= 16; len -= 16, p += 16, from += 4) {
		dp_word_get(p, from);
		dp_word_get(p + 4, from + 1);
		dp_word_get(p + 8, from + 2);
		dp_word_get(p + 12, from + 3);
	}
	for (; len >= 4; len -= 4, p += 4, from++)
		dp_word_get(p, from);
	if (len > 0) {
		v = DP_GET(*from);
		memcpy(p, &v, len);
	}
}
