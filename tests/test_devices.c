#include "dataplane/devices.h"

#include "tests/tables.h"

#include <stdio.h>

#define MAX 64
#define CHUNKS 20
#define NOW 1000
#define NAME256                                                                          \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct table {
	struct dp_devices_config cfg;
	struct dp_devices *devices;
	struct dp_counters counters;
	struct dp_devices_events events;
	uint64_t gone; /* bit i: slot i was told of */
};

static void
note(void *arg, uint32_t device)
{
	struct table *t = arg;

	t->gone |= 1ull << device;
}

static struct table *
new_keyed_table(uint32_t max, uint32_t chunks, uint8_t key)
{
	struct table *t = new_block(sizeof(*t));

	t->cfg = (struct dp_devices_config){.max = max, .chunks = chunks};
	memcpy(t->cfg.hash_key, hash_key, sizeof(hash_key));
	t->cfg.hash_key[0] = key;
	t->devices = dp_devices_init(new_block(dp_devices_size(&t->cfg)), &t->cfg);
	assert_non_null(t->devices);
	t->events = (struct dp_devices_events){
		.counters = &t->counters,
		.gone = note,
		.arg = t,
	};
	return t;
}

static struct table *
new_table(uint32_t max, uint32_t chunks)
{
	return new_keyed_table(max, chunks, hash_key[0]);
}

static void
free_table(struct table *t)
{
	free(t->devices);
	free(t);
}

static uint64_t
counted(const struct table *t, enum dp_counter which)
{
	return dp_counter_get(&t->counters, which);
}

/* As a burst does it. */
static uint32_t
get(struct table *t, const char *name, size_t len, uint32_t now)
{
	uint64_t hash = dp_devices_hash(t->devices, name, len);

	dp_devices_prefetch(t->devices, hash);
	return dp_devices_get(t->devices, name, len, hash,
		dp_devices_locate(t->devices, hash), now, &t->events);
}

static uint32_t
find(const struct table *t, const char *name, size_t len)
{
	return dp_devices_find(
		t->devices, name, len, dp_devices_hash(t->devices, name, len));
}

static uint32_t
get_numbered(struct table *t, uint32_t i, uint32_t now)
{
	char name[32];

	return get(t, name, (size_t)snprintf(name, sizeof(name), "dev%u", i), now);
}

/* As a path has it, and what else stands there behind it. */
static bool
is(const struct table *t, uint32_t device, const char *name, size_t len)
{
	uint8_t segment[256];

	memset(segment, 0xee, sizeof(segment));
	segment[0] = (uint8_t)len;
	memcpy(segment + 1, name, len);
	return dp_devices_is(t->devices, device, segment);
}

/* Names that fit a slot are told at once, others never; none is taken for another. */
static void
told_at_once(void **state)
{
	char name[32] = "an identity of 31 letters......";
	struct table *t = new_table(MAX, CHUNKS);

	(void)state;
	for (size_t len = 1; len < sizeof(name); len++) {
		uint32_t device = get(t, name, len, NOW);

		assert_int_equal(is(t, device, name, len), len <= 23);
		assert_false(is(t, device, name, len - 1));
		assert_false(is(t, device, name, len + 1));
		assert_false(is(t, DP_NONE, name, len));
		for (size_t i = 0; i < len; i++) {
			name[i] ^= 0x20;
			assert_false(is(t, device, name, len));
			name[i] ^= 0x20;
		}
		assert_true(dp_devices_del(t->devices, device));
		assert_false(is(t, device, name, len));
		assert_false(is(t, device, name, 0));
	}
	free_table(t);
}

static const struct name_row {
	const char *name;
	const char *id;
	size_t len;
} name_rows[] = {
	{"one byte", "d", 1},
	{"a zero byte", "\0", 1},
	{"longest in a slot", NAME256, 23},
	{"shortest in a chunk", NAME256, 24},
	{"longest in one chunk", NAME256, 60},
	{"shortest in two chunks", NAME256, 61},
	{"longest", NAME256, 255},
};

static void
known_by_its_name(void **state)
{
	const struct name_row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);
	char *name = (char *)exact_copy(r->id, r->len);
	uint32_t device = get(t, name, r->len, NOW);
	struct dp_device_info got;

	assert_int_not_equal(device, DP_NONE);
	assert_int_equal(get(t, name, r->len, NOW), device);
	assert_int_equal(find(t, name, r->len), device);
	assert_true(dp_devices_info(t->devices, device, &got));
	assert_int_equal(got.name_len, r->len);
	assert_memory_equal(got.name, r->id, r->len);
	assert_int_equal(got.name[got.name_len], '\0');
	name[r->len - 1] ^= 1;
	assert_int_equal(find(t, name, r->len), DP_NONE);
	assert_int_equal(find(t, name, r->len - 1), DP_NONE);
	assert_int_not_equal(get(t, name, r->len, NOW), device);
	assert_int_equal(dp_devices_count(t->devices), 2);
	free(name);
	free_table(t);
}

static const struct name_row bad_rows[] = {
	{"no name", NAME256, 0},
	{"one byte too long", NAME256, 256},
};

