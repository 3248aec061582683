/*
 * One writer and some readers at once, for tables that have one home and many onlookers.
 *
 * What is written carries a check of itself, so that a reader that got parts of two
 * writes knows.  Under ThreadSanitizer a missing acquire or release is a race report,
 * too.
 */
#pragma once

#include "tests/tables.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#define READERS 2

static inline void
require(bool holds, const char *what, uint64_t number)
{
	if (holds)
		return;
	fprintf(stderr, "%llu: %s\n", (unsigned long long)number, what);
	abort();
}

struct stress {
	void (*write)(void *arg); /* all of the writer's work */
	void (*read)(void *arg,
		struct dice *d); /* one look; called until the writer is done */
	void *arg;
	atomic_bool done;
	_Atomic uint64_t looks;
};

static inline void *
stress_writer(void *p)
{
	struct stress *s = p;

	s->write(s->arg);
	atomic_store(&s->done, true);
	return NULL;
}

static inline void *
stress_reader(void *p)
{
	struct stress *s = p;
	struct dice d = {.state = (uintptr_t)&d};

	while (!atomic_load(&s->done)) {
		s->read(s->arg, &d);
		atomic_fetch_add(&s->looks, 1);
	}
	return NULL;
}

/* Run both sides to the writer's end; how many looks the readers took. */
static inline uint64_t
stress_run(void (*write)(void *), void (*read)(void *, struct dice *), void *arg)
{
	struct stress s = {.write = write, .read = read, .arg = arg};
	pthread_t reader[READERS], writer;

	for (unsigned i = 0; i < READERS; i++)
		require(pthread_create(&reader[i], NULL, stress_reader, &s) == 0,
			"no thread", i);
	require(pthread_create(&writer, NULL, stress_writer, &s) == 0, "no thread",
		READERS);
	pthread_join(writer, NULL);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);
	return s.looks;
}
