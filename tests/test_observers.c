/* The table of relations: who observes what, what is queued, who is to be told. */
#include "dataplane/observers.h"

#include "tests/tables.h"

#define MAX 64
#define PER_PEER 4
#define QUEUE 1024

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct table {
	struct dp_observers_config cfg;
	struct dp_observers *t;
	struct dp_counters counters;
};

static struct table *
new_table(uint32_t max, uint32_t per_peer)
{
	struct table *t = new_block(sizeof(*t));

	t->cfg = (struct dp_observers_config){.max = max, .per_peer = per_peer};
	memcpy(t->cfg.hash_key, hash_key, sizeof(hash_key));
	t->t = dp_observers_init(new_block(dp_observers_size(&t->cfg)), &t->cfg);
	assert_non_null(t->t);
	return t;
}

static void
free_table(struct table *t)
{
	free(t->t);
	free(t);
}

static uint64_t
counted(const struct table *t, enum dp_counter which)
{
	return dp_counter_get(&t->counters, which);
}

/* A token of @tkl bytes that all follow from @token. */
static const uint8_t *
token_of(uint8_t bytes[8], uint32_t token)
{
	memset(bytes, 'a' + (int)token, 8);
	return bytes;
}

static uint32_t
add(struct table *t, uint32_t peer, uint32_t token, uint8_t home, uint32_t value)
{
	uint8_t bytes[8];

	return dp_observers_add(
		t->t, peer, token_of(bytes, token), 4, home, value, &t->counters);
}

static uint32_t
find(const struct table *t, uint32_t peer, uint32_t token)
{
	uint8_t bytes[8];

	return dp_observers_find(t->t, peer, token_of(bytes, token), 4);
}

static unsigned
value_has(const struct table *t, uint8_t home, uint32_t value)
{
	uint32_t id = dp_observers_of_value(t->t, home, value);
	unsigned n = 0;

	for (; id != DP_NONE; id = dp_observers_get(t->t, id)->next - 1)
		n++;
	return n;
}

/* How many steps the queue has, all of this kind. */
static unsigned
steps(struct table *t, bool forget)
{
	unsigned n = 0;
	bool f, more;

	do {
		more = dp_observers_sweep(t->t);
		while (dp_observers_step(t->t, &f) != DP_NONE) {
			assert_int_equal(f, forget);
			n++;
		}
	} while (more);
	return n;
}

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

/* ---- news ---- */

static void
told_once_for_many_changes(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		add(t, i, 1, 0, 5);
	add(t, 9, 1, 0, 6);
	add(t, 9, 2, 1, 5);
	assert_true(dp_observers_changed(t->t, 0, 5));
	assert_true(dp_observers_changed(t->t, 0, 5));
	assert_int_equal(steps(t, false), 3);
	assert_int_equal(steps(t, false), 0);
	free_table(t);
}

/* What changes while its relations are told begins anew. */
static void
told_again_when_it_changes_meanwhile(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	bool forget;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		add(t, i, 1, 0, 5);
	dp_observers_changed(t->t, 0, 5);
	assert_int_not_equal(dp_observers_step(t->t, &forget), DP_NONE);
	dp_observers_changed(t->t, 0, 5);
	assert_int_equal(steps(t, false), 2 + 3);
	free_table(t);
}

static const struct gone_row {
	const char *name;
	unsigned first; /* is deleted after so many steps */
	unsigned rest;  /* more steps after that */
} gone_rows[] = {
	{"the head goes before the first step", 0, 3},
	{"the one just told goes", 1, 3},
	{"one after two steps goes", 2, 2},
};

/* Relations that go, be it the next one, do not break the chain that is walked. */
static void
walks_on_when_one_goes(void **state)
{
	const struct gone_row *r = *state;
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id = add(t, 0, 1, 0, 5);
	bool forget;

	for (uint32_t i = 1; i < 4; i++)
		add(t, i, 1, 0, 5);
	dp_observers_changed(t->t, 0, 5);
	for (unsigned i = 0; i < r->first; i++)
		id = dp_observers_step(t->t, &forget);
	dp_observers_del(t->t, id);
	assert_int_equal(steps(t, false), r->rest);
	assert_int_equal(value_has(t, 0, 5), 3);
	free_table(t);
}

static void
the_next_one_goes(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id;
	bool forget;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		add(t, i, 1, 0, 5);
	dp_observers_changed(t->t, 0, 5);
	id = dp_observers_step(t->t, &forget);
	dp_observers_del(t->t, dp_observers_get(t->t, id)->next - 1);
	assert_int_equal(steps(t, false), 2);
	free_table(t);
}

