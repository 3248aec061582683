#include "coap/option.h"
#include "tests/rows.h"

/* The registries' rows, from the RFCs and not from the code. */
static const struct def_row {
	const char *name;
	uint16_t number;
	bool critical, unsafe, no_cache_key;
	uint8_t format;
	uint16_t min_len, max_len;
	uint8_t in_request, in_response;
} defs[] = {
	{"If-Match", 1, 1, 0, 0, TG_FMT_OPAQUE, 0, 8, TG_OPT_MANY, TG_OPT_NEVER},
	{"Uri-Host", 3, 1, 1, 0, TG_FMT_STRING, 1, 255, TG_OPT_ONCE, TG_OPT_NEVER},
	{"ETag", 4, 0, 0, 0, TG_FMT_OPAQUE, 1, 8, TG_OPT_MANY, TG_OPT_ONCE},
	{"If-None-Match", 5, 1, 0, 0, TG_FMT_EMPTY, 0, 0, TG_OPT_ONCE, TG_OPT_NEVER},
	{"Observe", 6, 0, 1, 0, TG_FMT_UINT, 0, 3, TG_OPT_ONCE, TG_OPT_ONCE},
	{"Uri-Port", 7, 1, 1, 0, TG_FMT_UINT, 0, 2, TG_OPT_ONCE, TG_OPT_NEVER},
	{"Location-Path", 8, 0, 0, 0, TG_FMT_STRING, 0, 255, TG_OPT_NEVER, TG_OPT_MANY},
	{"OSCORE", 9, 1, 0, 0, TG_FMT_OPAQUE, 0, 255, TG_OPT_ONCE, TG_OPT_ONCE},
	{"Uri-Path", 11, 1, 1, 0, TG_FMT_STRING, 0, 255, TG_OPT_MANY, TG_OPT_NEVER},
	{"Content-Format", 12, 0, 0, 0, TG_FMT_UINT, 0, 2, TG_OPT_ONCE, TG_OPT_ONCE},
	{"Max-Age", 14, 0, 1, 0, TG_FMT_UINT, 0, 4, TG_OPT_NEVER, TG_OPT_ONCE},
	{"Uri-Query", 15, 1, 1, 0, TG_FMT_STRING, 0, 255, TG_OPT_MANY, TG_OPT_NEVER},
	{"Hop-Limit", 16, 0, 0, 0, TG_FMT_UINT, 1, 1, TG_OPT_ONCE, TG_OPT_NEVER},
	{"Accept", 17, 1, 0, 0, TG_FMT_UINT, 0, 2, TG_OPT_ONCE, TG_OPT_NEVER},
	{"Location-Query", 20, 0, 0, 0, TG_FMT_STRING, 0, 255, TG_OPT_NEVER, TG_OPT_MANY},
	{"Block2", 23, 1, 1, 0, TG_FMT_UINT, 0, 3, TG_OPT_ONCE, TG_OPT_ONCE},
	{"Block1", 27, 1, 1, 0, TG_FMT_UINT, 0, 3, TG_OPT_ONCE, TG_OPT_ONCE},
	{"Size2", 28, 0, 0, 1, TG_FMT_UINT, 0, 4, TG_OPT_ONCE, TG_OPT_ONCE},
	{"Proxy-Uri", 35, 1, 1, 0, TG_FMT_STRING, 1, 1034, TG_OPT_ONCE, TG_OPT_NEVER},
	{"Proxy-Scheme", 39, 1, 1, 0, TG_FMT_STRING, 1, 255, TG_OPT_ONCE, TG_OPT_NEVER},
	{"Size1", 60, 0, 0, 1, TG_FMT_UINT, 0, 4, TG_OPT_ONCE, TG_OPT_ONCE},
	{"Echo", 252, 0, 0, 1, TG_FMT_OPAQUE, 1, 40, TG_OPT_ONCE, TG_OPT_ONCE},
	{"No-Response", 258, 0, 1, 0, TG_FMT_UINT, 0, 1, TG_OPT_ONCE, TG_OPT_NEVER},
	{"Request-Tag", 292, 0, 0, 0, TG_FMT_OPAQUE, 0, 8, TG_OPT_MANY, TG_OPT_NEVER},
};

