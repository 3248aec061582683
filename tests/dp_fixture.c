#include "tests/dp_fixture.h"

#include "coap/code.h"
#include "coap/write.h"
#include "control/books.h"
#include "control/parser.h"
#include "dataplane/steer.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <stdio.h>
#include <unistd.h>

#define TURNS_MAX                                                                        \
	10000 /* more than any test needs: a worker that always finds work is a bug */

struct gateway gw;
_Thread_local bool gw_in_turn;
const struct setting gw_settings[GW_SETTINGS] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, value elsewhere", 2, false, 1, 0},
	{"IPv6, two workers, value elsewhere", 2, true, 0, 1},
	{"IPv4, two workers, all at one", 2, false, 1, 1},
};

/* ---- making one ---- */

static void
default_config(struct dp_config *cfg, unsigned workers)
{
	*cfg = (struct dp_config){
		.workers = workers,
		.idle = DP_IDLE_SLEEP,
		.n_ports = 1,
		.mbufs = GW_MBUFS,
		.peers_max = 256,
		.devices_max = 64,
		.store_max = 64,
		.store_bytes = 64 * DP_STORE_CHUNK,
		.dedup_extensions = 128,
		.replies_max = 64,
		.pending_max = 64,
		.outbound_max = 64,
		.transfers_max = 8,
		.transfers_bytes = 4096,
		.transfers_per_peer = 4,
		.observers_max = 64,
		.observers_per_peer = 4,
		.store_per_device = 1024,
		.lists_max = 64,
		.device_idle_s = 86400,
		.logring_bytes = 1u << 16,
		.trace = DP_TRACE_MIN,
		.hash_key = {3, 20, 37, 54, 71, 88, 105, 122, 139, 156, 173, 190, 207,
			224, 241, 2},
	};
	cfg->ports[0] = (struct dp_port_config){
		.name = "rings",
		.driver = DP_DRV_GIVEN,
		.arg = "net_ring_tests",
		.udp_port = 5683,
		.queues = (uint16_t)workers,
		.mtu = 1500,
		.checksum_rx = true,
		.n_addrs = 2,
		.addrs = {{.addr = {[10] = 0xff, 0xff, 198, 18, 0, 1}, .len = 15},
			{.addr = {0x20, 1, 0, 2, [15] = 1}, .len = 48, .v6 = true}},
	};
}

static struct flow
device_flow(bool v6)
{
	struct flow w = {
		.v6 = v6,
		.src_mac = {2, 0, 0, 0, 0, 2},
		.src = {198, 18, 0, 2},
		.dst = {198, 18, 0, 1},
		.dport = 5683,
		.ttl = 3,
		.id = 7,
	};

	if (v6) {
		memcpy(w.src, (const uint8_t[16]){0x20, 1, 0, 2, [15] = 2}, 16);
		memcpy(w.dst, (const uint8_t[16]){0x20, 1, 0, 2, [15] = 1}, 16);
	}
	memcpy(w.dst_mac, dp_config(gw.dp)->ports[0].mac, 6);
	return w;
}

/* A source port whose endpoint has its home where the setting wants it. */
static void
choose_port(struct flow *w)
{
	struct dp_peer_key key = {.addr = {[10] = 0xff, [11] = 0xff}};

	memcpy(w->v6 ? key.addr : key.addr + 12, w->src, w->v6 ? 16 : 4);
	for (w->sport = 40000;; w->sport++) {
		key.port_be = rte_cpu_to_be_16(w->sport);
		if (dp_home_of(gw.dp->shared.worker[0], &key) == gw.setting->home)
			return;
	}
}

static void
choose_device(void)
{
	const struct dp_worker *w = gw.dp->shared.worker[0];
	char name[] = "dev0";

	while (dp_home_of_hash(w, dp_devices_hash(w->devices, name, 4))
		!= gw.setting->value_home)
		name[3]++;
	gw.digit = name[3];
}

static struct dp_snapshot *
make_snapshot(void)
{
	char err[256] = "";
	struct dp_snapshot *snap = dp_snapshot_new(&gw.settings, err, sizeof(err));

	assert_string_equal(err, "");
	return snap;
}

