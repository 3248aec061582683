/*
 * Long tokens: those of more than eight bytes (RFC 8974) that someone keeps.
 *
 * Whatever keeps a token has eight bytes for it. A longer one has a chunk of its worker's
 * pool, and stands there as where that is.  Its TKL, as the header has it, says which.
 * So tables are no larger for it, and when the pool is empty what would have kept the
 * token is refused.
 *
 * Threads.  The home worker alone takes chunks and asks for room; whoever has been given
 *           one (an answer goes back to the worker that the request came to) reads it and
 *           gives it back.
 * Memory.   One zeroed block from the caller, dp_tokens_size() bytes, 64-aligned,
 *           position independent.  Never grows.
 */
#pragma once

#include "coap/msg.h"
#include "dataplane/copy.h"

#include <stdatomic.h>

/* Bytes of the longest token that is taken at all; of what it is in a message, with its
 * length in front.  RFC 7252 (4.6) would have a message of 1,152 bytes: this leaves 60 to
 * the options of a block of 1,024. */
#define DP_TOKEN_LONGEST 64
#define DP_TOKEN_FIELD (1 + DP_TOKEN_LONGEST)

struct dp_tokens;

size_t dp_tokens_size(uint32_t max);
/* @max chunks, 64 .. 2^24; @owner: the worker's number. */
struct dp_tokens *dp_tokens_init(void *block, uint32_t max, uint8_t owner);

/* TKL as @m's header has it: over TG_TOKEN_MAX the token is a long one. */
static inline uint8_t
dp_token_tkl(const struct tg_msg *m)
{
	return m->base[0] & 15;
}

/* Keep @m's long token, of DP_TOKEN_LONGEST bytes at most: @word then says where it is.
 * False if there is no room. */
bool dp_tokens_put(struct dp_tokens *t, const struct tg_msg *m, uint8_t word[8]);
/* Would it be kept? */
bool dp_tokens_has_room(const struct dp_tokens *t);
/* The worker whose pool has the token that @word says. */
static inline uint8_t
dp_tokens_owner(const uint8_t word[8])
{
	return word[4];
}
/* Write it at @to as it stands in a message, behind the header: DP_TOKEN_FIELD bytes at
 * most; how many. */
uint16_t dp_tokens_write(const struct dp_tokens *t, const uint8_t word[8], uint8_t *to);
/* The token and its length in bytes: borrowed until it is given back. */
const uint8_t *dp_tokens_get(
	const struct dp_tokens *t, const uint8_t word[8], uint8_t *len);
/* Give it back. */
void dp_tokens_del(struct dp_tokens *t, const uint8_t word[8]);

/* How many are kept; any thread. */
uint32_t dp_tokens_count(const struct dp_tokens *t);
uint32_t dp_tokens_max(const struct dp_tokens *t);
