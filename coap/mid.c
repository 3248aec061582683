#include "coap/mid.h"

#include <assert.h>
#include <string.h>

void
tg_mid_init(struct tg_mid_pool *p, uint64_t *until_ms, uint32_t entries, uint16_t first)
{
	assert(entries > 0 && entries <= TG_MID_SPACE && (entries & (entries - 1)) == 0);
	*p = (struct tg_mid_pool){until_ms, entries - 1, first, first};
}

uint32_t
tg_mid_expire(struct tg_mid_pool *p, uint64_t now_ms)
{
	while (p->oldest != p->next && p->until_ms[p->oldest & p->mask] <= now_ms)
		p->oldest++;
	return p->next - p->oldest;
}

int32_t
tg_mid_new(struct tg_mid_pool *p, uint64_t now_ms, uint64_t lifetime_ms)
{
	uint32_t serial = p->next;

	if (tg_mid_expire(p, now_ms) > p->mask)
		return -1;
	p->until_ms[serial & p->mask] = now_ms + lifetime_ms;
	p->next++;
	return (uint16_t)serial;
}

uint64_t
tg_mid_free_at(const struct tg_mid_pool *p)
{
	return p->next - p->oldest > p->mask ? p->until_ms[p->oldest & p->mask] : 0;
}

/* The entry of @mid if it lies in the window, else NULL. */
static uint64_t *
in_window(const struct tg_mid_pool *p, uint16_t mid)
{
	uint32_t ahead = (uint16_t)(mid - p->oldest);

	return ahead < p->next - p->oldest ? &p->until_ms[(p->oldest + ahead) & p->mask]
					   : NULL;
}

bool
tg_mid_is_live(const struct tg_mid_pool *p, uint16_t mid, uint64_t now_ms)
{
	const uint64_t *until_ms = in_window(p, mid);

	return until_ms != NULL && now_ms < *until_ms;
}

void
tg_mid_release(struct tg_mid_pool *p, uint16_t mid)
{
	uint64_t *until_ms = in_window(p, mid);

	if (until_ms == NULL)
		return;
	*until_ms = 0;
	if ((uint16_t)(p->next - 1) == mid)
		p->next--; /* the last one given: it comes next again */
}

void
tg_mid_window_init(struct tg_mid_window *w, struct tg_mid_seen *seen, uint32_t entries)
{
	assert(entries > 0);
	*w = (struct tg_mid_window){seen, entries};
	memset(seen, 0, entries * sizeof(*seen));
}

struct tg_mid_seen *
tg_mid_window_find(const struct tg_mid_window *w, uint16_t mid, uint64_t now_ms)
{
	for (uint32_t i = 0; i < w->entries; i++)
		if (w->seen[i].mid == mid && now_ms < w->seen[i].until_ms)
			return &w->seen[i];
	return NULL;
}

struct tg_mid_seen *
tg_mid_window_put(struct tg_mid_window *w, uint16_t mid, uint64_t now_ms,
	uint64_t lifetime_ms, bool *lost)
{
	struct tg_mid_seen *first = &w->seen[0];

	for (uint32_t i = 1; i < w->entries; i++)
		if (w->seen[i].until_ms < first->until_ms)
			first = &w->seen[i];
	*lost = now_ms < first->until_ms;
	*first = (struct tg_mid_seen){.until_ms = now_ms + lifetime_ms, .mid = mid};
	return first;
}

uint32_t
tg_mid_window_count(const struct tg_mid_window *w, uint64_t now_ms)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < w->entries; i++)
		count += now_ms < w->seen[i].until_ms;
	return count;
}
