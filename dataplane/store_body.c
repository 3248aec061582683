#include "dataplane/store_internal.h"

#include "dataplane/copy.h"
#include "dataplane/hot.h"
#include "dataplane/words.h"

#include <string.h>

#define BODY_MAX (DP_PATH_MAX + DP_BODY_MAX)

/* As dp_body_copy, from chunk @at on, in which byte @from is one of the chain's. */
static bool
copy_chunks(
	const struct dp_store *t, uint32_t at, unsigned from, unsigned len, uint8_t *to)
{
	for (unsigned n; at != 0 && at <= t->chunks; at = DP_GET(chunk_of(t, at)->next)) {
		if (from >= CHUNK_DATA) {
			from -= CHUNK_DATA;
			continue;
		}
		n = len < CHUNK_DATA - from ? len : CHUNK_DATA - from;
		dp_words_get(to, chunk_of(t, at)->data + from / 4, n);
		to += n;
		len -= n;
		from = 0;
		if (len == 0)
			return true;
	}
	return len == 0;
}

bool
dp_body_copy(const struct dp_store *t, const struct slot *s, uint8_t flags, unsigned from,
	unsigned len, uint8_t *to)
{
	if (from + len > BODY_MAX)
		return false;
	if (flags & CHUNKED)
		return copy_chunks(t, DP_GET(s->body[0]), from, len, to);
	if (from + len > INLINE)
		return false;
	dp_words_get(to, s->body + from / 4, len);
	return true;
}

static void
free_chunks(struct dp_store *t, uint32_t at)
{
	while (at != 0) {
		uint32_t next = chunk_of(t, at)->next;

		DP_SET(chunk_of(t, at)->next, t->chunk_free);
		t->chunk_free = at;
		t->chunks_left++;
		at = next;
	}
}

static uint32_t
take_chunk(struct dp_store *t)
{
	uint32_t at = t->chunk_free;

	if (at != 0)
		t->chunk_free = chunk_of(t, at)->next;
	else
		at = ++t->chunk_fresh;
	t->chunks_left--;
	return at;
}

/* Chunks that a body of @len bytes takes. */
static uint32_t
chunks_for(unsigned len)
{
	return len <= INLINE ? 0 : (len + CHUNK_DATA - 1) / CHUNK_DATA;
}

/* A chain of chunks on its way. */
struct chain {
	uint32_t first, *link; /* first chunk + 1; where the next one's number goes */
	uint32_t *to;          /* words that are free in the last one */
	unsigned room;         /* bytes */
};

/* @len bytes more, from the next word on; the caller knows that there are enough chunks.
 */
static void
append(struct dp_store *t, struct chain *c, const uint8_t *bytes, unsigned len)
{
	for (unsigned n; len > 0; bytes += n, len -= n) {
		if (c->room == 0) {
			uint32_t at = take_chunk(t);

			DP_SET(chunk_of(t, at)->next, (uint32_t)0);
			DP_SET(*c->link, at);
			c->link = &chunk_of(t, at)->next;
			c->to = chunk_of(t, at)->data;
			c->room = CHUNK_DATA;
		}
		n = len < c->room ? len : c->room;
		dp_words_set(c->to, bytes, n);
		c->to += (n + 3) / 4;
		c->room -= (n + 3) & ~3u;
	}
}

bool
dp_body_set(struct dp_store *t, struct slot *s, const struct dp_path *path,
	const void *payload, uint16_t len)
{
	bool was_chunked = s->flags & CHUNKED;
	unsigned from = payload_at(path->len), need = from + len;
	struct chain c = {.first = 0, .link = &c.first};

	if (chunks_for(need)
		> t->chunks_left
			  + (was_chunked ? chunks_for(payload_at(s->path_len) + s->len)
					 : 0))
		return false;
	if (was_chunked)
		free_chunks(t, s->body[0]);
	if (need <= INLINE) {
		dp_words_set(s->body, path->bytes, path->len);
		dp_words_set(s->body + from / 4, payload, len);
	} else {
		append(t, &c, path->bytes, path->len);
		append(t, &c, payload, len);
		DP_SET(s->body[0], c.first);
	}
	DP_SET(s->flags, (uint8_t)(IN_USE | (need > INLINE ? CHUNKED : 0)
				   | (s->flags & (WATCHED | LISTED))));
	DP_SET(s->path_len, path->len);
	DP_SET(s->len, len);
	return true;
}

DP_HOT bool
dp_body_change(struct dp_store *t, struct slot *s, const struct dp_path *path,
	const void *payload, uint16_t len)
{
	unsigned from = payload_at(path->len);

	if ((s->flags & CHUNKED) || from + len > INLINE)
		return dp_body_set(t, s, path, payload, len);
	dp_words_set(s->body + from / 4, payload, len);
	DP_SET(s->len, len);
	return true;
}

void
dp_body_free(struct dp_store *t, struct slot *s)
{
	if (s->flags & CHUNKED)
		free_chunks(t, s->body[0]);
}
