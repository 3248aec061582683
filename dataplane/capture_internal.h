/* What capture.c and capture_match.c share; see capture.h for what it is. */
#pragma once

#include "dataplane/capture.h"

#include <stdatomic.h>

/* Message IDs and tokens: sets, and how many of each.  A burst's requests are all entered
 * before the first is answered. */
#define DP_FOLLOWED 2048
#define DP_FOLLOWED_WAYS 8

struct dp_capture_ring {
	_Atomic uint64_t head; /* worker: wo (release), control: ro (acquire) */
	_Atomic uint64_t matched[DP_PORTS_MAX], lost[DP_PORTS_MAX]; /* worker: wo */
	_Atomic uint64_t tail
		__attribute__((aligned(64))); /* control: wo (release), worker: ro */
	uint64_t next;                        /* control's: read so far */
	uint8_t bytes[DP_CAPTURE_RING] __attribute__((aligned(64)));
};

struct dp_capture {
	struct dp_capture_filter filter;
	unsigned workers;
	uint8_t key[16]; /* of the hashes below */
	/* Hashes, relaxed: a request may be heard by one worker and answered by another,
	 * behind a ring that orders the two. */
	_Atomic uint64_t followed[DP_FOLLOWED][DP_FOLLOWED_WAYS]
		__attribute__((aligned(64)));
	struct dp_capture_ring ring[];
};
