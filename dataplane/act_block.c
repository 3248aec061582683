/*
 * Requests in blocks (RFC 7959, 2.5): the blocks of a body are put together here, and the
 * request that brings the last one is executed as if the whole body had come in it. Until
 * then nothing changes, so a body is stored, logged or patched with as a whole or not at
 * all.  And responses in blocks where they cannot be made anew for each: those to POST
 * and the like are kept until they are given out (2.7, 3.3).  So is what a FETCH gives,
 * if it is more than a message takes: its next blocks are asked for without the payload
 * that says of what.  How much that is the parser alone knows: a FETCH is asked without
 * room for it, and if it comes back for want of that (DP_NO_PLACE), once more.
 *
 * Whose blocks belong together: those of one endpoint, for one resource, with one method
 * and one list of Request-Tags (RFC 9175, 3.3).
 */
#include "dataplane/act_block.h"

#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/answer.h"
#include "dataplane/copy.h"
#include "dataplane/guard.h"
#include "dataplane/hash.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

#include <string.h>

#define KEY_MAX                                                                          \
	(sizeof(struct dp_peer_key) + 3 + (size_t)DP_PATH_ROOM + (size_t)4 * DP_MSG_MAX)
#define REQUEST_TAG_MAX 8 /* bytes; a longer one is as if it were not there */

/* ---- which transfer ---- */

static bool
is_of_key(const struct tg_opt *o)
{
	switch (o->number) {
	case TG_OPT_URI_HOST:
	case TG_OPT_URI_PORT:
	case TG_OPT_URI_QUERY:
		return true;
	case TG_OPT_REQUEST_TAG:
		return o->len <= REQUEST_TAG_MAX;
	default:
		return false;
	}
}

/* What a key has beside the path: each option with its number and length. */
static uint8_t *
write_options(uint8_t *p, const struct tg_msg *m)
{
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_foreach (&it, &o, m) {
		if (!is_of_key(&o))
			continue;
		memcpy(p, &o.number, sizeof(o.number));
		memcpy(p + 2, &o.len, sizeof(o.len));
		memcpy(p + 4, o.value, o.len);
		p += 4 + o.len;
	}
	return p;
}

/* Endpoint, method, path and options: no two of them look alike. */
static size_t
write_key(uint8_t to[KEY_MAX], const struct dp_burst *b, unsigned i,
	const struct dp_request *q)
{
	uint8_t *p = to;

	memcpy(p, &b->key[i], sizeof(b->key[i]));
	p += sizeof(b->key[i]);
	memcpy(p, &q->path.len, sizeof(q->path.len));
	p += sizeof(q->path.len);
	*p++ = b->msg[i].code;
	p = dp_copy(p, q->path.bytes, q->path.len);
	if (unlikely(q->flags & (DP_R_APART | DP_R_QUERY)))
		p = write_options(p, &b->msg[i]);
	return (size_t)(p - to);
}

struct key {
	uint64_t hash[2];
};

static struct key
key_of(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	uint8_t bytes[KEY_MAX];
	size_t len = write_key(bytes, b, i, &w->scratch->request[i]);
	struct key k;

	dp_hash_long(w->shared->cfg.hash_key, bytes, len, k.hash);
	return k;
}

static uint64_t
owner_of(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	return dp_peers_hash(w->peers, &b->key[i]);
}

/* ---- bodies that come ---- */

void
dp_block_look_ahead(struct dp_worker *w, struct dp_burst *b)
{
	b->body = 0;
	for (uint64_t set = b->once & b->rare; set != 0;) {
		unsigned i = dp_next_of(&set);
		struct key k;

		if (b->code[i] != 0 || b->msg[i].code == TG_GET
			|| !(w->scratch->request[i].flags & DP_R_BLOCK1))
			continue;
		k = key_of(w, b, i);
		memcpy(w->scratch->body_key[i], k.hash, sizeof(k.hash));
		dp_transfers_prefetch(w->transfers, k.hash);
		b->body |= UINT64_C(1) << i;
	}
}

void
dp_block_locate(struct dp_worker *w, const struct dp_burst *b)
{
	for (uint64_t set = b->body; set != 0;) {
		unsigned i = dp_next_of(&set);

		dp_transfers_prefetch_slot(w->transfers, w->scratch->body_key[i],
			tg_block_offset(&w->scratch->request[i].block1));
	}
}

