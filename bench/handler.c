#include "bench/handler.h"
#include "bench/eal.h"

#include "coap/code.h"
#include "dataplane/checksum.h"
#include "dataplane/pending.h"

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EAL_MIB 96
#define LIFETIME_S 248 /* past EXCHANGE_LIFETIME */
#define BLOCK_S 60     /* from one block of a transfer to the next */

static struct dp_snapshot *
make_routes(char *err, size_t errlen)
{
	static const struct dp_route_spec routes[] = {
		{.path = "/hello",
			.kind = DP_K_STATIC,
			.content = "Hello",
			.content_len = 5,
			.max_age = UINT32_MAX,
			.max_payload = DP_VALUE_MAX},
		{.path = "/t/{device}",
			.kind = DP_K_STREAM,
			.ack = DP_ACK_RECEIVED,
			.stream = "telemetry",
			.max_age = UINT32_MAX,
			.max_payload = DP_VALUE_MAX},
		{.path = "/d/{device}/{resource*}",
			.kind = DP_K_STORE,
			.ack = DP_ACK_RECEIVED,
			.max_age = UINT32_MAX,
			.max_payload = DP_VALUE_MAX,
			.max_body = BODY_MAX},
	};
	struct dp_settings s = {
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(*routes),
		.full_max_age = 5,
		.observe_con_every = 5,
		.con_lifetime_s = 247,
		.param = TG_PARAM_DEFAULTS,
		.ack_delay_ms = 500,
		.non_lifetime_s = 145,
		.version = 1,
	};

	return dp_snapshot_new(&s, err, errlen);
}

static void
make_config(struct dp_config *cfg, const struct workload *load, unsigned core)
{
	uint32_t n = load->endpoints;

	*cfg = (struct dp_config){
		.workers = 1,
		.cores = {core},
		.main_core = core,
		.idle = DP_IDLE_POLL,
		.hugepages = bench_hugepages(EAL_MIB),
		.memory_mib = EAL_MIB,
		.n_ports = 1,
		.mbufs = 4 * ROUND,
		.peers_max = n,
		.devices_max = n,
		.store_max = n,
		.store_bytes = (uint64_t)4 * n + (1 << 20)
			       + (uint64_t)load->blocks * BLOCK_BYTES * n / 8 * 9,
		.store_per_device = 1024,
		.dedup_extensions = n / 4,
		.replies_max = 4096,
		.pending_max = 65536,
		.outbound_max = 4096,
		.transfers_max = load->blocks > 0 ? 2 * TRANSFERS : 32,
		.transfers_bytes = 16384,
		.transfers_per_peer = 4,
		.observers_max = load->observed ? n : 64,
		.observers_per_peer = 4,
		.lists_max = 64,
		.device_idle_s = 86400,
		.logring_bytes = 8u << 20,
		.trace = 4096,
	};
	cfg->ports[0] = (struct dp_port_config){
		.name = "memory",
		.driver = DP_DRV_GIVEN,
		.udp_port = 5683,
		.queues = 1,
		.mtu = 1500,
		.checksum_rx = true,
		.n_addrs = 2,
		.addrs = {{.addr = {[10] = 0xff, 0xff, 198, 18, 0, 1}, .len = 15},
			{.addr = {0x20, 1, 0, 2, [15] = 1}, .len = 48, .v6 = true}},
	};
	for (unsigned i = 0; i < sizeof(cfg->hash_key); i++)
		cfg->hash_key[i] = (uint8_t)(17 * i + 3); /* the same layout each time */
}

/* The port's two sides are rings of this process. */
static int
make_port(struct handler *h, struct dp_config *cfg)
{
	struct rte_ring *in = rte_ring_create("bench_in", 64, SOCKET_ID_ANY, 0);
	char name[RTE_ETH_NAME_MAX_LEN];
	int id;

	h->out = rte_ring_create("bench_out", 2 * ROUND, SOCKET_ID_ANY, 0);
	if (in == NULL || h->out == NULL)
		return -1;
	id = rte_eth_from_rings("bench", &in, 1, &h->out, 1, SOCKET_ID_ANY);
	if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, name) != 0)
		return -1;
	snprintf(cfg->ports[0].arg, sizeof(cfg->ports[0].arg), "%s", name);
	return 0;
}

