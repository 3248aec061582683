#include "tests/client_world.h"

/* ---- a body on its way down ---- */

static void
download(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	has_no(TG_OPT_BLOCK2);
	assert_false(gives_block(0, true, 6, NULL, 1024));
	sends(TG_CON, TG_GET);
	has_block(TG_OPT_BLOCK2, 1, false, 6);
	assert_false(gives_block(1, true, 6, NULL, 1024));
	sends(TG_CON, TG_GET);
	has_block(TG_OPT_BLOCK2, 2, false, 6);
	assert_true(gives_block(2, false, 6, NULL, 10));
	ends(TG_OUTCOME_RESPONSE);
	body_is(0, 2058);
}

static void
download_in_smaller_blocks(void **state)
{
	(void)state;
	start_with((struct tg_request){.code = TG_GET, .block_bytes = 70});
	sends(TG_CON, TG_GET);
	has_block(TG_OPT_BLOCK2, 0, false, 2);
	assert_false(gives_block(0, true, 2, NULL, 64));
	sends(TG_CON, TG_GET);
	has_block(TG_OPT_BLOCK2, 1, false, 2);
	assert_false(gives_block(1, true, 2, NULL, 64));
	sends(TG_CON, TG_GET);
	assert_false(gives_block(8, true, 0, NULL, 16)); /* the server has shrunk */
	sends(TG_CON, TG_GET);
	has_block(TG_OPT_BLOCK2, 9, false, 0);
	assert_true(gives_block(9, false, 0, NULL, 3));
	body_is(0, 147);
}

static void
download_of_what_changes(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	gives_block(0, true, 0, "one", 16);
	sends(TG_CON, TG_GET);
	assert_false(gives_block(1, true, 0, "two", 16));
	sends(TG_CON, TG_GET);
	has_block(TG_OPT_BLOCK2, 0, false, 0);
	assert_false(gives_block(0, true, 0, "two", 16));
	sends(TG_CON, TG_GET);
	assert_true(gives_block(1, false, 0, "two", 2));
	ends(TG_OUTCOME_RESPONSE);
	body_is(0, 18);
}

/* One longer than it may be counts as none: it is elective (RFC 7252, 5.4.1, 5.4.3). */
static void
download_with_ill_sized_etag(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_false(gives_block(0, true, 0, "ninebytes", 16));
	sends(TG_CON, TG_GET);
	assert_true(gives_block(1, false, 0, "otherlong", 2));
	ends(TG_OUTCOME_RESPONSE);
}

static void
download_of_what_never_rests(void **state)
{
	char etag[] = "a";
	unsigned n = 0;

	(void)state;
	start(TG_CON, TG_GET);
	do {
		struct tg_block b = {0};

		assert_true(++n < 20);
		sends(TG_CON, TG_GET);
		tg_block_get(&w.request, TG_OPT_BLOCK2, &b);
		etag[0]++;
		if (gives_block(b.num, true, 0, etag, 16))
			break;
	} while (true);
	ends(TG_OUTCOME_BLOCK);
}

static const struct bad_download_row {
	const char *name;
	uint32_t num;
	uint8_t szx;
	bool more;
	uint16_t len;
	enum tg_outcome want;
} bad_downloads[] = {
	{"one left out", 2, 0, true, 16, TG_OUTCOME_BLOCK},
	{"the same again", 0, 0, true, 16, TG_OUTCOME_BLOCK},
	{"short, but not the last", 1, 0, true, 15, TG_OUTCOME_BLOCK},
	{"longer than its size", 1, 0, true, 17, TG_OUTCOME_BLOCK},
	{"at another place", 1, 1, true, 32, TG_OUTCOME_BLOCK},
};

static void
bad_download(void **state)
{
	const struct bad_download_row *r = *state;

	begin(NULL);
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	gives_block(0, true, 0, NULL, 16);
	sends(TG_CON, TG_GET);
	assert_true(gives_block(r->num, r->more, r->szx, NULL, r->len));
	ends(r->want);
	finish(NULL);
}

static void
download_begins_in_the_middle(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_true(gives_block(1, true, 0, NULL, 16));
	ends(TG_OUTCOME_BLOCK);
}