static void
registered(void **state)
{
	const struct def_row *r = *state;
	const struct tg_opt_def *d = tg_opt_find(r->number);

	assert_non_null(d);
	assert_string_equal(d->name, r->name);
	assert_int_equal(d->number, r->number);
	assert_int_equal(d->format, r->format);
	assert_int_equal(d->min_len, r->min_len);
	assert_int_equal(d->max_len, r->max_len);
	assert_int_equal(d->in_request, r->in_request);
	assert_int_equal(d->in_response, r->in_response);
	assert_int_equal(tg_opt_is_critical(r->number), r->critical);
	assert_int_equal(tg_opt_is_unsafe(r->number), r->unsafe);
	assert_int_equal(tg_opt_is_no_cache_key(r->number), r->no_cache_key);
}

/*
 * No two options have one number or one name, and none claims what its format or its
 * number rules out: whoever adds one that conflicts is told.
 */
static void
no_conflicts(void **state)
{
	(void)state;
	for (unsigned number = 0; number <= UINT16_MAX; number++) {
		const struct tg_opt_def *d = tg_opt_find(number);

		if (d == NULL)
			continue;
		assert_int_equal(d->number, number);
		assert_true(d->min_len <= d->max_len);
		assert_true(d->format != TG_FMT_EMPTY || d->max_len == 0);
		assert_true(d->format != TG_FMT_UINT || d->max_len <= sizeof(uint32_t));
		assert_true(
			d->in_request != TG_OPT_NEVER || d->in_response != TG_OPT_NEVER);
		for (unsigned other = 0; other < number; other++)
			if (tg_opt_find(other) != NULL)
				assert_string_not_equal(
					tg_opt_find(other)->name, d->name);
	}
}

/* No number but those above is known. */
static void
nothing_else(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned number = 0; number <= UINT16_MAX + 300u; number++) {
		const struct tg_opt_def *d = tg_opt_find(number);

		if (d == NULL)
			continue;
		assert_true(known < COUNT(defs));
		assert_int_equal(number, defs[known++].number);
	}
	assert_int_equal(known, COUNT(defs));
}

