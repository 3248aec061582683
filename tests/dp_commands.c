/*
 * Commands that have to wait: no run of one ever does, and each ends in its time.
 *
 * The test runs them as the control thread's loop would, and the workers' turns between.
 */
#include "coap/code.h"
#include "control/cmd.h"
#include "tests/dp_fixture.h"
#include "tests/log_records.h"

#include <rte_rcu_qsbr.h>
#include <unistd.h>

#define RUNS_MAX 1000

static struct ctl_config conf;
static struct ctl_gateway gateway = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.conf = &conf,
};

struct asked {
	const char *command;
	json_t *args;
	struct ctl_reply reply;
};

static struct asked
ask(const char *command, json_t *args)
{
	gateway.dp = gw.dp;
	return (struct asked){.command = command, .args = args};
}

/* Has it been answered? */
static bool
run(struct asked *a)
{
	ctl_run(&gateway, a->command, a->args, &a->reply);
	return !a->reply.wait;
}

/* Run it until it answers, with @between its runs; how many it took. */
static unsigned
run_on(struct asked *a, void (*between)(void))
{
	unsigned n = 1;

	for (; !run(a); n++) {
		assert_true(n < RUNS_MAX);
		if (between != NULL)
			between();
	}
	return n;
}

static void
done(struct asked *a)
{
	if (a->reply.let_go != NULL)
		a->reply.let_go(a->reply.state);
	json_decref(a->reply.data);
	json_decref(a->args);
}

static bool
says(const struct asked *a, const char *key)
{
	const json_t *v = json_object_get(a->reply.data, key);

	assert_true(json_is_boolean(v));
	return json_is_true(v);
}

static void
post(void)
{
	gw_say(&gw.flow, coap(T_CON, TG_POST, 7,
				 BYTES_OF("\xb1t\x04"
					  "dev?\xffx")));
	assert_int_equal(gw_log_read(), 1);
}

static void
commit(void)
{
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, (struct bytes){0}));
}

/* ---- drain ---- */

static void
drain_at_rest(void **state)
{
	struct asked a = ask("drain", NULL);

	(void)state;
	assert_int_equal(run_on(&a, NULL), 1);
	assert_true(says(&a, "drained"));
	done(&a);
}

/* A worker whose core was stolen has not heard of it: what it said last is old. */
static void
drain_waits_for_each_worker(void **state)
{
	struct rte_rcu_qsbr *qsbr = gw.dp->shared.qsbr;

	(void)state;
	assert_int_equal(rte_rcu_qsbr_thread_register(qsbr, 0), 0);
	rte_rcu_qsbr_thread_online(qsbr, 0);
	assert_false(dp_drain(gw.dp, 5));
	rte_rcu_qsbr_quiescent(qsbr, 0);
	assert_true(dp_drain(gw.dp, 0));
	rte_rcu_qsbr_thread_offline(qsbr, 0);
	assert_int_equal(rte_rcu_qsbr_thread_unregister(qsbr, 0), 0);
}

static void
drain_waits_for_the_log(void **state)
{
	struct asked a = ask("drain", NULL);

	(void)state;
	post();
	for (unsigned i = 0; i < 10; i++)
		assert_false(run(&a));
	commit();
	assert_true(run(&a));
	assert_true(says(&a, "drained"));
	done(&a);
}

static void
drain_gives_up(void **state)
{
	struct asked a = ask("drain", NULL);

	(void)state;
	post();
	assert_int_equal(run_on(&a, NULL), 2000 / CTL_WAIT_MS + 1);
	assert_false(says(&a, "drained"));
	done(&a);
}

/* ---- stats --check ---- */

static void
check_at_rest(void **state)
{
	struct asked a = ask("stats", json_pack("{s:b}", "check", 1));

	(void)state;
	assert_int_equal(run_on(&a, NULL), 2);
	assert_true(says(&a, "closes"));
	assert_true(says(&a, "at_rest"));
	done(&a);
}

static void
ping(void)
{
	gw_ask(BYTES_OF("\x40\x00\x00\x07"), BYTES_OF("\x70\x00\x00\x07"));
}

static void
check_gives_up_under_traffic(void **state)
{
	struct asked a = ask("stats", json_pack("{s:b}", "check", 1));

	(void)state;
	assert_int_equal(run_on(&a, ping), 500 / CTL_WAIT_MS + 1);
	assert_false(says(&a, "at_rest"));
	done(&a);
}

/* ---- devices kick ---- */

static struct asked
kick(void)
{
	char name[] = "dev?";

	name[3] = gw.digit;
	return ask("devices kick", json_pack("{s:s}", "device", name));
}

static void
kick_known(void **state)
{
	struct asked a;

	(void)state;
	post();
	commit();
	a = kick();
	assert_int_equal(run_on(&a, gw_turn), 3); /* the device, then its endpoint */
	assert_null(a.reply.code);
	done(&a);
}

static void
kick_busy(void **state)
{
	struct asked a;

	(void)state;
	post();
	a = kick();
	assert_int_equal(run_on(&a, gw_turn), 1000 / CTL_WAIT_MS + 1);
	assert_string_equal(a.reply.code, "busy");
	gw_turn();
	done(&a);
	commit();
}

