/*
 * The next burst of a vhost port, asked for while this one is worked on.
 *
 * The rings and buffers that a vhost port shares with its peer lie in the cache of the
 * peer's core.  The driver asks for a line when it copies, and a worker waits hundreds of
 * cycles for it; so the worker looks into the (packed) rings before the driver does, and
 * asks for what will be read next and written soon.  Nothing of that is believed: what
 * stands in a descriptor decides about prefetches and nothing else.  Where both cores
 * share a cache that costs more than it saves, so reading is timed, now and then without.
 *
 * Threads.  The driver's event thread makes a port's view of its peer; a worker looks,
 *           with dp_vhost_aheads of its own.  The peer's memory may be unmapped at any
 *           time: dp_vhost_forget() comes before that, and waits until nobody looks.
 * Memory.   Static: a view a port, a flag a worker.
 */
#pragma once

#include "dataplane/burst.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far one ring has been looked at. */
struct dp_vhost_cursor {
	uint16_t ring, at, left;
	uint16_t ready; /* flags of a descriptor that the peer has made available */
};

/* One queue that a worker reads.  The first four are the owner's to set, once; the rest
 * begins as zero. */
struct dp_vhost_ahead {
	unsigned worker;
	uint16_t ethdev, queue;
	bool writes;      /* answers go to the queue of the same number */
	bool aided;       /* the next burst has been asked for */
	uint32_t unaided; /* TSC cycles a frame without that, a running mean */
	uint32_t bursts;
	uint32_t number; /* of the view that the cursors speak of */
	struct dp_vhost_cursor read, write;
};

/* Follow the peer of @ethdev, which was started; 0 or a negative errno.  A peer that has
 * come before is looked into when it comes again. */
int dp_vhost_watch(uint16_t ethdev);
/* These bytes are about to be unmapped: drop the views that look there, and wait for the
 * workers that do.  Any thread that does not look itself. */
void dp_vhost_forget(const void *at, size_t len);

/* A good part of a burst was read, at so many TSC cycles a frame: ask for the descriptors
 * that come next, unless they are near.  Without a view there is nothing to ask for. */
void dp_vhost_begin(struct dp_vhost_ahead *a, uint64_t cycles);
/* They have come: ask for some of the buffers that they speak of.  A core has a dozen
 * lines or two under way at a time, no more: so it goes in steps, between other work.
 * How many descriptors of frames that wait to be read were among them. */
unsigned dp_vhost_ask(struct dp_vhost_ahead *a);

static inline bool
dp_vhost_is_asked(const struct dp_vhost_ahead *a)
{
	return (a->read.left | a->write.left) == 0;
}
