/* What a response means to its transaction: Echo, both directions of blocks, observation.
 */
#include "coap/client_internal.h"
#include "coap/code.h"

#include <string.h>

#define ECHOES_MAX 2  /* in a row: a server that is never content is answered so often */
#define CHANGES_MAX 3 /* of a body while it is fetched */
#define MAX_AGE_S 60  /* if the option is absent (RFC 7252, 5.10.5) */
#define LEISURE_MIN_MS 5000 /* of a renewal behind Max-Age (RFC 7641, 3.3.1) */
#define LEISURE_MAX_MS 15000

static bool
is_success(const struct tg_msg *m)
{
	return tg_code_class(m->code) == 2;
}

static bool
is_safe(unsigned code)
{
	return code == TG_GET || code == TG_FETCH;
}

unsigned
tg_client_szx(const struct tg_request *r)
{
	return tg_block_szx(r->block_bytes > 0 ? r->block_bytes : TG_BLOCK_SIZE_MAX);
}

/* ---- Echo (RFC 9175, 2.3) ---- */

/* Keep what @m wants to have echoed; true if it wants the same request again with it. */
static bool
echo(struct tg_transaction *t, const struct tg_msg *m)
{
	struct tg_opt o;

	if (is_success(m))
		t->echoes = 0;
	if (!tg_opt_get(m, TG_OPT_ECHO, &o) || o.len == 0 || o.len > TG_ECHO_MAX)
		return false;
	memcpy(t->echo, o.value, o.len);
	t->echo_len = (uint8_t)o.len;
	return m->code == TG_UNAUTHORIZED && t->echoes++ < ECHOES_MAX;
}

/* ---- the body on its way up (RFC 7959, 2.5 to 2.7, 2.9) ---- */

/* What becomes of the payload: it is answered, goes on, or cannot. */
enum next { NEXT_RESPONSE, NEXT_MESSAGE, NEXT_FAILURE };

/* 4.13 with a smaller size: from the beginning, in such blocks (2.9.3). */
static enum next
shrink(struct tg_client *c, struct tg_transaction *t, unsigned szx)
{
	unsigned now = t->uploading ? t->up.szx : TG_BLOCK_SZX_MAX + 1;

	if (szx >= now || t->request.payload_len <= tg_block_size(szx))
		return NEXT_RESPONSE;
	tg_client_rewind(c, t);
	t->uploading = true;
	t->up.szx = (uint8_t)szx;
	return NEXT_MESSAGE;
}

/* The block was taken as it is; the next may be of the smaller size that @b says. */
static void
advance(struct tg_transaction *t, const struct tg_block *b)
{
	uint32_t next = tg_block_offset(&t->up) + tg_block_size(t->up.szx);

	if (b->szx < t->up.szx)
		t->up.szx = b->szx;
	t->up.num = next >> (t->up.szx + 4);
}

/* @m answers a request that bore payload, or a block of it. */
static enum next
upload(struct tg_client *c, struct tg_transaction *t, const struct tg_msg *m)
{
	bool more = tg_client_slice(t).block.more;
	struct tg_block b;
	enum tg_block_found found = tg_block_get(m, TG_OPT_BLOCK1, &b);

	if (found == TG_BLOCK_BAD)
		return NEXT_FAILURE;
	if (m->code == TG_TOO_LARGE && found == TG_BLOCK_FOUND)
		return shrink(c, t, b.szx);
	if (m->code == TG_REQUEST_INCOMPLETE && t->uploading && !t->restarted) {
		tg_client_rewind(c, t);
		t->restarted = true;
		return NEXT_MESSAGE;
	}
	if (!more)
		return m->code == TG_CONTINUE ? NEXT_FAILURE : NEXT_RESPONSE;
	if (!is_success(m))
		return NEXT_RESPONSE;
	if (found == TG_BLOCK_ABSENT || b.num != t->up.num)
		return NEXT_FAILURE;
	advance(t, &b);
	return NEXT_MESSAGE;
}

/* ---- what is delivered ---- */

static uint64_t
renew_at(struct tg_client *c, uint64_t now_ms, const struct tg_msg *m)
{
	uint64_t choices = LEISURE_MAX_MS - LEISURE_MIN_MS + 1;
	uint64_t leisure_ms = LEISURE_MIN_MS + (choices * c->random(c->random_arg) >> 32);
	uint32_t max_age_s = MAX_AGE_S;
	struct tg_opt o;

	if (tg_opt_get(m, TG_OPT_MAX_AGE, &o) && o.len <= 4)
		max_age_s = tg_opt_uint(&o);
	return now_ms + (uint64_t)max_age_s * 1000 + leisure_ms;
}

/* Nothing is under way; the next thing comes by itself, or the relation is renewed. */
static void
watch(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m)
{
	t->phase = TG_PHASE_WATCHING;
	t->downloading = t->apart = false;
	t->changes = 0;
	t->renew_ms = renew_at(c, now_ms, m);
}

static bool
deliver(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e)
{
	e->response = *m;
	e->has_response = true;
	if (t->leaving)
		return tg_client_finish(t, TG_OUTCOME_CANCELLED, e);
	if (!t->registered || !is_success(m))
		return tg_client_finish(t, TG_OUTCOME_RESPONSE, e);
	watch(c, t, now_ms, m);
	e->transaction = t;
	e->user = t->request.user;
	e->outcome = TG_OUTCOME_NOTIFICATION;
	return true;
}

/* The whole body is in the message. */
static bool
deliver_whole(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e)
{
	e->body = m->base + m->payload;
	e->body_len = (uint32_t)(m->len - m->payload);
	return deliver(c, t, now_ms, m, e);
}

/* ---- the body on its way down (RFC 7959, 2.4) ---- */

