#include "dataplane/hot.h"
#include "dataplane/net_internal.h"
#include "dataplane/record.h"

#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#include <stdio.h>

#define FRAG_BUCKETS 256
#define FRAG_WAYS 4
#define FRAG_MS 2000 /* a datagram's fragments must meet within */
#define PASS_RING 4096
#define STUCK_MS 10 /* a port that takes nothing for so long is not waited for */

/* ---- set-up ---- */

static void
add_sides(struct dp_net *net)
{
	for (unsigned p = 0; p < net->cfg->n_ports; p++)
		for (unsigned a = 0; a < net->cfg->ports[p].n_addrs; a++) {
			struct dp_side s = {
				.udp_be = rte_cpu_to_be_16(net->cfg->ports[p].udp_port),
				.port = (uint8_t)p,
			};

			memcpy(s.addr, net->cfg->ports[p].addrs[a].addr, sizeof(s.addr));
			net->port_side[p][a] = dp_net_side_of(net, &s);
		}
}

/* The port's plain datagrams are those to its first address of either family. */
static void
set_plain(struct dp_net *net, unsigned p)
{
	const struct dp_port_config *port = &net->cfg->ports[p];
	int v4 = net_any_address(port, false), v6 = net_any_address(port, true);
	struct dp_plain *plain = &net->plain[p];

	dp_plain_set(plain, port->mac, rte_cpu_to_be_16(port->udp_port));
	plain->sums = port->checksum_rx;
	if (v4 >= 0) {
		dp_plain_set4(plain, dp_load4(port->addrs[v4].addr + 12));
		plain->broadcast = net_broadcast_of(&port->addrs[v4]);
		plain->side = (uint64_t)net->port_side[p][v4] << 16;
	}
	if (v6 >= 0) {
		dp_plain_set6(plain, port->addrs[v6].addr);
		plain->side6 = (uint64_t)net->port_side[p][v6] << 16;
	}
}

static void
add_rx(struct dp_net *net, unsigned p, unsigned queue)
{
	const struct dp_port_config *port = &net->cfg->ports[p];
	const struct tx_port *tx = &net->tx[p];

	net->rx[net->n_rx++] = (struct rx_queue){
		.port = (uint8_t)p,
		.queue = (uint16_t)queue,
		.vhost = port->driver == DP_DRV_VHOST,
		.ahead = {.worker = net->worker,
			.ethdev = port->ethdev,
			.queue = (uint16_t)queue,
			.writes = tx->own && tx->queue == queue},
	};
}

/* Workers beyond the port's queues pass their frames to worker 0, who has queue 0. */
static int
set_tx(struct dp_net *net, unsigned p)
{
	const struct dp_port_config *port = &net->cfg->ports[p];
	struct tx_port *tx = &net->tx[p];
	char name[RTE_RING_NAMESIZE];

	tx->pkt = net->tx_pkt[p];
	tx->own = net->worker < port->n_txq;
	tx->queue = (uint16_t)net->worker;
	if (port->n_txq >= net->cfg->workers)
		return 0;
	snprintf(name, sizeof(name), "tg_tx_%u", p);
	tx->pass = net->worker == 0 ? rte_ring_create(
			   name, PASS_RING, SOCKET_ID_ANY, RING_F_SC_DEQ)
				    : rte_ring_lookup(name);
	return tx->pass == NULL ? -1 : 0;
}

struct dp_net *
dp_net_new(const struct dp_config *cfg, unsigned worker, struct rte_mempool *pool,
	struct dp_counters *counters, char *err, size_t errlen)
{
	struct dp_net *net = rte_zmalloc(NULL, sizeof(*net), RTE_CACHE_LINE_SIZE);
	uint64_t life = rte_get_tsc_hz() / 1000 * FRAG_MS;