static void
no_device(void **state)
{
	const struct name_row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);

	assert_int_equal(get(t, r->id, r->len, NOW), DP_NONE);
	assert_int_equal(dp_devices_count(t->devices), 0);
	free_table(t);
}

static void
sizes_refused(void **state)
{
	struct dp_devices_config cfg = {.max = 63};

	(void)state;
	assert_int_equal(dp_devices_size(&cfg), 0);
	assert_null(dp_devices_init(NULL, &cfg));
	cfg.max = (1u << 26) + 1;
	assert_int_equal(dp_devices_size(&cfg), 0);
}

static void
told_about(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	uint32_t device = get(t, "dev1", 4, NOW), other = get(t, "dev2", 4, NOW);
	struct dp_device_info got;

	(void)state;
	assert_true(dp_devices_info(t->devices, device, &got));
	assert_int_equal(got.peer, DP_NONE);
	assert_int_equal(got.messages, 0);
	dp_devices_heard(t->devices, device, 7, 2, 100, NOW + 1);
	dp_devices_heard(t->devices, device, 9, 1, UINT32_MAX, NOW + 2);
	dp_devices_heard(t->devices, other, 3, 0, 1, NOW + 3);
	assert_true(dp_devices_info(t->devices, device, &got));
	assert_int_equal(got.peer, 9);
	assert_int_equal(got.peer_home, 1);
	assert_int_equal(got.last_heard_s, NOW + 2);
	assert_int_equal(got.messages, 2);
	assert_int_equal(got.bytes, 100 + (uint64_t)UINT32_MAX);
	assert_false(dp_devices_info(t->devices, MAX, &got));
	assert_false(dp_devices_info(t->devices, MAX - 1, &got)); /* free */
	free_table(t);
}

static void
nothing_is_inherited(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	uint32_t device = get(t, NAME256, 200, NOW);
	struct dp_device_info got;

	(void)state;
	dp_devices_heard(t->devices, device, 7, 0, 100, NOW + 1);
	assert_true(dp_devices_del(t->devices, device));
	assert_false(dp_devices_del(t->devices, device));
	assert_false(dp_devices_del(t->devices, MAX));
	assert_false(dp_devices_info(t->devices, device, &got));
	assert_int_equal(find(t, NAME256, 200), DP_NONE);
	assert_int_equal(get(t, "d", 1, NOW + 5), device);
	assert_true(dp_devices_info(t->devices, device, &got));
	assert_int_equal(got.name_len, 1);
	assert_int_equal(got.peer, DP_NONE);
	assert_int_equal(got.last_heard_s, NOW + 5);
	assert_int_equal(got.messages, 0);
	assert_int_equal(got.bytes, 0);
	free_table(t);
}

/* Long names share a pool: when it is empty a long name has no room and a short one has.
 */
static void
chunks_run_out_and_come_back(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	char name[256];
	uint32_t first = DP_NONE;

	(void)state;
	memcpy(name, NAME256, sizeof(name));
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < CHUNKS / 5; i++) {
			name[0] = (char)('A' + i);
			first = get(t, name, 255, NOW); /* five chunks */
			assert_int_not_equal(first, DP_NONE);
		}
		name[0] = 'z';
		for (unsigned i = 0; i < 2 * MAX; i++)
			assert_int_equal(get(t, name, 100, NOW), DP_NONE);
		assert_int_equal(dp_devices_count(t->devices), CHUNKS / 5);
		assert_int_not_equal(get(t, "short", 5, NOW), DP_NONE);
		assert_true(dp_devices_del(t->devices, first));
		assert_int_not_equal(get(t, name, 255, NOW), DP_NONE);
		for (uint32_t i = 0; i < MAX; i++)
			dp_devices_del(t->devices, i);
		assert_int_equal(dp_devices_count(t->devices), 0);
	}
	free_table(t);
}

static void
a_new_device_pushes_out_one(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	unsigned there = 0;

	(void)state;
	for (uint32_t i = 0; i < 4 * MAX; i++) {
		uint32_t device = get_numbered(t, i, NOW + i);

		assert_int_not_equal(device, DP_NONE);
		assert_int_equal(get_numbered(t, i, NOW + i), device);
		assert_int_equal(dp_devices_count(t->devices), i < MAX ? i + 1 : MAX);
	}
	assert_int_equal(counted(t, DP_C_devices_evicted), 3 * MAX);
	for (uint32_t i = 0; i < 4 * MAX; i++) {
		char name[32];

		there += find(t, name, (size_t)snprintf(name, sizeof(name), "dev%u", i))
			 != DP_NONE;
	}
	assert_int_equal(there, MAX);
	free_table(t);
}

/* However the names fall into the index: under many hash keys, there is always one to go.
 */
static void
a_full_table_has_room(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 200; k++) {
		struct table *t = new_keyed_table(MAX, CHUNKS, (uint8_t)k);

		for (uint32_t i = 0; i < 3 * MAX; i++)
			assert_int_not_equal(get_numbered(t, i, NOW + i), DP_NONE);
		free_table(t);
	}
}

