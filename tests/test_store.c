#include "dataplane/store.h"

#include "tests/tables.h"

#define MAX 64
#define DEVICES 8
#define CHUNKS 300 /* more than the longest value takes */
#define CHUNK 124  /* bytes of a body in one */
#define IN_SLOT 68
#define NOW 1000
#define FORMAT 50

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct table {
	struct dp_store_config cfg;
	struct dp_store *store;
};

static struct table *
new_table(uint32_t max, uint32_t chunks)
{
	struct table *t = new_block(sizeof(*t));

	t->cfg = (struct dp_store_config){
		.max = max, .devices = DEVICES, .chunks = chunks};
	memcpy(t->cfg.hash_key, hash_key, sizeof(hash_key));
	t->store = dp_store_init(new_block(dp_store_size(&t->cfg)), &t->cfg);
	assert_non_null(t->store);
	return t;
}

static void
free_table(struct table *t)
{
	free(t->store);
	free(t);
}

/* A path of one number and @len bytes in all. */
struct path {
	uint8_t bytes[1024];
	struct dp_path path;
};

static void
make_path(struct path *p, uint32_t number, uint16_t len)
{
	memset(p->bytes, 'p', sizeof(p->bytes));
	p->bytes[0] = 4;
	memcpy(p->bytes + 1, &number, sizeof(number));
	for (unsigned at = 5; at < len; at += 256)
		p->bytes[at] = (uint8_t)(len - at - 1 < 255 ? len - at - 1 : 255);
	p->path = (struct dp_path){.bytes = p->bytes, .len = len};
}