static void
download_goes_on_without_blocks(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	gives_block(0, true, 0, NULL, 16);
	sends(TG_CON, TG_GET);
	assert_true(answers(TG_ACK, TG_CONTENT));
	ends(TG_OUTCOME_BLOCK);
}

static void
download_ends_in_error(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	gives_block(0, true, 0, NULL, 16);
	sends(TG_CON, TG_GET);
	assert_true(answers(TG_ACK, TG_NOT_FOUND));
	ends(TG_OUTCOME_RESPONSE);
	assert_int_equal(w.event.response.code, TG_NOT_FOUND);
}

static void
download_too_large(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	for (uint32_t num = 0; num < 4; num++) {
		sends(TG_CON, TG_GET);
		says(TG_ACK, TG_CONTENT);
		with_block(TG_OPT_BLOCK2, num, true, 6);
		assert_false(comes_with(0, 1024));
	}
	sends(TG_CON, TG_GET);
	says(TG_ACK, TG_CONTENT);
	with_block(TG_OPT_BLOCK2, 4, false, 6);
	assert_true(comes_with(0, 1));
	ends(TG_OUTCOME_NO_ROOM);
}

/* A late response to an earlier block does not pass for the one now asked for. */
static void
late_block(void **state)
{
	uint8_t token[TG_TOKEN_MAX];

	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	memcpy(token, tg_msg_token(&w.request), sizeof(token));
	gives_block(0, true, 0, NULL, 16);
	sends(TG_CON, TG_GET);
	assert_memory_not_equal(tg_msg_token(&w.request), token, sizeof(token));
}

/* ---- a body on its way up ---- */

static void
start_upload(unsigned code, uint32_t len, unsigned block_bytes, bool tag)
{
	start_with((struct tg_request){.code = (uint8_t)code,
		.payload = w.payload,
		.payload_len = len,
		.block_bytes = (uint16_t)block_bytes,
		.tag = tag});
}

static void
sends_block(unsigned code, uint32_t num, bool more, unsigned szx, size_t len)
{
	sends(TG_CON, code);
	has_block(TG_OPT_BLOCK1, num, more, szx);
	assert_int_equal(w.request.len - w.request.payload, len);
	assert_memory_equal(
		w.asked + w.request.payload, w.payload + ((size_t)num << (szx + 4)), len);
}

static bool
takes_block(unsigned code, uint32_t num, bool more, unsigned szx)
{
	says(TG_ACK, code);
	with_block(TG_OPT_BLOCK1, num, more, szx);
	return comes();
}

static void
upload(void **state)
{
	(void)state;
	start_upload(TG_PUT, 2058, 0, false);
	sends_block(TG_PUT, 0, true, 6, 1024);
	assert_int_equal(uint_of(TG_OPT_SIZE1), 2058);
	has_no(TG_OPT_REQUEST_TAG);
	assert_false(takes_block(TG_CONTINUE, 0, true, 6));
	sends_block(TG_PUT, 1, true, 6, 1024);
	has_no(TG_OPT_SIZE1);
	assert_false(takes_block(TG_CONTINUE, 1, true, 6));
	sends_block(TG_PUT, 2, false, 6, 10);
	assert_true(takes_block(TG_CHANGED, 2, false, 6));
	ends(TG_OUTCOME_RESPONSE);
	assert_int_equal(w.event.response.code, TG_CHANGED);
}

static void
upload_that_fits(void **state)
{
	(void)state;
	start_upload(TG_PUT, 1024, 0, true);
	sends(TG_CON, TG_PUT);
	has_no(TG_OPT_BLOCK1);
	has_no(TG_OPT_REQUEST_TAG);
	assert_int_equal(w.request.len - w.request.payload, 1024);
}

