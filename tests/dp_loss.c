/*
 * Two hundred devices behind a network that loses one datagram in five, each way, and
 * doubles one in twenty, with delays that overtake each other: clients, network, log and
 * gateway in one process and in simulated time, with the same dice in every run.
 *
 * Each posts readings to a stream, one after another.  The log stands still now and then,
 * for longer than a client is left without an acknowledgement: those readings are
 * answered by a CON of the gateway's, which is lost and doubled like all others.
 */
#include "coap/client.h"
#include "coap/code.h"
#include "tests/dp_fixture.h"
#include "tests/tables.h"

#define DEVICES 200
#define EACH 10 /* readings of a device */
#define READINGS (DEVICES * EACH)
#define STEP_MS 10
#define DELAY_MS 200      /* at most, one way */
#define COMMIT_MS 40      /* the log's pace, */
#define STANDS_EVERY 5000 /* and how often and how long it stands still */
#define STANDS_FOR 1200
#define IN_FLIGHT 2048
#define DATAGRAM 128
#define FIRST_PORT 20000
#define END_MS 3600000u /* by then all is over */

static struct dice dice;
static uint64_t now;

/* ---- the network ---- */

static struct datagram {
	uint64_t at_ms; /* when it arrives; 0: the place is free */
	unsigned device;
	bool up;
	size_t len;
	uint8_t bytes[DATAGRAM];
} net[IN_FLIGHT];

static unsigned lost, doubled;

static void
post_once(unsigned device, bool up, const uint8_t *bytes, size_t len)
{
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		if (net[i].at_ms == 0) {
			net[i].at_ms = now + 1 + roll_below(&dice, DELAY_MS);
			net[i].device = device;
			net[i].up = up;
			net[i].len = len;
			memcpy(net[i].bytes, bytes, len);
			return;
		}
	fail_msg("the network is full");
}

static void
post(unsigned device, bool up, const uint8_t *bytes, size_t len)
{
	assert_in_range(len, TG_HDR_LEN, DATAGRAM);
	if (roll_below(&dice, 100) < 20) {
		lost++;
		return;
	}
	post_once(device, up, bytes, len);
	if (roll_below(&dice, 100) < 5) {
		doubled++;
		post_once(device, up, bytes, len);
	}
}

/* ---- the devices ---- */

static struct device {
	struct tg_client client;
	struct tg_transaction transaction;
	uint64_t mids[64];
	struct tg_opt path[2];
	char name[8];
	unsigned started, ended;
	uint8_t reading[2];
} devices[DEVICES];

static unsigned succeeded, timed_out;
static uint8_t executed[READINGS];

static uint32_t
dice_random(void *arg)
{
	return (uint32_t)(roll(arg) >> 32);
}

static void
make_device(unsigned n)
{
	struct device *d = &devices[n];
	const struct tg_client_setup setup = {
		.param = TG_PARAM_DEFAULTS,
		.transactions = &d->transaction,
		.n_transactions = 1,
		.mids = d->mids,
		.n_mids = COUNT(d->mids),
		.random = dice_random,
		.random_arg = &dice,
	};

	memset(d, 0, sizeof(*d));
	tg_client_init(&d->client, &setup);
	snprintf(d->name, sizeof(d->name), "d%u", n);
	d->path[0] = (struct tg_opt){(const uint8_t *)"t", 1, TG_OPT_URI_PATH};
	d->path[1] = (struct tg_opt){
		(const uint8_t *)d->name, (uint16_t)strlen(d->name), TG_OPT_URI_PATH};
}

static void
start(struct device *d)
{
	unsigned number = (unsigned)(d - devices) * EACH + d->started++;

	d->reading[0] = (uint8_t)(number >> 8);
	d->reading[1] = (uint8_t)number;
	assert_non_null(
		tg_client_start(&d->client, &(struct tg_request){
						    .type = TG_CON,
						    .code = TG_POST,
						    .options = d->path,
						    .n_options = COUNT(d->path),
						    .payload = d->reading,
						    .payload_len = sizeof(d->reading),
					    }));
}

static void
hear(struct device *d, const struct tg_event *e)
{
	unsigned number = (unsigned)(d - devices) * EACH + d->ended++;

	assert_true(tg_event_is_last(e));
	if (e->outcome == TG_OUTCOME_TIMEOUT) {
		timed_out++;
		return;
	}
	assert_int_equal(e->outcome, TG_OUTCOME_RESPONSE);
	assert_int_equal(e->response.code, TG_CHANGED);
	assert_int_equal(executed[number], 1);
	succeeded++;
}