/* Of no length if there is none, or an ill-sized one, which is ignored. */
static struct tg_opt
etag_of(const struct tg_msg *m)
{
	struct tg_opt o = {0};

	if (!tg_opt_get(m, TG_OPT_ETAG, &o) || o.len > TG_ETAG_MAX)
		o.len = 0;
	return o;
}

/* All blocks of a body bear the same ETag, or none. */
static bool
same_etag(const struct tg_transaction *t, const struct tg_msg *m)
{
	struct tg_opt o = etag_of(m);

	return o.len == t->etag_len
	       && (o.len == 0 || memcmp(o.value, t->etag, o.len) == 0);
}

static void
begin_download(struct tg_transaction *t, const struct tg_msg *m)
{
	struct tg_opt o = etag_of(m);

	if (o.len > 0)
		memcpy(t->etag, o.value, o.len);
	t->etag_len = (uint8_t)o.len;
	tg_assembly_begin(&t->down, t->request.body, t->request.body_cap);
	t->downloading = true;
	t->apart = t->request.observe;
}

/* The body has changed: fetch it from the beginning, if asking again does no harm. */
static bool
begin_anew(struct tg_client *c, struct tg_transaction *t, struct tg_event *e)
{
	if (!is_safe(t->request.code) || t->changes++ == CHANGES_MAX)
		return tg_client_finish(t, TG_OUTCOME_BLOCK, e);
	tg_client_rewind(c, t);
	tg_client_queue(c, t);
	return false;
}

static bool
download(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e)
{
	size_t len = (size_t)(m->len - m->payload);
	enum tg_assembly_step step;
	struct tg_block b;

	if (tg_block_get(m, TG_OPT_BLOCK2, &b) != TG_BLOCK_FOUND)
		return tg_client_finish(t, TG_OUTCOME_BLOCK, e);
	if (!t->downloading)
		begin_download(t, m);
	if (!same_etag(t, m))
		return begin_anew(c, t, e);
	if (tg_block_offset(&b) != t->down.len)
		return tg_client_finish(t, TG_OUTCOME_BLOCK, e);
	step = tg_assembly_add(&t->down, &b, m->base + m->payload, len);
	if (step == TG_ASSEMBLY_CONTINUE) {
		t->szx = b.szx;
		tg_client_queue(c, t);
		return false;
	}
	if (step != TG_ASSEMBLY_COMPLETE)
		return tg_client_finish(t,
			step == TG_ASSEMBLY_TOO_LARGE ? TG_OUTCOME_NO_ROOM
						      : TG_OUTCOME_BLOCK,
			e);
	e->body = t->request.body;
	e->body_len = t->down.len;
	return deliver(c, t, now_ms, m, e);
}

/* The final response, or a first or later block of it. */
static bool
respond(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e)
{
	struct tg_block b;
	enum tg_block_found found = tg_block_get(m, TG_OPT_BLOCK2, &b);
	bool only = found == TG_BLOCK_ABSENT
		    || (found == TG_BLOCK_FOUND && b.num == 0 && !b.more);

	if (!is_success(m) || (only && !t->downloading))
		return deliver_whole(c, t, now_ms, m, e);
	return download(c, t, now_ms, m, e);
}

/* ---- the relation (RFC 7641, 3) ---- */

enum relation { RELATION_NEWS, RELATION_OLD };

/* @m has the relation's token: is there one from now on, and is this the newest of it? */
static enum relation
relate(struct tg_transaction *t, uint64_t now_ms, const struct tg_msg *m)
{
	bool was = t->registered;
	uint32_t value;

	t->registered = is_success(m) && tg_observe_get(m, &value);
	if (!t->registered)
		return RELATION_NEWS;
	if (was && !tg_fresh_is_newer(&t->fresh, value, now_ms))
		return RELATION_OLD;
	tg_fresh_set(&t->fresh, value, now_ms);
	return RELATION_NEWS;
}

bool
tg_client_step(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e)
{
	enum next next = NEXT_RESPONSE;

	tg_retry_stop(&t->retry);
	if (echo(t, m))
		next = NEXT_MESSAGE;
	else if (!t->downloading)
		next = upload(c, t, m);
	/* Who leaves has only to be understood: a body that goes up goes up whole. */
	if (t->leaving && next != NEXT_MESSAGE)
		return deliver_whole(c, t, now_ms, m, e);
	if (next == NEXT_FAILURE)
		return tg_client_finish(t, TG_OUTCOME_BLOCK, e);
	if (next == NEXT_MESSAGE) {
		tg_client_queue(c, t);
		return false;
	}
	if (t->request.observe && !t->apart && relate(t, now_ms, m) == RELATION_OLD) {
		watch(c, t, now_ms, m);
		return false;
	}
	return respond(c, t, now_ms, m, e);
}

bool
tg_client_notified(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms,
	const struct tg_msg *m, struct tg_event *e)
{
	bool renewing = !t->apart && tg_client_is_waiting(t);
	uint8_t phase = t->phase;
	uint32_t value;
	bool said;

	if (t->leaving) /* a notification may still be on its way */
		return is_success(m) && tg_observe_get(m, &value)
			       ? false
			       : deliver_whole(c, t, now_ms, m, e);
	/* A NON is not acknowledged: whichever it was that came, it is answered. */
	if (renewing && t->request.type == TG_NON) {
		watch(c, t, now_ms, m);
		renewing = false;
	}
	if (relate(t, now_ms, m) == RELATION_OLD)
		return false;
	t->downloading = t->apart = false;
	said = respond(c, t, now_ms, m, e);
	/* What the renewal brings may be newer still: it is waited for. */
	if (renewing && t->phase == TG_PHASE_WATCHING)
		t->phase = phase;
	return said;
}