	if (net == NULL)
		goto no_memory;
	net->cfg = cfg;
	net->worker = worker;
	net->last_rx = net->rx;
	net->pool = pool;
	net->counters = counters;
	net->frags = rte_ip_frag_table_create(
		FRAG_BUCKETS, FRAG_WAYS, FRAG_BUCKETS * FRAG_WAYS, life, SOCKET_ID_ANY);
	net->timers = rte_zmalloc(NULL, dp_wheel_size(NEIGHBOURS), RTE_CACHE_LINE_SIZE);
	if (net->frags == NULL || net->timers == NULL)
		goto no_memory;
	dp_wheel_init(net->timers, NEIGHBOURS, 0);
	for (unsigned p = 0; p < cfg->n_ports; p++) {
		if (set_tx(net, p) < 0)
			goto no_memory;
		for (unsigned q = worker; q < cfg->ports[p].n_rxq; q += cfg->workers)
			add_rx(net, p, q);
	}
	add_sides(net);
	for (unsigned p = 0; p < cfg->n_ports; p++)
		set_plain(net, p);
	return net;

no_memory:
	snprintf(err, errlen, "not enough EAL memory for the host stack of worker %u",
		worker);
	dp_net_free(net);
	return NULL;
}

void
dp_net_record(struct dp_net *net, struct dp_trace *trace)
{
	net->trace = trace;
}

void
dp_net_free(struct dp_net *net)
{
	if (net == NULL)
		return;
	for (unsigned p = 0; p < net->cfg->n_ports; p++)
		rte_pktmbuf_free_bulk(net->tx[p].pkt, net->tx[p].n);
	if (net->frags != NULL)
		rte_ip_frag_table_destroy(net->frags);
	for (unsigned p = 0; net->worker == 0 && p < net->cfg->n_ports; p++)
		rte_ring_free(net->tx[p].pass);
	rte_free(net->timers);
	rte_free(net);
}

uint32_t
dp_net_kept(const struct dp_net *net)
{
	return net->kept;
}

const struct dp_side *
dp_net_side(const struct dp_net *net, uint16_t side)
{
	return &net->side[side].is;
}

uint16_t
dp_net_side_of(struct dp_net *net, const struct dp_side *side)
{
	uint32_t n = net->n_sides;

	for (uint32_t i = 0; i < n; i++) {
		const struct dp_side *known = &net->side[i].is;

		if (known->port == side->port && known->vlan == side->vlan
			&& known->udp_be == side->udp_be
			&& memcmp(known->addr, side->addr, 16) == 0)
			return (uint16_t)i;
	}
	if (n == SIDES_MAX)
		return UINT16_MAX;
	net->side[n].is = *side;
	net->side[n].is.local = rte_be_to_cpu_16(side->udp_be)
				| (uint32_t)dp_record_side(side->vlan, side->port) << 16;
	net->side[n].sum = dp_sum_fold(dp_sum(side->addr, sizeof(side->addr), 0));
	net->side[n].sum_udp = net->side[n].sum + side->udp_be + RTE_BE16(IPPROTO_UDP);
	net->n_sides = n + 1;
	return (uint16_t)n;
}

int
net_own_address(const struct dp_port_config *p, const uint8_t addr[16])
{
	for (unsigned a = 0; a < p->n_addrs; a++)
		if (memcmp(p->addrs[a].addr, addr, 16) == 0)
			return (int)a;
	return -1;
}

int
net_any_address(const struct dp_port_config *p, bool v6)
{
	for (unsigned a = 0; a < p->n_addrs; a++)
		if (p->addrs[a].v6 == v6)
			return (int)a;
	return -1;
}

/* ---- frames in ---- */

void
dp_net_ahead(struct dp_net *net)
{
	struct dp_vhost_ahead *a = &net->last_rx->ahead;

	if (unlikely(!dp_vhost_is_asked(a)))
		dp_count(net->counters, DP_C_rx_ahead, dp_vhost_ask(a));
}

void
dp_net_rx(struct dp_net *net, struct dp_burst *b)
{
	b->n = 0;
	for (unsigned k = 0; k < net->n_rx && b->n == 0; k++) {
		struct rx_queue *q = &net->rx[net->next_rx];
		uint64_t began = q->vhost ? rte_rdtsc() : 0;

		net->last_rx = q;
		net->next_rx = net->next_rx + 1 == net->n_rx ? 0 : net->next_rx + 1;
		b->n = rte_eth_rx_burst(
			net->cfg->ports[q->port].ethdev, q->queue, b->pkt, DP_BURST);
		if (q->vhost && b->n >= DP_BURST / 2)
			dp_vhost_begin(&q->ahead, (rte_rdtsc() - began) / b->n);
		for (unsigned i = 0; i < b->n; i++)
			b->port[i] = q->port;
	}
}

