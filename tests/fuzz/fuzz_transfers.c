/*
 * Block-wise transfers against a model: whatever blocks come, in whatever order and from
 * whomever, a body that is found whole is the one that was sent, there are never more
 * transfers than there is room for, and none of an endpoint's is another's.
 *
 * Input: steps of what to do, whose (2 bits) and which (2 bits), block number and size.
 */
#include "dataplane/transfers.h"

#include "coap/code.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define STEP 3
#define KEYS 16 /* four endpoints of four resources each */
#define MAX 5
#define PER_PEER 2
#define BODY 160
#define LIFETIME_S 60

struct world {
	struct dp_transfers *t;
	struct dp_counters counters;
	struct dp_transfer *busy[KEYS];
	uint32_t now_s;
};

static const uint64_t *
key_of(unsigned key)
{
	static uint64_t k[2];

	k[0] = key * 0x9e3779b97f4a7c15u;
	k[1] = key;
	return k;
}

/* Byte @at of what is sent under @key. */
static uint8_t
byte_at(unsigned key, uint32_t at)
{
	return (uint8_t)(key * 16 + at % 13);
}

static void
check_body(const struct dp_transfer *x, unsigned key)
{
	require(x->key[1] == key && x->body.len <= BODY);
	for (uint32_t i = 0; i < x->body.len; i++)
		require(x->body.body[i] == byte_at(key, i));
}

/* Those of endpoint @owner, or of all (@owner KEYS), in @state. */
static unsigned
in_state(const struct world *w, unsigned owner, enum dp_transfer_state state)
{
	unsigned n = 0;

	for (unsigned key = 0; key < KEYS; key++) {
		const struct dp_transfer *x = dp_transfers_find(w->t, key_of(key));

		n += x != NULL && x->state == state
		     && (owner == KEYS || key / 4 == owner);
	}
	return n;
}

/* It is refused if its endpoint has enough of them coming, or there is no room. */
static struct dp_transfer *
begin(struct world *w, unsigned key)
{
	struct dp_transfer *x = dp_transfers_find(w->t, key_of(key));
	bool anew = x == NULL || x->state == DP_T_FINISHED;
	bool enough = in_state(w, key / 4, DP_T_COMING) >= PER_PEER;
	bool full =
		dp_transfers_count(w->t) == MAX && in_state(w, KEYS, DP_T_FINISHED) == 0;

	x = dp_transfers_begin(w->t, key_of(key), key / 4, BODY, w->now_s, &w->counters);
	require((x == NULL) == (anew && (enough || full)));
	return x;
}

static void
take(struct world *w, unsigned key, struct dp_transfer *x)
{
	if (w->busy[key] != NULL)
		dp_transfers_end(w->t, w->busy[key], TG_CHANGED, w->now_s);
	dp_transfers_take(w->t, x);
	w->busy[key] = x;
}

/* A block of the right length for what it says. */
static void
block(struct world *w, unsigned key, uint8_t what)
{
	struct tg_block b = {.num = what >> 2 & 15, .szx = what & 1, .more = what & 2};
	uint32_t from = tg_block_offset(&b), len = b.more ? tg_block_size(b.szx) : 5;
	struct dp_transfer *x = dp_transfers_find(w->t, key_of(key));
	uint8_t bytes[32];

	if (b.num == 0)
		x = begin(w, key);
	if (x == NULL)
		return;
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = byte_at(key, from + i);
	switch (tg_assembly_add(&x->body, &b, bytes, len)) {
	case TG_ASSEMBLY_COMPLETE:
		check_body(x, key);
		take(w, key, x);
		break;
	case TG_ASSEMBLY_CONTINUE:
		dp_transfers_touch(w->t, x, w->now_s);
		break;
	case TG_ASSEMBLY_TOO_LARGE:
		dp_transfers_drop(w->t, x);
		break;
	case TG_ASSEMBLY_HOLE:
	case TG_ASSEMBLY_PAST_END:
	case TG_ASSEMBLY_MISFIT:
	case TG_ASSEMBLY_STEPS:
		break;
	}
}

static void
end(struct world *w, unsigned key, uint8_t code)
{
	if (w->busy[key] == NULL)
		return;
	check_body(w->busy[key], key); /* nobody has touched it meanwhile */
	dp_transfers_end(w->t, w->busy[key], code, w->now_s);
	w->busy[key] = NULL;
}

static void
check(struct world *w)
{
	unsigned coming[KEYS / 4] = {0};

	require(dp_transfers_count(w->t) <= MAX);
	for (unsigned key = 0; key < KEYS; key++) {
		struct dp_transfer *x = dp_transfers_find(w->t, key_of(key));

		if (x == NULL)
			continue;
		require(x != w->busy[key] && x->state != DP_T_BUSY);
		require(w->now_s - x->touched_s < LIFETIME_S);
		check_body(x, key);
		coming[key / 4] += x->state == DP_T_COMING;
	}
	for (unsigned i = 0; i < KEYS / 4; i++) /* after a 5.03 one is coming again */
		require(coming[i] <= MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dp_transfers_config cfg = {
		.max = MAX, .bytes = BODY, .per_peer = PER_PEER, .headroom = 16};
	size_t len = (dp_transfers_size(&cfg) + 63) & ~(size_t)63;
	struct world w = {.now_s = 1000};
	void *memory = aligned_alloc(64, len);

	require(memory != NULL);
	memset(memory, 0, len);
	w.t = dp_transfers_init(memory, &cfg);
	for (; size >= STEP; data += STEP, size -= STEP) {
		unsigned key = data[0] & (KEYS - 1);

		w.now_s += data[2];
		dp_transfers_expire(w.t, LIFETIME_S, w.now_s, &w.counters);
		if (data[0] & 0x80)
			end(&w, key, data[0] & 0x40 ? TG_CHANGED : TG_UNAVAILABLE);
		else
			block(&w, key, data[1]);
		check(&w);
	}
	free(memory);
	return 0;
}
