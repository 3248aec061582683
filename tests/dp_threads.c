/*
 * Workers on cores of their own, while control reloads, kicks and drains, and while a log
 * thread commits, fails and takes its time.
 *
 * The test's thread is the devices'; each round sends a few frames and waits for every
 * answer.
 */
#include "coap/code.h"
#include "control/parser.h"
#include "tests/dp_fixture.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

#define ROUND 32
#define PATIENCE_MS 5000

static const struct bytes none = {0};
static _Atomic bool done;

/* A worker that a busy machine keeps waiting is not to answer separately for that. */
static void
patient(struct dp_settings *s)
{
	s->ack_delay_ms = 2 * PATIENCE_MS;
}

static void
start(void)
{
	atomic_store(&done, false);
	assert_int_equal(dp_start(gw.dp), 0);
}

/* Wait for the next frame. */
static void
wait_for(struct frame *f)
{
	for (unsigned us = 0; !gw_take(f); us += 50) {
		assert_true(us < PATIENCE_MS * 1000);
		rte_delay_us_sleep(50);
	}
}

static const uint8_t *
coap_of(const struct frame *f)
{
	return f->byte + ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;
}

static unsigned
mid_of(const struct frame *f)
{
	return (unsigned)coap_of(f)[2] << 8 | coap_of(f)[3];
}

/* ---- reload ---- */

static char version[2] = "a";
static struct dp_route_spec hello = {
	.path = "/hello",
	.kind = DP_K_STATIC,
	.content = version,
	.content_len = 1,
	.content_format = DP_NO_FORMAT,
	.max_age = UINT32_MAX,
};

static void
next_version(struct dp_settings *s)
{
	version[0] = version[0] == 'z' ? 'a' : (char)(version[0] + 1);
	s->version++;
	s->routes = &hello;
	s->n_routes = 1;
}

#define RELOADS 10

static void *
reload(void *arg)
{
	_Atomic unsigned *reloads = arg;

	while (!atomic_load(&done)) {
		gw_publish(next_version);
		*reloads += 1;
		rte_delay_us_sleep(300);
	}
	return NULL;
}

/* The round's frames come in one burst, and one burst sees one version. */
static void
round_of_gets(uint16_t mid)
{
	struct frame f;
	uint8_t first = 0;

	gw_queue_all(&gw.flow, coap(T_CON, TG_GET, mid, BYTES_OF("\xb5hello")), ROUND);
	for (unsigned i = 0; i < ROUND; i++) {
		wait_for(&f);
		assert_memory_equal(coap_of(&f), ((uint8_t[]){T_ACK, TG_CONTENT}), 2);
		assert_int_equal(mid_of(&f), mid);
		if (i == 0)
			first = coap_of(&f)[5];
		assert_int_equal(coap_of(&f)[5], first);
	}
}

static void
reload_under_traffic(void **state)
{
	_Atomic unsigned reloads = 0;
	unsigned rounds = 0;
	size_t used;
	pthread_t t;

	(void)state;
	gw_publish(next_version);
	used = mallinfo2().uordblks;
	start();
	assert_int_equal(pthread_create(&t, NULL, reload, &reloads), 0);
	/* On a busy machine more, until it has been reloaded under them. */
	for (; rounds < 300 || reloads < RELOADS; rounds++) {
		assert_true(rounds <= UINT16_MAX);
		round_of_gets((uint16_t)rounds);
	}
	atomic_store(&done, true);
	pthread_join(t, NULL);
	dp_stop(gw.dp);
	/* Every snapshot but the last was freed; a thread's own memory is not much. */
	assert_true(mallinfo2().uordblks < used + 4096);
}

/* ---- reload on the way ---- */

/* A reload while a write is on its way to its value's home. */
static struct dp_route_spec stream = {
	.path = "/d/{device}/{resource*}",
	.kind = DP_K_STREAM,
	.ack = DP_ACK_RECEIVED,
	.stream = "s",
	.max_age = UINT32_MAX,
	.max_payload = DP_VALUE_MAX,
};

static void
no_route(struct dp_settings *s)
{
	s->routes = &hello;
	s->n_routes = 1;
}

static void
another_kind(struct dp_settings *s)
{
	s->routes = &stream;
	s->n_routes = 1;
}

static void
reload_on_the_way(void (*change)(struct dp_settings *s), uint8_t code, struct bytes with)
{
	bool away =
		gw.cfg.workers > 1; /* in every setting of two, the value is elsewhere */
	char path[] = "/d/dev0/v";
	struct dp_value v;

	path[6] = gw.digit;
	gw_queue(&gw.flow, coap(T_CON, TG_PUT, 7,
				   BYTES_OF("\xb1"
					    "d\x04"
					    "dev?\x01v")));
	for (unsigned i = 0; i <= gw.setting->home; i++)
		dp_worker_turn(gw.dp->shared.worker[i]);
	gw_publish(change);
	gw_turn();
	if (away)
		gw_hear(&gw.flow, coap(T_ACK, code, 7, with));
	else
		gw_hear(&gw.flow, coap(T_ACK, TG_CREATED, 7, none));
	assert_int_equal(dp_value_get(gw.dp, path, &v), !away);
	assert_int_equal(gw_log_read(), 0);
}