/* What the caller wants to be copied. */
static int
arm(struct handler *h)
{
	const struct dp_capture_filter f = {
		.by_token = h->traced == HANDLER_OTHER,
		.tkl = 3, /* theirs have four bytes */
		.until_tsc = UINT64_MAX,
	};

	if (h->traced < HANDLER_OTHER)
		return 0;
	h->capture = dp_capture_new(&f, 1);
	if (h->capture == NULL)
		return -1;
	dp_net_capture(h->w->net, h->capture, h->w->snap);
	return 0;
}

int
handler_open(struct handler *h, const struct workload *load, int core, char *err,
	size_t errlen)
{
	static const uint8_t us[6] = {2, 0, 0, 0, 0, 1};
	struct dp_snapshot *snap = make_routes(err, errlen);
	struct bench_eal eal = {.core = core, .mib = EAL_MIB};
	struct dp_config cfg;

	h->load = load;
	make_config(&cfg, load, core < 0 ? 0 : (unsigned)core);
	cfg.hugepages = cfg.hugepages && !h->small_pages;
	eal.hugepages = cfg.hugepages;
	if (snap == NULL)
		return -1;
	if (bench_eal_start(&eal) < 0 || make_port(h, &cfg) < 0) {
		snprintf(err, errlen, "the EAL did not start: %s",
			rte_strerror(rte_errno));
		return -1;
	}
	h->dp = dp_open(&cfg, snap, err, errlen);
	if (h->dp == NULL)
		return -1;
	h->w = h->dp->shared.worker[0];
	maker_init(&h->maker, load, dp_config(h->dp)->ports[0].mac, us);
	walk_init(&h->walk, load->endpoints, 1);
	if (load->blocks > 0)
		h->blocks =
			blocks_new(load, &h->walk, dp_config(h->dp)->ports[0].mac, us);
	if (arm(h) == 0 && (load->blocks == 0 || h->blocks != NULL))
		return 0;
	snprintf(err, errlen, "out of memory");
	return -1;
}

/* Control's part, without a file: how many frames there were. */
static void
drain_capture(struct handler *h)
{
	struct dp_captured one;

	while (h->capture != NULL && dp_capture_next(h->capture, 0, &one))
		h->copied++;
	if (h->capture != NULL)
		dp_capture_release(h->capture, 0);
}

static void
make_frame(struct handler *h, unsigned i, uint8_t *frame)
{
	h->endpoint[i] = walk_next(&h->walk);
	h->mid[i] = h->walk.mid;
	maker_write(&h->maker, frame, h->endpoint[i], h->mid[i]);
}

void
handler_load(struct handler *h)
{
	struct talk *talk = h->blocks != NULL ? blocks_talk(h->blocks) : NULL;

	if (rte_pktmbuf_alloc_bulk(h->dp->pool, h->pkt, ROUND) != 0)
		rte_panic("the handler keeps packets\n");
	for (unsigned i = 0; i < ROUND; i++) {
		struct rte_mbuf *m = h->pkt[i];

		m->data_len = h->maker.len;
		if (h->blocks != NULL)
			m->data_len = talk->write(talk, rte_pktmbuf_mtod(m, uint8_t *));
		else
			make_frame(h, i, rte_pktmbuf_mtod(m, uint8_t *));
		m->pkt_len = m->data_len;
	}
	h->taken = 0;
	h->rounds++;
	h->w->now_s =
		DP_EPOCH_S
		+ (h->blocks != NULL ? h->rounds * BLOCK_S : h->walk.passes * LIFETIME_S);
}

void
handler_unload(struct handler *h)
{
	rte_pktmbuf_free_bulk(h->pkt, ROUND);
	if (h->blocks != NULL)
		blocks_talk(h->blocks)->lost(blocks_talk(h->blocks));
}