/* Of the body that request @i brings a block of. */
static struct key
body_key(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	const uint64_t *key = w->scratch->body_key[i];

	return b->body >> i & 1 ? (struct key){{key[0], key[1]}} : key_of(w, b, i);
}

/* Would the request's conditions hold now?  Its last block asks again. */
static bool
holds(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	bool exists = b->route[i]->kind != DP_K_STREAM;
	struct dp_value v = {.etag = 0};

	if (!(q->flags & (DP_R_IF_MATCH | DP_R_IF_NONE_MATCH)))
		return true;
	if (b->route[i]->kind == DP_K_STATIC)
		return dp_static_holds(q, &b->msg[i], b->route[i]);
	if (b->route[i]->kind == DP_K_STORE) {
		unsigned home = w->count == 1 ? w->id : dp_value_home(w, q);

		exists = dp_store_read(
			w->shared->worker[home]->store, &q->path, q->store_hash, &v);
	}
	return dp_request_holds(q, &b->msg[i], exists, v.etag);
}

/* A first block: what can be refused is refused before the rest is sent.  Its transfer,
 * or NULL and *code. */
static struct dp_transfer *
begin(struct dp_worker *w, const struct dp_burst *b, unsigned i, const struct key *k,
	uint8_t *code)
{
	const struct dp_request *q = &w->scratch->request[i];
	uint32_t limit = b->route[i]->max_body;

	*code = dp_guard_echo(w, b, i) != 0                   ? TG_UNAUTHORIZED
		: (q->flags & DP_R_SIZE1) && q->size1 > limit ? TG_TOO_LARGE
		: !holds(w, b, i)                             ? TG_PRECONDITION_FAILED
							      : TG_UNAVAILABLE;
	if (*code != TG_UNAVAILABLE)
		return NULL;
	return dp_transfers_begin(
		w->transfers, k->hash, owner_of(w, b, i), limit, b->now_s, &w->counters);
}

/* Request @i becomes one with the whole of @x's body; @q is what was read of it. */
static void
show(struct dp_burst *b, unsigned i, struct dp_request *q, struct dp_transfer *x)
{
	struct tg_msg *m = &b->msg[i];
	bool mark = m->payload == m->len && x->body.len > 0;
	uint8_t *head = x->body.body - m->payload - mark;

	memcpy(head, m->base, m->payload);
	if (mark)
		head[m->payload++] = 0xff;
	m->base = head;
	m->len = (uint16_t)(m->payload + x->body.len);
	q->transfer = x;
}

void
dp_block_reopen(
	struct dp_burst *b, unsigned i, struct dp_request *q, struct dp_transfer *x)
{
	q->transfer = x;
	if (q->flags & DP_R_BLOCK1)
		show(b, i, q, x);
}

void
dp_block_end(struct dp_worker *w, struct dp_transfer *x, uint8_t code)
{
	x->ended_tsc = w->tsc;
	dp_transfers_end(w->transfers, x, code, w->now_s);
}

static uint64_t
hash_of(const struct tg_msg *m)
{
	return dp_content_etag(m->base + m->payload, m->len - m->payload, 0);
}

/* The body is whole. */
static uint8_t
execute(struct dp_worker *w, struct dp_burst *b, unsigned i, struct dp_transfer *x)
{
	struct dp_request *q = &w->scratch->request[i];
	uint8_t code;

	x->last = q->block1;
	x->last_hash = hash_of(&b->msg[i]);
	x->last_mid = b->msg[i].mid;
	dp_transfers_take(w->transfers, x);
	show(b, i, q, x);
	code = dp_execute(w, b, i);
	if (code != DP_LATER) /* else whoever answers it ends it */
		dp_block_end(w, x, code);
	return code;
}

/* ---- what has been answered ---- */

static uint32_t
max_age_left(const struct dp_transfer *x, uint32_t now_s)
{
	uint32_t age = now_s - x->made_s;

	if (x->max_age == UINT32_MAX)
		return UINT32_MAX;
	return age < x->max_age ? x->max_age - age : 0;
}

