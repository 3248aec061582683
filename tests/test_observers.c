/* The table of relations: who observes what. */
#include "tests/observers_table.h"

/* ---- coming and going ---- */

static const struct token_row {
	const char *name;
	uint8_t a[8], a_len, b[8], b_len;
	bool same;
} token_rows[] = {
	{"two empty tokens", {0}, 0, {0}, 0, true},
	{"a token and an empty one", {1}, 1, {0}, 0, false},
	{"a byte more", {1, 0}, 1, {1, 0}, 2, false},
	{"the last of eight bytes", {1, 2, 3, 4, 5, 6, 7, 8}, 8, {1, 2, 3, 4, 5, 6, 7, 9},
		8, false},
	{"eight bytes", {1, 2, 3, 4, 5, 6, 7, 8}, 8, {1, 2, 3, 4, 5, 6, 7, 8}, 8, true},
};

static void
told_apart_by_token(void **state)
{
	const struct token_row *r = *state;
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t a = dp_observers_add(t->t, 7, r->a, r->a_len, 0, 5, &t->counters);
	uint32_t b = dp_observers_add(t->t, 7, r->b, r->b_len, 0, 5, &t->counters);

	assert_int_equal(a == b, r->same);
	assert_int_equal(dp_observers_count(t->t), r->same ? 1 : 2);
	assert_int_equal(dp_observers_find(t->t, 7, r->a, r->a_len), a);
	assert_int_equal(dp_observers_find(t->t, 7, r->b, r->b_len), b);
	assert_int_equal(dp_observers_find(t->t, 8, r->a, r->a_len), DP_NONE);
	free_table(t);
}

static void
registered_again_goes_to_the_new_value(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id = add(t, 7, 1, 0, 5);

	(void)state;
	add(t, 8, 1, 0, 5);
	dp_observers_set_in_flight(t->t, id, true);
	dp_observers_arm(t->t, id, 10);
	assert_int_equal(add(t, 7, 1, 1, 5), id);
	assert_int_equal(dp_observers_get(t->t, id)->flags & DP_O_OWNERS, 0);
	assert_int_equal(dp_observers_in_flight(t->t), 0);
	assert_int_equal(dp_observers_due(t->t, 20, &id, 1), 0);
	assert_int_equal(value_has(t, 0, 5), 1);
	assert_int_equal(value_has(t, 1, 5), 1);
	assert_int_equal(dp_observers_count(t->t), 2);
	free_table(t);
}

/* However it ends, and however often it is said. */
static void
counted_while_in_flight(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t a = add(t, 7, 1, 0, 5), b = add(t, 8, 1, 0, 5);

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		dp_observers_set_in_flight(t->t, a, true);
	dp_observers_set_in_flight(t->t, b, true);
	assert_int_equal(dp_observers_in_flight(t->t), 2);
	dp_observers_set_in_flight(t->t, a, false);
	assert_int_equal(dp_observers_in_flight(t->t), 1);
	dp_observers_del(t->t, a);
	assert_int_equal(dp_observers_in_flight(t->t), 1);
	dp_observers_del(t->t, b);
	assert_int_equal(dp_observers_in_flight(t->t), 0);
	free_table(t);
}

static void
as_many_as_a_peer_may_have(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);

	(void)state;
	for (uint32_t i = 0; i < PER_PEER; i++)
		assert_int_not_equal(add(t, 7, i, 0, i), DP_NONE);
	assert_int_equal(add(t, 7, PER_PEER, 0, 5), DP_NONE);
	assert_int_equal(counted(t, DP_C_observers_per_peer), 1);
	assert_int_not_equal(add(t, 7, 2, 0, 5), DP_NONE); /* again */
	assert_int_not_equal(add(t, 8, 2, 0, 5), DP_NONE);
	dp_observers_del(t->t, find(t, 7, 1));
	assert_int_not_equal(add(t, 7, PER_PEER, 0, 5), DP_NONE);
	assert_int_equal(counted(t, DP_C_observers_full), 0);
	free_table(t);
}