/* ---- notifications ---- */

static void
store(struct handler *h, const struct dp_path *p, const void *value, size_t len)
{
	struct dp_store *t = h->w->store;
	uint64_t hash = dp_store_hash(t, p);
	uint32_t slot = dp_store_find(t, p, hash, DP_NONE);

	if (dp_store_put(t, p, hash, slot, DP_NONE, TG_CF_JSON, value, (uint16_t)len,
		    h->w->now_s, &slot)
		== DP_STORE_FULL)
		rte_panic("no room for the one value\n");
}

static void
change_value(struct handler *h)
{
	static const uint8_t path[] = "\1d\5fleet\5state";
	const struct dp_path p = {.bytes = path, .len = sizeof(path) - 1};
	char text[64];
	int len = snprintf(text, sizeof(text), "{\"id\":\"%08u\",\"temp\":21.5,\"b\":87}",
		h->changes++ % 100000000);

	store(h, &p, text, (size_t)len);
}

/* What is to be downloaded. */
static void
store_image(struct handler *h)
{
	static const uint8_t path[] = "\1d\5fleet\5image";
	const struct dp_path p = {.bytes = path, .len = sizeof(path) - 1};
	uint8_t image[BODY_MAX];
	size_t len = blocks_body(&blocks_image, 0, 1, image);

	store(h, &p, image, len);
	blocks_expect_body(h->blocks, image, len);
}

/* Nobody is due a CON: its ACK would be measured, too. */
static void
put_off_cons(struct handler *h)
{
	struct dp_observers *t = h->w->observers;

	for (uint32_t id = 0; id < dp_observers_places(t); id++) {
		dp_observers_get(t, id)->since_con = 0;
		dp_observers_get(t, id)->con_at = (uint16_t)(h->w->now_s / 16);
	}
}

void
handler_change(struct handler *h)
{
	put_off_cons(h);
	change_value(h);
}

void
handler_prepare(struct handler *h)
{
	if (!h->load->observed) {
		handler_load(h);
		return;
	}
	h->taken = 0;
	if (h->told % h->load->endpoints == 0)
		handler_change(h);
}

void __attribute__((noinline)) handler_burst(struct handler *h, unsigned k)
{
	struct dp_worker *w = h->w;
	struct dp_burst *b = &w->scratch->burst;

	if (h->telling) {
		w->tsc = rte_rdtsc();
		(void)dp_notify(w);
		return;
	}
	memcpy(b->pkt, &h->pkt[(size_t)k * DP_BURST], sizeof(b->pkt));
	memset(b->port, 0, sizeof(b->port));
	b->n = DP_BURST;
	b->handed = false;
	w->tsc = rte_rdtsc();
	dp_burst_read_at(w, b, w->tsc);
	dp_net_stage(w->net, b);
	dp_worker_burst(w, b);
}

/* The log thread's part, without a disk. */
static void
drain_log(struct dp_worker *w)
{
	uint64_t number = 0;
	size_t len;

	while (dp_logring_next(w->logring, &len, &number) != NULL)
		;
	dp_logring_release(w->logring);
	if (number != 0)
		dp_logring_settle(w->logring, number, 0);
	(void)dp_settle(w);
}

static bool
sums_are_right(const struct handler *h, const uint8_t *frame, uint16_t ulen)
{
	unsigned l3 = sizeof(struct rte_ether_hdr),
		 addrs = h->load->v6 ? l3 + 8 : l3 + 12;
	uint64_t pseudo =
		dp_sum_pseudo(frame + addrs, h->load->v6 ? 32 : 8, IPPROTO_UDP, ulen);

	return dp_sum_finish(dp_sum(frame + h->maker.udp, ulen, pseudo)) == 0
	       && (h->load->v6
		       || dp_sum_finish(
				  dp_sum(frame + l3, sizeof(struct rte_ipv4_hdr), 0))
				  == 0);
}

/* The answer to message @i of the round: an ACK with its Message ID, its token and 2.xx.
 */
