#include "coap/block.h"
#include "coap/code.h"
#include "tests/rows.h"

/* ---- the option ---- */

static const struct value_row {
	const char *name;
	const uint8_t *value;
	size_t len;
	enum tg_block_found want;
	struct tg_block block;
} values[] = {
	{"no bytes: block 0 of 16", NULL, 0, TG_BLOCK_FOUND, {0, 0, false}},
	{"a zero byte says the same", BYTES(0x00), TG_BLOCK_FOUND, {0, 0, false}},
	{"size 1024", BYTES(0x06), TG_BLOCK_FOUND, {0, 6, false}},
	{"size reserved", BYTES(0x07), TG_BLOCK_BAD, {0, 0, false}},
	{"more", BYTES(0x08), TG_BLOCK_FOUND, {0, 0, true}},
	{"size reserved, more", BYTES(0x0f), TG_BLOCK_BAD, {0, 0, false}},
	{"number 1", BYTES(0x10), TG_BLOCK_FOUND, {1, 0, false}},
	{"number 15", BYTES(0xf0), TG_BLOCK_FOUND, {15, 0, false}},
	{"number 16 takes two bytes", BYTES(0x01, 0x02), TG_BLOCK_FOUND, {16, 2, false}},
	{"number 4095", BYTES(0xff, 0xfe), TG_BLOCK_FOUND, {4095, 6, true}},
	{"number 4096 takes three", BYTES(0x01, 0x00, 0x0a), TG_BLOCK_FOUND,
		{4096, 2, true}},
	{"the last number", BYTES(0xff, 0xff, 0xf6), TG_BLOCK_FOUND,
		{TG_BLOCK_NUM_MAX, 6, false}},
	{"four bytes", BYTES(0x00, 0x00, 0x00, 0x06), TG_BLOCK_BAD, {0, 0, false}},
};

static void
value(void **state)
{
	const struct value_row *r = *state;
	uint8_t *exact = exact_copy(r->value, r->len);
	struct tg_opt o = {.value = exact, .len = (uint16_t)r->len};
	struct tg_block b = {.num = 77};

	assert_int_equal(tg_block_decode(&b, &o), r->want);
	if (r->want == TG_BLOCK_FOUND) {
		assert_int_equal(b.num, r->block.num);
		assert_int_equal(b.szx, r->block.szx);
		assert_int_equal(b.more, r->block.more);
		assert_int_equal(tg_block_encode(&b), tg_opt_uint(&o));
	} else {
		assert_int_equal(b.num, 77);
	}
	free(exact);
}

static const struct found_row {
	const char *name;
	const uint8_t *wire;
	size_t len;
	unsigned number;
	enum tg_block_found want;
	uint32_t num;
} founds[] = {
	{"no option at all", BYTES(0x40, 1, 0, 7), TG_OPT_BLOCK2, TG_BLOCK_ABSENT, 0},
	{"block2", BYTES(0x40, 1, 0, 7, 0xd1, 10, 0x36), TG_OPT_BLOCK2, TG_BLOCK_FOUND,
		3},
	{"block2 is not block1", BYTES(0x40, 1, 0, 7, 0xd1, 10, 0x36), TG_OPT_BLOCK1,
		TG_BLOCK_ABSENT, 0},
	{"block1 behind block2", BYTES(0x40, 1, 0, 7, 0xd1, 10, 0x36, 0x41, 0x56),
		TG_OPT_BLOCK1, TG_BLOCK_FOUND, 5},
	{"block1, bad", BYTES(0x40, 1, 0, 7, 0xd1, 14, 0x07), TG_OPT_BLOCK1, TG_BLOCK_BAD,
		0},
};

static void
found(void **state)
{
	const struct found_row *r = *state;
	struct tg_block b = {0};
	struct tg_msg m;

	assert_int_equal(tg_msg_parse(&m, r->wire, r->len, TG_TOKEN_MAX), TG_OK);
	assert_int_equal(tg_block_get(&m, r->number, &b), r->want);
	assert_int_equal(b.num, r->num);
}