static void
open_configured(void)
{
	char err[256] = "";

	gw.dp = dp_open(&gw.cfg, make_snapshot(), err, sizeof(err));
	assert_string_equal(err, "");
	assert_non_null(gw.dp);
	gw.v4 = device_flow(false);
	gw.v6 = device_flow(true);
	choose_port(&gw.v4);
	choose_port(&gw.v6);
	choose_device();
	gw.flow = gw.setting->v6 ? gw.v6 : gw.v4;
	memset(gw.read, 0, sizeof(gw.read));
	memset(gw.settled, 0, sizeof(gw.settled));
	gw.n_records = 0;
	gw_mark();
}

void
gw_open(gw_change *change)
{
	default_config(&gw.cfg, gw.setting->workers);
	gw.settings = (struct dp_settings){
		.routes = gw_routes,
		.n_routes = COUNT(gw_routes),
		.full_max_age = 5,
		.observe_con_every = 5,
		.observe_min_ms = 3000,
		.con_lifetime_s = 247,
		.param = TG_PARAM_DEFAULTS,
		.ack_delay_ms = 500,
		.non_lifetime_s = 145,
	};
	if (change != NULL)
		change(&gw.cfg, &gw.settings);
	open_configured();
}

void
gw_reopen(gw_change *change)
{
	assert_null(gw_close());
	gw_open(change);
}

void
gw_publish(void (*change)(struct dp_settings *s))
{
	change(&gw.settings);
	dp_publish(gw.dp, make_snapshot());
}

const char *
gw_close(void)
{
	bool open_books = !gw_books_close(), leak;
	struct frame f;

	do
		gw_turn();
	while (gw_parse() > 0);
	gw_log_read();
	gw_log_settle(0);
	while (gw_take(&f))
		;
	open_books |= !gw_books_close();
	gw_expire_fragments();
	open_books |= !gw_books_close();
	leak = rte_mempool_avail_count(gw.dp->pool) != gw.cfg.mbufs;
	dp_close(gw.dp);
	return open_books ? "the books do not close"
	       : leak     ? "packet buffers leak"
			  : NULL;
}

/* ---- the port ---- */

static struct rte_mbuf *
packet_of(const struct frame *f)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(gw.dp->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, f->len), f->byte, f->len);
	return m;
}

void
gw_send(const struct frame *f)
{
	assert_int_equal(rte_ring_enqueue(gw.in, packet_of(f)), 0);
}

void
gw_turn(void)
{
	unsigned quiet = 0, turns = 0;

	while (quiet < 2) { /* a frame that one worker passes to another goes out a turn
			       later */
		bool busy = false;

		gw_in_turn = true;
		for (unsigned i = 0; i < gw.cfg.workers; i++)
			busy |= dp_worker_turn(gw.dp->shared.worker[i]);
		gw_in_turn = false;
		quiet = busy ? 0 : quiet + 1;
		assert_true(turns++ < TURNS_MAX);
	}
}

void
gw_port_room(unsigned n)
{
	static unsigned blocks;
	void *block = NULL;

	if (n > 0)
		while (rte_ring_free_count(gw.out) > n)
			blocks += rte_ring_enqueue(gw.out, gw.dp) == 0;
	else
		for (; blocks > 0; blocks--)
			rte_ring_dequeue(gw.out, &block);
}

bool
gw_take(struct frame *f)
{
	struct rte_mbuf *m;

	if (rte_ring_dequeue(gw.out, (void **)&m) != 0)
		return false;
	f->len = m->data_len;
	assert_true(f->len <= FRAME_MAX && m->nb_segs == 1);
	assert_int_equal(m->pkt_len, f->len);
	memcpy(f->byte, rte_pktmbuf_mtod(m, void *), f->len);
	rte_pktmbuf_free(m);
	return true;
}

void
gw_expect(const struct frame *want)
{
	struct frame got;

	assert_true(gw_take(&got));
	assert_int_equal(got.len, want->len);
	assert_memory_equal(got.byte, want->byte, want->len);
}

void
gw_expect_silence(void)
{
	assert_int_equal(rte_ring_count(gw.out), 0);
}

/* ---- messages ---- */

