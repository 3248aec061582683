/*
 * A client's half of CoAP: an engine that turns requests into transactions.
 *
 * A transaction is a request and its one or more responses: retransmission (RFC 7252,
 * 4.2), piggybacked and separate responses (5.2), both directions of block-wise transfer
 * (RFC 7959), observation (RFC 7641), Echo and Request-Tag (RFC 9175).  It ends exactly
 * once, and the last event says how.  A client speaks from one local endpoint to one
 * remote endpoint; whoever speaks to several has a client for each.
 *
 *     tg_client_start()                          a request becomes a transaction
 *     while ((n = tg_client_send()) > 0) ...     datagrams to send, until there is none
 *     tg_client_receive()                        for each datagram that comes
 *     while (tg_client_tick()) ...               once tg_client_due() has come
 *
 * and tg_client_send() again after each of the others.
 *
 * A token has up to eight bytes: longer ones (RFC 8974) are for clients that keep no
 * state of a request, and this one does.  A response with a longer one answers nothing of
 * ours and is treated as RFC 7252 says.
 *
 * Threads.  A client belongs to its caller.
 * Memory.   The caller's: transactions and Message IDs in arrays that it gives and keeps;
 *           of a request, everything that it points to until the transaction is over.
 *           Nothing is allocated, and no message is kept: one that must be sent again is
 *           built again, to the same bytes.
 * Time.     Milliseconds, handed in; never backwards.
 */
#pragma once

#include "coap/block.h"
#include "coap/mid.h"
#include "coap/observe.h"
#include "coap/param.h"
#include "coap/retry.h"

#define TG_CLIENT_SEEN 64    /* Message IDs of the peer that are remembered */
#define TG_CLIENT_REPLIES 16 /* ACKs and RSTs that wait to be sent */
#define TG_ECHO_MAX 40       /* bytes (RFC 9175, 2.2.1) */
#define TG_ETAG_MAX 8        /* (RFC 7252, 5.10.6) */

struct tg_request {
	uint8_t type; /* TG_CON or TG_NON */
	uint8_t code; /* a method; TG_EMPTY with TG_CON is a ping */
	uint8_t tkl;  /* of the first message's token; 0: a random one of 8 bytes */
	bool observe; /* register; GET or FETCH */
	bool tag;     /* mark a body that goes in blocks with a Request-Tag */
	uint8_t token[TG_TOKEN_MAX];
	/*
	 * Largest block, 16 to 1,024 bytes; 0: 1,024.  One that is smaller is asked for
	 * from the start (RFC 7959, 2.4).
	 */
	uint16_t block_bytes;
	uint16_t n_options;
	/* By ascending number; Observe, Block, Size1, Echo and Request-Tag are not among
	 * them: the client writes those. */
	const struct tg_opt *options;
	const void *payload;
	uint32_t payload_len; /* at most TG_BLOCK_BODY_MAX */
	uint32_t body_cap;
	void *body; /* where a response that comes in blocks is put together */
	void *user; /* for the caller */
};

/* What an event tells of a transaction. */
enum tg_outcome {
	TG_OUTCOME_RESPONSE,     /* there is a response, of whatever code */
	TG_OUTCOME_NOTIFICATION, /* so there is, and more may come: the only one that is
				    not the last */
	TG_OUTCOME_PONG,         /* the ping was answered */
	TG_OUTCOME_RESET,        /* the peer rejected the message */
	TG_OUTCOME_TIMEOUT,   /* no acknowledgement, or none and no response, in time */
	TG_OUTCOME_CANCELLED, /* by the caller */
	TG_OUTCOME_FORMAT,    /* a response with a bad critical option */
	TG_OUTCOME_BLOCK,     /* blocks that are out of order or do not stay the same */
	TG_OUTCOME_NO_ROOM, /* for the request in its datagram, or the body in its room */
	TG_OUTCOMES,
};

/* "response", "notification", "pong", "reset", "timeout", ... */
const char *tg_outcome_name(enum tg_outcome o);

struct tg_transaction;

struct tg_event {
	/* Its transaction; after the last event free for the next request. */
	const struct tg_transaction *transaction;
	void *user; /* the request's */
	enum tg_outcome outcome;
	bool has_response; /* what follows is there; else zero */
	struct tg_msg
		response;    /* of a body in blocks, the last one; borrows the datagram */
	const uint8_t *body; /* in the datagram, or in the request's room */
	uint32_t body_len;
};

/* Whether the transaction is over. */
static inline bool
tg_event_is_last(const struct tg_event *e)
{
	return e->outcome != TG_OUTCOME_NOTIFICATION;
}

/* ---- private from here to tg_client_setup; here so that the caller can have some ----
 */

