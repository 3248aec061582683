#include "coap/cache.h"

#include "coap/code.h"
#include "coap/siphash.h"

#include <assert.h>
#include <string.h>

#define MAX_AGE_S 60     /* without the option (RFC 7252, 5.10.5) */
#define OPTION_HEAD 4    /* bytes before an option in a key: its number and its length */
#define RENEWED_MAX 1152 /* bytes of options that a 2.03 may leave: a message (4.6) */

/* ---- the key ---- */

enum part { PART_URI, PART_REST, PART_NONE, PART_FORBIDDEN };

/* Where option @number goes in a key. */
static enum part
part_of(unsigned number)
{
	switch (number) {
	case TG_OPT_URI_HOST:
	case TG_OPT_URI_PORT:
	case TG_OPT_URI_PATH:
	case TG_OPT_URI_QUERY:
	case TG_OPT_PROXY_URI:
	case TG_OPT_PROXY_SCHEME:
		return PART_URI;
	case TG_OPT_ETAG:
	case TG_OPT_OBSERVE:
	case TG_OPT_BLOCK1:
	case TG_OPT_BLOCK2:
	case TG_OPT_HOP_LIMIT:
	case TG_OPT_NO_RESPONSE:
		return PART_NONE;
	case TG_OPT_OSCORE:
		return PART_FORBIDDEN;
	default:
		break;
	}
	if (tg_opt_is_unsafe(number))
		return tg_opt_find(number) == NULL ? PART_FORBIDDEN : PART_REST;
	return tg_opt_is_no_cache_key(number) ? PART_NONE : PART_REST;
}

static bool
append(struct tg_cache_key *k, const void *bytes, size_t len)
{
	if (len > sizeof(k->bytes) - k->len)
		return false;
	if (len > 0)
		memcpy(k->bytes + k->len, bytes, len);
	k->len = (uint16_t)(k->len + len);
	return true;
}

/* An option, its number and length before it. */
static bool
append_option(struct tg_cache_key *k, unsigned number, const void *value, size_t len)
{
	const uint8_t head[OPTION_HEAD] = {(uint8_t)(number >> 8), (uint8_t)number,
		(uint8_t)(len >> 8), (uint8_t)len};

	return append(k, head, sizeof(head)) && append(k, value, len);
}

/* The options of one part. */
static bool
append_part(struct tg_cache_key *k, const struct tg_msg *m, enum part part)
{
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_foreach (&it, &o, m) {
		if (part_of(o.number) == PART_FORBIDDEN)
			return false;
		if (part_of(o.number) == part
			&& !append_option(k, o.number, o.value, o.len))
			return false;
	}
	return true;
}

/* The payload, its length before it, so that nothing else passes for it. */
static bool
append_body(struct tg_cache_key *k, const void *body, size_t len)
{
	const uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};

	return append(k, head, sizeof(head)) && append(k, body, len);
}

bool
tg_cache_key_of(
	struct tg_cache_key *k, const struct tg_msg *m, const void *body, size_t body_len)
{
	k->len = 0;
	k->method = m->code;
	if (!append_part(k, m, PART_URI))
		return false;
	k->uri_len = k->len;
	if (m->code == TG_FETCH && !append_body(k, body, body_len))
		return false;
	return append_part(k, m, PART_REST);
}

/* ---- the table ---- */

void
tg_cache_init(struct tg_cache *c, const struct tg_cache_setup *s)
{
	assert(s->n_entries >= TG_CACHE_WAYS && (s->n_entries & (s->n_entries - 1)) == 0);
	assert(s->slot_bytes <= UINT16_MAX);
	*c = (struct tg_cache){
		.entries = s->entries,
		.slots = s->slots,
		.mask = s->n_entries / TG_CACHE_WAYS - 1,
		.slot_bytes = s->slot_bytes,
		.hash_key = {s->hash_key[0], s->hash_key[1]},
	};
	memset(s->entries, 0, s->n_entries * sizeof(*s->entries));
}

/* The first entry of the URI's set. */
static struct tg_cache_entry *
set_of(const struct tg_cache *c, const struct tg_cache_key *k)
{
	uint64_t hash = tg_siphash(c->hash_key, k->bytes, k->uri_len);

	return &c->entries[(hash & c->mask) * TG_CACHE_WAYS];
}

static uint8_t *
slot_of(const struct tg_cache *c, const struct tg_cache_entry *e)
{
	return c->slots + (size_t)(e - c->entries) * c->slot_bytes;
}

