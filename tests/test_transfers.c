/* The table of block-wise transfers: found by their key, bounded, ended by age. */
#include "dataplane/transfers.h"

#include "coap/code.h"
#include "tests/tables.h"

#define MAX 4
#define PER_PEER 2
#define BYTES_MAX 100
#define HEADROOM 40
#define NOW 1000

struct fixture {
	struct dp_transfers *t;
	struct dp_counters c;
};

static struct fixture *
new_fixture(void)
{
	const struct dp_transfers_config cfg = {.max = MAX,
		.bytes = BYTES_MAX,
		.per_peer = PER_PEER,
		.headroom = HEADROOM};
	struct fixture *f = new_block(sizeof(*f));

	f->t = dp_transfers_init(new_block(dp_transfers_size(&cfg)), &cfg);
	assert_non_null(f->t);
	return f;
}

static void
free_fixture(struct fixture *f)
{
	free(f->t);
	free(f);
}

static struct dp_transfer *
find(struct fixture *f, uint64_t key)
{
	const uint64_t k[2] = {key, ~key};

	return dp_transfers_find(f->t, k);
}

/* Each owner has ten keys. */
static struct dp_transfer *
begin(struct fixture *f, uint64_t key, uint32_t now_s)
{
	const uint64_t k[2] = {key, ~key};

	return dp_transfers_begin(f->t, k, key / 10, BYTES_MAX, now_s, &f->c);
}

static void
finish(struct fixture *f, struct dp_transfer *x, uint8_t code, uint32_t now_s)
{
	dp_transfers_take(f->t, x);
	dp_transfers_end(f->t, x, code, now_s);
}

static void
found_by_both_halves_of_the_key(void **state)
{
	const uint64_t other[2] = {7, 8};
	struct fixture *f = new_fixture();
	struct dp_transfer *x = begin(f, 7, NOW);

	(void)state;
	assert_non_null(x);
	assert_ptr_equal(find(f, 7), x);
	assert_null(find(f, 8));
	assert_null(dp_transfers_find(f->t, other));
	assert_ptr_equal(dp_transfers_get(f->t, x->id), x);
	assert_int_equal(dp_transfers_count(f->t), 1);
	free_fixture(f);
}

/* Head and body may be filled to the last byte; the neighbours keep theirs. */
static void
bodies_do_not_touch(void **state)
{
	struct fixture *f = new_fixture();
	struct dp_transfer *x[MAX];

	(void)state;
	for (unsigned i = 0; i < MAX; i++) {
		x[i] = begin(f, 10ull * i, NOW);
		assert_int_equal(x[i]->body.cap, BYTES_MAX);
		memset(x[i]->body.body - HEADROOM, (int)i + 1, HEADROOM + BYTES_MAX);
	}
	for (unsigned i = 0; i < MAX; i++)
		for (unsigned n = 0; n < HEADROOM + BYTES_MAX; n++)
			assert_int_equal((x[i]->body.body - HEADROOM)[n], i + 1);
	free_fixture(f);
}

static void
begun_again_is_the_same_one(void **state)
{
	struct fixture *f = new_fixture();
	struct dp_transfer *x = begin(f, 1, NOW);

	(void)state;
	x->body.len = 48;
	assert_ptr_equal(begin(f, 1, NOW), x);
	assert_int_equal(x->body.len, 0);
	finish(f, x, TG_CHANGED, NOW);
	assert_true(find(f, 1)->body.complete);
	assert_false(begin(f, 1, NOW)->body.complete);
	assert_int_equal(dp_transfers_count(f->t), 1);
	free_fixture(f);
}

static void
an_owner_has_so_many(void **state)
{
	struct fixture *f = new_fixture();

	(void)state;
	assert_non_null(begin(f, 1, NOW));
	assert_non_null(begin(f, 2, NOW));
	assert_null(begin(f, 3, NOW));
	assert_int_equal(dp_counter_get(&f->c, DP_C_transfers_full), 1);
	assert_non_null(begin(f, 11, NOW));     /* another's */
	assert_non_null(begin(f, 1, NOW));      /* which is there already */
	finish(f, find(f, 2), TG_CHANGED, NOW); /* and those that are over do not count */
	assert_non_null(begin(f, 3, NOW));
	free_fixture(f);
}

/* The order in which three of an owner's are over. */
static const struct order_row {
	const char *name;
	uint8_t key[3];
} order_rows[] = {
	{"the first, the second, the third", {1, 2, 3}},
	{"the first, the third, the second", {1, 3, 2}},
	{"the second, the first, the third", {2, 1, 3}},
	{"the second, the third, the first", {2, 3, 1}},
	{"the third, the first, the second", {3, 1, 2}},
	{"the third, the second, the first", {3, 2, 1}},
};

/* How many more bodies owner 0 may begin; they are dropped again. */
static unsigned
room_of_owner(struct fixture *f)
{
	struct dp_transfer *x[MAX];
	unsigned n = 0;

	while ((x[n] = begin(f, 4 + n, NOW)) != NULL)
		n++;
	for (unsigned i = 0; i < n; i++)
		dp_transfers_drop(f->t, x[i]);
	return n;
}

