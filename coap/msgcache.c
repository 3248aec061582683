#include "coap/msgcache.h"

#include <assert.h>
#include <string.h>

const char *
tg_kept_state_name(enum tg_kept_state s)
{
	static const char *const name[TG_KEPT_STATES] = {
		[TG_KEPT_OPEN] = "open",
		[TG_KEPT_ACKED] = "acked",
		[TG_KEPT_REJECTED] = "rejected",
		[TG_KEPT_FAILED] = "failed",
		[TG_KEPT_ANSWERED] = "answered",
	};

	return s < TG_KEPT_STATES ? name[s] : "unknown";
}

void
tg_msgcache_init(struct tg_msgcache *c, struct tg_kept *entries, uint32_t max,
	uint8_t *slots, uint32_t slot_bytes)
{
	assert(slot_bytes <= UINT16_MAX);
	*c = (struct tg_msgcache){entries, slots, slot_bytes, max, 0};
}

static uint8_t *
slot_of(const struct tg_msgcache *c, const struct tg_kept *e)
{
	return c->slots + (size_t)(e - c->entries) * c->slot_bytes;
}

struct tg_kept *
tg_msgcache_find(const struct tg_msgcache *c, uint16_t mid, uint64_t now_ms)
{
	for (struct tg_kept *e = c->entries; e < c->entries + c->count; e++)
		if (e->mid == mid && now_ms < e->until_ms)
			return e;
	return NULL;
}

/* The last one moves to the place of @e. */
static void
drop(struct tg_msgcache *c, struct tg_kept *e)
{
	const struct tg_kept *last = &c->entries[--c->count];

	if (e == last)
		return;
	if (last->len > 0)
		memcpy(slot_of(c, e), slot_of(c, last), last->len);
	*e = *last;
}

uint32_t
tg_msgcache_expire(struct tg_msgcache *c, uint64_t now_ms)
{
	for (struct tg_kept *e = c->entries + c->count; e-- > c->entries;)
		if (e->until_ms <= now_ms)
			drop(c, e);
	return c->count;
}

struct tg_kept *
tg_msgcache_put(struct tg_msgcache *c, uint16_t mid, enum tg_type type, uint64_t now_ms,
	const struct tg_param *param)
{
	uint64_t lifetime_ms = type == TG_CON ? tg_param_exchange_lifetime_ms(param)
					      : tg_param_non_lifetime_ms(param);
	struct tg_kept *e;

	assert(type == TG_CON || type == TG_NON);
	if (c->count == c->max && tg_msgcache_expire(c, now_ms) == c->max)
		return NULL;
	e = &c->entries[c->count++];
	*e = (struct tg_kept){
		.until_ms = now_ms + lifetime_ms,
		.mid = mid,
		.type = (uint8_t)type,
		.state = TG_KEPT_OPEN,
	};
	return e;
}

bool
tg_msgcache_keep(struct tg_msgcache *c, struct tg_kept *e, const void *bytes, size_t len)
{
	bool fits = len <= c->slot_bytes;

	e->len = fits ? (uint16_t)len : 0;
	if (e->len > 0)
		memcpy(slot_of(c, e), bytes, len);
	return fits;
}

const uint8_t *
tg_msgcache_bytes(const struct tg_msgcache *c, const struct tg_kept *e)
{
	return slot_of(c, e);
}

struct tg_kept *
tg_msgcache_settle(
	struct tg_msgcache *c, uint16_t mid, enum tg_type type, uint64_t now_ms)
{
	struct tg_kept *e = tg_msgcache_find(c, mid, now_ms);

	assert(type == TG_ACK || type == TG_RST);
	if (e == NULL || e->state != TG_KEPT_OPEN
		|| (e->type == TG_NON && type == TG_ACK))
		return NULL;
	e->state = type == TG_ACK ? TG_KEPT_ACKED : TG_KEPT_REJECTED;
	return e;
}
