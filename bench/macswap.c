/*
 * tidegate-bench macswap: the plainest responder there is, on the wire that the gateway
 * uses. What comes in goes back with its two link addresses swapped; nothing else is
 * looked at.
 */
#include "bench/macswap.h"
#include "bench/bench.h"
#include "bench/eal.h"

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BURST 64
#define AHEAD 4
#define MBUFS 8191
#define EAL_MIB 64

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void
add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
		memory_order_relaxed);
}

static void
turn(uint16_t port, struct macswap_stats *s)
{
	uint64_t t0 = rte_rdtsc(), t1, t2, t3;
	struct rte_mbuf *pkt[BURST];
	uint16_t n = rte_eth_rx_burst(port, 0, pkt, BURST), sent;

	if (n == 0)
		return;
	t1 = rte_rdtsc();
	for (unsigned i = 0; i < n && i < AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkt[i], const void *));
	for (unsigned i = 0; i < n; i++) {
		struct rte_ether_hdr *eth =
			rte_pktmbuf_mtod(pkt[i], struct rte_ether_hdr *);
		struct rte_ether_addr to = eth->dst_addr;

		if (i + AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(pkt[i + AHEAD], const void *));
		eth->dst_addr = eth->src_addr;
		eth->src_addr = to;
	}
	t2 = rte_rdtsc();
	sent = rte_eth_tx_burst(port, 0, pkt, n);
	if (sent < n)
		rte_pktmbuf_free_bulk(pkt + sent, n - sent);
	t3 = rte_rdtsc();
	add(&s->frames, n);
	add(&s->rx_cycles, t1 - t0);
	add(&s->work_cycles, t2 - t1);
	add(&s->tx_cycles, t3 - t2);
}

static int
open_port(uint16_t *port)
{
	struct rte_eth_conf conf = {0};
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"macswap", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	int rc;

	if (pool == NULL || rte_eth_dev_get_port_by_name("net_vhost0", port) != 0)
		return -1;
	if ((rc = rte_eth_dev_configure(*port, 1, 1, &conf)) != 0
		|| (rc = rte_eth_rx_queue_setup(
			    *port, 0, 1024, SOCKET_ID_ANY, NULL, pool))
			   != 0
		|| (rc = rte_eth_tx_queue_setup(*port, 0, 1024, SOCKET_ID_ANY, NULL))
			   != 0)
		return rc;
	return rte_eth_dev_start(*port);
}

static struct macswap_stats *
map_stats(const char *path)
{
	static struct macswap_stats own;
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return &own;
	at = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at != MAP_FAILED ? at : &own;
}

int
bench_macswap(int argc, char **argv)
{
	struct bench_eal eal = {
		.core = -1, .mib = EAL_MIB, .hugepages = bench_hugepages(EAL_MIB)};
	const char *vhost = NULL, *stats = NULL;
	struct macswap_stats *s;
	char vdev[256];
	uint16_t port;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--vhost") == 0)
			vhost = argv[i + 1];
		else if (strcmp(argv[i], "--core") == 0)
			eal.core = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--stats") == 0)
			stats = argv[i + 1];
		else if (strcmp(argv[i], "--hugepages") == 0)
			eal.hugepages = strcmp(argv[i + 1], "on") == 0;
	}
	if (vhost == NULL) {
		fputs("tidegate-bench macswap --vhost SOCKET [--core N] [--stats FILE] "
		      "[--hugepages on|off]\n",
			stderr);
		return 2;
	}
	unlink(vhost);
	snprintf(vdev, sizeof(vdev), "net_vhost0,iface=%s,queues=1", vhost);
	eal.vdev[0] = vdev;
	s = map_stats(stats);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (bench_eal_start(&eal) < 0 || open_port(&port) != 0) {
		fprintf(stderr, "macswap: cannot open %s: %s\n", vhost,
			rte_strerror(rte_errno));
		return 1;
	}
	while (!stop)
		turn(port, s);
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	printf("{\"frames\":%llu}\n", (unsigned long long)s->frames);
	return 0;
}