static void
over_in_any_order(void **state)
{
	const struct dp_transfers_config cfg = {.max = 8, .bytes = 16, .per_peer = 3};
	const struct order_row *r = *state;
	struct fixture *f = new_block(sizeof(*f));

	f->t = dp_transfers_init(new_block(dp_transfers_size(&cfg)), &cfg);
	for (uint64_t key = 1; key <= 3; key++) {
		assert_int_equal(room_of_owner(f), 4 - key);
		assert_non_null(begin(f, key, NOW));
		assert_non_null(begin(f, 10 + key, NOW)); /* another's */
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(room_of_owner(f), i);
		dp_transfers_drop(f->t, find(f, r->key[i]));
	}
	assert_int_equal(room_of_owner(f), 3);
	assert_null(begin(f, 14, NOW));
	free_fixture(f);
}

static void
finished_ones_make_room(void **state)
{
	struct fixture *f = new_fixture();

	(void)state;
	for (unsigned i = 0; i < MAX; i++)
		assert_non_null(begin(f, 10ull * i, NOW));
	assert_null(begin(f, 90, NOW));
	finish(f, find(f, 20), TG_CHANGED, NOW);
	finish(f, find(f, 10), TG_CHANGED, NOW);
	assert_non_null(begin(f, 90, NOW));
	assert_null(find(f, 20)); /* the one that was finished first */
	assert_non_null(find(f, 10));
	assert_non_null(begin(f, 91, NOW));
	assert_null(find(f, 10));
	assert_null(begin(f, 81, NOW));
	assert_int_equal(dp_transfers_count(f->t), MAX);
	free_fixture(f);
}

/* Who has more than its share makes room for itself, and keeps what is coming. */
static void
many_finished_push_out_no_others(void **state)
{
	struct fixture *f = new_fixture();

	(void)state;
	assert_non_null(begin(f, 11, NOW));
	finish(f, find(f, 11), TG_CHANGED, NOW);
	for (uint64_t key = 1; key <= PER_PEER + 1; key++) {
		assert_non_null(begin(f, key, NOW));
		finish(f, find(f, key), TG_CHANGED, NOW + 1);
	}
	for (uint64_t key = 4; key < 8; key++) {
		assert_non_null(begin(f, key, NOW + 2));
		assert_int_equal(dp_transfers_count(f->t), MAX);
		assert_non_null(find(f, 11));
		finish(f, find(f, key), TG_CHANGED, NOW + 2);
	}
	assert_non_null(begin(f, 8, NOW + 3));
	assert_non_null(begin(f, 9, NOW + 3)); /* it has no more than its share now */
	assert_null(find(f, 11));
	assert_non_null(find(f, 8));
	free_fixture(f);
}

static void
busy_is_found_by_nobody(void **state)
{
	struct fixture *f = new_fixture();
	struct dp_transfer *x = begin(f, 1, NOW), *next;

	(void)state;
	dp_transfers_take(f->t, x);
	assert_null(find(f, 1));
	next = begin(f, 1, NOW);
	assert_non_null(next);
	assert_ptr_not_equal(next, x);
	dp_transfers_end(f->t, x, TG_CHANGED, NOW);
	assert_ptr_equal(find(f, 1), next); /* not pushed out by its forerunner */
	assert_int_equal(dp_transfers_count(f->t), 1);
	free_fixture(f);
}

/* Room for a response alone: what comes under its key comes on, and what has finished is
 * there until it ends. */
static void
a_response_waits_for_its_end(void **state)
{
	static const uint64_t coming[2] = {1, ~1ull}, done[2] = {2, ~2ull};
	struct fixture *f = new_fixture();
	struct dp_transfer *x, *y;

	(void)state;
	y = begin(f, 1, NOW);
	x = dp_transfers_reserve(f->t, coming, 0, NOW, &f->c);
	assert_non_null(x);
	assert_ptr_equal(find(f, 1), y);
	x->code = TG_CONTENT;
	dp_transfers_end(f->t, x, TG_CONTENT, NOW);
	assert_ptr_equal(find(f, 1), y);
	finish(f, begin(f, 2, NOW), TG_CHANGED, NOW);
	y = find(f, 2);
	x = dp_transfers_reserve(f->t, done, 0, NOW, &f->c);
	assert_ptr_equal(find(f, 2), y);
	x->code = TG_CONTENT;
	dp_transfers_end(f->t, x, TG_CONTENT, NOW);
	assert_ptr_equal(find(f, 2), x);
	assert_int_equal(dp_transfers_count(f->t), 2);
	x = dp_transfers_reserve(f->t, done, 0, NOW, &f->c);
	dp_transfers_end(f->t, x, TG_NOT_FOUND, NOW); /* there is none */
	assert_int_equal(dp_transfers_count(f->t), 2);
	free_fixture(f);
}

