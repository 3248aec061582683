/* Copies of the frames that a filter matches: which, whole, in order, each once. */
#include "coap/code.h"
#include "dataplane/capture.h"
#include "dataplane/path.h"
#include "tests/dp_fixture.h"

#include <errno.h>
#include <rte_byteorder.h>
#include <time.h>

#define SEEN_MAX 64

static struct dp_capture *armed;

/* ---- what the capture has ---- */

struct seen {
	uint64_t tsc;
	bool sent;
	struct frame f;
};

static struct seen seen[SEEN_MAX];

static int
by_time(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->tsc < y->tsc ? -1 : x->tsc > y->tsc ? 1 : x->sent - y->sent;
}

/* Take all of it; how many frames. */
static unsigned
collect(void)
{
	struct dp_captured one;
	unsigned n = 0;

	for (unsigned w = 0; w < gw.cfg.workers; w++) {
		while (dp_capture_next(armed, w, &one)) {
			assert_true(n < SEEN_MAX && one.len <= FRAME_MAX);
			assert_int_equal(one.port, 0);
			seen[n].tsc = one.tsc;
			seen[n].sent = one.sent;
			seen[n].f.len = (uint16_t)one.len;
			memcpy(seen[n++].f.byte, one.bytes, one.len);
		}
		dp_capture_release(armed, w);
	}
	qsort(seen, n, sizeof(*seen), by_time);
	return n;
}

static void
is_frame(unsigned at, bool sent, const struct frame *want)
{
	assert_int_equal(seen[at].sent, sent);
	assert_int_equal(seen[at].f.len, want->len);
	assert_memory_equal(seen[at].f.byte, want->byte, want->len);
}

static void
arm(struct dp_capture_filter f)
{
	if (f.until_tsc == 0)
		f.until_tsc = UINT64_MAX;
	armed = dp_capture_new(&f, gw.cfg.workers);
	assert_non_null(armed);
	assert_int_equal(dp_capture_arm(gw.dp, armed), 0);
}

static void
disarm(void)
{
	dp_capture_disarm(gw.dp);
	dp_capture_free(armed);
	armed = NULL;
}

/* ---- talking ---- */

/* The frame of a datagram from the device, in which "dev?" is named. */
static void
make(struct frame *f, struct bytes msg)
{
	uint8_t copy[FRAME_MAX];

	memcpy(copy, msg.at, msg.len);
	for (size_t i = 0; i + 4 <= msg.len; i++)
		if (memcmp(copy + i, "dev?", 4) == 0)
			copy[i + 3] = (uint8_t)gw.digit;
	frame_udp(f, &gw.flow, copy, msg.len);
}

/* Say it; what came back. */
static void
exchange(struct bytes msg, struct frame *there, struct frame *back)
{
	make(there, msg);
	gw_send(there);
	gw_turn();
	assert_true(gw_take(back));
	gw_expect_silence();
}

/* ---- filters ---- */

static const struct bytes talk[] = {
	B("\x40\x03\x00\x0b\xb1"
	  "d\x04"
	  "dev?\x01s\xffx"),
	B("\x41\x01\x00\x0c\xaa\xb5hello"),
	B("\x41\x01\x00\x0d\xbb\xb5hello"),
	B("\x40\x02\x00\x0e\xb1r\x04"
	  "dev?\xffx"),
	B("\x40\x00\x00\x0f"),
	B("\x41\x01\x00\x10\xaa\xb7nowhere"),
};
enum { VALUE = 1, HELLO_A = 2, HELLO_B = 4, STREAM = 8, PING = 16, NOWHERE = 32 };
enum { ALL = 63, HELLOS = HELLO_A | HELLO_B };