void
dp_net_drop(struct dp_net *net, struct dp_burst *b, unsigned i, enum dp_counter why)
{
	dp_count(net->counters, why, 1);
	rte_pktmbuf_free(b->pkt[i]);
	b->pkt[i] = NULL;
}

void
net_consume(struct dp_net *net, struct dp_burst *b, unsigned i, enum dp_counter kind)
{
	dp_net_drop(net, b, i, kind);
}

/* The layers, and whoever makes a reply of the frame, look into one buffer: so it lies in
 * one. */
static bool
in_one_buffer(struct dp_net *net, struct dp_burst *b, unsigned i)
{
	if (likely(b->pkt[i]->nb_segs == 1) || rte_pktmbuf_linearize(b->pkt[i]) == 0)
		return true;
	dp_net_drop(net, b, i, DP_C_drop_too_long);
	return false;
}

/* The Ethernet layer: true if the frame is for us and well formed so far. */
static bool
ether(struct dp_net *net, struct dp_burst *b, unsigned i, struct net_frame *f)
{
	struct rte_mbuf *m = b->pkt[i];
	const struct rte_ether_hdr *eth =
		rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_vlan_hdr *tag = (const struct rte_vlan_hdr *)(eth + 1);

	f->port = &net->cfg->ports[b->port[i]];
	f->l3 = sizeof(*eth);
	f->vlan = 0;
	if (unlikely(m->data_len < sizeof(*eth))) {
		dp_net_drop(net, b, i, DP_C_drop_frame_short);
		return false;
	}
	if (unlikely(memcmp(&eth->dst_addr, f->port->mac, 6) != 0
		     && !rte_is_multicast_ether_addr(&eth->dst_addr))) {
		dp_net_drop(net, b, i, DP_C_drop_ether_dst);
		return false;
	}
	f->type = eth->ether_type;
	if (likely(f->type != RTE_BE16(RTE_ETHER_TYPE_VLAN)))
		return true;
	if (m->data_len < sizeof(*eth) + sizeof(*tag)) {
		dp_net_drop(net, b, i, DP_C_drop_frame_short);
		return false;
	}
	f->l3 += sizeof(*tag);
	f->vlan = rte_be_to_cpu_16(tag->vlan_tci) & 0xfff;
	f->type = tag->eth_proto;
	if (f->type != RTE_BE16(RTE_ETHER_TYPE_VLAN)
		&& f->type != RTE_BE16(RTE_ETHER_TYPE_QINQ))
		return true;
	dp_net_drop(net, b, i, DP_C_drop_vlan);
	return false;
}

/* Neither this nor the next is ever inline: the loop over IPv4's plain datagrams would
 * spill its registers for them. */
static DP_APART bool
take_plain6(const struct dp_plain *port, struct dp_burst *b, unsigned i)
{
	return dp_plain6_take(port, b, i);
}