/* The part that request @i asks for of the response that @x keeps. */
static uint8_t
answer_kept(struct dp_worker *w, struct dp_burst *b, unsigned i, struct dp_transfer *x)
{
	const struct dp_content c = {
		.bytes = x->body.body,
		.len = x->response_bytes,
		.format = x->format,
		.max_age = max_age_left(x, b->now_s),
		.etag = x->etag,
	};
	uint8_t code = b->route[i]->special ? dp_guard_more(w, b, i, x->made_s) : 0;

	if (code != 0)
		return code;
	dp_transfers_touch(w->transfers, x, b->now_s);
	return dp_answer_content(b, i, &w->scratch->request[i], x->code, &c);
}

/* Is it the one that made @x whole, in an exchange of its own? */
static bool
is_last_again(
	const struct dp_transfer *x, const struct dp_request *q, const struct tg_msg *m)
{
	return x->body.complete && q->block1.num == x->last.num
	       && q->block1.szx == x->last.szx && !q->block1.more
	       && hash_of(m) == x->last_hash;
}

/* Whatever is asked so may as well be done again. */
static bool
changes_nothing(const struct dp_burst *b, unsigned i)
{
	return b->msg[i].code == TG_FETCH || b->route[i]->kind == DP_K_STATIC
	       || b->route[i]->kind == DP_K_UPPERCASE;
}

/* Where the 2.01 to message @mid said that the new value is, if that is known still; it
 * had no payload. */
static void
write_created_again(struct dp_worker *w, struct dp_burst *b, unsigned i, uint16_t mid)
{
	struct tg_writer out;
	struct tg_opt_iter it;
	struct tg_msg reply;
	struct tg_opt o;
	const uint8_t *bytes;
	uint16_t len;
	uint8_t code;

	if (dp_peers_heard(w->peers, b->peer[i], mid, b->now_s, &code) != DP_DUPLICATE
		|| code != DP_STORED)
		return;
	bytes = dp_replies_find(w->replies, b->peer[i], mid, b->now_s, &len);
	if (bytes == NULL
		|| tg_msg_parse(&reply, bytes, len, TG_TOKEN_EXTENDED_MAX) != TG_OK)
		return;
	dp_answer_begin(b, i, &out, TG_CREATED);
	tg_opt_foreach (&it, &o, &reply)
		tg_write_option(&out, o.number, o.value, o.len);
	b->reply[i] = (uint16_t)tg_write_end(&out);
}

/* As it was answered the first time (RFC 7959, 2.9.2: it is not incomplete). */
static uint8_t
answer_again(struct dp_worker *w, struct dp_burst *b, unsigned i, struct dp_transfer *x)
{
	if (x->code != 0)
		return answer_kept(w, b, i, x);
	if (changes_nothing(b, i))
		return execute(w, b, i, x);
	dp_transfers_touch(w->transfers, x, b->now_s);
	if (x->answered == TG_CREATED)
		write_created_again(w, b, i, x->last_mid);
	return x->answered;
}

static uint8_t
take_block(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	const struct tg_msg *m = &b->msg[i];
	uint8_t code = TG_REQUEST_INCOMPLETE;
	struct key k = body_key(w, b, i);
	enum tg_assembly_step step;
	struct dp_transfer *x;

	x = q->block1.num == 0 ? begin(w, b, i, &k, &code)
			       : dp_transfers_find(w->transfers, k.hash);
	if (x == NULL)
		return code;
	if (q->block1.num == 0)
		x->body_format = q->content_format;
	else if (x->body.cap == 0 /* it came whole, and its response is kept */
		 || x->body_format != q->content_format) /* no part of that body (2.3) */
		return TG_REQUEST_INCOMPLETE;
	if (is_last_again(x, q, m))
		return answer_again(w, b, i, x);
	step = tg_assembly_add(
		&x->body, &q->block1, m->base + m->payload, m->len - m->payload);
	if (step == TG_ASSEMBLY_COMPLETE && x->body.len > b->route[i]->max_body)
		step = TG_ASSEMBLY_TOO_LARGE; /* since a reload on its way */
	if (step == TG_ASSEMBLY_COMPLETE)
		return execute(w, b, i, x);
	if (step == TG_ASSEMBLY_CONTINUE) {
		dp_transfers_touch(w->transfers, x, b->now_s);
		dp_count(&w->counters, DP_C_blocks_continued, 1);
	} else if (step == TG_ASSEMBLY_TOO_LARGE || q->block1.num == 0) {
		dp_transfers_drop(w->transfers, x);
	}
	return (uint8_t)tg_assembly_code(step);
}