/* The payload of a value follows from its seed. */
static void
make_payload(uint8_t *payload, uint16_t len, uint32_t seed)
{
	for (uint16_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(seed * 31 + i);
}

static uint32_t
find(const struct table *t, const struct path *p)
{
	uint64_t hash = dp_store_hash(t->store, &p->path);

	dp_store_prefetch(t->store, hash);
	return dp_store_find(t->store, &p->path, hash, dp_store_locate(t->store, hash));
}

static enum dp_store_result
put_for(struct table *t, const struct path *p, uint32_t device, uint16_t len,
	uint32_t seed)
{
	static uint8_t payload[DP_BODY_MAX + 1];
	enum dp_store_result result;
	uint8_t *exact;
	uint32_t slot;

	make_payload(payload, len, seed);
	exact = exact_copy(payload, len);
	result = dp_store_put(t->store, &p->path, dp_store_hash(t->store, &p->path),
		find(t, p), device, FORMAT, exact, len, NOW + seed, &slot);
	free(exact);
	if (result != DP_STORE_FULL)
		assert_int_equal(slot, find(t, p));
	return result;
}

static enum dp_store_result
put(struct table *t, const struct path *p, uint16_t len, uint32_t seed)
{
	return put_for(t, p, DP_NONE, len, seed);
}

static bool
read_value(const struct table *t, const struct path *p, struct dp_value *v)
{
	memset(v, 0xee, sizeof(*v));
	return dp_store_read(t->store, &p->path, dp_store_hash(t->store, &p->path), v);
}

/* The part from @from on is that of the value of @len bytes at @payload. */
static void
assert_part(const struct table *t, const struct path *p, uint32_t from,
	const uint8_t *payload, uint32_t len)
{
	uint32_t left = from < len ? len - from : 0;
	struct dp_value v;

	memset(&v, 0xee, sizeof(v));
	assert_true(dp_store_read_from(
		t->store, &p->path, dp_store_hash(t->store, &p->path), from, &v));
	assert_int_equal(v.len, len);
	assert_int_equal(v.n, left < DP_VALUE_MAX ? left : DP_VALUE_MAX);
	assert_memory_equal(v.payload, payload + (from < len ? from : 0), v.n);
	assert_int_equal(v.etag, dp_store_etag(t->store, find(t, p)));
}

/* What stands at @p, to whoever reads it and however, is the value of @len and @seed. */
static void
assert_value(const struct table *t, const struct path *p, uint16_t len, uint32_t seed)
{
	static uint8_t payload[DP_BODY_MAX];
	uint8_t path[1024];
	struct dp_value v, same;
	uint32_t slot = find(t, p);
	uint16_t path_len;

	make_payload(payload, len, seed);
	assert_int_not_equal(slot, DP_NONE);
	assert_true(read_value(t, p, &v));
	assert_int_equal(v.len, len);
	for (uint32_t from = 0; from <= len; from += 16)
		assert_part(t, p, from, payload, len);
	assert_part(t, p, DP_BODY_MAX, payload, len);
	assert_part(t, p, UINT32_MAX - 3, payload, len);
	assert_int_equal(v.n, len < DP_VALUE_MAX ? len : DP_VALUE_MAX);
	assert_memory_equal(v.payload, payload, v.n);
	assert_int_equal(v.content_format, FORMAT);
	assert_int_equal(v.written_s, NOW + seed);
	assert_int_equal(v.etag, dp_store_etag(t->store, slot));
	assert_true(dp_store_info(t->store, slot, path, &path_len, &same));
	assert_int_equal(path_len, p->path.len);
	assert_memory_equal(path, p->path.bytes, path_len);
	assert_int_equal(same.len, len);
	assert_int_equal(same.n, v.n);
	assert_memory_equal(same.payload, payload, same.n);
}

static void
assert_absent(const struct table *t, const struct path *p)
{
	struct dp_value v;

	assert_int_equal(find(t, p), DP_NONE);
	assert_false(read_value(t, p, &v));
}

/* ---- one value ---- */

static const struct row {
	const char *name;
	uint16_t path_len, len;
} rows[] = {
	{"empty payload", 5, 0},
	{"one byte", 5, 1},
	{"fills the slot", 5, IN_SLOT - 5},
	{"one byte over the slot", 5, IN_SLOT - 4},
	{"long path fills the slot", IN_SLOT, 0},
	{"long path over the slot", IN_SLOT + 1, 0},
	{"fills one chunk", 5, CHUNK - 5},
	{"one byte over a chunk", 5, CHUNK - 4},
	{"path ends with a chunk", CHUNK, 9},
	{"one part", 5, DP_VALUE_MAX},
	{"one byte over a part", 5, DP_VALUE_MAX + 1},
	{"longest payload", 5, DP_BODY_MAX},
	{"longest path", 1024, 1},
	{"longest of both", 1024, DP_BODY_MAX},
};

static void
written_and_read(void **state)
{
	const struct row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);
	struct path p, other;

	make_path(&p, 1, r->path_len);
	make_path(&other, 2, r->path_len);
	assert_absent(t, &p);
	assert_int_equal(put(t, &p, r->len, 3), DP_STORE_CREATED);
	assert_value(t, &p, r->len, 3);
	assert_absent(t, &other);
	assert_int_equal(dp_store_count(t->store), 1);
	free_table(t);
}

/* Changed from and to every size, on one slot. */
static void
changed(void **state)
{
	const struct row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;
	uint64_t etag;

	make_path(&p, 1, r->path_len);
	assert_int_equal(put(t, &p, r->len, 0), DP_STORE_CREATED);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		etag = dp_store_etag(t->store, find(t, &p));
		assert_int_not_equal(etag, 0);
		assert_int_equal(put(t, &p, rows[i].len, i + 1), DP_STORE_CHANGED);
		assert_value(t, &p, rows[i].len, i + 1);
		assert_int_not_equal(etag, dp_store_etag(t->store, find(t, &p)));
	}
	assert_int_equal(dp_store_count(t->store), 1);
	free_table(t);
}

static void
deleted(void **state)
{
	const struct row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);
	struct path p, other;
	struct dp_value v;
	uint8_t path[1024];
	uint16_t path_len;
	uint32_t slot;

	make_path(&p, 1, r->path_len);
	make_path(&other, 2, r->path_len);
	assert_int_equal(put(t, &p, r->len, 3), DP_STORE_CREATED);
	assert_int_equal(put(t, &other, 7, 4), DP_STORE_CREATED);
	slot = find(t, &p);
	assert_true(dp_store_del(t->store, slot));
	assert_false(dp_store_del(t->store, slot));
	assert_false(dp_store_info(t->store, slot, path, &path_len, &v));
	assert_absent(t, &p);
	assert_value(t, &other, 7, 4);
	assert_int_equal(dp_store_count(t->store), 1);
	free_table(t);
}