static void
swept(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	uint64_t expected = 0;
	unsigned dropped = 0;

	(void)state;
	for (uint32_t i = 0; i < MAX; i++) {
		uint32_t device = get_numbered(t, i, NOW + i);

		if (i <= 20)
			expected |= 1ull << device;
	}
	for (unsigned i = 0; i < MAX / 4; i++)
		dropped += dp_devices_sweep(t->devices, 4, 300, NOW + 320, &t->events);
	assert_int_equal(dropped, 21);
	assert_true(t->gone == expected);
	assert_int_equal(counted(t, DP_C_devices_expired), 21);
	assert_int_equal(dp_devices_count(t->devices), MAX - 21);
	t->events.gone = NULL;
	dropped = dp_devices_sweep(t->devices, MAX, 0, NOW + 320, &t->events);
	assert_int_equal(dropped, MAX - 21);
	assert_int_equal(dp_devices_count(t->devices), 0);
	free_table(t);
}

/* Whoever goes is told of, before another has the slot. */
static void
the_evicted_is_told_of(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);

	(void)state;
	for (uint32_t i = 0; i < MAX; i++)
		get_numbered(t, i, NOW + i);
	assert_true(t->gone == 0);
	for (uint32_t i = MAX; i < 4 * MAX; i++) {
		t->gone = 0;
		assert_true(1ull << get_numbered(t, i, NOW + i) == t->gone);
	}
	free_table(t);
}

static void
lives_on_elsewhere(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	uint32_t a = get(t, "short", 5, NOW), b = get(t, NAME256, 255, NOW);
	struct dp_device_info got;

	(void)state;
	t->devices = moved(t->devices, dp_devices_size(&t->cfg));
	assert_int_equal(layout_of(t->devices), 3);
	assert_true(has_key(t->devices, 64, hash_key));
	assert_int_equal(find(t, "short", 5), a);
	assert_int_equal(find(t, NAME256, 255), b);
	assert_true(dp_devices_info(t->devices, b, &got));
	assert_memory_equal(got.name, NAME256, 255);
	assert_int_not_equal(get(t, "new", 3, NOW), DP_NONE);
	assert_int_equal(dp_devices_count(t->devices), 3);
	free_table(t);
}

/* ---- against a model: a list of names ---- */

#define NAMES 60

struct model {
	bool there[NAMES];
	uint32_t slot[NAMES], messages[NAMES];
	struct dice d;
};

/* Names of all lengths, no two alike. */
static size_t
name_of(unsigned i, char *name)
{
	memcpy(name, NAME256, 256);
	name[0] = (char)('A' + i);
	return 1 + i * 4;
}

static void
compare(const struct table *t, const struct model *m)
{
	struct dp_device_info got;
	uint32_t count = 0;
	char name[256];

	for (unsigned i = 0; i < NAMES; i++) {
		size_t len = name_of(i, name);

		count += m->there[i];
		assert_int_equal(find(t, name, len), m->there[i] ? m->slot[i] : DP_NONE);
		if (!m->there[i])
			continue;
		assert_true(dp_devices_info(t->devices, m->slot[i], &got));
		assert_int_equal(got.name_len, len);
		assert_memory_equal(got.name, name, len);
		assert_int_equal(got.messages, m->messages[i]);
	}
	assert_int_equal(dp_devices_count(t->devices), count);
}

static void
as_the_model_says(void **state)
{
	struct table *t = new_table(MAX, NAMES * 5);
	struct model m = {.d.state = 11};
	char name[256];

	(void)state;
	for (unsigned turn = 0; turn < 5000; turn++) {
		unsigned i = roll_below(&m.d, NAMES);
		size_t len = name_of(i, name);

		if (m.there[i] && roll_below(&m.d, 3) == 0) {
			assert_true(dp_devices_del(t->devices, m.slot[i]));
			m.there[i] = false;
			continue;
		}
		if (!m.there[i])
			m.messages[i] = 0;
		m.slot[i] = get(t, name, len, NOW);
		assert_int_not_equal(m.slot[i], DP_NONE);
		m.there[i] = true;
		m.messages[i]++;
		dp_devices_heard(t->devices, m.slot[i], 1, 0, 1, NOW);
		if (turn % 10 == 0)
			compare(t, &m);
	}
	compare(t, &m);
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(name_rows) + COUNT(bad_rows) + 11] = {
		cmocka_unit_test(sizes_refused),
		cmocka_unit_test(told_about),
		cmocka_unit_test(told_at_once),
		cmocka_unit_test(nothing_is_inherited),
		cmocka_unit_test(chunks_run_out_and_come_back),
		cmocka_unit_test(a_new_device_pushes_out_one),
		cmocka_unit_test(a_full_table_has_room),
		cmocka_unit_test(swept),
		cmocka_unit_test(the_evicted_is_told_of),
		cmocka_unit_test(lives_on_elsewhere),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 11;

	ADD_ROWS(tests, &n, name_rows, known_by_its_name);
	ADD_ROWS(tests, &n, bad_rows, no_device);
	return cmocka_run_group_tests_name("devices", tests, NULL, NULL);
}