void
dp_block_give_up(struct dp_worker *w, unsigned i)
{
	struct dp_transfer *x = dp_body_of(w, i);

	if (x != NULL)
		dp_block_end(w, x, TG_UNAVAILABLE);
}

/* ---- responses that are kept ---- */

/* The next block of a response; the request says nothing else. */
static uint8_t
give_block(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	struct key k = key_of(w, b, i);
	struct dp_transfer *x = dp_transfers_find(w->transfers, k.hash);
	uint8_t code;

	if (x != NULL && x->code != 0)
		return answer_kept(w, b, i, x);
	code = b->route[i]->special ? dp_guard(w, b, i) : 0;
	return code != 0 ? code : TG_REQUEST_INCOMPLETE;
}

void
dp_block_keep(
	struct dp_transfer *x, uint8_t code, const struct dp_content *c, uint32_t now_s)
{
	memcpy(x->body.body, c->bytes, c->len);
	x->code = code;
	x->format = c->format;
	x->response_bytes = c->len;
	x->etag = c->etag;
	x->max_age = c->max_age;
	x->made_s = now_s;
}

static bool
say_the_same(const struct dp_transfer *x, const struct dp_transfer *y)
{
	return x->code == y->code && x->etag == y->etag && x->format == y->format
	       && x->response_bytes == y->response_bytes
	       && memcmp(x->body.body, y->body.body, x->response_bytes) == 0;
}

bool
dp_block_yields(const struct dp_worker *w, struct dp_transfer *x, uint64_t came_tsc)
{
	const struct dp_transfer *other = dp_transfers_find(w->transfers, x->key);

	if (x->code == 0 || other == NULL || other->code == 0
		|| other->ended_tsc < came_tsc || say_the_same(x, other))
		return false;
	x->code = 0;
	return true;
}

/* Room for the response to a request that came whole. */
static struct dp_transfer *
reserve(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	struct key k = key_of(w, b, i);

	return dp_transfers_reserve(
		w->transfers, k.hash, owner_of(w, b, i), b->now_s, &w->counters);
}

/* Keep @c for the blocks that will be asked for; false if it is not to be. */
static bool
keep(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint8_t code,
	const struct dp_content *c)
{
	const struct dp_request *q = &w->scratch->request[i];
	bool came_in_blocks = q->flags & DP_R_BLOCK1, yields;
	struct dp_transfer *x = came_in_blocks ? q->transfer : reserve(w, b, i);

	if (x == NULL)
		return false;
	dp_block_keep(x, code, c, b->now_s);
	if (came_in_blocks)
		return true;
	yields = dp_block_yields(w, x, b->tsc);
	dp_block_end(w, x, code);
	return !yields;
}

uint8_t
dp_block_answer(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code,
	const struct dp_content *c)
{
	const struct dp_request *q = &w->scratch->request[i];
	struct tg_slice s;

	if (c->len > dp_transfers_bytes(w->transfers))
		return TG_INTERNAL;
	if (dp_slice(&s, q, c->len) && s.block.more && !keep(w, b, i, code, c))
		return TG_UNAVAILABLE;
	return dp_answer_content(b, i, q, code, c);
}

void
dp_block_ask_again(struct dp_worker *w, struct rte_mbuf *m)
{
	struct dp_burst *b = dp_reopen(w, m, DP_KIND(DP_K_STORE));
	struct dp_request *q = &w->scratch->request[0];

	if (b->code[0] == 0) {
		q->transfer = reserve(w, b, 0);
		b->code[0] = q->transfer != NULL ? dp_store_ask_again(w, b, 0)
						 : TG_UNAVAILABLE;
	}
	if (b->code[0] == DP_LATER)
		return;
	dp_meta(m)->transfer = dp_body_of(w, 0); /* ends with the answer */
	dp_give_back(w, b, w->id);
}

/* Does request @i ask for more of a response?  A FETCH that says again of what is
 * answered anew. */
static bool
wants_more(const struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	return b->msg[i].code == TG_FETCH ? dp_goes_on(&b->msg[i], q)
					  : (q->flags & DP_R_BLOCK2) && q->block2.num > 0;
}

uint8_t
dp_act_block(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];

	if (q->flags & DP_R_BLOCK1)
		return take_block(w, b, i);
	return wants_more(b, i, q) ? give_block(w, b, i) : dp_execute(w, b, i);
}