static void
size_exponents(void **state)
{
	(void)state;
	for (unsigned szx = 0; szx <= TG_BLOCK_SZX_MAX; szx++) {
		assert_int_equal(tg_block_size(szx), 1 << (szx + 4));
		assert_int_equal(tg_block_szx(tg_block_size(szx)), szx);
		if (szx > 0)
			assert_int_equal(tg_block_szx(tg_block_size(szx) - 1), szx - 1);
	}
	assert_int_equal(tg_block_szx(0), 0);
	assert_int_equal(tg_block_szx(100000), TG_BLOCK_SZX_MAX);
}

static void
offsets(void **state)
{
	const struct tg_block small = {.num = 3}, big = {TG_BLOCK_NUM_MAX, 6, false};

	(void)state;
	assert_int_equal(tg_block_offset(&small), 48);
	assert_int_equal(tg_block_offset(&big), (1 << 30) - 1024);
}

/* ---- assembly ---- */

#define CAP 64
#define STEPS 6

struct step {
	uint32_t num;
	uint8_t szx;
	bool more;
	uint16_t len;
	enum tg_assembly_step want;
};

#define GO TG_ASSEMBLY_CONTINUE
#define END TG_ASSEMBLY_COMPLETE

/* Blocks into a room of 64 bytes: what is said to each, and how much is there at last. */
static const struct assembly_row {
	const char *name;
	uint32_t len;
	struct step step[STEPS]; /* up to the first of SZX 7 */
} assemblies[] = {
	{"one block", 5, {{0, 0, false, 5, END}, {.szx = 7}}},
	{"an empty body", 0, {{0, 0, false, 0, END}, {.szx = 7}}},
	{"two blocks", 20, {{0, 0, true, 16, GO}, {1, 0, false, 4, END}, {.szx = 7}}},
	{"the last one full", 32,
		{{0, 0, true, 16, GO}, {1, 0, false, 16, END}, {.szx = 7}}},
	{"the last one empty", 16,
		{{0, 0, true, 16, GO}, {1, 0, false, 0, END}, {.szx = 7}}},
	{"the room just filled", 64,
		{{0, 1, true, 32, GO}, {1, 1, false, 32, END}, {.szx = 7}}},
	{"one byte over the end of the room", 64,
		{{0, 2, true, 64, GO}, {1, 2, false, 1, TG_ASSEMBLY_TOO_LARGE},
			{.szx = 7}}},
	{"the first is too large", 0,
		{{0, 3, true, 128, TG_ASSEMBLY_TOO_LARGE}, {.szx = 7}}},
	{"begins with block 1", 0, {{1, 0, false, 4, TG_ASSEMBLY_HOLE}, {.szx = 7}}},
	{"one left out", 16,
		{{0, 0, true, 16, GO}, {2, 0, false, 4, TG_ASSEMBLY_HOLE}, {.szx = 7}}},
	{"goes on after a hole", 20,
		{{0, 0, true, 16, GO}, {2, 0, true, 16, TG_ASSEMBLY_HOLE},
			{1, 0, false, 4, END}, {.szx = 7}}},
	{"a far number", 16,
		{{0, 0, true, 16, GO}, {TG_BLOCK_NUM_MAX, 6, false, 4, TG_ASSEMBLY_HOLE},
			{.szx = 7}}},
	{"the same again", 36,
		{{0, 0, true, 16, GO}, {1, 0, true, 16, GO}, {1, 0, true, 16, GO},
			{2, 0, false, 4, END}, {.szx = 7}}},
	{"one before the last again", 48,
		{{0, 0, true, 16, GO}, {1, 0, true, 16, GO}, {2, 0, true, 16, GO},
			{1, 0, true, 16, TG_ASSEMBLY_HOLE}, {.szx = 7}}},
	{"starts over", 20,
		{{0, 0, true, 16, GO}, {1, 0, true, 16, GO}, {0, 0, true, 16, GO},
			{1, 0, false, 4, END}, {.szx = 7}}},
	{"starts over once complete", 16,
		{{0, 0, false, 3, END}, {0, 0, true, 16, GO}, {.szx = 7}}},
	{"smaller from the second on", 52,
		{{0, 1, true, 32, GO}, {2, 0, true, 16, GO}, {3, 0, false, 4, END},
			{.szx = 7}}},
	{"larger where it just fits", 48,
		{{0, 0, true, 16, GO}, {1, 0, true, 16, GO}, {1, 1, false, 16, END},
			{.szx = 7}}},
	{"one after the last", 20,
		{{0, 0, true, 16, GO}, {1, 0, false, 4, END},
			{2, 0, false, 1, TG_ASSEMBLY_PAST_END}, {.szx = 7}}},
	{"the last again", 20,
		{{0, 0, true, 16, GO}, {1, 0, false, 4, END},
			{1, 0, false, 4, TG_ASSEMBLY_HOLE}, {.szx = 7}}},
	{"one before the last, once complete", 36,
		{{0, 0, true, 16, GO}, {1, 0, true, 16, GO}, {2, 0, false, 4, END},
			{1, 0, true, 16, TG_ASSEMBLY_HOLE}, {.szx = 7}}},
	{"short, but not the last", 16,
		{{0, 0, true, 16, GO}, {1, 0, true, 15, TG_ASSEMBLY_MISFIT}, {.szx = 7}}},
	{"longer than its size", 0, {{0, 0, false, 17, TG_ASSEMBLY_MISFIT}, {.szx = 7}}},
	{"longer than its size, more", 0,
		{{0, 0, true, 17, TG_ASSEMBLY_MISFIT}, {.szx = 7}}},
};

