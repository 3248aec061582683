/* What control is told of the tables' memory: sums over all workers, each table a row. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define TABLES 32
#define REPLIES_MAX 128 /* over all that are kept */

static const struct bytes none = {0};

static struct dp_mem_row
row(const char *name)
{
	struct dp_mem_row rows[TABLES];
	unsigned n = dp_mem_read(gw.dp, rows, TABLES);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i];
	fail_msg("no table is called %s", name);
	return (struct dp_mem_row){0};
}

/* Every byte of the workers' tables is in one row. */
static void
all_bytes(void **state)
{
	struct dp_mem_row rows[TABLES];
	unsigned n = dp_mem_read(gw.dp, rows, TABLES);
	uint64_t told = 0, taken = 0;

	(void)state;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(rows[i].name, "mbufs") != 0)
			told += rows[i].bytes;
	for (unsigned w = 0; w < gw.cfg.workers; w++)
		for (unsigned t = 0; t < DP_TABLES; t++)
			taken += gw.dp->tables[w].block[t].size;
	assert_int_equal(told, taken);
}

/* What the configuration asks for is there, at all workers together. */
static void
as_many_as_asked_for(void **state)
{
	const struct {
		const char *name;
		uint64_t asked;
	} tables[] = {
		{"peers", gw.cfg.peers_max},
		{"dedup", gw.cfg.dedup_extensions},
		{"devices", gw.cfg.devices_max},
		{"store", gw.cfg.store_max},
		{"replies", gw.cfg.replies_max},
		{"observers", gw.cfg.observers_max},
		{"pending", gw.cfg.pending_max},
		{"outbound", gw.cfg.outbound_max},
		{"transfers", gw.cfg.transfers_max},
		{"tokens", gw.cfg.tokens_max},
		{"logring", (uint64_t)gw.cfg.logring_bytes * gw.cfg.workers},
		{"trace", (uint64_t)gw.cfg.trace * gw.cfg.workers},
		{"mbufs", gw.cfg.mbufs},
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(tables); i++)
		assert_true(row(tables[i].name).entries >= tables[i].asked);
}

/* More replies than there are places, from endpoints that are at home at each worker. */
static void
replies_fill_up(void **state)
{
	struct flow w = gw.flow;
	struct frame answer;
	uint64_t kept = 0;

	(void)state;
	for (w.sport = 1000; gw_counter(DP_C_replies_evicted) == 0; w.sport++) {
		assert_true(kept <= REPLIES_MAX);
		gw_say(&w, coap(T_CON, TG_POST, 7, BYTES_OF("\xb4test")));
		assert_true(gw_take(&answer));
		kept++;
		assert_int_equal(
			row("replies").used, kept - gw_counter(DP_C_replies_evicted));
		assert_true(row("replies").used <= row("replies").entries);
	}
	/* As many as one worker has: those of another may have room yet. */
	assert_true(kept > row("replies").entries / gw.cfg.workers);
}

/* An answer that waits for its record is one, wherever the record was written. */
static void
one_waits(void **state)
{
	const struct bytes put = BYTES_OF("\xb1l\x04"
					  "dev?\x01v\xffx");

	(void)state;
	assert_int_equal(row("pending").used, 0);
	gw_say(&gw.flow, coap(T_CON, TG_PUT, 7, put));
	assert_int_equal(row("pending").used, 1);
	assert_int_equal(row("store").used, 1);
	assert_int_equal(row("devices").used, 1);
	assert_int_equal(row("peers").used, 1);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CREATED, 7, none));
	assert_int_equal(row("pending").used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes),
		cmocka_unit_test(as_many_as_asked_for),
		cmocka_unit_test(replies_fill_up),
		cmocka_unit_test(one_waits),
	};

	return gw_main("dp_mem", gw_settings, COUNT(gw_settings), tests, COUNT(tests));
}