static void
reload_takes_the_route(void **state)
{
	(void)state;
	reload_on_the_way(no_route, TG_NOT_FOUND, none);
}

static void
reload_changes_the_kind(void **state)
{
	(void)state;
	reload_on_the_way(another_kind, TG_UNAVAILABLE, BYTES_OF("\xd1\x01\x05"));
}

/* ---- kick ---- */

static int
kick_device(const char *name)
{
	struct dp_kick *k = dp_kick_new(gw.dp, name, 4);
	int rc;

	assert_non_null(k);
	for (unsigned ms = 0; (rc = dp_kick_result(k)) == -EINPROGRESS || rc == -EBUSY;
		ms++) {
		assert_true(ms < PATIENCE_MS);
		rte_delay_us_sleep(1000);
	}
	dp_kick_free(k);
	return rc;
}

static void
kick_forgets(void **state)
{
	struct dp_device_info info;
	struct frame f;
	unsigned worker;
	char name[] = "dev0";

	(void)state;
	name[3] = gw.digit;
	start();
	for (unsigned times = 1; times <= 3; times++) {
		gw_queue(&gw.flow, coap(T_CON, TG_POST, 7,
					   BYTES_OF("\xb1r\x04"
						    "dev?\xffx")));
		wait_for(&f);
		gw_counted(DP_C_executed,
			times); /* and not a duplicate: its peer is forgotten */
		assert_true(dp_device_get(gw.dp, name, 4, &info, &worker));
		assert_int_equal(kick_device(name), 0);
		assert_false(dp_device_get(gw.dp, name, 4, &info, &worker));
		assert_int_equal(kick_device(name), -ENOENT);
	}
	dp_stop(gw.dp);
}

struct kicks {
	_Atomic unsigned done; /* read while they go on */
	unsigned other;
};

static void *
kick(void *arg)
{
	char name[] = "dev0";
	struct kicks *k = arg;

	for (; !atomic_load(&done);
		name[3] = name[3] == '9' ? '0' : (char)(name[3] + 1)) {
		int rc = kick_device(name);

		k->done += rc == 0;
		k->other += rc != 0 && rc != -ENOENT;
	}
	return NULL;
}

static void
kick_under_traffic(void **state)
{
	uint8_t put[] = "\xb1"
			"d\x04"
			"dev0\x01v\xffx";
	struct flow w = gw.flow;
	struct kicks kicks = {0};
	unsigned rounds = 0;
	struct frame f;
	pthread_t t;

	(void)state;
	start();
	assert_int_equal(pthread_create(&t, NULL, kick, &kicks), 0);
	/* At least so many rounds; on a busy machine more, until a kick has met a device.
	 */
	for (; rounds < 200 || kicks.done == 0; rounds++) {
		const uint16_t mid = (uint16_t)rounds;

		assert_true(rounds <= UINT16_MAX);
		for (unsigned i = 0; i < ROUND; i++) {
			w.sport = (uint16_t)(1000 + i);
			put[6] = (uint8_t)('0' + i % 10);
			gw_queue(&w, coap(T_CON, i % 2 ? TG_PUT : TG_DELETE, mid,
					     (struct bytes){put, sizeof(put) - 1}));
		}
		for (unsigned i = 0; i < ROUND; i++) {
			wait_for(&f);
			assert_int_equal(coap_of(&f)[0], T_ACK);
			assert_int_equal(mid_of(&f), mid);
		}
	}
	atomic_store(&done, true);
	pthread_join(t, NULL);
	dp_stop(gw.dp);
	gw_counted(DP_C_executed, rounds * ROUND);
	assert_int_equal(kicks.other, 0);
}

/* ---- the log ---- */

/* Commits in its own time; every fifth fails. */
static void *
log_thread(void *arg)
{
	(void)arg;
	for (unsigned n = 0; !atomic_load(&done); n++) {
		int status = n % 5 == 4 ? -EIO : 0;
		unsigned before = gw.n_records;

		gw_log_read();
		for (unsigned i = before; i < gw.n_records;
			i++) /* what became of it, for the test */
			gw.record[i % GW_RECORDS].r.answer =
				status == 0 ? TG_CHANGED : TG_UNAVAILABLE;
		rte_delay_us_sleep(n % 7 * 300);
		gw_log_commit(status);
	}
	return NULL;
}

