/*
 * Snapshots published while workers route by them: a worker sees one version through a
 * whole burst, and none is freed under it.
 */
#include "dataplane/dp_internal.h"

#include "coap/option.h"
#include "coap/write.h"
#include "tests/stress.h"

#include <rte_rcu_qsbr.h>
#include <sched.h>

#define VERSIONS 400u
#define BURST 16

/* A version says itself in each of its parts. */
static struct dp_snapshot *
new_version(uint32_t version)
{
	char path[64], content[64], err[200];
	struct dp_route_spec specs[] = {
		{.path = "/d/{device}/{resource*}",
			.kind = DP_K_STORE,
			.max_age = version},
		{.path = path, .kind = DP_K_TIME},
		{.path = "/fixed",
			.kind = DP_K_STATIC,
			.content = content,
			.max_age = version},
	};
	const struct dp_settings s = {
		.routes = specs,
		.n_routes = COUNT(specs),
		.version = version,
	};
	struct dp_snapshot *snap;

	snprintf(path, sizeof(path), "/only/in/%u", version);
	specs[2].content_len =
		(uint16_t)snprintf(content, sizeof(content), "version %u", version);
	snap = dp_snapshot_new(&s, err, sizeof(err));
	require(snap != NULL, err, version);
	return snap;
}

struct reader {
	struct dp *dp;
	unsigned id;
	atomic_bool *stop;
	atomic_uint *ready; /* workers that QSBR waits for by now */
	uint64_t bursts, versions;
};

static void
ask(struct dp_request *r, uint8_t *arena, const char *const *segments, unsigned n)
{
	uint8_t buf[256];
	struct tg_writer w;
	struct tg_msg m;

	tg_write_begin(&w, buf, sizeof(buf), TG_CON, 1, 1, NULL, 0);
	for (unsigned i = 0; i < n; i++)
		tg_write_option(&w, TG_OPT_URI_PATH, segments[i], strlen(segments[i]));
	require(tg_msg_parse(&m, buf, tg_write_end(&w), TG_TOKEN_MAX) == TG_OK,
		"no message", n);
	require(dp_request_read(r, &m, arena) == TG_OK, "cannot be read", n);
}

static void
route_burst(const struct dp_snapshot *snap, uint8_t *arena)
{
	char number[16], content[64];
	const char *const stored[] = {"d", "dev1", "state"},
			  *const only[] = {"only", "in", number},
			  *const fixed[] = {"fixed"};
	const struct dp_route *route;
	struct dp_request r;
	size_t len;

	snprintf(number, sizeof(number), "%u", (unsigned)snap->version);
	ask(&r, arena, stored, 3);
	route = dp_route_find(snap, &r);
	require(route != NULL && route->max_age == snap->version,
		"another version's route", snap->version);
	ask(&r, arena, only, 3);
	route = dp_route_find(snap, &r);
	require(route != NULL && route->kind == DP_K_TIME, "not its own route",
		snap->version);
	ask(&r, arena, fixed, 1);
	route = dp_route_find(snap, &r);
	require(route != NULL, "no fixed route", snap->version);
	len = (size_t)snprintf(
		content, sizeof(content), "version %u", (unsigned)snap->version);
	require(route->content_len > len
			&& memcmp(route->content + route->content_len - len, content, len)
				   == 0,
		"another version's content", snap->version);
}

/* What a worker's loop does with the snapshot. */
static void *
worker_main(void *arg)
{
	struct reader *me = arg;
	struct rte_rcu_qsbr *qsbr = me->dp->shared.qsbr;
	uint8_t *arena = malloc(DP_PATH_ROOM);
	uint64_t last = 0;

	require(arena != NULL, "no memory", me->id);
	rte_rcu_qsbr_thread_register(qsbr, me->id);
	rte_rcu_qsbr_thread_online(qsbr, me->id);
	atomic_fetch_add(me->ready, 1);
	while (!atomic_load_explicit(me->stop, memory_order_relaxed)) {
		const struct dp_snapshot *snap = atomic_load_explicit(
			&me->dp->shared.snapshot, memory_order_acquire);

		require(snap->version >= last, "an older version again", snap->version);
		me->versions += snap->version > last;
		last = snap->version;
		for (unsigned i = 0; i < BURST; i++)
			route_burst(snap, arena);
		me->bursts++;
		rte_rcu_qsbr_quiescent(qsbr, me->id);
	}
	rte_rcu_qsbr_thread_offline(qsbr, me->id);
	rte_rcu_qsbr_thread_unregister(qsbr, me->id);
	free(arena);
	return NULL;
}

int
main(void)
{
	struct dp *dp = new_block((sizeof(*dp) + 63) & ~(size_t)63);
	atomic_bool stop = false;
	atomic_uint ready = 0;
	struct reader reader[READERS];
	pthread_t thread[READERS];

	dp->shared.qsbr = new_block(rte_rcu_qsbr_get_memsize(READERS));
	require(rte_rcu_qsbr_init(dp->shared.qsbr, READERS) == 0, "no QSBR", READERS);
	atomic_store(&dp->shared.snapshot, new_version(1));
	dp->running = true;
	for (unsigned i = 0; i < READERS; i++) {
		reader[i] = (struct reader){dp, i, &stop, &ready, 0, 0};
		require(pthread_create(&thread[i], NULL, worker_main, &reader[i]) == 0,
			"no thread", i);
	}
	while (atomic_load(&ready) < READERS)
		sched_yield();
	for (uint32_t version = 2; version <= VERSIONS; version++)
		dp_publish(dp, new_version(version));
	atomic_store(&stop, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(thread[i], NULL);
		printf("worker %u: %llu bursts, %llu of %u versions\n", i,
			(unsigned long long)reader[i].bursts,
			(unsigned long long)reader[i].versions, VERSIONS);
		require(reader[i].versions > VERSIONS / 10, "hardly a version was seen",
			i);
	}
	dp_snapshot_free(atomic_load(&dp->shared.snapshot));
	free(dp->shared.qsbr);
	free(dp);
	return 0;
}