static const struct row {
	const char *name;
	const char *path, *device, *token; /* as "dev?", as bytes; NULL: any */
	enum { ANY_PEER, ITS_ADDRESS, ITS_PORT, OTHER_ADDRESS, OTHER_PORT } peer;
	bool known;    /* where the device is */
	unsigned want; /* whose both halves */
} rows[] = {
	{"everything", NULL, NULL, NULL, ANY_PEER, false, ALL},
	{"an address", NULL, NULL, NULL, ITS_ADDRESS, false, ALL},
	{"an endpoint", NULL, NULL, NULL, ITS_PORT, false, ALL},
	{"another address", NULL, NULL, NULL, OTHER_ADDRESS, false, 0},
	{"another endpoint", NULL, NULL, NULL, OTHER_PORT, false, 0},
	{"a token", NULL, NULL, "\xaa", ANY_PEER, false, HELLO_A | NOWHERE},
	{"another token", NULL, NULL, "\xbb", ANY_PEER, false, HELLO_B},
	{"no token", NULL, NULL, "", ANY_PEER, false, VALUE | STREAM | PING},
	{"a token that begins alike", NULL, NULL, "\xaa\xaa", ANY_PEER, false, 0},
	{"a path", "/hello", NULL, NULL, ANY_PEER, false, HELLOS},
	{"a path without a route", "/nowhere", NULL, NULL, ANY_PEER, false, NOWHERE},
	{"a path that begins alike", "/hell", NULL, NULL, ANY_PEER, false, 0},
	{"a path that goes on", "/hello/x", NULL, NULL, ANY_PEER, false, 0},
	{"a value's path", "/d/dev?/s", NULL, NULL, ANY_PEER, false, VALUE},
	{"a stream's path", "/r/dev?", NULL, NULL, ANY_PEER, false, STREAM},
	{"a device", NULL, "dev?", NULL, ANY_PEER, false, VALUE | STREAM},
	{"a device whose endpoint is known", NULL, "dev?", NULL, ANY_PEER, true, ALL},
	{"another device", NULL, "other", NULL, ANY_PEER, false, 0},
	{"a path and a token", "/hello", NULL, "\xaa", ANY_PEER, false, HELLO_A},
	{"a path and an endpoint", "/hello", NULL, NULL, ITS_PORT, false, HELLOS},
	{"a path and another endpoint", "/hello", NULL, NULL, OTHER_PORT, false, 0},
};

static struct dp_peer_key
endpoint(void)
{
	struct dp_peer_key key = {.addr = {[10] = 0xff, [11] = 0xff},
		.port_be = rte_cpu_to_be_16(gw.flow.sport)};

	memcpy(gw.flow.v6 ? key.addr : key.addr + 12, gw.flow.src, gw.flow.v6 ? 16 : 4);
	return key;
}

/* @text with the device's name in it. */
static size_t
name_in(char *to, size_t cap, const char *text)
{
	snprintf(to, cap, "%s", text);
	if (strchr(to, '?') != NULL)
		*strchr(to, '?') = gw.digit;
	return strlen(to);
}

static struct dp_capture_filter
filter_of(const struct row *r)
{
	struct dp_capture_filter f = {.by_peer = r->peer != ANY_PEER,
		.by_device = r->device != NULL,
		.by_token = r->token != NULL,
		.by_path = r->path != NULL,
		.peer = endpoint()};
	char text[32];

	if (r->peer == ITS_ADDRESS)
		f.peer.port_be = 0;
	f.peer.addr[15] ^= r->peer == OTHER_ADDRESS;
	f.peer.port_be ^= r->peer == OTHER_PORT;
	if (r->known)
		f.at = endpoint();
	if (r->token != NULL) {
		f.tkl = (uint8_t)strlen(r->token);
		memcpy(f.token, r->token, f.tkl);
	}
	if (r->device != NULL) {
		f.device_len = (uint8_t)name_in(text, sizeof(text), r->device);
		memcpy(f.device, text, f.device_len);
	}
	if (r->path != NULL)
		f.path_len = dp_path_parse(f.path, sizeof(f.path), text,
			name_in(text, sizeof(text), r->path));
	return f;
}