static void
as_many_as_there_is_room_for(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);

	(void)state;
	for (uint32_t i = 0; i < MAX; i++)
		assert_int_not_equal(add(t, i, 1, 0, 5), DP_NONE);
	assert_int_equal(add(t, MAX, 1, 0, 5), DP_NONE);
	assert_int_equal(counted(t, DP_C_observers_full), 1);
	assert_int_equal(value_has(t, 0, 5), MAX);
	dp_observers_del(t->t, find(t, 9, 1));
	assert_int_not_equal(add(t, MAX, 1, 0, 5), DP_NONE);
	assert_int_equal(dp_observers_count(t->t), MAX);
	assert_int_equal(counted(t, DP_C_observers_full), 1);
	free_table(t);
}

static void
found_by_message_id(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);

	(void)state;
	for (uint32_t i = 0; i < PER_PEER; i++)
		dp_observers_get(t->t, add(t, 7, i, 0, 5))->mid = (uint16_t)(100 + i);
	for (uint32_t i = 0; i < PER_PEER; i++)
		assert_int_equal(dp_observers_find_mid(t->t, 7, (uint16_t)(100 + i)),
			find(t, 7, i));
	assert_int_equal(dp_observers_find_mid(t->t, 7, 99), DP_NONE);
	assert_int_equal(dp_observers_find_mid(t->t, 8, 100), DP_NONE);
	free_table(t);
}

/* The latest takes the place of what is as far back as there are places. */
static void
found_by_earlier_message_ids(void **state)
{
	const uint32_t places = 1024;
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id = add(t, 7, 1, 0, 5);

	(void)state;
	for (uint32_t mid = 0xff00; mid <= 0xff00 + places; mid++) {
		dp_observers_get(t->t, id)->mid = (uint16_t)mid;
		dp_observers_told(t->t, id, 65535);
	}
	assert_int_equal(dp_observers_find_told(t->t, 7, 0xff00, 65535), DP_NONE);
	for (uint32_t mid = 0xff01; mid <= 0xff00 + places; mid++)
		assert_int_equal(
			dp_observers_find_told(t->t, 7, (uint16_t)mid, 65535 + DP_TOLD_S),
			id);
	assert_int_equal(
		dp_observers_find_told(t->t, 7, 0xff01, 65536 + DP_TOLD_S), DP_NONE);
	assert_int_equal(dp_observers_find_told(t->t, 8, 0xff01, 65535), DP_NONE);
	dp_observers_del(t->t, id);
	assert_int_equal(dp_observers_find_told(t->t, 7, 0xff01, 65535), DP_NONE);
	assert_int_equal(add(t, 7, 1, 0, 5), id);
	assert_int_equal(dp_observers_find_told(t->t, 7, 0xff01, 65535), DP_NONE);
	free_table(t);
}

static void
detached_hears_no_more(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id = add(t, 7, 1, 0, 5);

	(void)state;
	dp_observers_detach(t->t, id);
	dp_observers_detach(t->t, id);
	assert_false(dp_observers_changed(t->t, 0, 5));
	assert_int_equal(steps(t, false), 0);
	assert_int_equal(find(t, 7, 1), id);
	assert_int_equal(add(t, 7, 1, 0, 5), id);
	assert_true(dp_observers_changed(t->t, 0, 5));
	assert_int_equal(steps(t, false), 1);
	free_table(t);
}

/* ---- the block ---- */

static void
a_million_takes_at_most_96_bytes_each(void **state)
{
	const struct dp_observers_config cfg = {.max = 1000000, .per_peer = 32};

	(void)state;
	assert_in_range(dp_observers_size(&cfg), 1, 96u * cfg.max);
}

static void
sizes_refused(void **state)
{
	struct dp_observers_config cfg = {.max = 63, .per_peer = 1};

	(void)state;
	assert_int_equal(dp_observers_size(&cfg), 0);
	cfg.max = (1u << 26) + 1;
	assert_int_equal(dp_observers_size(&cfg), 0);
	cfg.max = 64;
	cfg.per_peer = 0;
	assert_int_equal(dp_observers_size(&cfg), 0);
	assert_null(dp_observers_init(NULL, &cfg));
}