static void
act(unsigned n)
{
	struct device *d = &devices[n];
	uint8_t out[DATAGRAM];
	struct tg_event e;
	size_t len;

	while (tg_client_tick(&d->client, now, &e))
		hear(d, &e);
	if (d->started == d->ended && d->started < EACH)
		start(d);
	while ((len = tg_client_send(&d->client, now, out, sizeof(out))) > 0)
		post(n, true, out, len);
}

/* ---- the gateway ---- */

static void
arrive(struct datagram *at)
{
	struct device *d = &devices[at->device];
	struct flow from = gw.flow;
	struct tg_event e;

	from.sport = (uint16_t)(FIRST_PORT + at->device);
	if (at->up)
		gw_queue(&from, (struct bytes){at->bytes, at->len});
	else if (tg_client_receive(&d->client, now, at->bytes, at->len, &e))
		hear(d, &e);
	at->at_ms = 0;
}

static void
take_answers(void)
{
	const unsigned udp = ETH + (gw.flow.v6 ? IP6 : IP4), at = udp + UDP;
	struct frame f;

	while (gw_take(&f)) {
		unsigned to = (unsigned)(f.byte[udp + 2] << 8 | f.byte[udp + 3]);

		assert_in_range(to, FIRST_PORT, FIRST_PORT + DEVICES - 1);
		post(to - FIRST_PORT, false, f.byte + at, f.len - at);
	}
}

/* Every record in the log is a reading that was executed. */
static void
run_log(void)
{
	unsigned n;

	if (now % COMMIT_MS >= STEP_MS || now % STANDS_EVERY < STANDS_FOR)
		return;
	n = gw_log_read();
	for (unsigned i = gw.n_records - n; i < gw.n_records; i++) {
		const struct dp_record *r = &gw.record[i % GW_RECORDS].r;
		const uint8_t *p = r->payload;

		assert_int_equal(r->payload_len, 2);
		executed[p[0] << 8 | p[1]]++;
	}
	gw_log_commit(0);
}

static void
step(void)
{
	now += STEP_MS;
	gw_later_ms(STEP_MS);
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		if (net[i].at_ms != 0 && net[i].at_ms <= now)
			arrive(&net[i]);
	run_log();
	gw_turn();
	take_answers();
	for (unsigned n = 0; n < DEVICES; n++)
		act(n);
}

/* ---- the test ---- */

static void
room_for_all(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->peers_max = 1024;
	cfg->devices_max = 1024;
	cfg->dedup_extensions = 1024;
	cfg->pending_max = 1024;
	cfg->outbound_max = 1024;
	cfg->replies_max = 1024;
}

static void
begin(void)
{
	gw_reopen(room_for_all);
	gw_mark();
	dice.state = 4711;
	now = 1000000;
	succeeded = timed_out = lost = doubled = 0;
	memset(net, 0, sizeof(net));
	memset(executed, 0, sizeof(executed));
	for (unsigned n = 0; n < DEVICES; n++)
		make_device(n);
}

/* What is on its way when the last transaction has ended is still heard. */
static void
lossy_network(void **state)
{
	uint64_t end = 0;

	(void)state;
	begin();
	while (end == 0 || now < end) {
		step();
		assert_true(now < END_MS + 1000000);
		if (end == 0 && succeeded + timed_out == READINGS)
			end = now + 100000;
	}
	print_message("%u succeeded, %u timed out, %u datagrams lost, %u doubled, "
		      "%u separate responses sent, %u repeated\n",
		succeeded, timed_out, lost, doubled,
		(unsigned)(gw_counter(DP_C_separate_sent)),
		(unsigned)gw_counter(DP_C_out_retransmitted));
	for (unsigned i = 0; i < READINGS; i++)
		assert_in_range(executed[i], 0, 1);
	assert_true(succeeded * 1000 >= READINGS * 985);
	assert_true(gw_counter(DP_C_separate_sent) > READINGS / 20);
	assert_true(gw_counter(DP_C_out_retransmitted) > READINGS / 100);
	assert_true(gw_counter(DP_C_dup_replayed) > READINGS / 20);
	gw_counted(DP_C_outbound_full, 0);
	gw_counted(DP_C_dedup_evicted_early, 0);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers", 2, true, 0, 0},
};

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lossy_network)};

	return gw_main("dp_loss", settings, COUNT(settings), tests, COUNT(tests));
}
