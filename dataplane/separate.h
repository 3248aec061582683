/*
 * Answers that take their time (RFC 7252, 5.2.2): a CON that waits longer than ack_delay
 * is acknowledged by an empty ACK, and its answer is a CON of its own, sent again until
 * it is acknowledged, byte for byte the same.
 *
 * That a request was acknowledged so stands in its peer's line, in place of an answer's
 * code (DP_ACKED): a duplicate is acknowledged again and never runs.  From then on the
 * answer has a place in outbound, and whoever has it at last finds out there which kind
 * it is to be.  A request for which there is no place is not acknowledged before it is
 * answered.
 *
 * Threads.  The home worker of the request's endpoint.
 */
#pragma once

#include "dataplane/worker.h"

/* Request @mid of @peer is on its way from now on: it is in progress in the peer's line.
 * (One that waits for the log here needs no call.) */
void dp_separate_wait(struct dp_worker *w, uint32_t peer, uint16_t mid);
/* Has it been acknowledged meanwhile?  Then its answer is a separate one: to be sent, or
 * skipped. */
bool dp_separate_is_due(const struct dp_worker *w, uint32_t peer, uint16_t mid);
/* Nobody wants the answer that is due. */
void dp_separate_skip(struct dp_worker *w, uint32_t peer, uint16_t mid);
/*
 * Send @peer the answer that is due, @len bytes at @msg with the request's header and
 * token, as a CON with a Message ID of its own, under the parameters @param of the
 * snapshot: now, or when one that is under way has ended.  If its bytes cannot be kept,
 * it goes out once, as a NON.
 */
void dp_separate_send(
	struct dp_worker *w, uint32_t peer, uint8_t *msg, uint16_t len, uint8_t param);
/* An ACK or RST has come: @mid of @key.  If it was for a message of ours that has ended,
 * and in any case another may begin. */
void dp_separate_acked(
	struct dp_worker *w, const struct dp_peer_key *key, uint16_t mid, bool reset);
/* Empty ACKs and retransmissions that are due; once a turn.  True if there was anything.
 */
bool dp_separate_run(struct dp_worker *w);
/* A random number, not secret: so that not all who were lost together are sent again
 * together. */
uint32_t dp_roll(struct dp_worker *w);
/* Acknowledge @mid of @peer and say no more for now. */
void dp_send_empty_ack(struct dp_worker *w, uint32_t peer, uint16_t mid);