/* A copy of @msg with the device's name filled in. */
static struct bytes
named(struct bytes msg, uint8_t copy[FRAME_MAX])
{
	assert_true(msg.len <= FRAME_MAX);
	if (msg.len > 0)
		memcpy(copy, msg.at, msg.len);
	for (size_t i = 0; i + 4 <= msg.len; i++)
		if (memcmp(copy + i, "dev?", 4) == 0)
			copy[i + 3] = (uint8_t)gw.digit;
	return (struct bytes){copy, msg.len};
}

struct bytes
gw_content(uint32_t format, uint32_t max_age, struct bytes payload)
{
	static uint8_t msg[FRAME_MAX];
	uint8_t copy[FRAME_MAX];
	struct tg_writer w;
	uint64_t etag;

	payload = named(payload, copy);
	etag = dp_content_etag(payload.at, payload.len, format);
	tg_write_begin(&w, msg, sizeof(msg), TG_ACK, TG_CONTENT, 0, NULL, 0);
	tg_write_option(&w, TG_OPT_ETAG, &etag, sizeof(etag));
	if (format != DP_NO_FORMAT)
		tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, format);
	if (max_age != UINT32_MAX)
		tg_write_uint(&w, TG_OPT_MAX_AGE, max_age);
	tg_write_payload(&w, payload.at, payload.len);
	return (struct bytes){msg + TG_HDR_LEN, tg_write_end(&w) - TG_HDR_LEN};
}

struct bytes
gw_links(const char *links)
{
	return gw_content(TG_CF_LINK, UINT32_MAX, (struct bytes){links, strlen(links)});
}

void
gw_queue(const struct flow *w, struct bytes msg)
{
	uint8_t copy[FRAME_MAX];
	struct frame f;

	msg = named(msg, copy);
	frame_udp(&f, w, msg.at, msg.len);
	gw_send(&f);
}

void
gw_queue_all(const struct flow *w, struct bytes msg, unsigned n)
{
	void *packet[DP_BURST];
	uint8_t copy[FRAME_MAX];
	struct frame f;

	assert_true(n <= DP_BURST);
	msg = named(msg, copy);
	frame_udp(&f, w, msg.at, msg.len);
	for (unsigned i = 0; i < n; i++)
		packet[i] = packet_of(&f);
	assert_int_equal(rte_ring_enqueue_bulk(gw.in, packet, n, NULL), n);
}

void
gw_say(const struct flow *w, struct bytes msg)
{
	gw_queue(w, msg);
	gw_turn();
}

void
gw_hear(const struct flow *w, struct bytes msg)
{
	const struct flow back = flow_back(w);
	uint8_t copy[FRAME_MAX];
	struct frame want;

	msg = named(msg, copy);
	frame_udp(&want, &back, msg.at, msg.len);
	gw_expect(&want);
}

uint16_t
gw_hear_con(uint8_t code, struct bytes rest)
{
	const struct flow back = flow_back(&gw.flow);
	unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;
	struct frame got, want;
	struct bytes msg;
	uint16_t mid;

	assert_true(gw_take(&got));
	mid = (uint16_t)(got.byte[at + 2] << 8 | got.byte[at + 3]);
	msg = coap(T_CON, code, mid, rest);
	frame_udp(&want, &back, msg.at, msg.len);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
	return mid;
}

void
gw_ask(struct bytes request, struct bytes reply)
{
	gw_say(&gw.flow, request);
	if (reply.len > 0)
		gw_hear(&gw.flow, reply);
	gw_expect_silence();
}

void
gw_take_message(struct frame *f, struct tg_msg *m)
{
	size_t at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;

	assert_true(gw_take(f));
	assert_int_equal(tg_msg_parse(m, f->byte + at, f->len - at, TG_TOKEN_MAX), TG_OK);
}

/* ---- kicks ---- */

int
gw_kick_end(struct dp_kick *k)
{
	int rc;

	assert_non_null(k);
	for (unsigned turns = 0; (rc = dp_kick_result(k)) == -EINPROGRESS; turns++) {
		assert_in_range(turns, 0, 10);
		gw_turn();
	}
	dp_kick_free(k);
	return rc;
}