static void
after_unavailable_the_last_block_may_come_again(void **state)
{
	struct fixture *f = new_fixture();
	const struct tg_block first = {0, 0, true}, last = {1, 0, false};
	struct dp_transfer *x = begin(f, 1, NOW);
	uint8_t bytes[16] = {0};

	(void)state;
	assert_int_equal(
		tg_assembly_add(&x->body, &first, bytes, 16), TG_ASSEMBLY_CONTINUE);
	assert_int_equal(
		tg_assembly_add(&x->body, &last, bytes, 5), TG_ASSEMBLY_COMPLETE);
	finish(f, x, TG_UNAVAILABLE, NOW);
	assert_int_equal(find(f, 1)->state, DP_T_COMING);
	assert_int_equal(tg_assembly_add(&find(f, 1)->body, &last, bytes, 5),
		TG_ASSEMBLY_COMPLETE);
	finish(f, find(f, 1), TG_CHANGED, NOW);
	assert_int_equal(
		tg_assembly_add(&find(f, 1)->body, &last, bytes, 5), TG_ASSEMBLY_HOLE);
	assert_int_equal(find(f, 1)->answered, TG_CHANGED);
	free_fixture(f);
}

static void
ended_by_age(void **state)
{
	struct fixture *f = new_fixture();

	(void)state;
	begin(f, 10, NOW);
	begin(f, 20, NOW + 1);
	begin(f, 30, NOW + 2);
	dp_transfers_touch(f->t, find(f, 10), NOW + 3);
	finish(f, find(f, 30), TG_CHANGED, NOW + 2);
	dp_transfers_expire(f->t, 60, NOW + 60, &f->c);
	assert_int_equal(dp_transfers_count(f->t), 3);
	dp_transfers_expire(f->t, 60, NOW + 61, &f->c);
	assert_null(find(f, 20));
	assert_int_equal(dp_counter_get(&f->c, DP_C_transfers_expired), 1);
	dp_transfers_expire(f->t, 60, NOW + 62, &f->c);
	assert_null(find(f, 30));
	assert_non_null(find(f, 10));
	assert_int_equal(dp_counter_get(&f->c, DP_C_transfers_expired), 1);
	dp_transfers_expire(f->t, 60, NOW + 63, &f->c);
	assert_int_equal(dp_transfers_count(f->t), 0);
	assert_int_equal(dp_counter_get(&f->c, DP_C_transfers_expired), 2);
	free_fixture(f);
}

/* What many began in one second does not stop a worker for as long as they are. */
static void
a_few_end_at_a_time(void **state)
{
	const struct dp_transfers_config cfg = {
		.max = 200, .bytes = BYTES_MAX, .per_peer = 200, .headroom = HEADROOM};
	struct fixture f = {.t = NULL};
	unsigned left = 200;

	(void)state;
	f.t = dp_transfers_init(new_block(dp_transfers_size(&cfg)), &cfg);
	assert_non_null(f.t);
	for (uint64_t key = 1; key <= left; key++)
		assert_non_null(begin(&f, key, NOW));
	for (; left > 0; left = dp_transfers_count(f.t)) {
		dp_transfers_expire(f.t, 60, NOW + 60, &f.c);
		assert_int_equal(dp_transfers_count(f.t), left > 64 ? left - 64 : 0);
	}
	free(f.t);
}

static const struct size_row {
	const char *name;
	struct dp_transfers_config cfg;
	bool fits;
} size_rows[] = {
	{"one transfer", {1, 1, 1, 0}, true},
	{"none", {0, 1, 1, 0}, false},
	{"as many as ids", {65534, 16, 1, 0}, true},
	{"more than ids", {65535, 16, 1, 0}, false},
	{"longest body", {1, 65535, 1, 0}, true},
	{"longer body", {1, 65536, 1, 0}, false},
};

static void
sizes(void **state)
{
	const struct size_row *r = *state;

	assert_int_equal(dp_transfers_size(&r->cfg) != 0, r->fits);
	if (!r->fits)
		assert_null(dp_transfers_init(NULL, &r->cfg));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(size_rows) + COUNT(order_rows) + 11] = {
		cmocka_unit_test(found_by_both_halves_of_the_key),
		cmocka_unit_test(bodies_do_not_touch),
		cmocka_unit_test(begun_again_is_the_same_one),
		cmocka_unit_test(an_owner_has_so_many),
		cmocka_unit_test(finished_ones_make_room),
		cmocka_unit_test(many_finished_push_out_no_others),
		cmocka_unit_test(busy_is_found_by_nobody),
		cmocka_unit_test(a_response_waits_for_its_end),
		cmocka_unit_test(after_unavailable_the_last_block_may_come_again),
		cmocka_unit_test(ended_by_age),
		cmocka_unit_test(a_few_end_at_a_time),
	};
	size_t n = 11;

	ADD_ROWS(tests, &n, order_rows, over_in_any_order);
	ADD_ROWS(tests, &n, size_rows, sizes);
	return _cmocka_run_group_tests("transfers", tests, n, NULL, NULL);
}
