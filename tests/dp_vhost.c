/*
 * A vhost port's rings, looked into ahead of the driver.  The peer is a virtio-user port
 * of this process; its packed ring comes round many times, and its end lies anywhere in
 * what is looked at.
 */
#include "dataplane/burst.h"
#include "dataplane/unmap.h"
#include "dataplane/vhost.h"

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PEER "net_virtio_user0"
#define RING 256
#define LENGTH 100
#define FAR 1000 /* cycles a frame: always worth it */
#define NEAR 10
#define MAIN 2        /* the test as a worker, behind its threads */
#define PATIENCE 2000 /* ms */

static char socket_path[64];
static struct rte_mempool *pool;
static uint16_t port, peer;

static void
wait_for_link(bool up)
{
	struct rte_eth_link link = {0};

	for (unsigned ms = 0; ms < PATIENCE; ms++) {
		assert_int_equal(rte_eth_link_get_nowait(port, &link), 0);
		if (link.link_status == up)
			return;
		usleep(1000);
	}
	fail_msg("the link did not go %s", up ? "up" : "down");
}

static void
open_port(uint16_t id)
{
	const struct rte_eth_conf conf = {0};

	assert_int_equal(rte_eth_dev_configure(id, 1, 1, &conf), 0);
	assert_int_equal(
		rte_eth_rx_queue_setup(id, 0, RING, SOCKET_ID_ANY, NULL, pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(id, 0, RING, SOCKET_ID_ANY, NULL), 0);
	assert_int_equal(rte_eth_dev_start(id), 0);
}

static void
peer_goes(void)
{
	rte_eth_dev_stop(peer);
	assert_int_equal(rte_eal_hotplug_remove("vdev", PEER), 0);
	wait_for_link(false);
}

static void
give_from(uint16_t from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		assert_non_null(m);
		memset(rte_pktmbuf_append(m, LENGTH), 0, LENGTH);
		assert_int_equal(rte_eth_tx_burst(from, 0, &m, 1), 1);
	}
}

/* The peer sends @n frames. */
static void
give(unsigned n)
{
	give_from(peer, n);
}

static void
take(unsigned n)
{
	struct rte_mbuf *in[DP_BURST];

	assert_in_range(n, 0, DP_BURST);
	assert_int_equal(rte_eth_rx_burst(port, 0, in, (uint16_t)n), n);
	rte_pktmbuf_free_bulk(in, n);
}

static struct dp_vhost_ahead
ahead_of(unsigned worker)
{
	return (struct dp_vhost_ahead){.worker = worker, .ethdev = port, .writes = true};
}

/* How many frames a look finds that wait to be read; it asks for everything, and ends. */
static unsigned
look(struct dp_vhost_ahead *a, uint64_t cycles)
{
	unsigned n = 0, steps = 0;

	for (dp_vhost_begin(a, cycles); !dp_vhost_is_asked(a); steps++) {
		assert_true(steps < 2 * DP_BURST);
		n += dp_vhost_ask(a);
	}
	return n;
}

/* The link is up before the driver tells whoever follows it. */
static void
wait_for_view(void)
{
	unsigned n = 0;

	give(1);
	for (unsigned ms = 0; ms < PATIENCE && n == 0; ms++) {
		struct dp_vhost_ahead a = ahead_of(MAIN);

		n = look(&a, FAR);
		usleep(1000);
	}
	assert_int_equal(n, 1);
	take(1);
}

static void
peer_comes(bool packed, unsigned ring)
{
	char args[256];

	snprintf(args, sizeof(args),
		"path=%s,queues=1,queue_size=%u,mrg_rxbuf=0,in_order=1,packed_vq=%d",
		socket_path, ring, packed);
	assert_int_equal(rte_eal_hotplug_add("vdev", PEER, args), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(PEER, &peer), 0);
	open_port(peer);
	wait_for_link(true);
	if (packed)
		wait_for_view();
}

/* As many as there are, up to a burst: wherever the ring stands. */
static void
finds_what_waits(void **state)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);
	unsigned waiting = 0, aided = 0;

	(void)state;
	peer_comes(true, RING);
	for (unsigned turn = 0; turn < 1000; turn++) {
		unsigned more = turn * 7 % 90, less, found;

		if (waiting + more > 200)
			more = 0;
		give(more);
		waiting += more;
		less = waiting < 50 ? waiting : 50;
		take(less);
		waiting -= less;
		found = look(&a, FAR);
		if (a.aided) {
			aided++;
			assert_int_equal(found, waiting < DP_BURST ? waiting : DP_BURST);
		} else {
			assert_int_equal(found, 0);
		}
	}
	/* Now and then it is left out, to see what that costs. */
	assert_in_range(aided, 950, 990);
	for (; waiting > 0; waiting -= waiting < 50 ? waiting : 50)
		take(waiting < 50 ? waiting : 50);
	peer_goes();
}

/* How many buffers for answers a look asks for. */
static unsigned
room(void)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);
	uint16_t from;

	dp_vhost_begin(&a, FAR);
	from = a.write.at;
	while (!dp_vhost_is_asked(&a))
		(void)dp_vhost_ask(&a);
	return (a.write.at + RING - from) % RING;
}

/* A burst's, as far as the peer has left buffers. */
static void
finds_room_for_answers(void **state)
{
	unsigned left = RING;

	(void)state;
	peer_comes(true, RING);
	while (left > 0) {
		unsigned n = left < 30 ? left : 30;

		assert_int_equal(room(), left < DP_BURST ? left : DP_BURST);
		give_from(port, n); /* the peer takes none */
		left -= n;
	}
	assert_int_equal(room(), 0);
	peer_goes();
}