static bool
same_uri(const struct tg_cache *c, const struct tg_cache_entry *e,
	const struct tg_cache_key *k)
{
	return e->serial != 0 && e->uri_len == k->uri_len
	       && memcmp(slot_of(c, e), k->bytes, k->uri_len) == 0;
}

static struct tg_cache_entry *
find(const struct tg_cache *c, const struct tg_cache_key *k)
{
	struct tg_cache_entry *e = set_of(c, k);

	for (unsigned i = 0; i < TG_CACHE_WAYS; i++, e++)
		if (same_uri(c, e, k) && e->method == k->method && e->key_len == k->len
			&& memcmp(slot_of(c, e), k->bytes, k->len) == 0)
			return e;
	return NULL;
}

/* Where to put @k, which is not there: a free place, or that of the one put there first.
 */
static struct tg_cache_entry *
place(const struct tg_cache *c, const struct tg_cache_key *k)
{
	struct tg_cache_entry *set = set_of(c, k), *e = set;

	for (unsigned i = 1; i < TG_CACHE_WAYS; i++)
		if (set[i].serial < e->serial)
			e = &set[i];
	return e;
}

/* ---- what is kept ---- */

static uint64_t
fresh_until(const struct tg_msg *m, uint64_t now_ms)
{
	uint32_t max_age_s = MAX_AGE_S;
	struct tg_opt o;

	if (tg_opt_get(m, TG_OPT_MAX_AGE, &o) && o.len <= 4)
		max_age_s = tg_opt_uint(&o);
	return now_ms + (uint64_t)max_age_s * 1000;
}

static void
etag_of(struct tg_cached *r)
{
	struct tg_opt o;

	r->etag_len = 0;
	if (!tg_opt_get(&r->response, TG_OPT_ETAG, &o) || o.len == 0
		|| o.len > sizeof(r->etag))
		return;
	memcpy(r->etag, o.value, o.len);
	r->etag_len = (uint8_t)o.len;
}

enum tg_cache_found
tg_cache_find(const struct tg_cache *c, const struct tg_cache_key *k, uint64_t now_ms,
	struct tg_cached *r)
{
	const struct tg_cache_entry *e = find(c, k);

	if (e == NULL
		|| tg_msg_parse(
			   &r->response, slot_of(c, e) + e->key_len, e->len, TG_TOKEN_MAX)
			   != TG_OK)
		return TG_CACHE_MISS;
	etag_of(r);
	r->max_age_s =
		now_ms < e->until_ms ? (uint32_t)((e->until_ms - now_ms) / 1000) : 0;
	return now_ms < e->until_ms ? TG_CACHE_FRESH : TG_CACHE_STALE;
}

/* Options that are about one message and not about what is kept. */
static bool
is_kept(unsigned number)
{
	return number != TG_OPT_MAX_AGE && number != TG_OPT_OBSERVE
	       && number != TG_OPT_BLOCK1 && number != TG_OPT_BLOCK2
	       && number != TG_OPT_SIZE1 && number != TG_OPT_SIZE2;
}

/*
 * Whether key and response surely fit a slot.  Without those that are not kept the
 * options are no longer than they were, but for a delta that may grow by two bytes.
 */
static bool
fits(const struct tg_cache *c, const struct tg_cache_key *k, const struct tg_msg *m,
	size_t body_len)
{
	size_t options = (size_t)(m->payload - m->options) + 2;

	return body_len <= c->slot_bytes
	       && k->len + TG_HDR_LEN + options + 1 + body_len <= c->slot_bytes;
}

/* The response behind the key, as a message of its own; its length. */
static size_t
write_kept(uint8_t *at, size_t cap, const struct tg_msg *m, const void *body,
	size_t body_len)
{
	struct tg_opt_iter it;
	struct tg_writer w;
	struct tg_opt o;

	tg_write_begin(&w, at, cap, TG_ACK, m->code, 0, NULL, 0);
	tg_opt_foreach (&it, &o, m)
		if (is_kept(o.number))
			tg_write_option(&w, o.number, o.value, o.len);
	tg_write_payload(&w, body, body_len);
	return tg_write_end(&w);
}