static void
has_what_matches(void **state)
{
	const struct row *r = *state;
	struct frame there[COUNT(talk)], back[COUNT(talk)];
	unsigned n = 0;

	arm(filter_of(r));
	for (unsigned i = 0; i < COUNT(talk); i++)
		exchange(talk[i], &there[i], &back[i]);
	assert_int_equal(collect(), 2 * __builtin_popcount(r->want));
	for (unsigned i = 0; i < COUNT(talk); i++)
		if (r->want >> i & 1) {
			is_frame(n++, false, &there[i]);
			is_frame(n++, true, &back[i]);
		}
	assert_int_equal(dp_capture_count(armed, 0).matched, n);
	assert_int_equal(dp_capture_count(armed, 0).lost, 0);
	disarm();
}

static struct dp_capture_filter
by_path(const char *path)
{
	return filter_of(&(const struct row){.path = path});
}

/* A request is acknowledged, answered, and the answer acknowledged: all by its path. */
static void
a_separate_response_is_followed(void **state)
{
	struct frame there, ack, answer, back;
	uint8_t bytes[] = {T_ACK, 0, 0, 0};
	unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;

	(void)state;
	arm(by_path("/slow"));
	make(&there, BYTES_OF("\x41\x01\x00\x07\xaa\xb4slow"));
	gw_send(&there);
	gw_turn();
	gw_later_ms(510);
	gw_turn();
	assert_true(gw_take(&ack));
	gw_later_ms(500);
	gw_turn();
	assert_true(gw_take(&answer));
	memcpy(bytes + 2, answer.byte + at + 2, 2);
	make(&back, (struct bytes){bytes, sizeof(bytes)});
	gw_send(&back);
	gw_turn();
	assert_int_equal(collect(), 4);
	is_frame(0, false, &there);
	is_frame(1, true, &ack);
	is_frame(2, true, &answer);
	is_frame(3, false, &back);
	disarm();
}

/* Another request with the same Message ID and token is not what was followed. */
static void
what_takes_its_place_is_not(void **state)
{
	struct frame there, back, other;

	(void)state;
	arm(by_path("/hello"));
	exchange(BYTES_OF("\x41\x01\x00\x07\xaa\xb5hello"), &there, &back);
	exchange(BYTES_OF("\x41\x01\x00\x07\xaa\xb5query"), &other, &other);
	assert_int_equal(collect(), 2);
	is_frame(0, false, &there);
	is_frame(1, true, &back);
	disarm();
}

/* A burst of requests is heard before any of them is answered. */
static void
a_burst_is_followed(void **state)
{
	uint8_t get[] = "\x41\x01\x00\x07\xaa\xb5hello";
	struct frame f;

	(void)state;
	for (unsigned round = 0; round < 64; round++) {
		if (round % 16 == 0)
			arm(by_path("/hello"));
		for (unsigned i = 0; i < 16; i++) {
			get[3] = (uint8_t)(16 * round + i);
			get[4]++;
			gw_queue(&gw.flow, (struct bytes){get, sizeof(get) - 1});
		}
		gw_turn();
		while (gw_take(&f))
			continue;
		assert_int_equal(collect(), 32);
		if (round % 16 == 15)
			disarm();
	}
}

/* What is no CoAP at all has an address at least, and is part of everything. */
static void
an_echo_has_an_address(void **state)
{
	struct dp_capture_filter f = {.by_peer = true, .peer = endpoint()};
	uint8_t echo[] = {gw.flow.v6 ? 128 : 8, 0, 0, 0, 1, 2, 3, 4};
	struct frame there, back;

	(void)state;
	frame_icmp(&there, &gw.flow, echo, sizeof(echo));
	for (unsigned port = 0; port < 2; port++) {
		f.peer.port_be = port == 0 ? 0 : endpoint().port_be;
		arm(f);
		gw_send(&there);
		gw_turn();
		assert_true(gw_take(&back));
		assert_int_equal(collect(), port == 0 ? 2 : 0);
		disarm();
	}
}

/* What the stack drops was heard, too: a frame of half a header. */
static void
a_frame_that_is_none(void **state)
{
	struct frame f = {.len = 9};

	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		arm(all ? (struct dp_capture_filter){0} : by_path("/hello"));
		gw_send(&f);
		gw_turn();
		assert_int_equal(collect(), all);
		disarm();
	}
}

