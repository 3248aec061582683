/* The Internet checksum against RFC 1071's own loop, two bytes at a time. */
#include "dataplane/checksum.h"
#include "tests/rows.h"

#define LONGEST 1500

static uint8_t bytes[LONGEST + 64];

/* RFC 1071, 4.1, over bytes in network order. */
static uint16_t
by_the_book(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	if (len > 0)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
fill(unsigned seed)
{
	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1103515245u + 12345;
		bytes[i] = (uint8_t)(seed >> 16);
	}
}

/* Every length, at even and odd places. */
static void
every_length(void **state)
{
	(void)state;
	for (size_t len = 0; len <= LONGEST; len++) {
		const uint8_t *p = bytes + len % 5;

		fill((unsigned)len);
		assert_int_equal(rte_be_to_cpu_16(dp_sum_finish(dp_sum(p, len, 0))),
			by_the_book(p, len));
		assert_int_equal(rte_be_to_cpu_16(dp_sum_finish(dp_sum_message(p, len))),
			by_the_book(p, len));
	}
}

/* Carries go round: all ones, which is another name of nothing. */
static void
all_ones(void **state)
{
	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	for (size_t len = 2; len <= LONGEST; len += 2) {
		assert_int_equal(dp_sum_finish(dp_sum(bytes, len, 0)), 0);
		assert_int_equal(dp_sum_finish(dp_sum_message(bytes, len)), 0);
	}
	assert_int_equal(dp_sum_finish(UINT64_MAX), 0);
	assert_int_equal(dp_sum_finish(0), 0xffff);
	assert_int_equal(dp_sum_finish(dp_sum_add(UINT64_MAX, 1)), 0xfffe);
}

/* A sum that was begun goes on. */
static void
sum_of_sums(void **state)
{
	(void)state;
	fill(7);
	for (size_t len = 8; len <= 200; len++)
		assert_int_equal(dp_sum_finish(dp_sum_add(dp_load8(bytes),
					 dp_sum_message(bytes + 8, len))),
			dp_sum_finish(dp_sum(bytes, len + 8, 0)));
}

/* What has its own sum in it is right, with carries and without; a bit more is not. */
static void
right(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 200; seed++) {
		uint64_t sum;
		uint16_t own;

		fill(seed);
		memset(bytes, 0, 2);
		own = dp_sum_finish(dp_sum(bytes, 40 + seed, 0));
		memcpy(bytes, &own, 2);
		sum = dp_sum(bytes, 40 + seed, 0);
		assert_true(dp_sum_is_right(sum));
		assert_true(dp_sum_is_right(dp_sum_message(bytes, 40 + seed)));
		for (unsigned bit = 0; bit < 64; bit++)
			assert_false(
				dp_sum_is_right(dp_sum_add(sum, UINT64_C(1) << bit)));
	}
	assert_true(dp_sum_is_right(UINT64_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length),
		cmocka_unit_test(all_ones),
		cmocka_unit_test(sum_of_sums),
		cmocka_unit_test(right),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
