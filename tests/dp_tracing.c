/*
 * A trace to a file as its client has it: who may arm, what it is told, when it is over.
 *
 * The test runs the commands as the control thread's loop would, and the workers' turns
 * between.
 */
#include "coap/code.h"
#include "control/cmd.h"
#include "dataplane/dp_internal.h"
#include "tests/dp_fixture.h"

#include <unistd.h>

static struct ctl_config conf;
static struct ctl_gateway gateway = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.conf = &conf,
};
static struct ctl_session one, two;
static const char *refused; /* the last refusal's code */

/* What is answered; NULL: it was refused, or has to wait. */
static json_t *
ask(struct ctl_session *s, json_t *args, unsigned runs)
{
	struct ctl_reply r = {.session = s, .runs = runs};

	gateway.dp = gw.dp;
	ctl_run(&gateway, "trace", args, &r);
	json_decref(args);
	refused = r.code;
	return r.data;
}

static bool
arm(struct ctl_session *s, json_t *args)
{
	json_t *data;

	json_object_set_new(args, "arm", json_true());
	data = ask(s, args, 0);
	json_decref(data);
	return data != NULL;
}

/* The page as of now, even if it is empty. */
static json_t *
fetch(struct ctl_session *s, bool stop)
{
	return ask(s, json_pack("{s:b, s:b}", "frames", 1, "stop", stop), 1000);
}

static size_t
count(const json_t *page)
{
	return json_array_size(json_object_get(page, "frames"));
}

static bool
is_done(const json_t *page)
{
	return json_is_true(json_object_get(page, "done"));
}

/* A page of @frames, after which there are more or not. */
static void
gets(struct ctl_session *s, bool stop, size_t frames, bool over)
{
	json_t *page = fetch(s, stop);

	assert_non_null(page);
	assert_int_equal(count(page), frames);
	assert_int_equal(is_done(page), over);
	json_decref(page);
	assert_int_equal(s->held == NULL, over);
}

/* A request and its answer; a GET need not be new. */
static void
talk(unsigned times)
{
	struct frame f;

	for (unsigned i = 0; i < times; i++) {
		gw_say(&gw.flow, BYTES_OF("\x41\x01\x00\x07\xaa\xb5hello"));
		assert_true(gw_take(&f));
	}
}

static void
end(struct ctl_session *s)
{
	ctl_session_end(&gateway, s);
	assert_null(s->held);
}

/* ---- tests ---- */

