/*
 * Clocks, for who hands time in: one that is real, which its owner makes, as coap/ reads
 * no time itself; and a managed one, which stands still until it is moved.
 *
 * Threads.  A managed clock belongs to its caller.
 * Memory.   A clock borrows its context.
 * Time.     Milliseconds since whenever; never backwards.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

struct tg_clock {
	uint64_t (*now_ms)(const void *context);
	const void *context;
};

static inline uint64_t
tg_clock_now(const struct tg_clock *c)
{
	return c->now_ms(c->context);
}

/* A clock of which a test, a simulation or a replay says what it shows. */
struct tg_managed_clock {
	uint64_t now_ms;
};

static inline uint64_t
tg_managed_clock_read(const void *managed)
{
	return ((const struct tg_managed_clock *)managed)->now_ms;
}

/* @m as a clock like any other. */
static inline struct tg_clock
tg_managed_clock(const struct tg_managed_clock *m)
{
	return (struct tg_clock){tg_managed_clock_read, m};
}

/* @ms pass at once. */
static inline void
tg_managed_clock_advance(struct tg_managed_clock *m, uint64_t ms)
{
	assert(ms <= UINT64_MAX - m->now_ms);
	m->now_ms += ms;
}

/* It is @ms now, or later already. */
static inline void
tg_managed_clock_reach(struct tg_managed_clock *m, uint64_t ms)
{
	if (m->now_ms < ms)
		m->now_ms = ms;
}
