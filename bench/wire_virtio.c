/* Frames straight into the gateway's vhost or memif port, the kernel bypassed. */
#include "bench/eal.h"
#include "bench/wire.h"
#include "dataplane/checksum.h"

#include <rte_arp.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VIRTIO "net_virtio_user0"
#define MEMIF "net_memif0"
#define BATCH 64
#define MBUFS 16383
#define RING 4096 /* frames: what comes while this process does not run must fit */
#define PORT_BASE 20000
#define NET_BASE                                                                         \
	0xc6130000u /* 198.19.0.0/17: the fleet, clear of the broadcast address */
#define NET_BITS 15
#define OWN_ADDR 0xc6120003u /* 198.18.0.3: who asks for the gateway's link address */
#define FRONT                                                                            \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr)                      \
		+ sizeof(struct rte_udp_hdr))

struct virtio_wire {
	struct wire w;
	uint16_t port;
	struct rte_mempool *pool;
	struct rte_ether_addr mac, gateway_mac;
	uint32_t gateway; /* network order */
	struct rte_mbuf *out[BATCH];
	unsigned n_out;
	struct rte_mbuf *now; /* begun */
	uint32_t endpoint;
};

static uint32_t
address_of(uint32_t endpoint)
{
	return htonl(NET_BASE + (endpoint & ((1u << NET_BITS) - 1)));
}

static uint16_t
port_of(uint32_t endpoint)
{
	return htons((uint16_t)(PORT_BASE + (endpoint >> NET_BITS)));
}

/* What the gateway has no room for stays, and goes first next time. */
static void
v_flush(struct wire *w)
{
	struct virtio_wire *v = (struct virtio_wire *)w;
	uint16_t sent = rte_eth_tx_burst(v->port, 0, v->out, (uint16_t)v->n_out);

	v->n_out -= sent;
	for (unsigned i = 0; sent > 0 && i < v->n_out; i++)
		v->out[i] = v->out[sent + i];
}

static bool
has_room(struct virtio_wire *v)
{
	if (v->n_out == BATCH)
		v_flush(&v->w);
	return v->n_out < BATCH;
}

static uint8_t *
v_begin(struct wire *w, uint32_t endpoint)
{
	struct virtio_wire *v = (struct virtio_wire *)w;

	v->now = has_room(v) ? rte_pktmbuf_alloc(v->pool) : NULL;
	v->endpoint = endpoint;
	return v->now == NULL ? NULL : rte_pktmbuf_mtod_offset(v->now, uint8_t *, FRONT);
}

static void
v_send(struct wire *w, size_t len)
{
	struct virtio_wire *v = (struct virtio_wire *)w;
	struct rte_mbuf *m = v->now;
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	uint16_t ulen = (uint16_t)(len + sizeof(*udp));

	eth->dst_addr = v->gateway_mac;
	eth->src_addr = v->mac;
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = 0x45,
		.total_length = htons((uint16_t)(ulen + sizeof(*ip))),
		.time_to_live = 64,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = address_of(v->endpoint),
		.dst_addr = v->gateway,
	};
	ip->hdr_checksum = dp_sum_finish(dp_sum(ip, sizeof(*ip), 0));
	*udp = (struct rte_udp_hdr){.src_port = port_of(v->endpoint),
		.dst_port = htons(5683),
		.dgram_len = htons(ulen)};
	udp->dgram_cksum = dp_sum_finish(
		dp_sum(udp, ulen, dp_sum_pseudo(&ip->src_addr, 8, IPPROTO_UDP, ulen)));
	if (udp->dgram_cksum == 0)
		udp->dgram_cksum = 0xffff;
	m->data_len = (uint16_t)(FRONT + len);
	m->pkt_len = m->data_len;
	v->out[v->n_out++] = m;
}