static void
frames_come_whole(void **state)
{
	const json_t *frame, *port;
	json_t *page;
	struct frame f;
	char text[2 * FRAME_MAX + 1] = "";
	uint64_t before;

	(void)state;
	assert_true(arm(&one, json_object()));
	before = dp_wall_ns(gw.dp);
	frame_udp(&f, &gw.flow, "\x41\x01\x00\x07\xaa\xb5hello", 11);
	gw_send(&f);
	gw_turn();
	for (unsigned i = 0; i < f.len; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", f.byte[i]);
	page = fetch(&one, false);
	assert_int_equal(count(page), 2);
	frame = json_array_get(json_object_get(page, "frames"), 0);
	assert_string_equal(json_string_value(json_object_get(frame, "data")), text);
	assert_true(json_is_false(json_object_get(frame, "sent")));
	assert_int_equal(json_integer_value(json_object_get(frame, "port")), 0);
	assert_in_range(json_integer_value(json_object_get(frame, "time_ns")), before,
		dp_wall_ns(gw.dp));
	frame = json_array_get(json_object_get(page, "frames"), 1);
	assert_true(json_is_true(json_object_get(frame, "sent")));
	assert_true(gw_take(&f));
	for (unsigned i = 0; i < f.len; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", f.byte[i]);
	assert_string_equal(json_string_value(json_object_get(frame, "data")), text);
	port = json_array_get(json_object_get(page, "ports"), 0);
	assert_string_equal(json_string_value(json_object_get(port, "name")), "rings");
	assert_int_equal(json_integer_value(json_object_get(port, "matched")), 2);
	assert_int_equal(json_integer_value(json_object_get(port, "lost")), 0);
	json_decref(page);
	end(&one);
}

static void
nothing_yet_is_waited_for(void **state)
{
	struct ctl_reply r = {.session = &one};
	json_t *args = json_pack("{s:b}", "frames", 1);
	unsigned runs = 0;

	(void)state;
	assert_true(arm(&one, json_object()));
	do
		ctl_run(&gateway, "trace", args, &r);
	while (r.wait && ++runs < 1000);
	assert_int_equal(runs, 100 / CTL_WAIT_MS);
	assert_int_equal(count(r.data), 0);
	assert_false(is_done(r.data));
	json_decref(r.data);
	json_decref(args);
	end(&one);
}

static void
there_is_one_at_a_time(void **state)
{
	(void)state;
	assert_true(arm(&one, json_object()));
	assert_false(arm(&two, json_object()));
	assert_string_equal(refused, "failed");
	assert_false(arm(&one, json_object()));
	assert_null(fetch(&two, false)); /* nor does it get another's frames */
	talk(1);
	gets(&one, false, 2, false);
	end(&two); /* which held nothing */
	talk(1);
	gets(&one, false, 2, false);
	end(&one);
	assert_true(arm(&two, json_object()));
	end(&two);
}

static void
stop_gives_the_rest(void **state)
{
	(void)state;
	assert_true(arm(&one, json_object()));
	talk(3);
	gets(&one, true, 6, true);
	assert_null(fetch(&one, false));
	assert_string_equal(refused, "failed");
	talk(1);
	assert_true(arm(&one, json_object()));
	gets(&one, true, 0, true);
}

/* More than a page: the rest follows, then it is over. */
static void
stop_after_a_page(void **state)
{
	unsigned got = 0, pages = 0;
	json_t *page;
	bool over;

	(void)state;
	assert_true(arm(&one, json_object()));
	talk(700);
	do {
		page = fetch(&one, true);
		got += (unsigned)count(page);
		over = is_done(page);
		json_decref(page);
	} while (!over && ++pages < 10);
	assert_int_equal(got, 1400);
	assert_true(over && pages > 0);
}

static void
so_many_frames(void **state)
{
	(void)state;
	assert_true(arm(&one, json_pack("{s:s}", "c", "3")));
	talk(1);
	gets(&one, false, 2, false);
	talk(1);
	gets(&one, false, 1, true);
}

static void
so_many_seconds(void **state)
{
	(void)state;
	assert_true(arm(&one, json_pack("{s:s}", "seconds", "0.5")));
	talk(1);
	usleep(510000);
	talk(1);
	gets(&one, false, 2, true);
}

/* A client that sleeps over its time keeps the place for a while, and no longer. */
static void
who_is_late_gives_way(void **state)
{
	(void)state;
	assert_true(arm(&one, json_pack("{s:s}", "seconds", "0.05")));
	usleep(60000);
	assert_false(arm(&two, json_object()));
	usleep(5100000);
	assert_true(arm(&two, json_object()));
	assert_null(one.held);
	assert_null(fetch(&one, false));
	talk(1);
	gets(&two, false, 2, false);
	end(&two);
}

/* ---- the flight recorder's time ---- */

/* When the last message that was heard was heard. */
static uint64_t
heard_at(void)
{
	json_t *all = ask(NULL, json_pack("{s:i}", "c", 2), 0);
	uint64_t ns = 0, i;
	json_t *entry;

	json_array_foreach (all, i, entry)
		if (strcmp(json_string_value(json_object_get(entry, "verb")), "heard")
			== 0)
			ns = (uint64_t)json_integer_value(
				json_object_get(entry, "time_ns"));
	json_decref(all);
	return ns;
}

/* A TSC that is taken for a tenth slower than it is: whenever an entry is read, it has
 * the time that the log has, which was right when it was made. */
static void
a_record_keeps_its_time(void **state)
{
	static const struct bytes post = BYTES_OF("\x50\x02\x00\x08\xb1t\x04"
						  "dev1\xff"
						  "1");
	struct dp_clock *clock = &gw.dp->shared.clock;
	uint64_t first, logged;

	(void)state;
	clock->mult += clock->mult / 10;
	usleep(200000);
	dp_tick(gw.dp);
	gw_say(&gw.flow, post);
	assert_int_equal(gw_log_read(), 1);
	logged = gw.record[0].r.time_ns;
	gw_log_settle(0);
	first = heard_at();
	assert_in_range(first, logged - 1000, logged);
	for (unsigned i = 0; i < 3; i++) {
		usleep(50000);
		dp_tick(gw.dp);
		assert_int_equal(heard_at(), first);
	}
	gw_reopen(NULL);
}

/* ---- long tokens (RFC 8974) ---- */

#define LONGEST 64
#define BYTES_13 "a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define BYTES_65 BYTES_13 BYTES_13 BYTES_13 BYTES_13 BYTES_13

static void
long_tokens(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->token_max = LONGEST;
}

/* A GET whose token is @tkl bytes 0xa1, over twelve of them, and a last one. */
static void
talk_at_length(unsigned tkl, uint8_t last)
{
	uint8_t get[4 + 1 + LONGEST + 6] = {0x4d, TG_GET, 0, 7, (uint8_t)(tkl - 13)};
	struct frame f;

	memset(get + 5, 0xa1, tkl - 1);
	get[5 + tkl - 1] = last;
	memcpy(get + 5 + tkl, "\xb5hello", 6);
	gw_say(&gw.flow, (struct bytes){get, 5 + tkl + 6});
	assert_true(gw_take(&f));
}

static json_t *
token_of(unsigned tkl, uint8_t last)
{
	char text[2 * LONGEST + 1];

	for (unsigned i = 0; i < tkl; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", i + 1 < tkl ? 0xa1 : last);
	return json_pack("{s:s}", "token", text);
}

static const struct long_row {
	const char *name;
	unsigned want, tkl; /* bytes of the filter's token, and of the message's */
	uint8_t last;       /* of the message's; the filter's is 1 */
	size_t frames, recorded;
} long_rows[] = {
	{"a token of 13 bytes", 13, 13, 1, 2, 1},
	{"a token of 64 bytes", 64, 64, 1, 2, 1},
	{"a token with another last byte", 64, 64, 2, 0, 1}, /* no entry has that */
	{"a token that begins alike", 63, 64, 1, 0, 0},
	{"a token that goes on", 64, 63, 1, 0, 0},
};

/* A file is by the whole token, what is recorded by its length and first bytes. */
static void
is_of_a_long_token(void **state)
{
	const struct long_row *r = *state;
	json_t *recorded;

	gw_reopen(long_tokens);
	assert_true(arm(&one, token_of(r->want, 1)));
	talk_at_length(r->tkl, r->last);
	gets(&one, true, r->frames, true);
	recorded = ask(NULL, token_of(r->want, 1), 0);
	assert_int_equal(json_array_size(recorded), r->recorded);
	json_decref(recorded);
}

static const struct row {
	const char *name, *key, *value;
} bad[] = {
	{"peer", "peer", "nowhere"},
	{"token", "token", "xyz"},
	{"token too long", "token", BYTES_65},
	{"path", "path", "hello"},
	{"no frames", "c", "0"},
	{"no time", "seconds", "0"},
	{"over an hour", "seconds", "3600.1"},
	{"a time that is none", "seconds", "soon"},
};

static const struct row bad_recorded[] = {
	{"no messages", "c", "0"},
	{"messages that are no number", "c", "1e"},
	{"the last no seconds", "last", "0"},
	{"the last that is no number", "last", "abc"},
	{"the last that begins as a number", "last", "1e"},
	{"the last that is negative", "last", "-1"},
	{"seconds of what was", "seconds", "3"},
};

static void
is_refused_of_what_was(void **state)
{
	const struct row *r = *state;

	assert_null(ask(NULL, json_pack("{s:s}", r->key, r->value), 0));
	assert_string_equal(refused, "usage");
}

static void
is_refused(void **state)
{
	const struct row *r = *state;

	assert_false(arm(&one, json_pack("{s:s}", r->key, r->value)));
	assert_string_equal(refused, "usage");
	assert_null(one.held);
	assert_true(arm(&one, json_object())); /* nothing is left of it */
	end(&one);
}

/* What asks over no connection could never end it. */
static void
telemetry_cannot_arm(void **state)
{
	(void)state;
	assert_false(arm(NULL, json_object()));
	assert_string_equal(refused, "usage");
}

int
main(void)
{
	static const struct setting settings[] = {
		{"IPv4, one worker", 1, false, 0, 0},
		{"IPv6, two workers", 2, true, 1, 0},
	};
	struct CMUnitTest
		tests[COUNT(bad) + COUNT(bad_recorded) + COUNT(long_rows) + 10] = {
			cmocka_unit_test(frames_come_whole),
			cmocka_unit_test(nothing_yet_is_waited_for),
			cmocka_unit_test(there_is_one_at_a_time),
			cmocka_unit_test(stop_gives_the_rest),
			cmocka_unit_test(stop_after_a_page),
			cmocka_unit_test(so_many_frames),
			cmocka_unit_test(so_many_seconds),
			cmocka_unit_test(who_is_late_gives_way),
			cmocka_unit_test(telemetry_cannot_arm),
			cmocka_unit_test(a_record_keeps_its_time),
		};
	size_t n = 10;

	ADD_ROWS(tests, &n, long_rows, is_of_a_long_token);
	ADD_ROWS(tests, &n, bad, is_refused);
	ADD_ROWS(tests, &n, bad_recorded, is_refused_of_what_was);
	return gw_main("tracing", settings, COUNT(settings), tests, n);
}