/* RFC 7959, figure 8: the server takes the first block and wants smaller ones. */
static void
upload_in_smaller_blocks(void **state)
{
	(void)state;
	start_upload(TG_PUT, 180, 128, false);
	sends_block(TG_PUT, 0, true, 3, 128);
	assert_false(takes_block(TG_CONTINUE, 0, true, 1));
	sends_block(TG_PUT, 4, true, 1, 32);
	assert_false(takes_block(TG_CONTINUE, 4, true, 1));
	sends_block(TG_PUT, 5, false, 1, 20);
	assert_true(takes_block(TG_CHANGED, 5, false, 1));
}

/* The server acts on each block by itself: M is not set in its answers (2.3). */
static void
upload_not_atomic(void **state)
{
	(void)state;
	start_upload(TG_PUT, 20, 16, false);
	sends_block(TG_PUT, 0, true, 0, 16);
	assert_false(takes_block(TG_CHANGED, 0, false, 0));
	sends_block(TG_PUT, 1, false, 0, 4);
	assert_true(takes_block(TG_CHANGED, 1, false, 0));
}

static void
upload_too_large_for_one(void **state)
{
	(void)state;
	start_upload(TG_PUT, 100, 0, false);
	sends(TG_CON, TG_PUT);
	has_no(TG_OPT_BLOCK1);
	assert_false(takes_block(TG_TOO_LARGE, 0, false, 2));
	sends_block(TG_PUT, 0, true, 2, 64);
	takes_block(TG_CONTINUE, 0, true, 2);
	sends_block(TG_PUT, 1, false, 2, 36);
}

static void
upload_too_large_for_that_size(void **state)
{
	(void)state;
	start_upload(TG_PUT, 100, 64, false);
	sends_block(TG_PUT, 0, true, 2, 64);
	assert_false(takes_block(TG_TOO_LARGE, 0, true, 1));
	sends_block(TG_PUT, 0, true, 1, 32);
}

static void
upload_too_large(void **state)
{
	(void)state;
	start_upload(TG_PUT, 100, 64, false);
	sends_block(TG_PUT, 0, true, 2, 64);
	says(TG_ACK, TG_TOO_LARGE);
	with_uint(TG_OPT_SIZE1, 50);
	assert_true(comes());
	ends(TG_OUTCOME_RESPONSE);
	assert_int_equal(w.event.response.code, TG_TOO_LARGE);
}

/* 4.13 with the same size is no hint: it would go on for ever. */
static void
upload_too_large_whatever_size(void **state)
{
	(void)state;
	start_upload(TG_PUT, 100, 64, false);
	sends_block(TG_PUT, 0, true, 2, 64);
	assert_true(takes_block(TG_TOO_LARGE, 0, true, 2));
	ends(TG_OUTCOME_RESPONSE);
}

static void
upload_lost_by_server(void **state)
{
	struct tg_opt o;
	uint8_t tag[8];

	(void)state;
	start_upload(TG_PUT, 40, 16, true);
	sends_block(TG_PUT, 0, true, 0, 16);
	assert_true(tg_opt_get(&w.request, TG_OPT_REQUEST_TAG, &o));
	assert_int_equal(o.len, 4);
	memcpy(tag, o.value, o.len);
	takes_block(TG_CONTINUE, 0, true, 0);
	sends_block(TG_PUT, 1, true, 0, 16);
	assert_true(tg_opt_get(&w.request, TG_OPT_REQUEST_TAG, &o));
	assert_memory_equal(tag, o.value, 4);
	assert_false(takes_block(TG_REQUEST_INCOMPLETE, 1, true, 0));
	sends_block(
		TG_PUT, 0, true, 0, 16); /* once from the beginning, as another body */
	assert_true(tg_opt_get(&w.request, TG_OPT_REQUEST_TAG, &o));
	assert_memory_not_equal(tag, o.value, 4);
	takes_block(TG_CONTINUE, 0, true, 0);
	sends_block(TG_PUT, 1, true, 0, 16);
	assert_true(takes_block(TG_REQUEST_INCOMPLETE, 1, true, 0));
	ends(TG_OUTCOME_RESPONSE);
	assert_int_equal(w.event.response.code, TG_REQUEST_INCOMPLETE);
}

static void
upload_refused(void **state)
{
	(void)state;
	start_upload(TG_PUT, 40, 16, false);
	sends_block(TG_PUT, 0, true, 0, 16);
	assert_true(answers(TG_ACK, TG_FORBIDDEN));
	ends(TG_OUTCOME_RESPONSE);
}

