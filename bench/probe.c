#include "bench/probe.h"
#include "bench/stats.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <x86intrin.h>

#define SERIES 16
#define TRIPS 32

struct probe {
	_Alignas(64) _Atomic unsigned ball; /* odd: the helper's turn */
	_Alignas(64) _Atomic bool quit;
	sem_t go;
	pthread_t thread;
};

static void *
helper(void *arg)
{
	struct probe *p = arg;

	for (;;) {
		sem_wait(&p->go);
		if (atomic_load(&p->quit))
			return NULL;
		for (unsigned n = 1; n < 2 * (SERIES + 1) * TRIPS; n += 2) {
			while (atomic_load_explicit(&p->ball, memory_order_acquire) != n)
				;
			atomic_store_explicit(&p->ball, n + 1, memory_order_release);
		}
	}
}

struct probe *
probe_start(unsigned other)
{
	struct probe *p = aligned_alloc(64, sizeof(*p));
	pthread_attr_t attr;
	cpu_set_t set;
	int rc;

	if (p == NULL)
		return NULL;
	atomic_init(&p->ball, 0);
	atomic_init(&p->quit, false);
	sem_init(&p->go, 0, 0);
	CPU_ZERO(&set);
	CPU_SET(other, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	rc = pthread_create(&p->thread, &attr, helper, p);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		free(p);
		return NULL;
	}
	return p;
}

static void
series(struct probe *p, unsigned *n)
{
	for (unsigned i = 0; i < TRIPS; i++, *n += 2) {
		atomic_store_explicit(&p->ball, *n + 1, memory_order_release);
		while (atomic_load_explicit(&p->ball, memory_order_acquire) != *n + 2)
			;
	}
}

double
probe_take(struct probe *p)
{
	double cycles[SERIES];
	unsigned n = 0;

	atomic_store(&p->ball, 0);
	sem_post(&p->go);
	series(p, &n); /* the helper wakes up in this one */
	for (unsigned i = 0; i < SERIES; i++) {
		unsigned long long t = __rdtsc();

		series(p, &n);
		cycles[i] = (double)(__rdtsc() - t) / TRIPS;
	}
	return quantile(cycles, SERIES, 0.5);
}

void
probe_stop(struct probe *p)
{
	atomic_store(&p->quit, true);
	sem_post(&p->go);
	pthread_join(p->thread, NULL);
	sem_destroy(&p->go);
	free(p);
}