/* A datagram for one of our endpoints, its checksums right. */
static bool
is_ours(const struct virtio_wire *v, const struct rte_mbuf *m, uint32_t *endpoint,
	size_t *len)
{
	const struct rte_ether_hdr *eth =
		rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(eth + 1);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(ip + 1);
	uint16_t ulen;

	if (m->data_len < FRONT || eth->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4)
		|| ip->next_proto_id != IPPROTO_UDP || ip->src_addr != v->gateway
		|| dp_sum_finish(dp_sum(ip, sizeof(*ip), 0)) != 0)
		return false;
	ulen = ntohs(udp->dgram_len);
	if (ulen < sizeof(*udp) || FRONT - sizeof(*udp) + ulen > m->data_len
		|| dp_sum_finish(dp_sum(
			   udp, ulen, dp_sum_pseudo(&ip->src_addr, 8, IPPROTO_UDP, ulen)))
			   != 0)
		return false;
	*endpoint = (ntohl(ip->dst_addr) - NET_BASE)
		    + ((uint32_t)(ntohs(udp->dst_port) - PORT_BASE) << NET_BITS);
	*len = ulen - sizeof(*udp);
	return *endpoint < v->w.endpoints && ip->dst_addr == address_of(*endpoint)
	       && udp->dst_port == port_of(*endpoint);
}

/* Whoever asks for one of the fleet's addresses is answered. */
static bool
answer_arp(struct virtio_wire *v, struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(eth + 1);
	uint32_t target;

	if (m->data_len < sizeof(*eth) + sizeof(*arp)
		|| eth->ether_type != RTE_BE16(RTE_ETHER_TYPE_ARP))
		return false;
	if (arp->arp_opcode == RTE_BE16(RTE_ARP_OP_REPLY)
		&& arp->arp_data.arp_sip == v->gateway) {
		v->gateway_mac = arp->arp_data.arp_sha;
		return false;
	}
	target = arp->arp_data.arp_tip;
	if (arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST)
		|| ntohl(target) >> NET_BITS != NET_BASE >> NET_BITS || !has_room(v))
		return false;
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	arp->arp_data.arp_sha = v->mac;
	arp->arp_data.arp_sip = target;
	eth->dst_addr = eth->src_addr;
	eth->src_addr = v->mac;
	v->out[v->n_out++] = m;
	return true;
}

static unsigned
v_receive(struct wire *w, void (*take)(void *, uint32_t, const uint8_t *, size_t),
	void *arg)
{
	struct virtio_wire *v = (struct virtio_wire *)w;
	struct rte_mbuf *in[BATCH];
	uint16_t n = rte_eth_rx_burst(v->port, 0, in, BATCH);

	for (uint16_t i = 0; i < n; i++) {
		uint32_t endpoint;
		size_t len;

		if (is_ours(v, in[i], &endpoint, &len))
			take(arg, endpoint,
				rte_pktmbuf_mtod_offset(in[i], uint8_t *, FRONT), len);
		else if (answer_arp(v, in[i]))
			continue; /* it went out again */
		rte_pktmbuf_free(in[i]);
	}
	return n;
}

static void
v_close(struct wire *w)
{
	struct virtio_wire *v = (struct virtio_wire *)w;

	rte_eth_dev_stop(v->port);
	rte_eth_dev_close(v->port);
	free(v);
}

/* ---- opening ---- */

static int
start_eal(const struct wire_options *o)
{
	char vdev[256];
	struct bench_eal eal = {.core = o->core,
		.hugepages = o->hugepages,
		.shared = true,
		.mib = 128,
		.vdev = {vdev}};

	if (o->memif != NULL)
		snprintf(vdev, sizeof(vdev),
			"%s,role=client,socket=%s,socket-abstract=no,rsize=11", MEMIF,
			o->memif);
	else
		snprintf(vdev, sizeof(vdev),
			"%s,path=%s,queues=1,queue_size=%d,mrg_rxbuf=0,in_order=1,packed_"
			"vq=1",
			VIRTIO, o->vhost, RING);
	return bench_eal_start(&eal);
}