static bool
store(struct tg_cache *c, const struct tg_cache_key *k, uint64_t now_ms,
	const struct tg_msg *m, const void *body, size_t body_len)
{
	struct tg_cache_entry *e = find(c, k);
	uint8_t *slot;

	if (e != NULL)
		e->serial = 0; /* whatever happens, it is no longer what is there */
	if (!fits(c, k, m, body_len))
		return false;
	e = place(c, k);
	slot = slot_of(c, e);
	memcpy(slot, k->bytes, k->len);
	*e = (struct tg_cache_entry){
		.until_ms = fresh_until(m, now_ms),
		.serial = ++c->serial,
		.key_len = k->len,
		.uri_len = k->uri_len,
		.len = (uint16_t)write_kept(
			slot + k->len, c->slot_bytes - k->len, m, body, body_len),
		.method = k->method,
	};
	return now_ms < e->until_ms;
}

/* Does an option of a 2.03 take the place of those kept of its number (5.9.1.3)? */
static bool
renews(unsigned number)
{
	return is_kept(number) && !tg_opt_is_unsafe(number);
}

static bool
next_renewing(struct tg_opt_iter *it, struct tg_opt *o)
{
	while (tg_opt_next(it, o))
		if (renews(o->number))
			return true;
	return false;
}

/* The next option of what is kept that @m has nothing to put in the place of. */
static bool
next_staying(struct tg_opt_iter *it, struct tg_opt *o, const struct tg_msg *m)
{
	struct tg_opt other;

	while (tg_opt_next(it, o))
		if (!renews(o->number) || !tg_opt_get(m, o->number, &other))
			return true;
	return false;
}

/* Header and options of @kept as 2.03 @m leaves them; 0 if they do not fit. */
static size_t
write_renewed(uint8_t *at, size_t cap, const struct tg_msg *kept, const struct tg_msg *m)
{
	struct tg_opt_iter old_it, new_it;
	struct tg_opt old = {0}, new = {0};
	bool has_old, has_new;
	struct tg_writer w;

	tg_opt_begin(&old_it, kept);
	tg_opt_begin(&new_it, m);
	tg_write_begin(&w, at, cap, TG_ACK, kept->code, 0, NULL, 0);
	has_old = next_staying(&old_it, &old, m);
	has_new = next_renewing(&new_it, &new);
	while (has_old || has_new)
		if (has_old && (!has_new || old.number < new.number)) {
			tg_write_option(&w, old.number, old.value, old.len);
			has_old = next_staying(&old_it, &old, m);
		} else {
			tg_write_option(&w, new.number, new.value, new.len);
			has_new = next_renewing(&new_it, &new);
		}
	return tg_write_end(&w);
}

/* Put the options of 2.03 @m among those of @kept, which is @e's; false: no room. */
static bool
renew(const struct tg_cache *c, struct tg_cache_entry *e, const struct tg_msg *kept,
	const struct tg_msg *m)
{
	uint8_t head[RENEWED_MAX], *at = slot_of(c, e) + e->key_len;
	size_t len = write_renewed(head, sizeof(head), kept, m);
	size_t tail = (size_t)(kept->len - kept->payload);

	if (tail > 0)
		tail++; /* the marker */
	if (len == 0 || e->key_len + len + tail > c->slot_bytes)
		return false;
	memmove(at + len, at + e->len - tail, tail);
	memcpy(at, head, len);
	e->len = (uint16_t)(len + tail);
	return true;
}

/* 2.03: what is kept is fresh again, if it is the representation that is meant. */
static bool
refresh(struct tg_cache *c, const struct tg_cache_key *k, uint64_t now_ms,
	const struct tg_msg *m)
{
	struct tg_cache_entry *e = find(c, k);
	struct tg_cached r;

	if (e == NULL || tg_cache_find(c, k, now_ms, &r) == TG_CACHE_MISS
		|| !tg_cached_is_valid_for(&r, m))
		return false;
	if (!renew(c, e, &r.response, m)) {
		e->serial = 0; /* without its options it is not what is there */
		return false;
	}
	e->until_ms = fresh_until(m, now_ms);
	return now_ms < e->until_ms;
}

/* The resource has changed: nothing that is kept of it is fresh, whatever was asked. */
static void
make_stale(struct tg_cache *c, const struct tg_cache_key *k)
{
	struct tg_cache_entry *e = set_of(c, k);

	for (unsigned i = 0; i < TG_CACHE_WAYS; i++, e++)
		if (same_uri(c, e, k))
			e->until_ms = 0;
}

