#include "dataplane/port.h"
#include "dataplane/vhost.h"

#include <rte_ethdev.h>

#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RX_DESC 1024
#define TX_DESC 1024
#define FD_MAX 1024

static uint16_t
at_most(uint16_t n, uint16_t max)
{
	return n < 1 ? 1 : n < max ? n : max;
}

static int
set_queues(const struct dp_port_config *p, struct rte_mempool *pool)
{
	uint16_t rx = RX_DESC, tx = TX_DESC;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->ethdev, &rx, &tx);

	for (uint16_t q = 0; q < p->n_rxq && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(p->ethdev, q, rx, SOCKET_ID_ANY, NULL, pool);
	for (uint16_t q = 0; q < p->n_txq && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(p->ethdev, q, tx, SOCKET_ID_ANY, NULL);
	return rc;
}

/* The driver's packet socket on interface @arg, found among our own descriptors, or -1.
 */
static int
packet_socket(const char *arg)
{
	unsigned index = if_nametoindex(arg);

	for (int fd = 0; fd < FD_MAX && index != 0; fd++) {
		struct sockaddr_ll at = {0};
		socklen_t len = sizeof(at);

		if (getsockname(fd, (struct sockaddr *)&at, &len) == 0
			&& len >= sizeof(at) - 8 && at.sll_family == AF_PACKET
			&& (unsigned)at.sll_ifindex == index)
			return fd;
	}
	return -1;
}

/* Frames to any group.  Where af_packet's driver does not know how, its socket does. */
static void
hear_groups(const struct dp_port_config *p)
{
	struct packet_mreq all = {.mr_type = PACKET_MR_ALLMULTI};
	int fd;

	if (rte_eth_allmulticast_enable(p->ethdev) == 0 || p->driver != DP_DRV_AF_PACKET)
		return;
	all.mr_ifindex = (int)if_nametoindex(p->arg);
	fd = packet_socket(p->arg);
	if (fd >= 0)
		(void)setsockopt(
			fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
}

static int
open_port(struct dp_port_config *p, struct rte_mempool *pool, unsigned workers)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	int rc = rte_eth_dev_info_get(p->ethdev, &info);

	if (rc != 0)
		return rc;
	p->n_rxq = at_most(p->queues, info.max_rx_queues);
	p->n_txq = at_most(p->queues, info.max_tx_queues);
	if (p->n_txq > workers)
		p->n_txq = (uint16_t)workers;
	if ((rc = rte_eth_dev_configure(p->ethdev, p->n_rxq, p->n_txq, &conf)) != 0
		|| (rc = set_queues(p, pool)) != 0
		|| (rc = rte_eth_dev_start(p->ethdev)) != 0
		|| (p->driver == DP_DRV_VHOST && (rc = dp_vhost_watch(p->ethdev)) != 0)
		|| (rc = rte_eth_macaddr_get(p->ethdev, &mac)) != 0)
		return rc;
	memcpy(p->mac, mac.addr_bytes, sizeof(p->mac));
	hear_groups(p);
	return 0;
}

int
dp_ports_open(struct dp_config *cfg, struct rte_mempool *pool, char *err, size_t errlen)
{
	char name[64];

	for (unsigned i = 0; i < cfg->n_ports; i++) {
		struct dp_port_config *p = &cfg->ports[i];
		int rc;

		dp_port_device(cfg, i, name, sizeof(name));
		rc = rte_eth_dev_get_port_by_name(name, &p->ethdev);
		if (rc == 0)
			rc = open_port(p, pool, cfg->workers);
		if (rc == 0)
			continue;
		snprintf(err, errlen, "port %s: driver %s did not start %s: %s", p->name,
			dp_driver_name(p->driver), p->arg, strerror(-rc));
		do /* this one may have come as far as that */
			rte_eth_dev_stop(cfg->ports[i].ethdev);
		while (i-- > 0);
		return rc;
	}
	return 0;
}

void
dp_ports_close(struct dp_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_ports; i++) {
		rte_eth_dev_stop(cfg->ports[i].ethdev);
		if (cfg->ports[i].driver != DP_DRV_GIVEN)
			rte_eth_dev_close(cfg->ports[i].ethdev);
	}
}

/* ---- statistics ---- */

/*
 * Frames that the kernel had no room for in af_packet's ring.  The driver hides them, and
 * the kernel forgets them when read: they are summed here.
 */
static uint64_t
packet_drops(const struct dp_port_config *p)
{
	static uint64_t sum[RTE_MAX_ETHPORTS];
	struct tpacket_stats s;
	socklen_t len = sizeof(s);
	int fd = packet_socket(p->arg);

	if (fd >= 0 && getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) == 0)
		sum[p->ethdev] += s.tp_drops;
	return sum[p->ethdev];
}

int
dp_port_read_stats(const struct dp_port_config *p, struct dp_port_stats *out)
{
	struct rte_eth_link link;
	struct rte_eth_stats s;
	int rc = rte_eth_stats_get(p->ethdev, &s);

	if (rc != 0)
		return rc;
	*out = (struct dp_port_stats){
		.link_up = rte_eth_link_get_nowait(p->ethdev, &link) == 0
			   && link.link_status,
		.rx_packets = s.ipackets,
		.tx_packets = s.opackets,
		.rx_bytes = s.ibytes,
		.tx_bytes = s.obytes,
		.rx_missed = s.imissed,
		.rx_errors = s.ierrors,
		.tx_errors = s.oerrors,
		.rx_nombuf = s.rx_nombuf,
	};
	if (p->driver == DP_DRV_AF_PACKET)
		out->rx_missed += packet_drops(p);
	return 0;
}