static void
tagged_frames_are_read(void **state)
{
	struct frame there, back;

	(void)state;
	gw.flow.tag = 5;
	arm(by_path("/hello"));
	exchange(BYTES_OF("\x41\x01\x00\x07\xaa\xb5hello"), &there, &back);
	assert_int_equal(collect(), 2);
	is_frame(0, false, &there);
	is_frame(1, true, &back);
	disarm();
}

/* ---- bounds ---- */

static void
nothing_after_its_time(void **state)
{
	struct frame there, back;

	(void)state;
	arm((struct dp_capture_filter){.until_tsc = rte_rdtsc()});
	exchange(talk[1], &there, &back);
	assert_int_equal(collect(), 0);
	assert_int_equal(dp_capture_count(armed, 0).matched, 0);
	disarm();
}

static void
one_at_a_time(void **state)
{
	const struct dp_capture_filter f = {.until_tsc = UINT64_MAX};
	struct dp_capture *second = dp_capture_new(&f, gw.cfg.workers);
	struct frame there, back;

	(void)state;
	arm(f);
	assert_int_equal(dp_capture_arm(gw.dp, second), -EBUSY);
	disarm();
	dp_capture_disarm(gw.dp); /* of nothing */
	exchange(talk[1], &there, &back);
	armed = second;
	assert_int_equal(dp_capture_arm(gw.dp, armed), 0);
	assert_int_equal(collect(), 0);
	exchange(talk[1], &there, &back);
	assert_int_equal(collect(), 2);
	disarm();
}

#define LONG 1000
static uint8_t long_get[LONG] =
	"\x40\x01\x00\x07\xb5hello\xff"; /* a CON, with a payload */

/* A burst of them, whose answers nobody wants to see; how many frames that was. */
static unsigned
burst(unsigned n)
{
	struct frame f;

	gw_queue_all(&gw.flow, (struct bytes){long_get, LONG}, n);
	gw_turn();
	while (gw_take(&f))
		continue;
	return 2 * n;
}

/* All that is in the rings: heard frames are the long one, whole. */
static unsigned
drain(void)
{
	struct dp_captured one;
	struct frame f;
	unsigned n = 0;

	frame_udp(&f, &gw.flow, long_get, LONG);
	for (unsigned w = 0; w < gw.cfg.workers; w++) {
		for (; dp_capture_next(armed, w, &one); n++)
			if (!one.sent) {
				assert_int_equal(one.len, f.len);
				assert_memory_equal(one.bytes, f.byte, f.len);
			}
		dp_capture_release(armed, w);
	}
	return n;
}

static void
a_full_ring_loses_and_counts(void **state)
{
	unsigned frames = 0;

	(void)state;
	arm((struct dp_capture_filter){0});
	while (dp_capture_count(armed, 0).lost == 0) {
		frames += burst(DP_BURST);
		assert_true(frames < 2 * DP_CAPTURE_RING / LONG);
	}
	assert_true(frames > DP_CAPTURE_RING / LONG);
	assert_int_equal(dp_capture_count(armed, 0).matched, frames);
	assert_int_equal(drain(), frames - dp_capture_count(armed, 0).lost);
	frames = burst(DP_BURST);
	assert_int_equal(drain(), frames); /* there is room again */
	disarm();
}

/* Round and round: entries end where the ring does, or a little before it. */
static void
a_ring_that_is_read_goes_on(void **state)
{
	unsigned frames = 0, got = 0;

	(void)state;
	arm((struct dp_capture_filter){0});
	while (frames < 3 * DP_CAPTURE_RING / LONG) {
		frames += burst(61);
		got += drain();
	}
	assert_int_equal(got, frames);
	assert_int_equal(dp_capture_count(armed, 0).lost, 0);
	disarm();
}

