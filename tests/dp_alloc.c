/*
 * A worker makes no allocation between two bursts, whatever comes: malloc and its family
 * and mmap are ours in this program, and count what is asked for during a worker's turn.
 */
#include "coap/code.h"
#include "tests/dp_mix.h"

#include <rte_launch.h>
#include <rte_malloc.h>

#include <malloc.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's own, under the names that it keeps for this. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *p);

static _Thread_local bool is_worker;
static _Atomic unsigned calls;

static void
note(void)
{
	if (is_worker || gw_in_turn)
		atomic_fetch_add(&calls, 1);
}

void *
malloc(size_t size)
{
	note();
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	note();
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	note();
	return __libc_realloc(p, size);
}

void *
aligned_alloc(size_t align, size_t size)
{
	note();
	return __libc_memalign(align, size);
}

void
free(void *p)
{
	note();
	__libc_free(p);
}

void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	note();
	return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}

/* Of the EAL's heap. */
static unsigned
eal_allocations(void)
{
	struct rte_malloc_socket_stats stats;

	assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
	return stats.alloc_count;
}

/* ---- the tests ---- */

static void
watch_sees(void **state)
{
	void *volatile p;

	(void)state;
	atomic_store(&calls, 0);
	gw_in_turn = true;
	p = malloc(1);
	p = realloc(p, 2);
	free(p);
	free(p = calloc(1, 1));
	free(p = aligned_alloc(64, 64));
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	gw_in_turn = false;
	munmap(p, 4096);
	assert_int_equal(atomic_load(&calls), 8);
}

static void
traffic_of_every_kind(void **state)
{
	unsigned eal;

	(void)state;
	gw_reopen(mix_small_tables);
	eal = eal_allocations();
	atomic_store(&calls, 0);
	mix_run();
	assert_int_equal(atomic_load(&calls), 0);
	assert_int_equal(eal_allocations(), eal);
}

static int
become_worker(void *arg)
{
	(void)arg;
	is_worker = true;
	return 0;
}

static const struct bytes requests[] = {
	B("\xb5hello"),
	B("\xb4test"),
	B("\xb7nowhere"),
	B("\xb1r\x04"
	  "dev?\xffx"),
	B("\xb1t\x04"
	  "dev?\xffx"),
	B("\xb1"
	  "d\x04"
	  "dev?\x01v\xffx"),
	B("\xb1l\x04"
	  "dev?\x01v\xffx"),
};

/* The same on cores of their own, with the loop around the turns. */
static void
workers_on_cores(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < gw.cfg.workers; i++)
		rte_eal_remote_launch(become_worker, NULL, i + 1);
	rte_eal_mp_wait_lcore();
	atomic_store(&calls, 0);
	assert_int_equal(dp_start(gw.dp), 0);
	for (uint16_t mid = 0; mid < 600; mid++) {
		uint8_t code = mid % 3 == 0 ? TG_GET : TG_PUT;

		gw_queue(&gw.flow,
			coap(T_CON, code, mid, requests[mid % COUNT(requests)]));
		gw_log_read();
		gw_log_commit(0);
		while (gw_take(&f))
			;
		rte_delay_us_sleep(mid % 16 == 0 ? 200 : 1);
	}
	dp_stop(gw.dp);
	gw_turn();
	while (gw_take(&f))
		;
	assert_int_equal(atomic_load(&calls), 0);
	assert_true(gw_counter(DP_C_requests) == 600);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers", 2, true, 1, 0},
};

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watch_sees),
		cmocka_unit_test(traffic_of_every_kind),
		cmocka_unit_test(workers_on_cores),
	};

	return gw_main("dp_alloc", settings, COUNT(settings), tests, COUNT(tests));
}