static void
assembly(void **state)
{
	const struct assembly_row *r = *state;
	uint8_t *body = malloc(CAP);
	uint8_t want[CAP];
	struct tg_assembly a;
	bool complete = false;

	assert_non_null(body);
	tg_assembly_begin(&a, body, CAP);
	for (unsigned i = 0; r->step[i].szx < 7; i++) {
		const struct step *s = &r->step[i];
		const struct tg_block b = {s->num, s->szx, s->more};
		uint8_t *data = malloc(s->len > 0 ? s->len : 1);

		assert_non_null(data);
		for (unsigned at = 0; at < s->len; at++)
			data[at] = (uint8_t)(16 * i + at);
		assert_int_equal(tg_assembly_judge(&a, &b, s->len), s->want);
		assert_int_equal(tg_assembly_add(&a, &b, data, s->len), s->want);
		if (s->want <= END)
			complete = s->want == END;
		assert_int_equal(a.complete, complete);
		if (s->want <= END)
			memcpy(want + tg_block_offset(&b), data, s->len);
		free(data);
	}
	assert_int_equal(a.len, r->len);
	assert_memory_equal(body, want, r->len);
	free(body);
}

static void
codes(void **state)
{
	(void)state;
	assert_int_equal(tg_assembly_code(TG_ASSEMBLY_CONTINUE), TG_CONTINUE);
	assert_int_equal(tg_assembly_code(TG_ASSEMBLY_COMPLETE), TG_EMPTY);
	assert_int_equal(tg_assembly_code(TG_ASSEMBLY_HOLE), TG_REQUEST_INCOMPLETE);
	assert_int_equal(tg_assembly_code(TG_ASSEMBLY_TOO_LARGE), TG_TOO_LARGE);
	assert_int_equal(tg_assembly_code(TG_ASSEMBLY_PAST_END), TG_BAD_REQUEST);
	assert_int_equal(tg_assembly_code(TG_ASSEMBLY_MISFIT), TG_BAD_REQUEST);
}

/* ---- slicing ---- */