struct dp_kick *
gw_kick_begin(void)
{
	char name[] = "dev?";

	name[3] = gw.digit;
	return dp_kick_new(gw.dp, name, 4);
}

int
gw_kick(void)
{
	return gw_kick_end(gw_kick_begin());
}

/* ---- the parser ---- */

unsigned
gw_parse(void)
{
	struct dp_job *job;
	unsigned n = 0;

	for (; (job = dp_job_next(gw.dp)) != NULL; n++) {
		ctl_parser_do(job);
		dp_job_done(gw.dp, job);
	}
	return n;
}

/* ---- counters ---- */

uint64_t
gw_counter(enum dp_counter c)
{
	uint64_t now[DP_COUNTER_COUNT];

	dp_counters_read(gw.dp, DP_ALL, now);
	return now[c];
}

void
gw_mark(void)
{
	dp_counters_read(gw.dp, DP_ALL, gw.marked);
}

void
gw_counted(enum dp_counter c, uint64_t n)
{
	uint64_t grew = gw_counter(c) - gw.marked[c];

	if (grew != n)
		fail_msg("%s grew by %llu, not %llu", dp_counter_defs[c].name,
			(unsigned long long)grew, (unsigned long long)n);
}

bool
gw_books_close(void)
{
	uint64_t now[DP_COUNTER_COUNT];
	struct ctl_pending pending = {0};
	struct ctl_identity identity[CTL_BOOKS];
	struct dp_worker_info info;

	dp_counters_read(gw.dp, DP_ALL, now);
	for (unsigned i = 0; i < gw.cfg.workers; i++) {
		dp_worker_read(gw.dp, i, &info);
		pending.frames += info.pending_frames;
		pending.requests += info.pending_requests;
		pending.answers += info.pending_answers;
		pending.records += info.pending_records;
	}
	return ctl_books(now, &pending, identity);
}

unsigned
gw_relations(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < gw.cfg.workers; i++)
		n += dp_observers_count(gw.dp->shared.worker[i]->observers);
	return n;
}

/* ---- the log, time ---- */

unsigned
gw_log_read(void)
{
	unsigned before = gw.n_records;

	for (unsigned i = 0; i < gw.cfg.workers; i++) {
		struct dp_logring *ring = dp_worker_logring(gw.dp, i);
		const uint8_t *bytes;
		size_t len;

		while ((bytes = dp_logring_next(ring, &len, &gw.read[i])) != NULL) {
			struct gw_record *to = &gw.record[gw.n_records++ % GW_RECORDS];

			to->len = len;
			memcpy(to->bytes, bytes, len);
			assert_true(dp_record_decode(&to->r, to->bytes, len));
		}
		dp_logring_release(ring);
	}
	return gw.n_records - before;
}

void
gw_record_copy(struct gw_record *to, const struct gw_record *from)
{
	*to = *from;
	assert_true(dp_record_decode(&to->r, to->bytes, to->len));
}

void
gw_log_commit(int status)
{
	for (unsigned i = 0; i < gw.cfg.workers; i++)
		if (gw.read[i] != gw.settled[i]) {
			dp_logring_settle(
				dp_worker_logring(gw.dp, i), gw.read[i], status);
			gw.settled[i] = gw.read[i];
		}
}

void
gw_log_settle(int status)
{
	gw_log_commit(status);
	gw_turn();
}

uint64_t
gw_etag(const char *path)
{
	struct dp_value v;

	return dp_value_get(gw.dp, path, &v) ? v.etag : 0;
}

void
gw_later_ms(unsigned ms)
{
	gw.dp->shared.clock.tsc0 -= ms * (rte_get_tsc_hz() / 1000);
}

void
gw_later(unsigned seconds)
{
	gw_later_ms(1000 * seconds);
}

/* A tick gives up as many as rte_ip_frag has room to name. */
void
gw_expire_fragments(void)
{
	for (unsigned i = 0; i < gw.cfg.workers; i++) {
		struct dp_net *net = gw.dp->shared.worker[i]->net;

		for (unsigned ticks = 0; dp_net_kept(net) > 0 && ticks < 1000; ticks++)
			dp_net_tick(net, rte_rdtsc() + 3 * rte_get_tsc_hz());
	}
	gw_turn(); /* which says what is pending */
}