/* True if packet @i is a datagram that goes on to CoAP; else it is gone. */
static DP_APART bool
take_by_layers(struct dp_net *net, struct dp_burst *b, unsigned i)
{
	struct net_frame f;

	if (!in_one_buffer(net, b, i) || !ether(net, b, i, &f))
		return false;
	if (likely(f.type == RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return net_ipv4(net, b, i, &f);
	if (f.type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return net_ipv6(net, b, i, &f);
	if (f.type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		net_arp(net, b, i, &f);
	else
		dp_net_drop(net, b, i, DP_C_drop_ether_type);
	return false;
}

/* Packet @from becomes packet @to. */
static void
move(struct dp_burst *b, unsigned to, unsigned from)
{
	b->pkt[to] = b->pkt[from];
	b->port[to] = b->port[from];
	b->flags[to] = b->flags[from];
	b->coap[to] = b->coap[from];
	b->len[to] = b->len[from];
	b->key[to] = b->key[from];
}

/* Where packets were no datagrams the next ones move up. */
static __attribute__((cold, noinline)) void
close_gaps(struct dp_burst *b)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < b->n; i++)
		if (b->pkt[i] != NULL)
			move(b, kept++, i);
	b->n = (uint16_t)kept;
}

void
dp_net_stage(struct dp_net *net, struct dp_burst *b)
{
	const struct dp_plain *plain = net->plain;
	const size_t n = b->n;
	uint64_t bytes = 0;
	bool gaps = false;

	net->now = b->tsc;
	if (unlikely(net->capture != NULL))
		net_capture_heard(net, b);
	for (unsigned i = 0; i < n && i < DP_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(b->pkt[i], const void *));
	for (size_t i = 0; i < n; i++) {
		if (i + DP_AHEAD < n)
			rte_prefetch0(
				rte_pktmbuf_mtod(b->pkt[i + DP_AHEAD], const void *));
		bytes += b->pkt[i]->pkt_len;
		if (unlikely(!dp_plain_take(&plain[b->port[i]], b, i))
			&& !take_plain6(&plain[b->port[i]], b, i))
			gaps |= !take_by_layers(net, b, i);
	}
	if (!b->handed) {
		dp_count(net->counters, DP_C_rx_frames, n);
		dp_count(net->counters, DP_C_rx_bytes, bytes);
	}
	if (unlikely(gaps))
		close_gaps(b);
}

const uint8_t *
dp_net_source_mac(const struct dp_burst *b, unsigned i)
{
	return rte_pktmbuf_mtod(b->pkt[i], const struct rte_ether_hdr *)
		->src_addr.addr_bytes;
}

/* ---- frames out ---- */

/* Give the port what waits for it.  What it has no room for stays, in front. */
static void
send_port(struct dp_net *net, struct tx_port *tx)
{
	unsigned p = (unsigned)(tx - net->tx);
	uint64_t bytes = 0;
	uint16_t sent;

	if (unlikely(net->capture != NULL))
		net_capture_sent(net, p);
	for (unsigned i = 0; i < tx->n; i++)
		bytes += tx->pkt[i]->pkt_len;
	if (tx->own)
		sent = rte_eth_tx_burst(
			net->cfg->ports[p].ethdev, tx->queue, tx->pkt, tx->n);
	else
		sent = (uint16_t)rte_ring_enqueue_burst(
			tx->pass, (void *const *)tx->pkt, tx->n, NULL);
	tx->n -= sent;
	tx->left = tx->n;
	if (unlikely(tx->n > 0)) {
		memmove(tx->pkt, tx->pkt + sent, tx->n * sizeof(struct rte_mbuf *));
		for (unsigned i = 0; i < tx->n; i++)
			bytes -= tx->pkt[i]->pkt_len;
	}
	if (sent > 0)
		tx->moved = net->now;
	if (tx->own) {
		dp_count(net->counters, DP_C_tx_frames, sent);
		dp_count(net->counters, DP_C_tx_bytes, bytes);
	}
}

DP_HOT void
net_queue(struct dp_net *net, uint8_t port, struct rte_mbuf *m)
{
	struct tx_port *tx = &net->tx[port];

	if (unlikely(tx->n == TX_ARRAY)) {
		send_port(net, tx);
		if (tx->n == TX_ARRAY) {
			dp_count(net->counters, DP_C_tx_dropped, 1);
			rte_pktmbuf_free(m);
			return;
		}
	}
	tx->pkt[tx->n++] = m;
}

/* Frames that workers without a queue have passed to its owner. */
static void
take_passed(struct dp_net *net, unsigned p)
{
	struct tx_port *tx = &net->tx[p];
	unsigned n = rte_ring_dequeue_burst(
		tx->pass, (void **)tx->pkt + tx->n, TX_ARRAY - tx->n, NULL);

	tx->n += (uint16_t)n;
	if (n > 0)
		send_port(net, tx);
}

void
dp_net_flush(struct dp_net *net)
{
	for (unsigned p = 0; p < net->cfg->n_ports; p++) {
		struct tx_port *tx = &net->tx[p];

		if (tx->n > 0)
			send_port(net, tx);
		if (tx->pass != NULL && tx->own && net->worker == 0)
			take_passed(net, p);
	}
}

bool
dp_net_is_full(const struct dp_net *net, uint64_t now_tsc)
{
	for (unsigned p = 0; p < net->cfg->n_ports; p++)
		if (net->tx[p].left > 0
			&& now_tsc - net->tx[p].moved
				   < rte_get_tsc_hz() / 1000 * STUCK_MS)
			return true;
	return false;
}

void
dp_net_tick(struct dp_net *net, uint64_t now_tsc)
{
	uint32_t before = net->dead.cnt;

	rte_ip_frag_table_del_expired_entries(net->frags, &net->dead, now_tsc);
	net_bury(net, before);
	net_neighbours_expire(net, now_tsc);
}