/* What the log did with the record of that Message ID and port. */
static uint8_t
fate_of(unsigned mid, unsigned port)
{
	for (unsigned i = 0; i < gw.n_records; i++)
		if (gw.record[i].r.mid == mid && gw.record[i].r.source.port == port)
			return gw.record[i].r.answer;
	return 0;
}

static void
answers_are_the_logs(void **state)
{
	struct flow w = gw.flow;
	unsigned changed = 0;
	struct frame f;
	pthread_t t;

	(void)state;
	gw_publish(patient);
	start();
	assert_int_equal(pthread_create(&t, NULL, log_thread, NULL), 0);
	for (uint16_t mid = 0; mid < GW_RECORDS / ROUND; mid++) {
		for (w.sport = 1000; w.sport < 1000 + ROUND; w.sport++)
			gw_queue(&w, coap(T_CON, TG_POST, mid,
					     BYTES_OF("\xb1t\x04"
						      "dev?\xffx")));
		for (unsigned i = 0; i < ROUND; i++) {
			const uint8_t *c = coap_of(&f);
			unsigned port;

			wait_for(&f);
			port = (unsigned)c[2 - UDP] << 8 | c[3 - UDP];
			assert_int_equal(c[1], fate_of(mid_of(&f), port));
			changed += c[1] == TG_CHANGED;
		}
	}
	atomic_store(&done, true);
	pthread_join(t, NULL);
	dp_stop(gw.dp);
	gw_counted(DP_C_records_delivered, changed);
	gw_counted(DP_C_records_accepted, GW_RECORDS);
	assert_true(changed > 0 && changed < GW_RECORDS);
}

/* ---- the parser ---- */

#define LIST                                                                             \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01v"
#define PATCHES 12 /* rounds: the list stays within a value's length */

/* Many patch one value at a time, each adds an element: none is lost, none is there
 * twice. */
static void
every_patch_is_applied_once(void **state)
{
	char path[] = "/d/dev0/v";
	struct flow w = gw.flow;
	struct ctl_parser parser;
	struct dp_value v;
	struct frame f;

	(void)state;
	path[6] = gw.digit;
	gw_ask(coap(T_CON, TG_PUT, 1, BYTES_OF(LIST "\x11\x32\xff[]")),
		coap(T_ACK, TG_CREATED, 1, none));
	assert_int_equal(ctl_parser_start(&parser, gw.dp), 0);
	gw_publish(patient);
	start();
	for (uint16_t mid = 2; mid < 2 + PATCHES; mid++) {
		for (w.sport = 1000; w.sport < 1000 + ROUND; w.sport++)
			gw_queue(&w,
				coap(T_CON, TG_PATCH, mid,
					BYTES_OF(LIST "\x11\x33\xff[{\"op\":\"add\","
						      "\"path\":\"/-\",\"value\":1}]")));
		for (unsigned i = 0; i < ROUND; i++) {
			wait_for(&f);
			assert_int_equal(coap_of(&f)[1], TG_CHANGED);
		}
	}
	ctl_parser_stop(&parser);
	dp_stop(gw.dp);
	assert_true(dp_value_get(gw.dp, path, &v));
	assert_int_equal(v.len, 2 * PATCHES * ROUND + 1); /* "[1,1]" */
}

/* ---- drain ---- */

static void
drain_waits(void **state)
{
	struct frame f;

	(void)state;
	start();
	gw_queue(&gw.flow, coap(T_CON, TG_POST, 7,
				   BYTES_OF("\xb1t\x04"
					    "dev?\xffx")));
	for (unsigned i = 0; i < 1000 && gw_log_read() == 0; i++)
		rte_delay_us_sleep(1000);
	assert_int_equal(gw.n_records, 1);
	assert_false(dp_drain(gw.dp, 20));
	gw_log_commit(0);
	wait_for(&f);
	assert_int_equal(coap_of(&f)[1], TG_CHANGED);
	assert_true(dp_drain(gw.dp, 1000));
	gw_queue(&gw.flow, coap(T_CON, TG_POST, 8, none));
	dp_stop(gw.dp);
	gw_turn(); /* if no worker came to it */
	gw_counted(DP_C_rdrop_draining, 1);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers", 2, true, 1, 0},
	{"IPv4, two workers", 2, false, 0, 1},
};

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reload_under_traffic),
		cmocka_unit_test(reload_takes_the_route),
		cmocka_unit_test(reload_changes_the_kind),
		cmocka_unit_test(kick_forgets),
		cmocka_unit_test(kick_under_traffic),
		cmocka_unit_test(answers_are_the_logs),
		cmocka_unit_test(every_patch_is_applied_once),
		cmocka_unit_test(drain_waits),
	};

	return gw_main("dp_threads", settings, COUNT(settings), tests, COUNT(tests));
}