enum tg_phase {
	TG_PHASE_FREE,
	TG_PHASE_QUEUED,   /* a message is to be sent, once there is room under NSTART */
	TG_PHASE_WAITING,  /* it was sent, and nothing has been heard of it */
	TG_PHASE_ACKED,    /* it has arrived; the response will come by itself */
	TG_PHASE_RESEND,   /* as WAITING, and it is to be sent again now */
	TG_PHASE_WATCHING, /* registered, and nothing is under way */
	TG_PHASE_ENDED,    /* what is left is an event */
};

struct tg_transaction {
	struct tg_request request;
	uint8_t phase;   /* enum tg_phase */
	uint8_t outcome; /* enum tg_outcome, once ENDED */

	/* The exchange under way. */
	uint16_t mid;
	uint8_t tkl, token[TG_TOKEN_MAX];
	uint32_t order;        /* of its turn in the queue */
	struct tg_retry retry; /* of a CON */
	uint64_t until_ms;     /* when no response is waited for any longer */
	uint64_t place_ms;     /* until then it takes one of NSTART places */

	/* The request's body on its way up. */
	struct tg_block up; /* the block sent now; without more, the last */
	bool uploading, restarted;
	uint8_t tag_len, tag[4];

	/* The response's body on its way down. */
	struct tg_assembly down;
	bool downloading; /* the first block is there */
	bool apart; /* what is under way fetches a notification's blocks: not observing */
	uint8_t szx;     /* of the block to ask for */
	uint8_t changes; /* how often it was begun anew */
	uint8_t etag_len, etag[TG_ETAG_MAX];

	uint8_t echo_len, echoes, echo[TG_ECHO_MAX];

	/* The relation to the resource observed. */
	bool registered, leaving;
	uint8_t relation_tkl, relation[TG_TOKEN_MAX];
	struct tg_fresh fresh;
	uint64_t renew_ms;
};

struct tg_client_reply {
	uint16_t mid;
	uint8_t type; /* TG_ACK or TG_RST */
};

struct tg_client {
	struct tg_param param;
	struct tg_transaction *transactions;
	uint32_t n_transactions;
	uint32_t order;
	uint32_t (*random)(void *arg);
	void *random_arg;
	struct tg_mid_pool mids;
	struct tg_mid_window window;
	struct tg_mid_seen seen[TG_CLIENT_SEEN];
	struct tg_client_reply replies[TG_CLIENT_REPLIES];
	uint32_t n_replies;
};

/* ---- the client ---- */

struct tg_client_setup {
	struct tg_param param; /* has passed tg_param_check() */
	struct tg_transaction *transactions;
	uint32_t n_transactions; /* the most at a time */
	/*
	 * A power of two up to TG_MID_SPACE: the most messages in one EXCHANGE_LIFETIME,
	 * about four minutes.  When they are used up, messages wait.
	 */
	uint32_t n_mids;
	uint64_t *mids;
	uint32_t (*random)(
		void *arg); /* uniform over 32 bits; tokens must not be guessed */
	void *random_arg;
};

/* Copies @s. */
void tg_client_init(struct tg_client *c, const struct tg_client_setup *s);
/*
 * Begin a transaction; copies @r, not what it points to.  NULL if as many as may be are
 * under way.  Nothing is sent before tg_client_send().  O(transactions).
 */
const struct tg_transaction *tg_client_start(
	struct tg_client *c, const struct tg_request *r);
/*
 * A datagram has come from the peer.  True if @e has something to say; at once or not at
 * all: each datagram makes at most one event.  @len is at most UINT16_MAX.
 */
bool tg_client_receive(struct tg_client *c, uint64_t now_ms, const uint8_t *datagram,
	size_t len, struct tg_event *e);
/*
 * Time has passed, or something was cancelled.  True if @e has something to say; to be
 * called until it is false.
 */
bool tg_client_tick(struct tg_client *c, uint64_t now_ms, struct tg_event *e);
/*
 * The next datagram to send, in @buf of @cap bytes: its length, or 0 if there is none.  A
 * request that does not fit ends with TG_OUTCOME_NO_ROOM; 1,200 bytes are enough for
 * blocks of 1,024 and options of a usual length.
 */
size_t tg_client_send(struct tg_client *c, uint64_t now_ms, uint8_t *buf, size_t cap);
/*
 * When to call tg_client_tick() and tg_client_send() again if nothing happens before, if
 * it is @now_ms now; UINT64_MAX: never.
 */
uint64_t tg_client_due(const struct tg_client *c, uint64_t now_ms);
/*
 * End @t, whose last event has not been: it will come from tg_client_tick(), CANCELLED
 * unless something else ends it first.  A later message of it is rejected, which ends an
 * observation at the server, too (RFC 7641, 3.6).
 */
void tg_client_cancel(struct tg_client *c, const struct tg_transaction *t);
/*
 * The same for an observation in force, but the server is told (RFC 7641, 3.6), and the
 * last event, with its response, comes when it has answered.
 */
void tg_client_leave(struct tg_client *c, const struct tg_transaction *t);