/* A worker whose answers take another queue, or none, asks for what it reads alone. */
static void
only_the_pair_that_is_read(void **state)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);

	(void)state;
	peer_comes(true, RING);
	give(10);
	a.writes = false;
	dp_vhost_begin(&a, FAR);
	assert_int_equal(a.write.left, 0);
	assert_int_equal(look(&a, FAR), 10);
	a.queue = 1; /* the peer has one */
	assert_int_equal(look(&a, FAR), 0);
	a.queue = 64; /* nobody has as many */
	assert_int_equal(look(&a, FAR), 0);
	take(10);
	peer_goes();
}

/* What is near is read as it comes; and what becomes near is left alone again. */
static void
only_where_it_pays(void **state)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);
	unsigned n = 0;

	(void)state;
	peer_comes(true, RING);
	give(100);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(look(&a, NEAR), 0);
	for (unsigned i = 0; i < 10; i++)
		n = look(&a, FAR);
	assert_int_equal(n, DP_BURST);
	for (unsigned i = 0; i < 1000; i++)
		n = look(&a, NEAR);
	assert_int_equal(n, 0);
	take(50);
	take(50);
	peer_goes();
}

/* One burst during which the core was away does not make a near peer a far one. */
static void
a_stolen_burst_is_soon_forgotten(void **state)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);
	unsigned asked = 0;

	(void)state;
	peer_comes(true, RING);
	give(10);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(look(&a, NEAR), 0);
	look(&a, 1000000);
	for (unsigned i = 0; i < 1000; i++)
		asked += look(&a, NEAR) > 0;
	assert_in_range(asked, 0, 100);
	take(10);
	peer_goes();
}

static void
split_rings_are_not_looked_into(void **state)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);

	(void)state;
	peer_comes(false, RING);
	give(10);
	assert_int_equal(look(&a, FAR), 0);
	take(10);
	peer_goes();
}

/* What was begun with one peer does not go on with the next, whose ring is smaller. */
static void
another_peer_comes_meanwhile(void **state)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);

	(void)state;
	peer_comes(true, RING);
	for (unsigned i = 0; i < RING - 10; i++) {
		give(1);
		take(1);
	}
	give(10);
	dp_vhost_begin(&a, FAR);
	assert_false(dp_vhost_is_asked(&a));
	peer_goes();
	peer_comes(true, RING / 4);
	give(10);
	assert_int_equal(dp_vhost_ask(&a), 0);
	assert_true(dp_vhost_is_asked(&a));
	assert_int_equal(look(&a, FAR), 10);
	take(10);
	peer_goes();
}

static void
nobody_is_there(void **state)
{
	struct dp_vhost_ahead a = ahead_of(MAIN);

	(void)state;
	assert_int_equal(look(&a, FAR), 0);
}

/* ---- looking while the peer comes and goes ---- */

static _Atomic bool stop;
static _Atomic uint64_t found;

static void *
looks(void *arg)
{
	struct dp_vhost_ahead a = ahead_of(*(unsigned *)arg);

	while (!atomic_load(&stop))
		atomic_fetch_add(&found, look(&a, FAR));
	return NULL;
}

static void
memory_goes_while_it_is_looked_at(void **state)
{
	unsigned number[] = {0, 1};
	pthread_t thread[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, looks, &number[i]), 0);
	for (unsigned turn = 0; turn < 20; turn++) {
		uint64_t before;

		peer_comes(true, RING);
		give(64);
		before = atomic_load(&found);
		for (unsigned ms = 0; ms < PATIENCE && atomic_load(&found) == before;
			ms++)
			usleep(1000);
		assert_true(atomic_load(&found) > before);
		peer_goes();
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

static int
start(void **state)
{
	static char vdev[128];
	char *argv[] = {"dp_vhost", "--no-pci", "--no-huge", "-m", "128",
		"--no-telemetry", "--no-shconf", "--log-level", "error", "-l", "0",
		"--vdev", vdev, NULL};

	(void)state;
	dp_unmap_guard(NULL); /* our munmap() is linked in */
	snprintf(socket_path, sizeof(socket_path), "/tmp/tidegate-vhost-%d",
		(int)getpid());
	snprintf(vdev, sizeof(vdev), "net_vhost0,iface=%s,queues=1", socket_path);
	if (rte_eal_init(sizeof(argv) / sizeof(argv[0]) - 1, argv) < 0
		|| rte_eth_dev_get_port_by_name("net_vhost0", &port) != 0)
		return -1;
	pool = rte_pktmbuf_pool_create(
		"pool", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL)
		return -1;
	open_port(port);
	return dp_vhost_watch(port);
}

static int
end(void **state)
{
	(void)state;
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	unlink(socket_path);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(finds_what_waits),
		cmocka_unit_test(finds_room_for_answers),
		cmocka_unit_test(only_the_pair_that_is_read),
		cmocka_unit_test(only_where_it_pays),
		cmocka_unit_test(a_stolen_burst_is_soon_forgotten),
		cmocka_unit_test(another_peer_comes_meanwhile),
		cmocka_unit_test(split_rings_are_not_looked_into),
		cmocka_unit_test(memory_goes_while_it_is_looked_at),
	};

	return cmocka_run_group_tests(tests, start, end);
}