/* A message whose options are walked: what the walk must meet, in order. */
#define MET_MAX 4
static const struct walk_row {
	const char *name;
	const uint8_t *wire;
	size_t len;
	struct {
		unsigned number, offset, len; /* offset of the value in the datagram */
	} met[MET_MAX];
	unsigned count;
} walks[] = {
	{"none", BYTES(0x40, 1, 0, 7), {{0}}, 0},
	{"none, payload", BYTES(0x40, 1, 0, 7, 0xff, 0xb1), {{0}}, 0},
	{"one", BYTES(0x40, 1, 0, 7, 0xb1, 'a'), {{11, 5, 1}}, 1},
	{"one after a token", BYTES(0x42, 1, 0, 7, 9, 9, 0xb1, 'a'), {{11, 7, 1}}, 1},
	{"one before a payload", BYTES(0x40, 1, 0, 7, 0xb1, 'a', 0xff, 0xb1),
		{{11, 5, 1}}, 1},
	{"option 0, empty", BYTES(0x40, 1, 0, 7, 0x00), {{0, 5, 0}}, 1},
	{"repeated, then another", BYTES(0x40, 1, 0, 7, 0xb1, 'a', 0x01, 'b', 0x40),
		{{11, 5, 1}, {11, 7, 1}, {15, 9, 0}}, 3},
	{"delta 12", BYTES(0x40, 1, 0, 7, 0xc0), {{12, 5, 0}}, 1},
	{"delta 13 + 0", BYTES(0x40, 1, 0, 7, 0xd0, 0), {{13, 6, 0}}, 1},
	{"delta 13 + 255", BYTES(0x40, 1, 0, 7, 0xd0, 255), {{268, 6, 0}}, 1},
	{"delta 269 + 0", BYTES(0x40, 1, 0, 7, 0xe0, 0, 0), {{269, 7, 0}}, 1},
	{"delta to 65535", BYTES(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf2), {{65535, 7, 0}}, 1},
	{"deltas add up", BYTES(0x40, 1, 0, 7, 0xd0, 47, 0xd0, 179, 0x60, 0xd0, 21),
		{{60, 6, 0}, {252, 8, 0}, {258, 9, 0}, {292, 11, 0}}, 4},
	{"value of 0xff", BYTES(0x40, 1, 0, 7, 0x12, 0xff, 0xff, 0x30),
		{{1, 5, 2}, {4, 8, 0}}, 2},
	{"length 13 + 0",
		BYTES(0x40, 1, 0, 7, 0xbd, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
		{{11, 6, 13}}, 1},
	{"both extended",
		BYTES(0x40, 1, 0, 7, 0xdd, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
			13),
		{{15, 7, 13}}, 1},
};

static void
walk(void **state)
{
	const struct walk_row *r = *state;
	uint8_t *exact = exact_copy(r->wire, r->len);
	struct tg_opt_iter it;
	struct tg_opt o;
	struct tg_msg m;
	unsigned n = 0;

	assert_int_equal(tg_msg_parse(&m, exact, r->len, TG_TOKEN_MAX), TG_OK);
	tg_opt_foreach (&it, &o, &m) {
		assert_true(n < r->count);
		assert_int_equal(o.number, r->met[n].number);
		assert_ptr_equal(o.value, exact + r->met[n].offset);
		assert_int_equal(o.len, r->met[n].len);
		n++;
	}
	assert_int_equal(n, r->count);
	assert_false(tg_opt_next(&it, &o)); /* the end stays the end */
	free(exact);
}

/* Length 269 + 0 and more, which is too long to write out. */
static void
long_value(void **state)
{
	const size_t len = 4 + 3 + 269 + 1 + 1;
	uint8_t *exact = calloc(1, len);
	struct tg_opt o;
	struct tg_msg m;

	(void)state;
	assert_non_null(exact);
	memcpy(exact, (const uint8_t[]){0x40, 1, 0, 7, 0xbe, 0, 0}, 7);
	exact[len - 2] = 0xff;
	assert_int_equal(tg_msg_parse(&m, exact, len, TG_TOKEN_MAX), TG_OK);
	assert_true(tg_opt_get(&m, TG_OPT_URI_PATH, &o));
	assert_int_equal(o.len, 269);
	assert_int_equal(m.payload, len - 1);
	free(exact);
}

static const struct uint_row {
	const char *name;
	const uint8_t *value;
	size_t len;
	uint32_t want;
} uints[] = {
	{"no bytes are 0", NULL, 0, 0},
	{"one", BYTES(0xfe), 254},
	{"two", BYTES(0x12, 0x34), 0x1234},
	{"three", BYTES(0x12, 0x34, 0x56), 0x123456},
	{"four", BYTES(0xff, 0xff, 0xff, 0xff), UINT32_MAX},
	{"leading zeros", BYTES(0, 0, 1), 1},
};

static void
as_uint(void **state)
{
	const struct uint_row *r = *state;
	uint8_t *exact = exact_copy(r->value, r->len);
	const struct tg_opt o = {exact, (uint16_t)r->len, 60};

	assert_int_equal(tg_opt_uint(&o), r->want);
	free(exact);
}

static const uint8_t several[] = {
	0x40, 1, 0, 7, 0xb1, 'a', 0x01, 'b', 0x41, 'q', 0xff, 'p'};

static void
get(void **state)
{
	struct tg_opt o = {NULL, 99, 99};
	struct tg_msg m;

	(void)state;
	assert_int_equal(tg_msg_parse(&m, several, sizeof(several), TG_TOKEN_MAX), TG_OK);
	assert_false(tg_opt_get(&m, TG_OPT_IF_MATCH, &o));
	assert_false(tg_opt_get(&m, TG_OPT_CONTENT_FORMAT, &o));
	assert_false(tg_opt_get(&m, TG_OPT_SIZE1, &o));
	assert_int_equal(o.number, 99); /* not found: not written */
	assert_true(tg_opt_get(&m, TG_OPT_URI_PATH, &o));
	assert_ptr_equal(o.value, several + 5); /* the first of them */
	assert_true(tg_opt_get(&m, TG_OPT_URI_QUERY, &o));
	assert_ptr_equal(o.value, several + 9);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(defs) + COUNT(walks) + COUNT(uints) + 4] = {
		cmocka_unit_test(no_conflicts),
		cmocka_unit_test(nothing_else),
		cmocka_unit_test(long_value),
		cmocka_unit_test(get),
	};
	size_t n = 4;

	ADD_ROWS(tests, &n, defs, registered);
	ADD_ROWS(tests, &n, walks, walk);
	ADD_ROWS(tests, &n, uints, as_uint);
	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
