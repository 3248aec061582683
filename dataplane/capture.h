/*
 * Whole copies of the frames that match a filter: what a trace to a file is made of.
 *
 * Armed, each worker holds every frame that a port gave it, and every one that it gives a
 * port, against the filter, and copies what matches into a ring of its own.  A message
 * matches by what stands in it; where that leaves out the other half of an exchange (a
 * path stands in the request alone, a token in no empty ACK), what was matched is
 * followed: the answer by its token, the acknowledgement by its Message ID.  Nothing
 * armed, all of this is one test a burst read and one a burst sent.
 *
 * Threads.  [w] a worker, into its own ring; [c] one thread of control.
 * Memory.   One block, made and freed by control: a ring of DP_CAPTURE_RING bytes a
 *           worker.  A ring that is full loses the frame, and counts it.
 * Time.     TSC ticks.
 */
#pragma once

#include "dataplane/config.h"
#include "dataplane/peers.h"
#include "dataplane/store.h"
#include "dataplane/tokens.h"

#define DP_CAPTURE_RING (4u << 20) /* bytes, a power of two */

#define DP_CAPTURE_FRAME_MAX 65535 /* bytes; no port takes as many */

struct rte_mbuf;
struct dp_snapshot;

/* Each condition that is set must hold.  None: every frame, whatever it carries. */
struct dp_capture_filter {
	bool by_peer, by_device, by_token, by_path;
	struct dp_peer_key peer; /* addr and port_be; 0: any port, any protocol */
	struct dp_peer_key at;   /* where the device is now; zeros: nowhere */
	uint8_t device_len, tkl;
	uint16_t path_len;
	uint8_t device[255];
	uint8_t token[DP_TOKEN_LONGEST];
	uint8_t path[DP_PATH_MAX]; /* in canonical form */
	uint64_t until_tsc;        /* nothing is copied from then on */
};

struct dp_capture;

/* For so many workers; NULL: out of memory.  [c] */
struct dp_capture *dp_capture_new(const struct dp_capture_filter *f, unsigned workers);
/* No worker may come to it any more.  NULL is none. */
void dp_capture_free(struct dp_capture *c);

/* Where a worker meets a frame. */
struct dp_capture_point {
	struct dp_capture *capture;
	const struct dp_snapshot *snap; /* for the device that a path names */
	uint64_t tsc;
	unsigned worker;
	uint8_t port;
	bool sent; /* or heard */
};

/* [w] Copy @m if it matches. */
void dp_capture_frame(const struct dp_capture_point *at, const struct rte_mbuf *m);
/* [w] Does a frame of @len bytes match?  One that does is followed. */
bool dp_capture_matches(
	const struct dp_capture_point *at, const uint8_t *frame, size_t len);

/* A frame, borrowed from its ring until dp_capture_release(). */
struct dp_captured {
	uint64_t tsc;
	const uint8_t *bytes;
	uint32_t len;
	uint8_t port;
	bool sent;
};

/* [c] The next frame of @worker's ring; false if there is none. */
bool dp_capture_next(struct dp_capture *c, unsigned worker, struct dp_captured *out);
/* [c] Give back the room of every frame taken so far. */
void dp_capture_release(struct dp_capture *c, unsigned worker);

struct dp_capture_count {
	uint64_t matched, lost; /* lost: of those matched; the ring had no room */
};
/* [c] Of @port, over all workers. */
struct dp_capture_count dp_capture_count(const struct dp_capture *c, unsigned port);
