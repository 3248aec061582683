/*
 * Answers: how a message is answered, refused, or kept silent about.
 *
 * Threads.  A worker's.
 */
#pragma once

#include "dataplane/worker.h"

struct tg_writer;

/* In place of a code.  0: the packet is gone, its answer comes later. */
#define DP_LATER 0
/* What a Message ID's entry has: the answer's bytes are in the reply pool. */
#define DP_STORED 0xe0
/* Or: it was acknowledged, and its answer is a message of its own. */
#define DP_ACKED 0xe1
/* Of a FETCH that comes back: its answer takes more than a message. */
#define DP_NO_PLACE 0xe2

/* Begin the answer to @i in its own buffer: type, MID and token as the request wants
 * them. */
void dp_answer_begin(struct dp_burst *b, unsigned i, struct tg_writer *w, uint8_t code);
/* Begin it by hand: Message ID and token stay as they stand; returns where options begin.
 */
static inline uint16_t
dp_answer_head(struct dp_burst *b, unsigned i, uint8_t code)
{
	uint8_t *p = b->coap[i];
	unsigned first = p[0];
	/* A CON becomes an ACK; a NON stays one, and so does an answer. */
	uint16_t head = (uint16_t)(first | (~first & TG_NON << 4) << 1 | code << 8);

	memcpy(p, &head, sizeof(head));
	return b->msg[i].options;
}
/* Answer @i with nothing but a code, and what belongs to that code (5.03: Max-Age; 4.13:
 * Size1). */
void dp_answer_code(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code);
/* The same for a block of a request's body, or its last: with its Block1. */
void dp_answer_block(
	struct dp_burst *b, unsigned i, uint8_t code, const struct tg_block *block1);
/* A message of its own that is only a code, at @buf of @cap bytes; its length. */
uint16_t dp_answer_write(const struct dp_worker *w, uint8_t *buf, size_t cap,
	const struct dp_pending *p, uint8_t code);
/* What a Message ID's entry remembers of @i's answer @code: bytes that no code can
 * rebuild go to the reply pool. */
uint8_t dp_answer_keep(
	struct dp_worker *w, const struct dp_burst *b, unsigned i, uint8_t code);
/* Is an answer with @code one that nobody wants (RFC 7967, 2.1)?  @silent has bit 1 for
 * 2.xx, bit 3 for 4.xx, bit 4 for 5.xx. */
static inline bool
dp_is_silent(uint8_t silent, uint8_t code)
{
	return silent >> ((code >> 5) - 1) & 1;
}
/* Answer @i with nothing: a CON is acknowledged, a NON freed; pkt becomes NULL. */
void dp_answer_silently(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* May this source be sent one more RST or error? */
bool dp_may_complain(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/*
 * What is remembered of a request that ran, may not run twice and was refused with @code,
 * so that a duplicate is refused again: run later it might do what its sender was told
 * that it did not (RFC 7252, 4.5).  0: nothing, it may come again with the same message.
 */
static inline uint8_t
dp_kept_refusal(uint8_t silent, uint8_t code)
{
	if (code >> 5 != 4 || code == TG_UNAUTHORIZED || code == TG_REQUEST_INCOMPLETE
		|| code == TG_TOO_MANY_REQUESTS)
		return 0;
	return dp_is_silent(silent, code) ? DP_ACKED : code;
}
/* A source's number among its likes: its address, whatever port it uses. */
uint64_t dp_source_hash(const struct dp_worker *w, const struct dp_peer_key *key);
/* The counter of requests refused with @code. */
enum dp_counter dp_refused(uint8_t code);
/* Answer @i with an error before it ran, within the source's limit; pkt becomes NULL. */
void dp_refuse(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code);
/* Reject @i with RST if it may be; pkt becomes NULL.  @why counts the message. */
void dp_reject(struct dp_worker *w, struct dp_burst *b, unsigned i, enum dp_counter why);
