/*
 * Observing (RFC 7641): registrations, their ends, and what answers a notification.
 * notify.h tells the observers, observers.h has the relations.
 *
 * Threads.  A worker's.
 */
#pragma once

#include "dataplane/worker.h"

#define DP_NO_OBSERVE UINT32_MAX
#define DP_OBSERVE_LATER 0xffffff /* three bytes in place of a value */

/* GET @i, which has Observe, is about to be answered with @v: enter it if it asks for
 * that.  The answer's Observe value, or DP_NO_OBSERVE: it has none. */
uint32_t dp_observe(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_value *v);
/* The same of @c, which @r answers, wherever a request comes; or end the observation, if
 * it asks for that.  True: @c is a notification from now on. */
bool dp_observe_route(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_route *r, struct dp_content *c);
/* Request @i is answered with a list of worker @home, with an ETag and DP_OBSERVE_LATER:
 * enter it, and put the value in its place. */
void dp_observe_list(struct dp_worker *w, struct dp_burst *b, unsigned i, unsigned home);
/* Does GET @m ask to be an observer, and not for the rest of a notification (RFC 7959,
 * 2.6)? */
bool dp_is_registration(const struct tg_msg *m);
/* GET @i has Observe: end the observation if it asks for that. */
void dp_observe_cancel(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* Message @i is an ACK or an RST, maybe to a notification. */
void dp_observe_answered(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* End all that @peer observes. */
void dp_observe_kick(struct dp_worker *w, uint32_t peer);
