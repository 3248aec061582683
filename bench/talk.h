/*
 * What a generator says, and what it makes of what it hears: one kind of talk for each
 * kind of workload.
 *
 * Threads.  One.   Memory.  The talk's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/workload.h"

enum talk_heard {
	TALK_ANSWER, /* what the workload counts */
	TALK_OTHER,  /* right, too, but of another kind */
	TALK_WRONG,
};

struct talk {
	/* The next frame at @frame, FRAME_ROOM bytes; its length.  0: nothing may be said
	 * before something is heard. */
	uint16_t (*write)(struct talk *t, uint8_t *frame);
	/* A frame of @len bytes has come: is it what it should be? */
	enum talk_heard (*take)(struct talk *t, const uint8_t *frame, size_t len);
	/* What is awaited does not come: say it again, or go on without it. */
	void (*lost)(struct talk *t);
	uint32_t awaited; /* frames that are still to come */
};

/* One frame more, or fewer, is awaited. */
static inline void
talk_heard(struct talk *t)
{
	t->awaited -= t->awaited > 0;
}

/* One message an endpoint, whose answer is judged by its code alone. */
struct plain {
	struct talk talk;
	struct maker maker;
	struct walk *walk;
	uint8_t ok_from, ok_to; /* lowest and highest code of an answer */
};

void plain_init(struct plain *p, const struct workload *w, struct walk *walk,
	const uint8_t to[6], const uint8_t from[6]);
