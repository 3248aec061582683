/* Keyed hashes: what differs anywhere differs in the hash, and nothing cancels it. */
#include "dataplane/hash.h"

#include "tests/rows.h"

#include <stdbool.h>

#define LEN_MAX 80
#define TRIALS 65536

static const uint8_t key[16] = {
	3, 20, 37, 54, 71, 88, 105, 122, 139, 156, 173, 190, 207, 224, 241, 2};

static bool
differ(const uint64_t a[2], const uint64_t b[2])
{
	return a[0] != b[0] && a[1] != b[1];
}

static void
every_byte_and_the_length_count(void **state)
{
	uint8_t bytes[LEN_MAX];
	uint64_t want[2], got[2];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= LEN_MAX; len++) {
		uint8_t *exact = exact_copy(bytes, len);

		dp_hash_long(key, exact, len, want);
		dp_hash_long(key, exact, len, got);
		assert_memory_equal(got, want, sizeof(got));
		for (size_t i = 0; i < len; i++) {
			exact[i] ^= 1;
			dp_hash_long(key, exact, len, got);
			assert_true(differ(got, want));
			exact[i] ^= 1;
		}
		if (len > 0) {
			dp_hash_long(key, exact, len - 1, got);
			assert_true(differ(got, want));
		}
		free(exact);
	}
}

static void
the_key_counts(void **state)
{
	uint64_t one[2], other[2];
	uint8_t k[16];

	(void)state;
	dp_hash_long(key, "some bytes", 10, one);
	for (unsigned i = 0; i < sizeof(k); i++) {
		memcpy(k, key, sizeof(k));
		k[i] ^= 0x80;
		dp_hash_long(k, "some bytes", 10, other);
		assert_true(differ(one, other));
	}
}

/*
 * A difference of one byte in the first block, and in the second the one that follows
 * from it through one round most often: after a single round a block they meet again one
 * time in 64, whatever the key is.
 */
static void
no_difference_is_cancelled(void **state)
{
	static const uint8_t column[4] = {2, 1, 1, 3}; /* of MixColumns */
	uint8_t a[32], b[32];
	uint64_t one[2], other[2];

	(void)state;
	for (uint32_t n = 0; n < TRIALS; n++) {
		uint8_t out = (uint8_t)(n >> 8), twice;

		for (unsigned i = 0; i < sizeof(a); i++)
			a[i] = (uint8_t)(n * 2654435761u >> (i % 4 * 8)) ^ (uint8_t)i;
		memcpy(b, a, sizeof(b));
		twice = (uint8_t)(out << 1 ^ (out & 0x80 ? 0x1b : 0));
		b[0] ^= (uint8_t)n | 1;
		for (unsigned i = 0; i < 4; i++)
			b[16 + i] ^= column[i] == 1   ? out
				     : column[i] == 2 ? twice
						      : twice ^ out;
		dp_hash_long(key, a, sizeof(a), one);
		dp_hash_long(key, b, sizeof(b), other);
		assert_true(differ(one, other));
		assert_int_not_equal(dp_hash_bytes(key, a, sizeof(a)),
			dp_hash_bytes(key, b, sizeof(b)));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_and_the_length_count),
		cmocka_unit_test(the_key_counts),
		cmocka_unit_test(no_difference_is_cancelled),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
