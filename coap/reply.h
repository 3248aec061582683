/*
 * What a message is to the message layer, and what may answer what (RFC 7252, 4.2, 4.3,
 * table 1 and 8.1).
 *
 * Threads.  Pure functions.   Memory.  None.
 */
#pragma once

#include "coap/msg.h"

#include <stdbool.h>

/* What to do with a message that has arrived. */
enum tg_action {
	TG_DO_IGNORE,    /* silence */
	TG_DO_RESET,     /* reject it: RST with its Message ID, and nothing else */
	TG_DO_PONG,      /* the same, and it is no fault: CoAP's ping (4.3) */
	TG_DO_REQUEST,   /* hand it on as a request */
	TG_DO_RESPONSE,  /* match it as a response, piggybacked if its type is ACK */
	TG_DO_ACKED,     /* an empty ACK: its CON has arrived */
	TG_DO_CANCELLED, /* an RST: its CON or NON has been rejected */
	TG_ACTIONS,
};

/* "ignore", "reset", "pong", "request", "response", "acked", "cancelled". */
const char *tg_action_name(enum tg_action a);

/* A message as it arrived. */
struct tg_arrival {
	enum tg_verdict verdict; /* of tg_msg_parse */
	bool has_header;    /* TG_HDR_LEN bytes were there: type and MID can be read */
	uint8_t type, code; /* enum tg_type; of the header, if there was one */
	bool multicast;     /* sent to a multicast or broadcast address */
};

/*
 * The rule for @a:
 *
 * - Version not 1, or no whole header: ignored (3; there is nothing to reset).
 * - ACK or RST: never answered (4.2).  If it is malformed, an ACK with a request or a
 *   reserved class, or an RST that is not empty, it is ignored (4.2).
 * - CON, malformed or with a reserved class: RST (4.2).  Empty: RST, a ping's answer.
 * - NON, malformed, empty or with a reserved class: rejected, which for a NON may be
 *   silence (4.3), and here is.
 * - Sent to a multicast address: only a NON request is heard, and nothing is ever reset
 *   (8.1); a CON there is against 8.1 and ignored.
 */
enum tg_action tg_reply_action(const struct tg_arrival *a);

/* The arrival of @len bytes at @buf that the parser gave @verdict. */
struct tg_arrival tg_arrival_of(
	const uint8_t *buf, size_t len, enum tg_verdict verdict, bool multicast);

/*
 * A response, an ACK or an RST that matches nothing of ours, or a request that must be
 * rejected (a NON with a bad critical option, 5.4.1): RST to a CON, else silence.
 */
enum tg_action tg_reply_unmatched(enum tg_type type, bool multicast);

/*
 * May a message of @type and @code answer one of @asked_type and @asked_code, at the
 * message layer or as its response?  Both are well-formed.
 *
 *     asked            ACK empty   ACK response   RST   CON or NON response
 *     CON request          x            x          x             x
 *     NON request          -            -          x             x
 *     CON response         x            -          x             -
 *     NON response         -            -          x             -
 *     CON empty (ping)     -            -          x             -
 *     ACK, RST             -            -          -             -
 */
bool tg_reply_may(
	enum tg_type asked_type, unsigned asked_code, enum tg_type type, unsigned code);

/* The type of the response to a request: in the ACK, or NON for a NON (5.2). */
static inline enum tg_type
tg_reply_type(enum tg_type request)
{
	return request == TG_CON ? TG_ACK : TG_NON;
}
