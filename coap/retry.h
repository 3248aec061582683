/*
 * Retransmission of one confirmable message (RFC 7252, 4.2).
 *
 *     start -> WAIT ... SEND, WAIT ... SEND, WAIT ... GIVE_UP
 *
 * The first timeout is random between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR and
 * doubles with each retransmission; after MAX_RETRANSMIT of them one more timeout is
 * waited.  An ACK or RST ends it: tg_retry_stop().
 *
 * Threads.  A schedule belongs to its caller.   Memory.  The caller's.
 * Time.     Milliseconds, handed in; never backwards.
 */
#pragma once

#include "coap/param.h"

#include <stdbool.h>

struct tg_retry {
	uint64_t due_ms;     /* when the timeout that runs now is over */
	uint64_t timeout_ms; /* its length */
	uint8_t sent;        /* retransmissions so far */
	uint8_t max;         /* MAX_RETRANSMIT at the start */
	bool running;
};

enum tg_retry_step {
	TG_RETRY_WAIT,    /* nothing to do before due_ms; at all, if it is stopped */
	TG_RETRY_SEND,    /* send the same bytes again now */
	TG_RETRY_GIVE_UP, /* the transmission has failed; said once, then it is stopped */
};

/*
 * The message has just been sent for the first time.  @p has passed tg_param_check();
 * @random is uniform over all 32 bits.
 */
void tg_retry_start(
	struct tg_retry *r, const struct tg_param *p, uint64_t now_ms, uint32_t random);
/* What to do at @now_ms.  A late call sends once, and the next timeout runs from then. */
enum tg_retry_step tg_retry_next(struct tg_retry *r, uint64_t now_ms);
void tg_retry_stop(struct tg_retry *r);