static void
kick_unknown(void **state)
{
	struct asked a = kick();

	(void)state;
	run_on(&a, gw_turn);
	assert_string_equal(a.reply.code, "not-found");
	done(&a);
}

static void
kick_gives_up(void **state)
{
	struct asked a = kick();

	(void)state;
	assert_int_equal(run_on(&a, NULL), 1000 / CTL_WAIT_MS + 1);
	assert_string_equal(a.reply.code, "timeout");
	gw_turn(); /* else it is never freed */
	done(&a);
}

/* ---- a reply's numbers ---- */

static void
reals_are_short(void **state)
{
	const char text[] = "{\"command\":\"latency\"}";
	struct ctl_request *q = ctl_request_new(text, sizeof(text) - 1, NULL);
	struct frame f;
	char *reply;

	(void)state;
	gateway.dp = gw.dp;
	gw_say(&gw.flow, coap(T_CON, TG_GET, 7, BYTES_OF("\xb5hello")));
	assert_true(gw_take(&f));
	assert_true(ctl_request_run(&gateway, q, &reply));
	assert_non_null(strstr(reply, "\"answers\":1,"));
	for (const char *p = reply; (p = strchr(p, ':')) != NULL; p++)
		assert_true(strspn(p + 1, "0123456789.") <= 10); /* nine digits */
	free(reply);
	ctl_request_free(q);
}

/* ---- log trim ---- */

/* The gateway's log: segments 1 .. 4 of one record each, in a directory of its own, and
 * the log thread, which no worker gives anything to. */
static void
start_log(char *dir)
{
	const struct ctl_log_options opt = {.segment_bytes = 1};
	static uint8_t buf[DP_RECORD_MAX];

	assert_non_null(mkdtemp(dir));
	assert_int_equal(ctl_io_posix_open(&gateway.io, dir, 0), 0);
	assert_int_equal(
		ctl_log_open(&gateway.log, &gateway.io.io, &opt, &gateway.log_report), 0);
	for (uint64_t i = 1; i <= 4; i++) {
		ctl_log_append(&gateway.log, buf, numbered_encode(i, buf));
		assert_int_equal(ctl_log_commit(&gateway.log), 0);
	}
	assert_int_equal(
		ctl_logd_start(&gateway.logd, &gateway.log, gateway.rings, 0, false), 0);
}

static void
stop_log(void)
{
	ctl_logd_stop(&gateway.logd);
	ctl_log_close(&gateway.log);
	ctl_io_posix_close(&gateway.io);
}

static void
remove_log(const char *dir)
{
	char path[64];

	for (unsigned i = 1; i <= 4; i++) {
		snprintf(path, sizeof(path), "%s/%016x.seg", dir, i);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void
a_moment(void)
{
	usleep(1000);
}

static void
trim(void **state)
{
	char dir[] = "/tmp/dp_commands.XXXXXX";
	struct asked a = ask("log trim", json_pack("{s:i}", "before", 3));

	(void)state;
	start_log(dir);
	assert_false(run(&a)); /* the first run reads nothing */
	run_on(&a, a_moment);
	assert_int_equal(
		json_integer_value(json_object_get(a.reply.data, "segments")), 2);
	done(&a);
	stop_log();
	remove_log(dir);
}

/* One waits for its turn; what waits when the log is closed waits in vain. */
static void
trim_twice(void **state)
{
	struct asked a = ask("log trim", json_pack("{s:i}", "before", 3));
	struct asked b = ask("log trim", json_pack("{s:i}", "before", 4));

	(void)state;
	gateway.logd = (struct ctl_logd){0}; /* nobody takes it */
	assert_false(run(&a));
	assert_true(run(&b));
	assert_string_equal(b.reply.code, "failed");
	ctl_trim_let_go(atomic_exchange(&gateway.logd.asked, NULL));
	done(&a);
	done(&b);
}

static void
trim_before_nothing(void **state)
{
	struct asked a = ask("log trim", json_pack("{s:s}", "before", "abc"));

	(void)state;
	assert_true(run(&a));
	assert_string_equal(a.reply.code, "usage");
	done(&a);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers", 2, true, 1, 0},
};

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_at_rest),
		cmocka_unit_test(drain_waits_for_each_worker),
		cmocka_unit_test(drain_waits_for_the_log),
		cmocka_unit_test(drain_gives_up),
		cmocka_unit_test(check_at_rest),
		cmocka_unit_test(check_gives_up_under_traffic),
		cmocka_unit_test(kick_known),
		cmocka_unit_test(kick_busy),
		cmocka_unit_test(kick_unknown),
		cmocka_unit_test(kick_gives_up),
		cmocka_unit_test(reals_are_short),
		cmocka_unit_test(trim),
		cmocka_unit_test(trim_twice),
		cmocka_unit_test(trim_before_nothing),
	};

	return gw_main("dp_commands", settings, COUNT(settings), tests, COUNT(tests));
}
