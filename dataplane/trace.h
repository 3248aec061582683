/*
 * The flight recorder: a ring of the last messages that a worker heard or sent, always
 * on.
 *
 * An entry is 32 bytes: when, whom with, type, code, Message ID, token, what it was about
 * and what became of it.  An IPv6 address takes one more.  A message is entered when its
 * fate is known, with the time it was heard at: who reads sorts.
 *
 * Threads.  [w] the home worker only; [r] anyone: copies entries out as relaxed atomic
 *           words and throws away what the worker may have written over meanwhile.
 * Memory.   One zeroed block from the caller, dp_trace_size() bytes, 8-aligned.
 * Time.     TSC ticks, handed in; kept to 2^-8 of their resolution.
 */
#pragma once

#include "coap/msg.h"
#include "dataplane/copy.h"
#include "dataplane/counters.h"
#include "dataplane/peers.h"

#include <rte_branch_prediction.h>

#define DP_TRACE_MIN 1024u
#define DP_TRACE_MAX (1u << 24)

/* Words of an entry; of the second one of an IPv6 message words 1 and 2 are the address.
 */
enum {
	DP_TRACE_TIME,  /* Message ID (16 bits); TSC >> 8 */
	DP_TRACE_PEER,  /* IPv4 address and UDP port in network order; first byte, with
			   flags in place of the version; code */
	DP_TRACE_TOKEN, /* the eight bytes behind the header, zero-padded: the token, or
			   the length and the first bytes of a long one */
	DP_TRACE_ABOUT, /* key (32 bits); route's tag (16); answer's code; verdict */
	DP_TRACE_WORDS,
};

/* Flags in the version's place. */
enum { DP_TRACE_SENT = 0x80, DP_TRACE_V6 = 0x40 };
#define DP_TRACE_MORE 0xffu /* in place of a verdict: an address, no message */

_Static_assert(
	DP_COUNTER_COUNT < DP_TRACE_MORE, "a verdict is a counter's number in a byte");

struct dp_trace {
	uint32_t mask;
	uint32_t next;              /* position of the next entry */
	_Atomic uint32_t published; /* worker: wo (release), reader: ro (acquire) */
	uint32_t spare;
	uint64_t entry[][DP_TRACE_WORDS];
};

/* @messages is a power of two, DP_TRACE_MIN .. DP_TRACE_MAX; 0 if it is not. */
size_t dp_trace_size(uint32_t messages);
struct dp_trace *dp_trace_init(void *block, uint32_t messages);

static inline void
dp_trace_set(uint64_t *word, uint64_t v)
{
	__atomic_store_n(word, v, __ATOMIC_RELAXED);
}

/* The last word: what the message was about, and what became of it. */
static inline uint64_t
dp_trace_about(uint16_t tag, uint32_t key)
{
	return (uint64_t)tag << 32 | key;
}

static inline uint64_t
dp_trace_fate(uint8_t answer, uint8_t verdict)
{
	return (uint64_t)answer << 48 | (uint64_t)verdict << 56;
}

static inline uint64_t *
dp_trace_next(struct dp_trace *t)
{
	return t->entry[t->next++ & t->mask];
}

/* [w] The address behind an entry with DP_TRACE_V6. */
static inline void
dp_trace_address(struct dp_trace *t, const uint8_t addr[16])
{
	uint64_t *e = dp_trace_next(t);

	dp_trace_set(&e[1], dp_load8(addr));
	dp_trace_set(&e[2], dp_load8(addr + 8));
	dp_trace_set(&e[DP_TRACE_ABOUT], dp_trace_fate(0, DP_TRACE_MORE));
}

/*
 * [w] Enter a message from @key, or (DP_TRACE_SENT in @flags) to it; DP_TRACE_V6: it is
 * no IPv4 endpoint.  Of the message at @coap only TKL and token are looked at, and eight
 * bytes from the token on are readable, whatever its length.
 */
static inline void
dp_trace_put(struct dp_trace *t, uint64_t tsc, const struct dp_peer_key *key,
	const struct tg_msg *m, const uint8_t *coap, unsigned flags, uint64_t about)
{
	uint64_t *e = dp_trace_next(t);
	unsigned tkl = coap[0] & 15u;
	unsigned first = (flags & DP_TRACE_SENT) | (unsigned)m->type << 4 | tkl;
	uint64_t peer;

	dp_trace_set(&e[DP_TRACE_ABOUT], about);
	/* From eight bytes on this leaves all of them.  (By the compiler's own name: the
	 * intrinsics' header takes long to read, and many include this one.) */
	dp_trace_set(&e[DP_TRACE_TOKEN],
		__builtin_ia32_bzhi_di(dp_load8(coap + TG_HDR_LEN), 8 * tkl));
	dp_trace_set(&e[DP_TRACE_TIME], tsc >> 8 << 16 | m->mid);
	/* The key's last words: address, port, and the side, which gives way. */
	peer = dp_load8(key->addr + 12) << 16 >> 16;
	peer |= (uint64_t)(first | (unsigned)m->code << 8) << 48;
	if (unlikely(flags & DP_TRACE_V6)) {
		peer |= (uint64_t)DP_TRACE_V6 << 48;
		dp_trace_address(t, key->addr);
	}
	dp_trace_set(&e[DP_TRACE_PEER], peer);
}

/* [w] What was entered becomes visible; once a turn. */
static inline void
dp_trace_publish(struct dp_trace *t)
{
	/* Release: pairs with dp_trace_read(). */
	atomic_store_explicit(&t->published, t->next, memory_order_release);
}

/* An entry, read. */
struct dp_traced {
	uint64_t tsc;
	struct dp_peer_key peer; /* addr and port_be */
	uint8_t token[8];        /* its first bytes; zeros behind them */
	uint16_t tkl;            /* bytes that it has, */
	uint8_t known;           /* and those that are here: eight, or six or seven */
	uint32_t key;            /* what the route's path names: see dp_trace_path() */
	uint16_t tag;            /* of the route; 0: none was found */
	uint16_t mid;
	uint8_t type, code;
	uint8_t answer;  /* 0: none in the same turn */
	uint8_t verdict; /* enum dp_counter; 0 (rx_frames): none */
	bool sent;
};

/* [r] Positions that can be read now: *from .. the result, modulo 2^32. */
uint32_t dp_trace_range(const struct dp_trace *t, uint32_t *from);
/* [r] Copy out the message at @*at and go on behind it; false if there is none, or no
 * more. */
bool dp_trace_read(const struct dp_trace *t, uint32_t *at, struct dp_traced *out);
