/*
 * Acts that control posts to a worker: each runs once, on the worker, and its result and
 * all it did are seen by control when it is done, who may then free it.
 */
#include "dataplane/mailbox.h"

#include "dataplane/worker.h"
#include "tests/stress.h"

#include <errno.h>
#include <rte_ring.h>
#include <sched.h>

#define RING 8
#define ACTS 2000u

struct shared {
	struct dp_worker *worker;
	uint64_t sum; /* the worker's, without any atomics: the mailbox alone orders it */
	atomic_bool stop;
};

static struct shared shared;

static void
add(struct dp_worker *w, struct dp_act *act)
{
	require(w == shared.worker, "another worker", w->id);
	require(act->len <= sizeof(act->name), "not what was posted", act->len);
	for (uint16_t i = 0; i < act->len; i++)
		shared.sum += act->name[i];
	act->result = (int)act->len;
}

static void *
worker_main(void *arg)
{
	struct shared *s = arg;

	while (!atomic_load(&s->stop)) {
		dp_mailbox_run(s->worker);
		sched_yield();
	}
	while (dp_mailbox_run(s->worker))
		continue;
	return NULL;
}

static struct dp_act *
new_act(uint32_t number)
{
	struct dp_act *act = malloc(sizeof(*act));

	require(act != NULL, "no memory", number);
	memset(act, 0xee, sizeof(*act));
	act->run = add;
	act->len = (uint16_t)(number % 255);
	memset(act->name, (int)number, act->len);
	return act;
}

static uint64_t
weight(uint32_t number)
{
	return (uint64_t)(number % 255) * (uint8_t)number;
}

/* Nobody runs them: the ring fills, and what is in it is not done. */
static uint64_t
post_to_nobody(struct dp_act *late[RING])
{
	uint64_t sum = 0;
	struct dp_act *act;

	for (uint32_t i = 0; i < RING - 1; i++) {
		late[i] = new_act(i + 100);
		sum += weight(i + 100);
		require(dp_mailbox_post(shared.worker, late[i]) == 0, "no room", i);
		require(!dp_mailbox_done(late[i]), "done by nobody", i);
	}
	act = new_act(1);
	require(dp_mailbox_post(shared.worker, act) == -EAGAIN, "room in a full ring", 1);
	free(act);
	return sum;
}

int
main(void)
{
	struct dp_act *late[RING];
	pthread_t thread;
	uint64_t sum;

	shared.worker = new_block(sizeof(*shared.worker));
	shared.worker->mailbox = new_block((size_t)rte_ring_get_memsize(RING));
	require(rte_ring_init(shared.worker->mailbox, "mailbox", RING, RING_F_SC_DEQ)
			== 0,
		"no ring", RING);
	sum = post_to_nobody(late);
	require(pthread_create(&thread, NULL, worker_main, &shared) == 0, "no thread", 0);
	for (uint32_t i = 0; i < ACTS; i++) {
		struct dp_act *act = new_act(i);

		sum += weight(i);
		while (dp_mailbox_post(shared.worker, act) != 0)
			sched_yield(); /* the late ones still stand in the ring */
		while (!dp_mailbox_done(act))
			sched_yield();
		require(act->result == (int)(i % 255), "another result", i);
		require(shared.sum == sum, "not done when it says so", i);
		free(act);
	}
	atomic_store(&shared.stop, true);
	pthread_join(thread, NULL);
	require(shared.sum == sum, "done twice", ACTS);
	for (uint32_t i = 0; i < RING - 1; i++)
		free(late[i]);
	printf("%u acts\n", ACTS);
	free(shared.worker->mailbox);
	free(shared.worker);
	return 0;
}
