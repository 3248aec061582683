/*
 * The Internet checksum (RFC 1071) over short messages.
 *
 * A sum is 64 bits in memory order, added up with end-around carry and folded once at the
 * end, so no byte is ever swapped and a sum of sums is a sum.
 *
 * Threads.  Pure.
 */
#pragma once

#include "dataplane/copy.h"

#include <rte_byteorder.h>

#include <immintrin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One's complement sum of two sums. */
static inline uint64_t
dp_sum_add(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum + (sum < a);
}

/* The 0 to 7 bytes that @len leaves behind whole words, as if zeros followed. */
static inline uint64_t
dp_sum_tail(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (unsigned shift = 0; len > 0; len--, shift += 8)
		v |= (uint64_t)*p++ << shift;
	return v;
}

/* Add @len bytes at @p to @sum; an odd last byte counts as if a zero followed. */
static inline uint64_t
dp_sum(const void *p, size_t len, uint64_t sum)
{
	const uint8_t *b = p;
	size_t left = len;
	uint64_t v;

	for (; left >= 32; left -= 32, b += 32)
		for (unsigned i = 0; i < 32; i += 8) {
			memcpy(&v, b + i, 8);
			sum = dp_sum_add(sum, v);
		}
	for (; left >= 8; left -= 8, b += 8) {
		memcpy(&v, b, 8);
		sum = dp_sum_add(sum, v);
	}
	if (left == 0)
		return sum;
	if (len < 8)
		return dp_sum_add(sum, dp_sum_tail(b, left));
	memcpy(&v, b + left - 8, 8); /* what was added already is shifted out */
	return dp_sum_add(sum, v >> 8 * (8 - left));
}

/* A vector of 16 bit words as one of 32 bit sums, even and odd ones together. */
static inline __m256i
dp_sum_pairs(__m256i v)
{
	__m256i even = _mm256_blend_epi16(v, _mm256_setzero_si256(), 0xaa);

	return _mm256_add_epi32(even, _mm256_srli_epi32(v, 16));
}

/* Add up @len bytes, no more than an IP packet has, where 32 behind the last are
 * readable, as behind any message in its packet (DP_TAILROOM).  The sum is below 2^63: a
 * few small ones may be added to it as numbers. */
static inline uint64_t
dp_sum_message(const uint8_t *p, size_t len)
{
	const __m256i place =
		_mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
			17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
	size_t at = len & ~(size_t)31, tail = len & 31;
	__m256i mask = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)tail), place);
	__m256i line = _mm256_loadu_si256((const __m256i *)(p + at));
	__m256i sums = dp_sum_pairs(_mm256_and_si256(mask, line));
	__m128i half;

	while (at > 0) {
		at -= 32;
		line = _mm256_loadu_si256((const __m256i *)(p + at));
		sums = _mm256_add_epi32(sums, dp_sum_pairs(line));
	}
	half = _mm_add_epi32(
		_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
	half = _mm_add_epi32(half, _mm_srli_si128(half, 8));
	/* Two sums are left, which are as good as one word of 64 bits. */
	return (uint64_t)_mm_cvtsi128_si64(half);
}

/*
 * Fold to 16 bits, in memory order: to 0 only what is 0.  A word added to itself with its
 * halves changed round has, in its upper half, the sum of the halves and their carry.
 */
static inline uint32_t
dp_sum_fold(uint64_t sum)
{
	uint32_t wide = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);

	return (wide + (wide << 16 | wide >> 16)) >> 16;
}

/* Fold to the sum's complement, in memory order: 0 if a sum over its own checksum is
 * right. */
static inline uint16_t
dp_sum_finish(uint64_t sum)
{
	return (uint16_t)(dp_sum_fold(sum) ^ 0xffff);
}

/* Is @sum right, which is over its own checksum and not only zeros?  A word and the sum
 * of its halves are the same modulo 2^16 - 1, and what is right folds to that. */
static inline bool
dp_sum_is_right(uint64_t sum)
{
	return sum % 0xffff == 0;
}

/* The pseudo header's part: both addresses lie behind each other at @addrs. */
static inline uint64_t
dp_sum_pseudo(const void *addrs, size_t addrs_len, uint8_t protocol, uint16_t len)
{
	return dp_sum(addrs, addrs_len,
		(uint64_t)rte_cpu_to_be_16(protocol) + rte_cpu_to_be_16(len));
}
