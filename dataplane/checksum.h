/*
 * The Internet checksum (RFC 1071) over short messages.
 *
 * Sums are kept in 64 bits of 32-bit halves in memory order and folded once at the end, so
 * no byte is ever swapped.
 */
#pragma once

#include <rte_byteorder.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Add @len bytes at @p to @sum; an odd last byte counts as if a zero followed. */
static inline uint64_t
dp_sum(const void *p, size_t len, uint64_t sum)
{
	const uint8_t *b = p;
	uint64_t v;
	uint32_t w = 0;

	for (; len >= 16; len -= 16, b += 16) {
		uint64_t u;

		memcpy(&v, b, 8);
		memcpy(&u, b + 8, 8);
		sum += (v & UINT32_MAX) + (v >> 32) + (u & UINT32_MAX) + (u >> 32);
	}
	if (len >= 8) {
		memcpy(&v, b, 8);
		sum += (v & UINT32_MAX) + (v >> 32);
		b += 8;
		len -= 8;
	}
	if (len >= 4) {
		memcpy(&w, b, 4);
		sum += w;
		b += 4;
		len -= 4;
	}
	w = 0;
	if (len >= 2) {
		uint16_t h;

		memcpy(&h, b, 2);
		sum += h;
		b += 2;
		len -= 2;
	}
	return len > 0 ? sum + rte_cpu_to_be_16((uint16_t)(*b << 8)) : sum;
}

/* Fold to the sum's complement, in memory order: 0 if a sum over its own checksum is right. */
static inline uint16_t
dp_sum_finish(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The pseudo header's part: both addresses lie behind each other at @addrs. */
static inline uint64_t
dp_sum_pseudo(const void *addrs, size_t addrs_len, uint8_t protocol, uint16_t len)
{
	return dp_sum(addrs, addrs_len,
		(uint64_t)rte_cpu_to_be_16(protocol) + rte_cpu_to_be_16(len));
}