static void
no_value_there(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	uint8_t path[1024];
	struct dp_value v;
	uint16_t len;

	(void)state;
	assert_false(dp_store_info(t->store, 0, path, &len, &v));
	assert_false(dp_store_info(t->store, MAX, path, &len, &v));
	assert_false(dp_store_info(t->store, DP_NONE, path, &len, &v));
	free_table(t);
}

static void
sizes_refused(void **state)
{
	struct dp_store_config cfg = {.max = 63};

	(void)state;
	assert_int_equal(dp_store_size(&cfg), 0);
	assert_null(dp_store_init(NULL, &cfg));
	cfg.max = (1u << 26) + 1;
	assert_int_equal(dp_store_size(&cfg), 0);
}

static void
too_long_is_refused(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	make_path(&p, 1, 5);
	assert_int_equal(put(t, &p, DP_BODY_MAX + 1, 1), DP_STORE_FULL);
	assert_absent(t, &p);
	free_table(t);
}

/* ---- full ---- */

/* Every slot taken: a new value has no room, an old one can still change and make room.
 */
static void
full_of_values(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < MAX; i++) {
		make_path(&p, i, 5);
		assert_int_equal(put(t, &p, 8, i), DP_STORE_CREATED);
	}
	make_path(&p, MAX, 5);
	for (unsigned i = 0; i < 2 * MAX; i++)
		assert_int_equal(put(t, &p, 8, 1), DP_STORE_FULL);
	assert_absent(t, &p);
	make_path(&p, 7, 5);
	assert_int_equal(put(t, &p, 9, 99), DP_STORE_CHANGED);
	assert_true(dp_store_del(t->store, find(t, &p)));
	make_path(&p, MAX, 5);
	assert_int_equal(put(t, &p, 8, 1), DP_STORE_CREATED);
	for (uint32_t i = 0; i < MAX; i++) {
		make_path(&p, i, 5);
		if (i == 7)
			assert_absent(t, &p);
		else
			assert_value(t, &p, 8, i);
	}
	free_table(t);
}

/* Every chunk taken: what needs one is refused and changes nothing; what needs none goes
 * on. */
static void
full_of_chunks(void **state)
{
	struct table *t = new_table(MAX, 9);
	struct path a, b, c;

	(void)state;
	make_path(&a, 1, 5);
	make_path(&b, 2, 5);
	make_path(&c, 3, 5);
	assert_int_equal(put(t, &a, DP_VALUE_MAX, 1), DP_STORE_CREATED); /* nine chunks */
	for (unsigned i = 0; i < 2 * MAX; i++)
		assert_int_equal(put(t, &b, 100, 2), DP_STORE_FULL);
	assert_absent(t, &b);
	assert_int_equal(dp_store_count(t->store), 1);
	assert_int_equal(put(t, &c, 10, 3), DP_STORE_CREATED);
	assert_int_equal(put(t, &c, 100, 4), DP_STORE_FULL);
	assert_value(t, &c, 10, 3);
	assert_value(t, &a, DP_VALUE_MAX, 1);
	assert_true(dp_store_del(t->store, find(t, &a)));
	assert_int_equal(put(t, &b, DP_VALUE_MAX, 5), DP_STORE_CREATED);
	free_table(t);
}

/* A value that holds enough chunks can always be written anew. */
static void
full_of_chunks_still_changes(void **state)
{
	static const uint16_t lens[] = {DP_VALUE_MAX, 500, DP_VALUE_MAX, 8, DP_VALUE_MAX};
	struct table *t = new_table(MAX, 9);
	struct path p;

	(void)state;
	make_path(&p, 1, 5);
	assert_int_equal(put(t, &p, DP_VALUE_MAX, 1), DP_STORE_CREATED);
	for (unsigned i = 0; i < COUNT(lens); i++) {
		assert_int_equal(put(t, &p, lens[i], i), DP_STORE_CHANGED);
		assert_value(t, &p, lens[i], i);
	}
	free_table(t);
}

