/* PATCH and iPATCH over more than a message: patches that come in blocks, and values that
 * did. */
#include "tests/dp_parts.h"

#include <errno.h>

/* ---- long values, short patches ---- */

static const struct row {
	const char *name;
	size_t n; /* of the long string */
	uint8_t method;
	uint32_t format;
	const char *patch;
	uint8_t code;
	const char *end; /* behind the long string; NULL: there is none any more */
} rows[] = {
	{"a byte over a message", 1008, TG_IPATCH, TG_CF_MERGE_PATCH, "{\"a\":2}",
		TG_CHANGED, ",\"a\":2}"},
	{"5,000 bytes", 5000, TG_PATCH, TG_CF_JSON_PATCH,
		"[{\"op\":\"replace\",\"path\":\"/a\",\"value\":[3]}]", TG_CHANGED,
		",\"a\":[3]}"},
	{"as long as may be", LIMIT - 17, TG_PATCH, TG_CF_MERGE_PATCH, "{\"a\":2}",
		TG_CHANGED, ",\"a\":2}"},
	{"a byte longer", LIMIT - 17, TG_PATCH, TG_CF_MERGE_PATCH, "{\"a\":12}",
		TG_TOO_LARGE, ",\"a\":1}"},
	{"its test fails", 5000, TG_PATCH, TG_CF_JSON_PATCH,
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":3}]", TG_CONFLICT,
		",\"a\":1}"},
	{"to a short one", 5000, TG_PATCH, TG_CF_MERGE_PATCH, "{\"long\":null}",
		TG_CHANGED, NULL},
};

static void
patch(void **state)
{
	const struct row *r = *state;
	struct ask q = {r->method, 'd', r->format, -1, -1, r->patch, strlen(r->patch)};
	struct answer a;

	gw_reopen(with_bodies);
	store('d', text, document(text, r->n, ",\"a\":1}"));
	ask(7, &q, r->code, &a);
	assert_int_equal(a.len, 0);
	if (r->end == NULL)
		expect_stored('d', "{\"a\":1}", 7);
	else
		expect_stored('d', text, document(text, r->n, r->end));
	ask(7, &q, r->code, &a); /* a duplicate, or refused once more */
	if (r->end != NULL)
		expect_stored('d', text, strlen(text));
}

/* ---- patches in blocks ---- */

static void
patch_in_blocks(void **state)
{
	struct ask q = {TG_PATCH, 'd', TG_CF_MERGE_PATCH, -1, -1, text, 0};
	struct answer a;
	uint16_t mid;

	(void)state;
	gw_reopen(with_bodies);
	store('d', "{\"b\":0}", 7);
	q.len = document(text, 6000, "}");
	mid = upload(1, &q, 6);
	expect_stored('d', "{\"b\":0}", 7);
	for (unsigned i = 0; i < 2; i++) { /* the second is a duplicate */
		ask(mid, &q, TG_CHANGED, &a);
		assert_true(a.has_block1);
		assert_int_equal(a.block1.num, 5);
		assert_false(a.block1.more);
	}
	gw_counted(DP_C_dup_replayed, 1);
	memcpy(part, "{\"b\":0,", 7);
	memcpy(part + 7, text + 1, strlen(text));
	expect_stored('d', part, strlen(part));
}

static void
patch_over_the_limit(void **state)
{
	struct ask q = {TG_PATCH, 'd', TG_CF_MERGE_PATCH, -1, -1, text, 0};
	struct answer a;
	struct tg_opt o;
	uint16_t mid;

	(void)state;
	gw_reopen(with_bodies);
	store('d', "{\"b\":0}", 7);
	q.len = document(text, LIMIT - 10, "}"); /* one byte over it */
	mid = upload(1, &q, 6);
	ask(mid, &q, TG_TOO_LARGE, &a);
	assert_true(tg_opt_get(&a.msg, TG_OPT_SIZE1, &o));
	assert_int_equal(tg_opt_uint(&o), LIMIT);
	expect_stored('d', "{\"b\":0}", 7);
}

/* What was refused for now may be tried again with the last block alone: the body is
 * there still. */
static void
its_record_is_not_safe(void **state)
{
	struct ask q = {TG_IPATCH, 'l', TG_CF_MERGE_PATCH, -1, -1, text, 0};
	struct answer a;
	uint16_t mid;

	(void)state;
	gw_reopen(with_bodies);
	store('l', "{\"b\":0}", 7);
	q.len = document(text, 2000, "}");
	mid = upload(1, &q, 6);
	for (int status = -ENOSPC;; status = 0) {
		say(mid, &q);
		gw_expect_silence();
		assert_int_equal(gw_log_read(), 1);
		gw_log_settle(status);
		hear(mid, status != 0 ? TG_UNAVAILABLE : TG_CHANGED, &a);
		if (status == 0)
			break;
	}
	memcpy(part, "{\"b\":0,", 7);
	memcpy(part + 7, text + 1, strlen(text));
	expect_stored('l', part, strlen(part));
	assert_int_equal(gw.record[1].r.payload_len, strlen(part));
	assert_memory_equal(gw.record[1].r.payload, part, strlen(part));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 3] = {
		cmocka_unit_test(patch_in_blocks),
		cmocka_unit_test(patch_over_the_limit),
		cmocka_unit_test(its_record_is_not_safe),
	};
	size_t n = 3;

	ADD_ROWS(tests, &n, rows, patch);
	return gw_main("dp_patch_long", gw_settings, COUNT(gw_settings), tests, n);
}
