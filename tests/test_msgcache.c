#include "coap/msgcache.h"

#include "tests/rows.h"

#define CON_MS 247000
#define NON_MS 145000
#define MAX 4
#define SLOT 8

static const struct tg_param param = TG_PARAM_DEFAULTS;

/* A cache whose memory has no slack. */
struct fixture {
	struct tg_msgcache cache;
	struct tg_kept *entries;
	uint8_t *slots;
};

static int
set_up(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	if (f == NULL)
		return -1;
	f->entries = malloc(MAX * sizeof(*f->entries));
	f->slots = malloc((size_t)MAX * SLOT);
	tg_msgcache_init(&f->cache, f->entries, MAX, f->slots, SLOT);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->entries);
	free(f->slots);
	free(f);
	return 0;
}

static struct tg_kept *
put(struct fixture *f, uint16_t mid, enum tg_type type, uint64_t now_ms)
{
	return tg_msgcache_put(&f->cache, mid, type, now_ms, &param);
}

static void
lifetimes(void **state)
{
	struct fixture *f = *state;

	put(f, 1, TG_CON, 10);
	put(f, 2, TG_NON, 10);
	assert_non_null(tg_msgcache_find(&f->cache, 1, 10 + CON_MS - 1));
	assert_null(tg_msgcache_find(&f->cache, 1, 10 + CON_MS));
	assert_non_null(tg_msgcache_find(&f->cache, 2, 10 + NON_MS - 1));
	assert_null(tg_msgcache_find(&f->cache, 2, 10 + NON_MS));
	assert_null(tg_msgcache_find(&f->cache, 3, 10));
}

/* Message IDs come round: the live one of two is meant. */
static void
same_mid_again(void **state)
{
	struct fixture *f = *state;

	put(f, 1, TG_NON, 0);
	put(f, 1, TG_CON, NON_MS);
	assert_int_equal(tg_msgcache_find(&f->cache, 1, NON_MS)->type, TG_CON);
}

/* A full cache takes nothing more before the first is over, and loses nothing. */
static void
full(void **state)
{
	struct fixture *f = *state;

	put(f, 0, TG_NON, 0);
	for (uint16_t mid = 1; mid < MAX; mid++)
		assert_non_null(put(f, mid, TG_CON, 0));
	assert_null(put(f, 9, TG_CON, NON_MS - 1));
	for (uint16_t mid = 0; mid < MAX; mid++)
		assert_non_null(tg_msgcache_find(&f->cache, mid, NON_MS - 1));
	assert_non_null(put(f, 9, TG_CON, NON_MS));
	assert_non_null(tg_msgcache_find(&f->cache, MAX - 1, NON_MS));
}

/* What is over gives its place back; the others keep their bytes. */
static void
shrinks(void **state)
{
	struct fixture *f = *state;
	const struct tg_kept *e;

	assert_true(tg_msgcache_keep(&f->cache, put(f, 1, TG_NON, 0), "first", 5));
	assert_true(tg_msgcache_keep(&f->cache, put(f, 2, TG_CON, 0), "second", 6));
	put(f, 3, TG_NON, 0);
	assert_true(tg_msgcache_keep(&f->cache, put(f, 4, TG_CON, 1), "", 0));
	assert_int_equal(tg_msgcache_expire(&f->cache, NON_MS - 1), 4);
	assert_int_equal(tg_msgcache_expire(&f->cache, NON_MS), 2);
	e = tg_msgcache_find(&f->cache, 2, NON_MS);
	assert_int_equal(e->len, 6);
	assert_memory_equal(tg_msgcache_bytes(&f->cache, e), "second", 6);
	assert_int_equal(tg_msgcache_find(&f->cache, 4, NON_MS)->len, 0);
	assert_int_equal(tg_msgcache_expire(&f->cache, CON_MS + 1), 0);
}

static void
bytes_that_fit(void **state)
{
	struct fixture *f = *state;
	struct tg_kept *e;

	for (uint16_t mid = 0; mid < MAX - 1; mid++)
		put(f, mid, TG_CON, 0);
	e = put(f, MAX - 1, TG_CON, 0);
	assert_true(tg_msgcache_keep(&f->cache, e, "8 bytes.", SLOT));
	assert_memory_equal(tg_msgcache_bytes(&f->cache, e), "8 bytes.", SLOT);
	assert_false(tg_msgcache_keep(&f->cache, e, "nine bytes", SLOT + 1));
	assert_int_equal(e->len, 0);
}

#define NOTHING (-1)

static const struct settle_row {
	const char *name;
	enum tg_type sent;
	enum tg_kept_state before;
	enum tg_type reply;
	uint16_t mid; /* the message sent has 7 */
	uint64_t now_ms;
	int after; /* NOTHING: it settles none */
} settles[] = {
	{"CON acknowledged", TG_CON, TG_KEPT_OPEN, TG_ACK, 7, 1, TG_KEPT_ACKED},
	{"CON rejected", TG_CON, TG_KEPT_OPEN, TG_RST, 7, 1, TG_KEPT_REJECTED},
	{"NON rejected", TG_NON, TG_KEPT_OPEN, TG_RST, 7, 1, TG_KEPT_REJECTED},
	{"NON acknowledged", TG_NON, TG_KEPT_OPEN, TG_ACK, 7, 1, NOTHING},
	{"another Message ID", TG_CON, TG_KEPT_OPEN, TG_ACK, 8, 1, NOTHING},
	{"acknowledged twice", TG_CON, TG_KEPT_ACKED, TG_ACK, 7, 1, NOTHING},
	{"rejected once acknowledged", TG_CON, TG_KEPT_ACKED, TG_RST, 7, 1, NOTHING},
	{"acknowledged when given up", TG_CON, TG_KEPT_FAILED, TG_ACK, 7, 1, NOTHING},
	{"at the last moment", TG_CON, TG_KEPT_OPEN, TG_ACK, 7, CON_MS - 1,
		TG_KEPT_ACKED},
	{"when it is over", TG_CON, TG_KEPT_OPEN, TG_ACK, 7, CON_MS, NOTHING},
};

static void
settle(void **state)
{
	const struct settle_row *r = *state;
	struct tg_kept entry, *e;
	struct tg_msgcache c;

	tg_msgcache_init(&c, &entry, 1, NULL, 0);
	tg_msgcache_put(&c, 7, r->sent, 0, &param)->state = (uint8_t)r->before;
	e = tg_msgcache_settle(&c, r->mid, r->reply, r->now_ms);
	assert_int_equal(e != NULL, r->after != NOTHING);
	assert_int_equal(entry.state, r->after != NOTHING ? r->after : (int)r->before);
}

/* No two have one name. */
static void
names(void **state)
{
	(void)state;
	for (int a = 0; a <= TG_KEPT_STATES; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(tg_kept_state_name((enum tg_kept_state)a),
				tg_kept_state_name((enum tg_kept_state)b));
}

#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	struct CMUnitTest tests[COUNT(settles) + 6] = {
		WITH_CACHE(lifetimes),
		WITH_CACHE(same_mid_again),
		WITH_CACHE(full),
		WITH_CACHE(shrinks),
		WITH_CACHE(bytes_that_fit),
		cmocka_unit_test(names),
	};
	size_t n = 6;

	ADD_ROWS(tests, &n, settles, settle);
	return cmocka_run_group_tests_name("msgcache", tests, NULL, NULL);
}