/* ---- a device's values ---- */

/* The numbers of a device's values, newest first, are @n of @expected. */
static void
assert_list(const struct table *t, uint32_t device, const uint32_t *expected, unsigned n)
{
	uint32_t slot = dp_store_first(t->store, device);
	struct path p;

	for (unsigned i = 0; i < n; i++) {
		make_path(&p, expected[i], 5);
		assert_int_not_equal(slot, DP_NONE);
		assert_int_equal(slot, find(t, &p));
		slot = dp_store_next(t->store, slot);
	}
	assert_int_equal(slot, DP_NONE);
}

static void
put_numbered(struct table *t, uint32_t number, uint32_t device)
{
	struct path p;

	make_path(&p, number, 5);
	assert_int_not_equal(put_for(t, &p, device, 8, number), DP_STORE_FULL);
}

static void
listed_by_device(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		put_numbered(t, i, i % 2);
	assert_list(t, 0, (const uint32_t[]){4, 2, 0}, 3);
	assert_list(t, 1, (const uint32_t[]){5, 3, 1}, 3);
	put_numbered(t, 2, 0); /* written again: stays where it is */
	assert_list(t, 0, (const uint32_t[]){4, 2, 0}, 3);
	make_path(&p, 2, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	assert_list(t, 0, (const uint32_t[]){4, 0}, 2);
	make_path(&p, 4, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	assert_list(t, 0, (const uint32_t[]){0}, 1);
	assert_list(t, 1, (const uint32_t[]){5, 3, 1}, 3);
	assert_list(t, 2, NULL, 0);
	assert_list(t, DEVICES, NULL, 0);
	assert_list(t, DP_NONE, NULL, 0);
	free_table(t);
}

static void
disowned_and_taken_up_again(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		put_numbered(t, i, 0);
	dp_store_disown(t->store, 0, 7);
	dp_store_disown(t->store, DEVICES, 7);
	dp_store_disown(t->store, DP_NONE, 7);
	assert_list(t, 0, NULL, 0);
	make_path(&p, 1, 5);
	assert_value(t, &p, 8, 1); /* it stays */
	assert_int_equal(dp_store_owner(t->store, find(t, &p)), DP_NONE);
	put_numbered(t, 1, 3);
	assert_list(t, 3, (const uint32_t[]){1}, 1);
	assert_list(t, dp_store_orphans(t->store, 7), (const uint32_t[]){0, 2}, 2);
	assert_true(dp_store_del(t->store, find(t, &p)));
	assert_list(t, 3, NULL, 0);
	free_table(t);
}

/* Orphans share a chain with the device whose slot their hash leads to. */
static void
orphans_in_a_chain_of_another(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		put_numbered(t, i, i % 2);
	dp_store_disown(t->store, 0, DEVICES + 1); /* to the chain of 1 */
	assert_list(t, 0, NULL, 0);
	assert_list(t, 1, (const uint32_t[]){5, 3, 1}, 3);
	assert_list(t, dp_store_orphans(t->store, 1), (const uint32_t[]){0, 2, 4}, 3);
	make_path(&p, 2, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	put_numbered(t, 0, 1);
	assert_list(t, dp_store_orphans(t->store, 1), (const uint32_t[]){4}, 1);
	assert_list(t, 1, (const uint32_t[]){0, 5, 3, 1}, 4);
	dp_store_disown(t->store, 1, 1); /* to where they are */
	assert_list(t, 1, NULL, 0);
	assert_list(
		t, dp_store_orphans(t->store, 1), (const uint32_t[]){1, 3, 5, 0, 4}, 5);
	free_table(t);
}

/* Written without a device, or with one beyond those that are listed. */
static void
without_an_owner(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	put_numbered(t, 1, DP_NONE);
	put_numbered(t, 2, DEVICES);
	make_path(&p, 1, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	make_path(&p, 2, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	for (uint32_t i = 0; i < DEVICES; i++)
		assert_list(t, i, NULL, 0);
	free_table(t);
}

static void
lives_on_elsewhere(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path a, b, c;

	(void)state;
	make_path(&a, 1, 5);
	make_path(&b, 2, 400);
	make_path(&c, 3, 5);
	assert_int_equal(put_for(t, &a, 0, 10, 1), DP_STORE_CREATED);
	assert_int_equal(put(t, &b, DP_VALUE_MAX, 2), DP_STORE_CREATED);
	t->store = moved(t->store, dp_store_size(&t->cfg));
	assert_int_equal(layout_of(t->store), 1);
	assert_true(has_key(t->store, 64, hash_key));
	assert_value(t, &a, 10, 1);
	assert_value(t, &b, DP_VALUE_MAX, 2);
	assert_list(t, 0, (const uint32_t[]){1}, 1);
	assert_int_equal(put(t, &c, 300, 3), DP_STORE_CREATED);
	assert_value(t, &c, 300, 3);
	assert_int_equal(dp_store_count(t->store), 3);
	free_table(t);
}

/* ---- against a model: one entry a path ---- */

#define PATHS 60

struct model {
	bool there[PATHS];
	uint16_t len[PATHS];
	uint32_t seed[PATHS];
	struct dice d;
};

static void
one_operation(struct table *t, struct model *m, uint32_t turn)
{
	unsigned i = roll_below(&m->d, PATHS);
	struct path p;

	make_path(&p, i, (uint16_t)(5 + i * 3));
	if (roll_below(&m->d, 4) == 0) {
		assert_int_equal(m->there[i], find(t, &p) != DP_NONE);
		if (m->there[i])
			assert_true(dp_store_del(t->store, find(t, &p)));
		m->there[i] = false;
		return;
	}
	m->len[i] =
		(uint16_t)roll_below(&m->d, roll_below(&m->d, 2) ? 60 : DP_VALUE_MAX + 1);
	m->seed[i] = turn;
	assert_int_equal(put_for(t, &p, i % DEVICES, m->len[i], turn),
		m->there[i] ? DP_STORE_CHANGED : DP_STORE_CREATED);
	m->there[i] = true;
}

/* All values, and each listed once, by its device. */
static void
compare(const struct table *t, const struct model *m)
{
	unsigned count = 0, listed = 0;
	struct path p;

	for (unsigned i = 0; i < PATHS; i++) {
		make_path(&p, i, (uint16_t)(5 + i * 3));
		count += m->there[i];
		if (m->there[i])
			assert_value(t, &p, m->len[i], m->seed[i]);
		else
			assert_absent(t, &p);
	}
	for (uint32_t device = 0; device < DEVICES; device++)
		for (uint32_t slot = dp_store_first(t->store, device); slot != DP_NONE;
			slot = dp_store_next(t->store, slot))
			listed++;
	assert_int_equal(listed, count);
	assert_int_equal(dp_store_count(t->store), count);
}

static void
as_the_model_says(void **state)
{
	struct table *t = new_table(MAX, PATHS * 12);
	struct model m = {.d.state = 23};

	(void)state;
	for (uint32_t turn = 0; turn < 6000; turn++) {
		one_operation(t, &m, turn);
		if (turn % 20 == 0)
			compare(t, &m);
	}
	compare(t, &m);
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[3 * COUNT(rows) + 12] = {
		cmocka_unit_test(no_value_there),
		cmocka_unit_test(sizes_refused),
		cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(full_of_values),
		cmocka_unit_test(full_of_chunks),
		cmocka_unit_test(full_of_chunks_still_changes),
		cmocka_unit_test(listed_by_device),
		cmocka_unit_test(disowned_and_taken_up_again),
		cmocka_unit_test(orphans_in_a_chain_of_another),
		cmocka_unit_test(without_an_owner),
		cmocka_unit_test(lives_on_elsewhere),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 12;

	ADD_ROWS(tests, &n, rows, written_and_read);
	ADD_ROWS(tests, &n, rows, changed);
	ADD_ROWS(tests, &n, rows, deleted);
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
