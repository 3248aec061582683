/*
 * Keyed 64-bit hash by AES rounds.  The key is random at each start, so nobody outside
 * can aim collisions.  Not a MAC: it never leaves the process.
 *
 * Threads.  Pure.   Cost.  About 15 cycles for a fixed key of three words.
 */
#pragma once

#include "dataplane/hot.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wmmintrin.h>

static inline uint64_t
dp_hash_finish(__m128i x, __m128i k)
{
	x = _mm_aesenc_si128(x, k);
	x = _mm_aesenc_si128(x, k);
	x = _mm_aesenc_si128(x, k);
	return (uint64_t)_mm_cvtsi128_si64(x);
}

/* Three words. */
static inline uint64_t
dp_hash_words(const uint8_t key[16], uint64_t a, uint64_t b, uint64_t c)
{
	__m128i k = _mm_loadu_si128((const __m128i *)key);
	__m128i x = _mm_xor_si128(_mm_set_epi64x((long long)b, (long long)a), k);

	x = _mm_aesenc_si128(x, k);
	x = _mm_xor_si128(x, _mm_set_epi64x(3, (long long)c));
	return dp_hash_finish(x, k);
}

/*
 * The last 0 to 16 bytes as one word.  Words that overlap cover every length without a
 * copy: a load right behind smaller stores would wait for them.
 */
static DP_HOT __m128i
dp_hash_tail(const uint8_t *p, size_t len)
{
	uint64_t a = 0, b = 0;
	uint32_t low, high;

	if (len >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + len - 8, 8);
	} else if (len >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + len - 4, 4);
		a = (uint64_t)high << 32 | low;
	} else if (len > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 | p[len - 1];
	}
	return _mm_set_epi64x((long long)b, (long long)a);
}

/* Four rounds: what one leaves of a difference, a later block could cancel. */
static inline __m128i
dp_hash_block(__m128i x, __m128i block, __m128i k)
{
	x = _mm_aesenc_si128(_mm_xor_si128(x, block), k);
	x = _mm_aesenc_si128(x, k);
	x = _mm_aesenc_si128(x, k);
	return _mm_aesenc_si128(x, k);
}

/* Any bytes; the length counts, so a prefix is another key. */
static inline uint64_t
dp_hash_bytes(const uint8_t key[16], const void *data, size_t len)
{
	__m128i k = _mm_loadu_si128((const __m128i *)key);
	__m128i x = _mm_xor_si128(_mm_cvtsi64_si128((long long)len), k);
	const uint8_t *p = data;

	for (; len > 16; p += 16, len -= 16)
		x = dp_hash_block(x, _mm_loadu_si128((const __m128i *)p), k);
	x = dp_hash_block(x, dp_hash_tail(p, len), k);
	return (uint64_t)_mm_cvtsi128_si64(x);
}

/*
 * 128 bits of any bytes, for keys that nothing else is compared with: two that collide
 * would be taken for one.  Four AES rounds a block, as in Pelican MAC, so that no later
 * block cancels a difference but by guessing: one round leaves one in 64.
 * Cost.  About 20 cycles for 16 bytes.
 */
static inline void
dp_hash_long(const uint8_t key[16], const void *data, size_t len, uint64_t hash[2])
{
	__m128i k = _mm_loadu_si128((const __m128i *)key);
	__m128i other = _mm_xor_si128(k, _mm_set1_epi8(0x5c));
	__m128i x = _mm_xor_si128(_mm_cvtsi64_si128((long long)len), other);
	const uint8_t *p = data;

	x = _mm_aesenc_si128(_mm_aesenc_si128(x, k), other);
	for (;; p += 16, len -= 16) {
		__m128i block = len > 16 ? _mm_loadu_si128((const __m128i *)p)
					 : dp_hash_tail(p, len);

		x = _mm_aesenc_si128(_mm_xor_si128(x, block), k);
		x = _mm_aesenc_si128(x, other);
		x = _mm_aesenc_si128(x, k);
		x = _mm_aesenc_si128(x, other);
		if (len <= 16)
			break;
	}
	x = _mm_aesenc_si128(_mm_aesenc_si128(x, k), other);
	_mm_storeu_si128((__m128i *)hash, x);
}
