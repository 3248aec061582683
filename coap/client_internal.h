/* What the client's files share; see client.h. */
#pragma once

#include "coap/client.h"

#define foreach_transaction(t, c)                                                        \
	for ((t) = (c)->transactions; (t) < (c)->transactions + (c)->n_transactions;     \
		(t)++)

/* Its message was sent, and nothing has been heard of it. */
static inline bool
tg_client_is_waiting(const struct tg_transaction *t)
{
	return t->phase == TG_PHASE_WAITING || t->phase == TG_PHASE_RESEND;
}

/* The same, or it was acknowledged and the response is not there yet. */
static inline bool
tg_client_is_under_way(const struct tg_transaction *t)
{
	return tg_client_is_waiting(t) || t->phase == TG_PHASE_ACKED;
}

/* ---- client.c: the queue and the clock ---- */

/* A new exchange of @t: its message waits for its turn, in place of what was under way.
 */
void tg_client_queue(struct tg_client *c, struct tg_transaction *t);
/* The bodies of @t go from their beginning again. */
void tg_client_rewind(struct tg_client *c, struct tg_transaction *t);
/* @t is over, and @e says so; returns true. */
bool tg_client_finish(
	struct tg_transaction *t, enum tg_outcome outcome, struct tg_event *e);

/* ---- client_write.c: what is sent ---- */

/* The part of the request's payload that goes with the exchange under way. */
struct tg_slice tg_client_slice(const struct tg_transaction *t);
/* The message of the exchange under way, always the same bytes; 0 if it does not fit. */
size_t tg_client_write(const struct tg_transaction *t, uint8_t *buf, size_t cap);

/* ---- client_step.c: what a response means ---- */

/* The largest block of @r. */
unsigned tg_client_szx(const struct tg_request *r);
/*
 * Response @m to the exchange under way has come: true if @e has it, or why it failed;
 * false if something was queued.
 */
bool tg_client_step(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e);
/* The same for what comes by itself, with the token of @t's relation. */
bool tg_client_notified(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e);
