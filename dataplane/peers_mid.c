#include "dataplane/peers_internal.h"

#include "dataplane/hot.h"
#include "dataplane/words.h"

#include <emmintrin.h>

#define APART 0x1000 /* our Message IDs are at least as far from the peer's */

/* Entry of @mid in the line, or MIDS. */
static unsigned
entry_of(const struct dp_peers *t, const struct hot *h, uint16_t mid, uint16_t now)
{
	__m128i all = _mm_loadu_si128((const __m128i *)h->mid);
	__m128i same = _mm_cmpeq_epi16(all, _mm_set1_epi16((short)mid));
	unsigned hits =
		(unsigned)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128()))
		& h->live;

	for (; hits != 0; hits &= hits - 1)
		if (entry_lives(t, h, (unsigned)__builtin_ctz(hits), now))
			return (unsigned)__builtin_ctz(hits);
	return MIDS;
}

DP_HOT enum dp_dedup
dp_peers_heard(const struct dp_peers *t, uint32_t peer, uint16_t mid, uint32_t now_s,
	uint8_t *code)
{
	const struct hot *h = hot_of(t, peer);
	unsigned i = entry_of(t, h, mid, (uint16_t)now_s);
	struct dp_heard old;

	if (i < MIDS)
		*code = h->code[i];
	else if (h->chain != 0
		 && dp_dedup_find(pool_of(t), h->chain, mid, (uint16_t)now_s, &old))
		*code = old.code;
	else
		return DP_NEW;
	return *code == 0 ? DP_IN_PROGRESS : DP_DUPLICATE;
}

/* Entry @i of the line still lives: it moves into the extension. */
static __attribute__((noinline)) void
move_out(struct dp_peers *t, struct hot *h, unsigned i, uint16_t now,
	struct dp_counters *c)
{
	struct dp_heard old = {
		.mid = h->mid[i],
		.when = h->when[i],
		.code = h->code[i],
		.con = h->con >> i & 1,
	};
	uint32_t chain = h->chain;
	unsigned lost;

	if (chain == 0)
		dp_count(c, DP_C_dedup_extended, 1);
	lost = dp_dedup_add(pool_of(t), &chain, &old, now);
	dp_count(c, DP_C_dedup_evicted_early, lost);
	DP_SET(h->chain, chain);
}

DP_HOT void
dp_peers_add(struct dp_peers *t, uint32_t peer, uint16_t mid, uint8_t code, bool con,
	uint32_t now_s, struct dp_counters *c)
{
	struct hot *h = hot_of(t, peer);
	uint16_t now = (uint16_t)now_s;
	uint32_t state = h->state, bit, next;
	unsigned i = state >> 16 & (MIDS - 1); /* the oldest makes room */

	if ((state >> i & 1) && unlikely(entry_lives(t, h, i, now)))
		move_out(t, h, i, now, c);
	bit = 1u << i;
	next = (state + (1u << 16)) & ~((uint32_t)MIDS << 16);
	DP_SET(h->mid[i], mid);
	DP_SET(h->when[i], now);
	DP_SET(h->code[i], code);
	DP_SET(h->state, (next & ~(bit << 8)) | bit | (uint32_t)con << 8 << i);
}

void
dp_peers_mark(struct dp_peers *t, uint32_t peer, uint16_t mid, uint8_t code, bool con,
	uint32_t now_s, struct dp_counters *c)
{
	struct hot *h = hot_of(t, peer);
	unsigned i = entry_of(t, h, mid, (uint16_t)now_s);

	if (i < MIDS) {
		DP_SET(h->code[i], code);
		return;
	}
	if (h->chain != 0) /* it may have moved there while in progress */
		dp_dedup_remove(pool_of(t), h->chain, mid, (uint16_t)now_s);
	dp_peers_add(t, peer, mid, code, con, now_s, c);
}

void
dp_peers_unmark(struct dp_peers *t, uint32_t peer, uint16_t mid)
{
	struct hot *h = hot_of(t, peer);
	unsigned i = entry_of(t, h, mid, h->heard);

	if (i < MIDS)
		DP_SET(h->live, (uint8_t)(h->live & ~(1u << i)));
	else if (h->chain != 0)
		dp_dedup_remove(pool_of(t), h->chain, mid, h->heard);
}

void
dp_peers_expire(struct dp_peers *t, uint32_t peer, uint16_t now)
{
	struct hot *h = hot_of(t, peer);
	uint32_t chain = h->chain;
	uint8_t live = 0;

	for (unsigned i = 0; i < MIDS; i++)
		live |= (uint8_t)(entry_lives(t, h, i, now) << i);
	if (chain != 0)
		dp_dedup_trim(pool_of(t), &chain, now);
	if (live == h->live && chain == h->chain)
		return;
	DP_SET(h->live, live);
	DP_SET(h->chain, chain);
}

uint16_t
dp_peers_mid(struct dp_peers *t, uint32_t peer)
{
	return cold_of(t, peer)->mid++;
}

void
dp_peers_part(struct dp_peers *t, uint32_t peer, uint16_t mid)
{
	uint16_t *ours = &cold_of(t, peer)->mid;

	if ((uint16_t)(*ours - mid + APART) < 2 * APART)
		*ours = (uint16_t)(mid + 0x8000);
}