static void
upload_continued_without_option(void **state)
{
	(void)state;
	start_upload(TG_PUT, 40, 16, false);
	sends_block(TG_PUT, 0, true, 0, 16);
	assert_true(answers(TG_ACK, TG_CONTINUE));
	ends(TG_OUTCOME_BLOCK);
}

static void
upload_continued_at_the_end(void **state)
{
	(void)state;
	start_upload(TG_PUT, 20, 16, false);
	sends_block(TG_PUT, 0, true, 0, 16);
	takes_block(TG_CONTINUE, 0, true, 0);
	sends_block(TG_PUT, 1, false, 0, 4);
	assert_true(takes_block(TG_CONTINUE, 1, true, 0));
	ends(TG_OUTCOME_BLOCK);
}

/* Who leaves an observation that a body asked for says the whole body again. */
static void
upload_that_leaves(void **state)
{
	const struct tg_transaction *t;

	(void)state;
	t = start_with((struct tg_request){.code = TG_FETCH,
		.payload = w.payload,
		.payload_len = 40,
		.block_bytes = 32,
		.observe = true});
	sends_block(TG_FETCH, 0, true, 1, 32);
	assert_false(takes_block(TG_CONTINUE, 0, true, 1));
	sends_block(TG_FETCH, 1, false, 1, 8);
	says(TG_ACK, TG_CONTENT);
	with_uint(TG_OPT_OBSERVE, 1);
	with_block(TG_OPT_BLOCK1, 1, false, 1);
	assert_true(comes());
	ends(TG_OUTCOME_NOTIFICATION);
	tg_client_leave(&w.client, t);
	sends_block(TG_FETCH, 0, true, 1, 32);
	assert_int_equal(uint_of(TG_OPT_OBSERVE), TG_OBSERVE_DEREGISTER);
	assert_false(takes_block(TG_CONTINUE, 0, true, 1));
	sends_block(TG_FETCH, 1, false, 1, 8);
	assert_true(takes_block(TG_CONTENT, 1, false, 1));
	ends(TG_OUTCOME_CANCELLED);
}

static void
upload_another_block_taken(void **state)
{
	(void)state;
	start_upload(TG_PUT, 40, 16, false);
	sends_block(TG_PUT, 0, true, 0, 16);
	assert_true(takes_block(TG_CONTINUE, 1, true, 0));
	ends(TG_OUTCOME_BLOCK);
}

static void
upload_echo_in_the_middle(void **state)
{
	struct tg_opt o;

	(void)state;
	start_upload(TG_PUT, 40, 16, false);
	sends_block(TG_PUT, 0, true, 0, 16);
	takes_block(TG_CONTINUE, 0, true, 0);
	sends_block(TG_PUT, 1, true, 0, 16);
	says(TG_ACK, TG_UNAUTHORIZED);
	tg_write_option(&w.writer, TG_OPT_ECHO, "e", 1);
	assert_false(comes());
	sends_block(TG_PUT, 1, true, 0, 16);
	assert_true(tg_opt_get(&w.request, TG_OPT_ECHO, &o));
	assert_false(takes_block(TG_CONTINUE, 1, true, 0));
	sends_block(TG_PUT, 2, false, 0, 8);
}

/* A long body lets others through between its blocks. */
static void
upload_takes_turns(void **state)
{
	(void)state;
	start_upload(TG_PUT, 40, 16, false);
	start(TG_CON, TG_GET);
	sends_block(TG_PUT, 0, true, 0, 16);
	takes_block(TG_CONTINUE, 0, true, 0);
	sends(TG_CON, TG_GET);
	silent();
	assert_true(answers(TG_ACK, TG_CONTENT));
	sends_block(TG_PUT, 1, true, 0, 16);
}

