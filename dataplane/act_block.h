/*
 * Requests whose bodies, or whose answers' bodies, take more than a message (RFC 7959):
 * what a worker does with them.  transfers.h keeps them, block.h reads and writes
 * options.
 *
 * Threads.  A worker's.
 */
#pragma once

#include "dataplane/worker.h"

/* A request, not a GET, with Block1 or Block2, or on a part (act_block.c). */
uint8_t dp_act_block(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* Ahead of it: ask for the index lines that lead to the bodies that a block comes for;
 * and then for the bodies' own. */
void dp_block_look_ahead(struct dp_worker *w, struct dp_burst *b);
void dp_block_locate(struct dp_worker *w, const struct dp_burst *b);
/* Request @i, which comes back, has @x with it: what that has of a body is its payload;
 * @q is what was read of it. */
void dp_block_reopen(
	struct dp_burst *b, unsigned i, struct dp_request *q, struct dp_transfer *x);
/* @x's request has been executed, and @code is the answer: dp_transfers_end(). */
void dp_block_end(struct dp_worker *w, struct dp_transfer *x, uint8_t code);
/*
 * @x has the response to a request that came at @came_tsc.  If one that ran at the same
 * time under the same key has left another response, nobody could tell whose next block
 * is asked for: then this one is given up, and its request is to be refused.
 */
bool dp_block_yields(const struct dp_worker *w, struct dp_transfer *x, uint64_t came_tsc);
/* The FETCH in @m is back from its value's home with DP_NO_PLACE: there it goes again,
 * with room for its answer, or its answer is an error. */
void dp_block_ask_again(struct dp_worker *w, struct rte_mbuf *m);
/* Request @i goes no further: its last block may come again. */
void dp_block_give_up(struct dp_worker *w, unsigned i);
/* Keep @c, which fits a transfer, as the response to what @x, which is busy, was the body
 * of. */
void dp_block_keep(
	struct dp_transfer *x, uint8_t code, const struct dp_content *c, uint32_t now_s);
/* Answer such a request with @c, which is not in the packet, and keep what goes not into
 * one message.  @code, or an error. */
uint8_t dp_block_answer(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code,
	const struct dp_content *c);