static void
forgotten(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	bool forget;
	uint32_t id;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		add(t, i, 1, 0, 5);
	add(t, 9, 1, 0, 6);
	assert_false(dp_observers_forget(t->t, 0, 7));
	assert_true(dp_observers_forget(t->t, 0, 5));
	while ((id = dp_observers_step(t->t, &forget)) != DP_NONE) {
		assert_true(forget);
		dp_observers_del(t->t, id);
	}
	assert_int_equal(dp_observers_count(t->t), 1);
	assert_int_equal(value_has(t, 0, 5), 0);
	dp_observers_changed(t->t, 0, 6);
	assert_int_equal(steps(t, false), 1);
	free_table(t);
}

/* The head that was to be forgotten goes by itself: the others still are. */
static void
forgotten_without_the_head(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t head = add(t, 0, 1, 0, 5);

	(void)state;
	add(t, 1, 1, 0, 5);
	dp_observers_forget(t->t, 0, 5);
	dp_observers_del(t->t, head);
	assert_int_equal(steps(t, true), 1);
	free_table(t);
}

/* More values change than the queue holds: everybody is gone through. */
static void
no_news_is_lost(void **state)
{
	struct table *t = new_table(2 * QUEUE, PER_PEER);

	(void)state;
	for (uint32_t i = 0; i < 2 * QUEUE; i++)
		assert_int_not_equal(add(t, i, 1, 0, i), DP_NONE);
	for (uint32_t i = 0; i <= QUEUE; i++)
		assert_true(dp_observers_changed(t->t, 0, i));
	assert_int_equal(steps(t, false), 2 * QUEUE);
	assert_int_equal(steps(t, false), 0);
	dp_observers_changed_all(t->t);
	assert_int_equal(steps(t, false), 2 * QUEUE);
	free_table(t);
}

/* Many relations to one value, which is met but once on the way. */
static void
a_sweep_goes_in_slices(void **state)
{
	struct table *t = new_table(4 * QUEUE, PER_PEER);
	unsigned slices = 1;
	bool forget;

	(void)state;
	for (uint32_t i = 0; i < 4 * QUEUE; i++)
		assert_int_not_equal(add(t, i, 1, 0, 5), DP_NONE);
	dp_observers_changed_all(t->t);
	assert_int_equal(dp_observers_step(t->t, &forget), DP_NONE);
	while (dp_observers_sweep(t->t))
		slices++;
	assert_in_range(slices, 4, 5);
	assert_int_equal(steps(t, false), 4 * QUEUE);
	free_table(t);
}

/* Whoever becomes a value's first behind the sweep is not passed over. */
static void
a_sweep_misses_no_new_head(void **state)
{
	struct table *t = new_table(4 * QUEUE, PER_PEER);
	uint32_t low = add(t, 0, 1, 0, 9), head, n;

	(void)state;
	for (uint32_t i = 1; i < QUEUE + 500; i++)
		add(t, i, 1, 0, 9);
	head = add(t, 9000, 1, 0, 5);
	dp_observers_del(t->t, low);
	assert_int_equal(add(t, 9001, 1, 0, 5), low); /* behind the head, in the chain */
	dp_observers_changed_all(t->t);
	assert_true(dp_observers_sweep(t->t));
	dp_observers_del(t->t, head);
	n = steps(t, false);
	assert_int_equal(n, QUEUE + 500);
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
	assert_int_equal(layout_of(t->t), 1);
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
	struct CMUnitTest tests[COUNT(token_rows) + COUNT(gone_rows) + 19] = {
		cmocka_unit_test(registered_again_goes_to_the_new_value),
		cmocka_unit_test(counted_while_in_flight),
		cmocka_unit_test(as_many_as_a_peer_may_have),
		cmocka_unit_test(as_many_as_there_is_room_for),
		cmocka_unit_test(found_by_message_id),
		cmocka_unit_test(found_by_earlier_message_ids),
		cmocka_unit_test(detached_hears_no_more),
		cmocka_unit_test(told_once_for_many_changes),
		cmocka_unit_test(told_again_when_it_changes_meanwhile),
		cmocka_unit_test(the_next_one_goes),
		cmocka_unit_test(forgotten),
		cmocka_unit_test(forgotten_without_the_head),
		cmocka_unit_test(no_news_is_lost),
		cmocka_unit_test(a_sweep_goes_in_slices),
		cmocka_unit_test(a_sweep_misses_no_new_head),
		cmocka_unit_test(a_million_takes_at_most_96_bytes_each),
		cmocka_unit_test(sizes_refused),
		cmocka_unit_test(lives_on_elsewhere),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 19;

	ADD_ROWS(tests, &n, token_rows, told_apart_by_token);
	ADD_ROWS(tests, &n, gone_rows, walks_on_when_one_goes);
	return cmocka_run_group_tests_name("observers", tests, NULL, NULL);
}