/* What a port has no room for is offered again, but copied once. */
static void
what_waits_is_copied_once(void **state)
{
	struct frame f;
	unsigned n = 0;

	(void)state;
	arm((struct dp_capture_filter){0});
	gw_port_room(2);
	gw_queue_all(&gw.flow, talk[1], 5);
	gw_turn();
	gw_turn();
	gw_port_room(0);
	while (gw_take(&f))
		n++;
	gw_turn();
	while (gw_take(&f))
		n++;
	assert_int_equal(n, 5);
	assert_int_equal(collect(), 10);
	disarm();
}

/* ---- while it runs ---- */

static void
same_settings(struct dp_settings *s)
{
	s->version++;
}

static void
a_reload_goes_on(void **state)
{
	struct frame there, back;

	(void)state;
	arm(filter_of(&(const struct row){.device = "dev?"}));
	exchange(talk[0], &there, &back);
	gw_publish(same_settings);
	exchange(talk[3], &there, &back);
	assert_int_equal(collect(), 4);
	disarm();
}

static void
a_stop_leaves_what_there_is(void **state)
{
	struct frame there, back;

	(void)state;
	arm((struct dp_capture_filter){0});
	exchange(talk[1], &there, &back);
	gw_reopen(NULL); /* with it armed */
	assert_int_equal(collect(), 2);
	dp_capture_free(armed);
	exchange(talk[1], &there, &back);
}

/* The sum of all bytes in the rings: the sanitizer looks at each of them. */
static uint64_t
read_all(void)
{
	struct dp_captured one;
	uint64_t sum = 0;

	for (unsigned w = 0; w < gw.cfg.workers; w++) {
		while (dp_capture_next(armed, w, &one))
			for (uint32_t i = 0; i < one.len; i++)
				sum += one.bytes[i];
		dp_capture_release(armed, w);
	}
	return sum;
}

/* Workers on their own cores: no copy is made, and no byte read, once it is disarmed. */
static void
while_workers_run(void **state)
{
	const struct timespec pause = {.tv_nsec = 200000};
	struct frame f;
	uint64_t matched = 0;

	(void)state;
	assert_int_equal(dp_start(gw.dp), 0);
	for (unsigned i = 0; i < 100 || (matched == 0 && i < 5000); i++) {
		arm(i % 2 ? (struct dp_capture_filter){0} : by_path("/hello"));
		for (unsigned k = 0; k < 8; k++)
			gw_queue(&gw.flow, talk[1]);
		nanosleep(&pause, NULL);
		(void)read_all();
		matched += dp_capture_count(armed, 0).matched;
		disarm();
		while (gw_take(&f))
			continue;
	}
	assert_true(matched > 0);
	dp_stop(gw.dp);
	gw_turn();
	while (gw_take(&f))
		continue;
}

int
main(void)
{
	static const struct setting settings[] = {
		{"IPv4", 1, false, 0, 0},
		{"IPv6", 1, true, 0, 0},
		{"two workers, endpoint and value elsewhere", 2, false, 1, 1},
		{"two workers, value elsewhere", 2, true, 0, 1},
	};
	struct CMUnitTest tests[COUNT(rows) + 14] = {
		cmocka_unit_test(a_separate_response_is_followed),
		cmocka_unit_test(what_takes_its_place_is_not),
		cmocka_unit_test(a_burst_is_followed),
		cmocka_unit_test(an_echo_has_an_address),
		cmocka_unit_test(a_frame_that_is_none),
		cmocka_unit_test(tagged_frames_are_read),
		cmocka_unit_test(nothing_after_its_time),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(a_full_ring_loses_and_counts),
		cmocka_unit_test(a_ring_that_is_read_goes_on),
		cmocka_unit_test(what_waits_is_copied_once),
		cmocka_unit_test(a_reload_goes_on),
		cmocka_unit_test(a_stop_leaves_what_there_is),
		cmocka_unit_test(while_workers_run),
	};
	size_t n = 14;

	ADD_ROWS(tests, &n, rows, has_what_matches);
	return gw_main("capture", settings, COUNT(settings), tests, n);
}
