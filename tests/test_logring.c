/* The log's ring at its bounds: full, full where a frame does not fit before the end, and
 * room that comes back. */
#include "dataplane/logring.h"
#include "dataplane/record.h"

#include "tests/tables.h"

#define RING_BYTES (1u << 16)
#define FRAME 1024 /* bytes in the ring, its length before it counted */

struct fixture {
	struct dp_logring *ring;
	unsigned put, taken;
};

static int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.ring = new_block(dp_logring_size(RING_BYTES))};
	*state = &f;
	return dp_logring_init(f.ring, RING_BYTES) == NULL;
}

static int
tear_down(void **state)
{
	free(((struct fixture *)*state)->ring);
	return 0;
}

/* One more record, filled with its number; false if there is no room. */
static bool
put(struct fixture *f, unsigned frame)
{
	static uint8_t payload[4096];
	struct dp_record r = {.stream = "s", .stream_len = 1, .payload = payload};

	r.payload_len = (uint16_t)(frame - sizeof(uint32_t) - dp_record_size(&r));
	memset(payload, (int)(f->put + 1), r.payload_len);
	if (dp_logring_put(f->ring, &r) == 0)
		return false;
	f->put++;
	return true;
}

static unsigned
fill(struct fixture *f, unsigned frame)
{
	unsigned n = 0;

	while (put(f, frame))
		n++;
	dp_logring_publish(f->ring);
	return n;
}

/* Take @n records, which must be whole and in order, and give their room back. */
static void
take(struct fixture *f, unsigned n)
{
	struct dp_record r;
	uint64_t number;
	size_t len;

	dp_logring_publish(f->ring);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *bytes = dp_logring_next(f->ring, &len, &number);

		assert_non_null(bytes);
		assert_int_equal(number, ++f->taken);
		assert_true(dp_record_decode(&r, bytes, len));
		for (unsigned k = 0; k < r.payload_len; k++)
			assert_int_equal(r.payload[k], (uint8_t)f->taken);
	}
	dp_logring_release(f->ring);
}

static void
take_all(struct fixture *f)
{
	uint64_t number;
	size_t len;

	take(f, f->put - f->taken);
	assert_null(dp_logring_next(f->ring, &len, &number));
}

/* A frame is written with some bytes more: the last would run into the first. */
static void
full(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fill(f, FRAME), RING_BYTES / FRAME - 1);
	take(f, 1);
	assert_int_equal(fill(f, FRAME), 1); /* exactly up to the end */
	take_all(f);
	assert_int_equal(fill(f, FRAME), RING_BYTES / FRAME - 1);
	take_all(f);
}

/* What does not fit before the end begins anew at the start, as far as that was read. */
static void
wraps(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 60; i++)
		assert_true(put(f, FRAME));
	take(f, 10);
	assert_true(put(f, 3008));
	assert_int_equal(fill(f, 3008), 3); /* in ten times 1024 bytes */
	take_all(f);
}

/* Nothing of the start was read: nothing is changed, and what fits goes before the end.
 */
static void
full_at_the_end(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 60; i++)
		assert_true(put(f, FRAME));
	assert_true(put(f, 3008));
	assert_false(put(f, 3008));
	assert_true(put(f, FRAME));
	assert_false(put(f, 72));
	take_all(f);
	assert_true(put(f, 3008));
	take_all(f);
}

/* What is left before the end is room that is used up, too. */
static void
rest_before_the_end(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 60; i++)
		assert_true(put(f, FRAME));
	assert_true(put(f, 3008));
	take(f, 2);
	assert_false(put(f, 3008));
	take(f, 1);
	assert_true(put(f, 3008));
	take_all(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wraps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rest_before_the_end, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("logring", tests, NULL, NULL);
}