static bool
is_answer(const struct handler *h, const struct rte_mbuf *m, unsigned i)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *),
		      *c = frame + h->maker.coap;
	const struct rte_udp_hdr *udp =
		(const struct rte_udp_hdr *)(frame + h->maker.udp);

	if (h->blocks != NULL)
		return blocks_talk(h->blocks)->take(
			       blocks_talk(h->blocks), frame, m->data_len)
			       == TALK_ANSWER
		       && sums_are_right(h, frame, rte_be_to_cpu_16(udp->dgram_len));
	return m->data_len >= h->maker.coap + 8 && c[0] == 0x64
	       && tg_code_class(c[1]) == 2 && (c[2] << 8 | c[3]) == h->mid[i]
	       && memcmp(c + 4, &h->endpoint[i], 4) == 0
	       && sums_are_right(h, frame, rte_be_to_cpu_16(udp->dgram_len));
}

/* One more observer that is told of the value. */
static bool
is_notification(struct handler *h, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *),
		      *c = frame + h->maker.coap;
	const struct rte_udp_hdr *udp =
		(const struct rte_udp_hdr *)(frame + h->maker.udp);

	h->told++;
	return c[0] == 0x54 && c[1] == TG_CONTENT
	       && sums_are_right(h, frame, rte_be_to_cpu_16(udp->dgram_len));
}

static bool
is_right(struct handler *h, const struct rte_mbuf *m, unsigned i)
{
	return h->telling ? is_notification(h, m) : is_answer(h, m, i);
}

void
handler_settle(struct handler *h)
{
	struct rte_mbuf *m[DP_BURST];
	unsigned n;

	dp_net_flush(h->w->net);
	drain_log(h->w);
	drain_capture(h);
	while ((n = rte_ring_dequeue_burst(h->out, (void **)m, DP_BURST, NULL)) > 0) {
		for (unsigned i = 0; i < n; i++, h->taken++)
			/* NOLINTNEXTLINE(clang-analyzer-core*): the ring wrote n */
			h->wrong += h->taken >= ROUND || !is_right(h, m[i], h->taken);
		rte_pktmbuf_free_bulk(m, n);
	}
}

void
handler_end_round(struct handler *h)
{
	h->messages += ROUND;
	h->wrong += h->taken < ROUND ? ROUND - h->taken : 0;
}

void
handler_fill(struct handler *h)
{
	if (h->load->observed)
		change_value(h);
	if (h->blocks != NULL && h->load->method == TG_GET)
		store_image(h);
	while (h->walk.passes == 0) {
		handler_load(h);
		for (unsigned k = 0; k < ROUND_BURSTS; k++) {
			handler_burst(h, k);
			handler_settle(h);
		}
		handler_end_round(h);
	}
	h->telling = h->load->observed;
}

const char *
handler_fault(const struct handler *h)
{
	static const enum dp_counter none[] = {DP_C_dup_replayed, DP_C_dup_in_progress,
		DP_C_dup_unreplayable, DP_C_dedup_evicted_early, DP_C_log_full,
		DP_C_store_full, DP_C_peers_evicted, DP_C_devices_evicted,
		DP_C_observers_full};
	static char text[96];
	uint64_t v[DP_COUNTER_COUNT];

	dp_counters_read(h->dp, DP_ALL, v);
	for (unsigned i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (v[none[i]] != 0) {
			snprintf(text, sizeof(text), "%s: %llu",
				dp_counter_defs[none[i]].name,
				(unsigned long long)v[none[i]]);
			return text;
		}
	if (h->copied
		!= (h->traced == HANDLER_ALL ? v[DP_C_rx_frames] + v[DP_C_tx_frames]
					     : 0)) {
		snprintf(text, sizeof(text), "%llu frames were copied",
			(unsigned long long)h->copied);
		return text;
	}
	if (h->wrong == 0 && v[DP_C_answered] + v[DP_C_notified_non] == h->messages)
		return NULL;
	snprintf(text, sizeof(text), "%llu of %llu answers are wrong",
		(unsigned long long)h->wrong, (unsigned long long)h->messages);
	return text;
}