/* Options of response @m of that number, as the request's options @as. */
static bool
append_location(
	struct tg_cache_key *k, const struct tg_msg *m, unsigned number, unsigned as)
{
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_foreach (&it, &o, m)
		if (o.number == number && !append_option(k, as, o.value, o.len))
			return false;
	return true;
}

/* The options of @k's URI from number @first up to @last, as they are. */
static bool
append_uri(struct tg_cache_key *to, const struct tg_cache_key *k, unsigned first,
	unsigned last)
{
	for (size_t at = 0; at < k->uri_len;) {
		const uint8_t *head = k->bytes + at;
		unsigned number = (unsigned)head[0] << 8 | head[1];
		size_t len = OPTION_HEAD + ((size_t)head[2] << 8 | head[3]);

		if (number >= first && number <= last && !append(to, head, len))
			return false;
		at += len;
	}
	return true;
}

/*
 * Where 2.01 @m says that something was created (5.10.7), a URI relative to that of @k:
 * a path in the place of the path and the query, or a query alone.  False if it does not
 * say, or if nothing under so long a key can have been kept.
 */
static bool
location_of(struct tg_cache_key *at, const struct tg_cache_key *k, const struct tg_msg *m)
{
	struct tg_opt o;
	bool path = tg_opt_get(m, TG_OPT_LOCATION_PATH, &o);

	if (!path && !tg_opt_get(m, TG_OPT_LOCATION_QUERY, &o))
		return false;
	at->len = 0;
	if (!append_uri(at, k, 0, path ? TG_OPT_URI_PATH - 1 : TG_OPT_URI_PATH)
		|| !append_location(at, m, TG_OPT_LOCATION_PATH, TG_OPT_URI_PATH)
		|| !append_location(at, m, TG_OPT_LOCATION_QUERY, TG_OPT_URI_QUERY)
		|| !append_uri(at, k, TG_OPT_URI_QUERY + 1, UINT16_MAX))
		return false;
	at->uri_len = at->len;
	return true;
}

/* Request @k has changed something: itself, and what it has created elsewhere (5.9.1). */
static void
changed(struct tg_cache *c, const struct tg_cache_key *k, const struct tg_msg *m)
{
	struct tg_cache_key created;

	make_stale(c, k);
	if (m->code == TG_CREATED && location_of(&created, k, m))
		make_stale(c, &created);
}

static bool
may_keep(const struct tg_msg *m)
{
	struct tg_opt o;

	if (m->code == TG_CONTENT)
		return true;
	return tg_code_class(m->code) >= 4 && m->code != TG_REQUEST_INCOMPLETE
	       && m->code != TG_TOO_LARGE && !tg_opt_get(m, TG_OPT_ECHO, &o);
}

bool
tg_cache_put(struct tg_cache *c, const struct tg_cache_key *k, uint64_t now_ms,
	const struct tg_msg *m, const void *body, size_t body_len)
{
	if (k->method != TG_GET && k->method != TG_FETCH) {
		if (tg_code_class(m->code) == 2 && m->code != TG_CONTINUE)
			changed(c, k, m);
		return false;
	}
	if (m->code == TG_VALID)
		return refresh(c, k, now_ms, m);
	return may_keep(m) && store(c, k, now_ms, m, body, body_len);
}

/* ---- serving ---- */

bool
tg_cached_is_valid_for(const struct tg_cached *r, const struct tg_msg *m)
{
	struct tg_opt_iter it;
	struct tg_opt o;

	if (r->etag_len == 0)
		return false;
	tg_opt_foreach (&it, &o, m)
		if (o.number == TG_OPT_ETAG && o.len == r->etag_len
			&& memcmp(o.value, r->etag, o.len) == 0)
			return true;
	return false;
}

void
tg_cached_write(const struct tg_cached *r, struct tg_writer *w)
{
	const struct tg_msg *m = &r->response;
	bool valid = w->buf[1] == TG_VALID, aged = false;
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_foreach (&it, &o, m) {
		if (!aged && o.number > TG_OPT_MAX_AGE) {
			tg_write_uint(w, TG_OPT_MAX_AGE, r->max_age_s);
			aged = true;
		}
		if (!valid || o.number == TG_OPT_ETAG)
			tg_write_option(w, o.number, o.value, o.len);
	}
	if (!aged)
		tg_write_uint(w, TG_OPT_MAX_AGE, r->max_age_s);
	if (!valid)
		tg_write_payload(w, m->base + m->payload, (size_t)(m->len - m->payload));
}