/* A body and what is asked of it, in blocks of at most 256 bytes. */
static const struct slice_row {
	const char *name;
	uint32_t body_len;
	struct tg_block asked;
	bool absent, past; /* no option in the request; false is returned */
	uint32_t offset, len;
	struct tg_block want;
	bool with_option;
} slices[] = {
	{"short, not asked", 10, {0}, true, false, 0, 10, {0, 4, false}, false},
	{"empty, not asked", 0, {0}, true, false, 0, 0, {0, 4, false}, false},
	{"one full block, not asked", 256, {0}, true, false, 0, 256, {0, 4, false},
		false},
	{"one byte more, not asked", 257, {0}, true, false, 0, 256, {0, 4, true}, true},
	{"short, asked", 10, {0, 4, false}, false, false, 0, 10, {0, 4, false}, true},
	{"empty, asked", 0, {0, 4, false}, false, false, 0, 0, {0, 4, false}, true},
	{"a smaller size", 257, {0, 0, false}, false, false, 0, 16, {0, 0, true}, true},
	{"a larger size", 257, {0, 6, false}, false, false, 0, 256, {0, 4, true}, true},
	{"a larger size, further on", 3000, {1, 6, false}, false, false, 1024, 256,
		{4, 4, true}, true},
	{"in the middle", 600, {1, 4, false}, false, false, 256, 256, {1, 4, true}, true},
	{"the last", 600, {2, 4, false}, false, false, 512, 88, {2, 4, false}, true},
	{"the last is full", 512, {1, 4, false}, false, false, 256, 256, {1, 4, false},
		true},
	{"the last byte", 513, {2, 4, false}, false, false, 512, 1, {2, 4, false}, true},
	{"M in a request says nothing", 600, {1, 4, true}, false, false, 256, 256,
		{1, 4, true}, true},
	{"just past the end", 512, {2, 4, false}, false, true, 0, 0, {0}, false},
	{"far past the end", 512, {TG_BLOCK_NUM_MAX, 6, false}, false, true, 0, 0, {0},
		false},
	{"past the end of nothing", 0, {1, 4, false}, false, true, 0, 0, {0}, false},
	{"the last of the largest body", TG_BLOCK_BODY_MAX, {TG_BLOCK_NUM_MAX, 0, false},
		false, false, TG_BLOCK_BODY_MAX - 16, 16, {TG_BLOCK_NUM_MAX, 0, false},
		true},
};

static void
slice(void **state)
{
	const struct slice_row *r = *state;
	struct tg_slice s;

	assert_int_equal(
		tg_slice_of(&s, r->body_len, r->absent ? NULL : &r->asked, 4), !r->past);
	if (r->past)
		return;
	assert_int_equal(s.offset, r->offset);
	assert_int_equal(s.len, r->len);
	assert_int_equal(s.block.num, r->want.num);
	assert_int_equal(s.block.szx, r->want.szx);
	assert_int_equal(s.block.more, r->want.more);
	assert_int_equal(s.with_option, r->with_option);
}

/* Whatever the sizes of both sides: what is sliced assembles to what it was. */
static void
there_and_back(void **state)
{
	static uint8_t from[3000], to[3000];

	(void)state;
	for (unsigned i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 31 + i / 256);
	for (uint32_t len = 0; len <= sizeof(from); len += 1 + len / 7)
		for (unsigned szx = 0; szx <= TG_BLOCK_SZX_MAX; szx++) {
			struct tg_block ask = {.szx = (uint8_t)(szx * 5 % 7)};
			enum tg_assembly_step step;
			struct tg_assembly a;
			struct tg_slice s;

			memset(to, 0, sizeof(to));
			tg_assembly_begin(&a, to, sizeof(to));
			do {
				assert_true(tg_slice_of(&s, len, &ask, szx));
				step = tg_assembly_add(
					&a, &s.block, from + s.offset, s.len);
				ask = s.block;
				ask.num++;
			} while (step == TG_ASSEMBLY_CONTINUE);
			assert_int_equal(step, TG_ASSEMBLY_COMPLETE);
			assert_int_equal(a.len, len);
			assert_memory_equal(to, from, len);
		}
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(values) + COUNT(founds) + COUNT(assemblies)
				+ COUNT(slices) + 4] = {
		cmocka_unit_test(size_exponents),
		cmocka_unit_test(offsets),
		cmocka_unit_test(codes),
		cmocka_unit_test(there_and_back),
	};
	size_t n = 4;

	ADD_ROWS(tests, &n, values, value);
	ADD_ROWS(tests, &n, founds, found);
	ADD_ROWS(tests, &n, assemblies, assembly);
	ADD_ROWS(tests, &n, slices, slice);
	return cmocka_run_group_tests_name("block", tests, NULL, NULL);
}