/* RFC 7959, figure 11: both directions in one exchange. */
static void
both_ways(void **state)
{
	(void)state;
	start_upload(TG_POST, 40, 32, false);
	sends_block(TG_POST, 0, true, 1, 32);
	has_no(TG_OPT_BLOCK2);
	takes_block(TG_CONTINUE, 0, true, 1);
	sends_block(TG_POST, 1, false, 1, 8);
	has_block(TG_OPT_BLOCK2, 0, false, 1);
	says(TG_ACK, TG_CHANGED);
	with_block(TG_OPT_BLOCK2, 0, true, 1);
	with_block(TG_OPT_BLOCK1, 1, false, 1);
	assert_false(comes_with(0, 32));
	sends(TG_CON, TG_POST);
	has_block(TG_OPT_BLOCK2, 1, false, 1);
	has_no(TG_OPT_BLOCK1);
	assert_int_equal(w.request.payload, w.request.len);
	says(TG_ACK, TG_CHANGED);
	with_block(TG_OPT_BLOCK2, 1, false, 1);
	assert_true(comes_with(32, 9));
	ends(TG_OUTCOME_RESPONSE);
	body_is(0, 41);
}

/* A POST is not repeated because its answer has changed. */
static void
post_whose_answer_changes(void **state)
{
	(void)state;
	start_upload(TG_POST, 4, 0, false);
	sends(TG_CON, TG_POST);
	gives_block(0, true, 0, "one", 16);
	sends(TG_CON, TG_POST);
	assert_true(gives_block(1, false, 0, "two", 16));
	ends(TG_OUTCOME_BLOCK);
}

/* The payload of a FETCH is part of what is asked for, in each message. */
static void
fetch(void **state)
{
	(void)state;
	start_upload(TG_FETCH, 4, 0, false);
	sends(TG_CON, TG_FETCH);
	gives_block(0, true, 0, NULL, 16);
	sends(TG_CON, TG_FETCH);
	has_block(TG_OPT_BLOCK2, 1, false, 0);
	assert_int_equal(w.request.len - w.request.payload, 4);
}

/* One that went up in blocks is at the server already. */
static void
fetch_in_blocks(void **state)
{
	(void)state;
	start_upload(TG_FETCH, 20, 16, false);
	sends_block(TG_FETCH, 0, true, 0, 16);
	takes_block(TG_CONTINUE, 0, true, 0);
	sends_block(TG_FETCH, 1, false, 0, 4);
	says(TG_ACK, TG_CONTENT);
	with_block(TG_OPT_BLOCK2, 0, true, 0);
	with_block(TG_OPT_BLOCK1, 1, false, 0);
	assert_false(comes_with(0, 16));
	sends(TG_CON, TG_FETCH);
	has_block(TG_OPT_BLOCK2, 1, false, 0);
	has_no(TG_OPT_BLOCK1);
	assert_int_equal(w.request.payload, w.request.len);
}

int
main(void)
{
	const struct CMUnitTest plain[] = {
		T(download),
		T(download_in_smaller_blocks),
		T(download_of_what_changes),
		T(download_with_ill_sized_etag),
		T(download_of_what_never_rests),
		T(download_begins_in_the_middle),
		T(download_goes_on_without_blocks),
		T(download_ends_in_error),
		T(download_too_large),
		T(late_block),
		T(upload),
		T(upload_that_fits),
		T(upload_in_smaller_blocks),
		T(upload_not_atomic),
		T(upload_too_large_for_one),
		T(upload_too_large_for_that_size),
		T(upload_too_large),
		T(upload_too_large_whatever_size),
		T(upload_lost_by_server),
		T(upload_refused),
		T(upload_continued_without_option),
		T(upload_continued_at_the_end),
		T(upload_that_leaves),
		T(upload_another_block_taken),
		T(upload_echo_in_the_middle),
		T(upload_takes_turns),
		T(both_ways),
		T(post_whose_answer_changes),
		T(fetch),
		T(fetch_in_blocks),
	};
	struct CMUnitTest tests[COUNT(plain) + COUNT(bad_downloads)] = {0};
	size_t n = COUNT(plain);

	memcpy(tests, plain, sizeof(plain));
	ADD_ROWS(tests, &n, bad_downloads, bad_download);
	return cmocka_run_group_tests_name("client_block", tests, NULL, NULL);
}