static int
open_port(struct virtio_wire *v, const char *name)
{
	struct rte_eth_conf conf = {0};
	int rc;

	if (rte_eth_dev_get_port_by_name(name, &v->port) != 0)
		return -1;
	v->pool = rte_pktmbuf_pool_create(
		"bench", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (v->pool == NULL)
		return -1;
	if ((rc = rte_eth_dev_configure(v->port, 1, 1, &conf)) != 0
		|| (rc = rte_eth_rx_queue_setup(
			    v->port, 0, RING, SOCKET_ID_ANY, NULL, v->pool))
			   != 0
		|| (rc = rte_eth_tx_queue_setup(v->port, 0, RING, SOCKET_ID_ANY, NULL))
			   != 0
		|| (rc = rte_eth_dev_start(v->port)) != 0)
		return rc;
	return rte_eth_macaddr_get(v->port, &v->mac);
}

static void
ask_gateway(struct virtio_wire *v)
{
	struct rte_mbuf *m = has_room(v) ? rte_pktmbuf_alloc(v->pool) : NULL;
	struct rte_ether_hdr *eth;
	struct rte_arp_hdr *arp;

	if (m == NULL)
		return;
	eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	arp = (struct rte_arp_hdr *)(eth + 1);
	memset(&eth->dst_addr, 0xff, sizeof(eth->dst_addr));
	eth->src_addr = v->mac;
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
	*arp = (struct rte_arp_hdr){
		.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER),
		.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = 6,
		.arp_plen = 4,
		.arp_opcode = RTE_BE16(RTE_ARP_OP_REQUEST),
		.arp_data = {.arp_sha = v->mac,
			.arp_sip = htonl(OWN_ADDR),
			.arp_tip = v->gateway},
	};
	m->data_len = m->pkt_len = sizeof(*eth) + sizeof(*arp);
	v->out[v->n_out++] = m;
	v_flush(&v->w);
}

static void
ignore(void *arg, uint32_t endpoint, const uint8_t *msg, size_t len)
{
	(void)arg;
	(void)endpoint;
	(void)msg;
	(void)len;
}

static bool
find_gateway(struct virtio_wire *v)
{
	static const struct rte_ether_addr none;

	for (unsigned i = 0; i < 100; i++) {
		ask_gateway(v);
		for (unsigned k = 0; k < 50; k++) {
			v_receive(&v->w, ignore, NULL);
			if (memcmp(&v->gateway_mac, &none, sizeof(none)) != 0)
				return true;
			usleep(1000);
		}
	}
	return false;
}

struct wire *
wire_virtio_open(const struct wire_options *o, char *err, size_t errlen)
{
	struct virtio_wire *v = calloc(1, sizeof(*v));
	const char *socket = o->memif != NULL ? o->memif : o->vhost;

	if (v == NULL)
		return NULL;
	for (unsigned i = 0; i < 100 && access(socket, F_OK) != 0; i++)
		usleep(100000);
	v->w = (struct wire){
		.endpoints = o->endpoints,
		.begin = v_begin,
		.send = v_send,
		.flush = v_flush,
		.receive = v_receive,
		.close = v_close,
		.name = o->memif != NULL ? "memif" : "virtio-user",
	};
	if (inet_pton(AF_INET, o->gateway, &v->gateway) != 1)
		snprintf(err, errlen, "%s is no IPv4 address", o->gateway);
	else if (start_eal(o) < 0)
		snprintf(err, errlen, "the EAL did not start: %s",
			rte_strerror(rte_errno));
	else if (open_port(v, o->memif != NULL ? MEMIF : VIRTIO) != 0)
		snprintf(err, errlen, "no gateway serves the socket %s", socket);
	else if (!find_gateway(v))
		snprintf(err, errlen, "nobody at %s answers ARP for %s", o->vhost,
			o->gateway);
	else
		return &v->w;
	free(v);
	return NULL;
}