static void
lives_on_elsewhere(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id = add(t, 7, 1, 0, 5), due;

	(void)state;
	add(t, 8, 1, 0, 5);
	dp_observers_arm(t->t, id, 1000);
	dp_observers_changed(t->t, 0, 5);
	t->t = moved(t->t, dp_observers_size(&t->cfg));
	assert_int_equal(layout_of(t->t), 2);
	assert_true(has_key(t->t, 64, hash_key));
	assert_int_equal(find(t, 7, 1), id);
	assert_int_equal(steps(t, false), 2);
	assert_int_equal(dp_observers_due(t->t, 1000, &due, 1), 1);
	assert_int_equal(due, id);
	free_table(t);
}

/* ---- against a model: a plain list ---- */

#define PEERS 9
#define TOKENS 5
#define VALUES 6
#define HOMES 2

struct model {
	/* By peer and token: 0: none; otherwise its home and value, + 1; -1: detached. */
	int with[PEERS][TOKENS];
	struct dice d;
};

static unsigned
model_count(const struct model *m, int with)
{
	unsigned n = 0;

	for (unsigned p = 0; p < PEERS; p++)
		for (unsigned k = 0; k < TOKENS; k++)
			n += with == 0 ? m->with[p][k] != 0 : m->with[p][k] == with;
	return n;
}

static unsigned
of_peer(const struct model *m, unsigned p)
{
	unsigned n = 0;

	for (unsigned k = 0; k < TOKENS; k++)
		n += m->with[p][k] != 0;
	return n;
}

static void
register_one(struct table *t, struct model *m, uint32_t p, uint32_t k)
{
	uint32_t home = roll_below(&m->d, HOMES), value = roll_below(&m->d, VALUES);
	bool room = m->with[p][k] != 0 || of_peer(m, p) < PER_PEER;

	assert_int_equal(add(t, p, k, (uint8_t)home, value) != DP_NONE, room);
	if (room)
		m->with[p][k] = (int)(home * VALUES + value) + 1;
}

static void
one_operation(struct table *t, struct model *m)
{
	uint32_t p = roll_below(&m->d, PEERS), k = roll_below(&m->d, TOKENS);
	uint32_t id = find(t, p, k);

	assert_int_equal(id != DP_NONE, m->with[p][k] != 0);
	switch (roll_below(&m->d, 4)) {
	case 0:
		if (id != DP_NONE)
			dp_observers_del(t->t, id);
		m->with[p][k] = 0;
		break;
	case 1:
		if (id != DP_NONE)
			dp_observers_detach(t->t, id);
		m->with[p][k] = id != DP_NONE ? -1 : 0;
		break;
	default:
		register_one(t, m, p, k);
	}
}

static void
compare(struct table *t, const struct model *m)
{
	assert_int_equal(dp_observers_count(t->t), model_count(m, 0));
	for (unsigned p = 0; p < PEERS; p++)
		for (unsigned k = 0; k < TOKENS; k++)
			assert_int_equal(find(t, p, k) != DP_NONE, m->with[p][k] != 0);
	for (unsigned i = 0; i < HOMES * VALUES; i++) {
		unsigned n = model_count(m, (int)i + 1);
		uint8_t home = (uint8_t)(i / VALUES);

		assert_int_equal(value_has(t, home, i % VALUES), n);
		assert_int_equal(dp_observers_changed(t->t, home, i % VALUES), n > 0);
		assert_int_equal(steps(t, false), n);
	}
}

static void
as_the_model_says(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	struct model m = {.d.state = 29};

	(void)state;
	for (unsigned turn = 0; turn < 20000; turn++) {
		one_operation(t, &m);
		if (turn % 16 == 0)
			compare(t, &m);
	}
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(token_rows) + 11] = {
		cmocka_unit_test(registered_again_goes_to_the_new_value),
		cmocka_unit_test(counted_while_in_flight),
		cmocka_unit_test(as_many_as_a_peer_may_have),
		cmocka_unit_test(as_many_as_there_is_room_for),
		cmocka_unit_test(found_by_message_id),
		cmocka_unit_test(found_by_earlier_message_ids),
		cmocka_unit_test(detached_hears_no_more),
		cmocka_unit_test(a_million_takes_at_most_96_bytes_each),
		cmocka_unit_test(sizes_refused),
		cmocka_unit_test(lives_on_elsewhere),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 11;

	ADD_ROWS(tests, &n, token_rows, told_apart_by_token);
	return cmocka_run_group_tests_name("observers", tests, NULL, NULL);
}
