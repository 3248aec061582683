/*
 * What a route asks of a request before it runs: that it is fresh (Echo, RFC 9175), and
 * that it is not one too many of its device (RFC 8516).
 *
 * An Echo value says when it was made, and proves it by a hash of that and of the
 * endpoint under the key of this run: nothing is kept for it, and one that was made
 * before a restart, or for somebody else, is no proof.
 *
 * Threads.  The worker that executes the request.   Time.  Seconds; one second unsharp.
 */
#pragma once

#include "coap/write.h"
#include "dataplane/worker.h"

/* 0, or what request @i is refused with: 4.01 or 4.29. */
uint8_t dp_guard(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* Echo alone: of a request that only begins, and will be asked again when it runs. */
uint8_t dp_guard_echo(const struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* The same as dp_guard() for one that asks for more of an answer made at @made_s: its
 * endpoint was fresh then, which holds for as long as an Echo value does. */
uint8_t dp_guard_more(
	struct dp_worker *w, const struct dp_burst *b, unsigned i, uint32_t made_s);
/* The Echo option of a 4.01 to @key. */
void dp_echo_write(
	const struct dp_worker *w, const struct dp_peer_key *key, struct tg_writer *out);
