#include "dataplane/tokens.h"

#include <assert.h>

#define LAYOUT 1

struct chunk {
	_Atomic uint8_t
		taken; /* owner: 1 (acquire), whoever gives it back: 0 (release) */
	uint8_t len;
	uint8_t bytes[DP_TOKEN_LONGEST];
};

struct dp_tokens {
	uint32_t layout, max;
	uint32_t next; /* where the next free one is looked for first */
	_Atomic uint32_t count;
	uint8_t owner;
	struct chunk chunk[];
};

size_t
dp_tokens_size(uint32_t max)
{
	return max < 64 || max > 1u << 24
		       ? 0
		       : sizeof(struct dp_tokens) + max * sizeof(struct chunk);
}

struct dp_tokens *
dp_tokens_init(void *block, uint32_t max, uint8_t owner)
{
	struct dp_tokens *t = block;

	if (dp_tokens_size(max) == 0)
		return NULL;
	t->layout = LAYOUT;
	t->max = max;
	t->owner = owner;
	return t;
}

bool
dp_tokens_has_room(const struct dp_tokens *t)
{
	return dp_tokens_count(t) < t->max;
}

/* The next free chunk; there is one. */
static uint32_t
take(struct dp_tokens *t)
{
	uint32_t at;

	do {
		at = t->next;
		t->next = at + 1 < t->max ? at + 1 : 0;
		/* Acquire: pairs with dp_tokens_del(): its last user has read it. */
	} while (atomic_load_explicit(&t->chunk[at].taken, memory_order_acquire) != 0);
	atomic_store_explicit(&t->chunk[at].taken, 1, memory_order_relaxed);
	return at;
}

bool
dp_tokens_put(struct dp_tokens *t, const struct tg_msg *m, uint8_t word[8])
{
	uint32_t at;

	assert(m->tkl > TG_TOKEN_MAX && m->tkl <= DP_TOKEN_LONGEST);
	if (!dp_tokens_has_room(t))
		return false;
	at = take(t);
	t->chunk[at].len = (uint8_t)m->tkl;
	memcpy(t->chunk[at].bytes, tg_msg_token(m), m->tkl);
	atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);
	memset(word, 0, 8);
	memcpy(word, &at, sizeof(at));
	word[4] = t->owner;
	return true;
}

const uint8_t *
dp_tokens_get(const struct dp_tokens *t, const uint8_t word[8], uint8_t *len)
{
	const struct chunk *c = &t->chunk[dp_load4(word)];

	*len = c->len;
	return c->bytes;
}

uint16_t
dp_tokens_write(const struct dp_tokens *t, const uint8_t word[8], uint8_t *to)
{
	uint8_t len;
	const uint8_t *token = dp_tokens_get(t, word, &len);
	unsigned extra = len >= 13;

	if (extra)
		to[0] = (uint8_t)(len - 13);
	memcpy(to + extra, token, len);
	return (uint16_t)(extra + len);
}

void
dp_tokens_del(struct dp_tokens *t, const uint8_t word[8])
{
	/* Release: pairs with take(). */
	atomic_store_explicit(&t->chunk[dp_load4(word)].taken, 0, memory_order_release);
	/* Release: who counts it free finds it free. */
	atomic_fetch_sub_explicit(&t->count, 1, memory_order_release);
}

uint32_t
dp_tokens_count(const struct dp_tokens *t)
{
	/* Acquire: pairs with dp_tokens_del(). */
	return atomic_load_explicit(&t->count, memory_order_acquire);
}

uint32_t
dp_tokens_max(const struct dp_tokens *t)
{
	return t->max;
}
