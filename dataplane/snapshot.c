/* Building the routes' snapshot: patterns into a trie, contents and links encoded once.
 */
#include "coap/code.h"
#include "coap/link.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/burst.h"
#include "dataplane/links.h"
#include "dataplane/path.h"
#include "dataplane/replies.h"
#include "dataplane/route.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORE_MAX 32768 /* bytes of /.well-known/core */

/* What a build needs on its way; memory is a chain of blocks that the snapshot keeps. */
struct block {
	struct block *next;
	max_align_t data[];
};

struct build {
	struct dp_snapshot *snap;
	char *err;
	size_t errlen;
};

static int __attribute__((format(printf, 2, 3)))
fail(struct build *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->err, b->errlen, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static void *
take(struct build *b, size_t size)
{
	struct block *k = calloc(1, sizeof(*k) + size);

	if (k == NULL)
		return NULL;
	k->next = b->snap->arena;
	b->snap->arena = k;
	return k->data;
}

static struct dp_node *
new_node(struct build *b, const char *literal, size_t len)
{
	struct dp_node *n = take(b, sizeof(*n));
	char *copy;

	if (n == NULL || literal == NULL)
		return n;
	copy = take(b, len + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, literal, len);
	memcpy(&n->prefix, copy, len < sizeof(n->prefix) ? len : sizeof(n->prefix));
	n->literal = copy;
	n->literal_len = (uint16_t)len;
	return n;
}

static struct dp_node *
literal_child(struct build *b, struct dp_node *at, const char *seg, size_t len)
{
	struct dp_node **link = &at->child;

	for (; *link != NULL; link = &(*link)->next)
		if ((*link)->literal_len == len
			&& memcmp((*link)->literal, seg, len) == 0)
			return *link;
	*link = new_node(b, seg, len);
	return *link;
}

static struct dp_node *
param_child(struct build *b, struct dp_node *at, const char *seg, size_t len)
{
	if (at->param == NULL)
		at->param = new_node(b, NULL, 0);
	if (at->param != NULL && len == strlen("{device}")
		&& memcmp(seg, "{device}", len) == 0)
		at->param->is_device = 1;
	return at->param;
}

static int
set_route(
	struct build *b, const struct dp_route **at, struct dp_route *r, const char *path)
{
	if (*at == NULL) {
		*at = r;
		return 0;
	}
	for (struct dp_route *other = (struct dp_route *)*at;
		other->kind == DP_K_STATIC && r->kind == DP_K_STATIC
		&& other->content_format != r->content_format;
		other = (struct dp_route *)other->also)
		if (other->also == NULL) { /* Accept chooses; the first is the default */
			other->also = r;
			return 0;
		}
	return fail(b, "route %s: another route has the same path", path);
}

static void
note_choice(struct dp_node *n)
{
	n->choice = n->rest != NULL || (n->child != NULL && n->param != NULL);
}

static int
set_rest(struct build *b, struct dp_node *at, struct dp_route *r, const char *path)
{
	int rc = set_route(b, &at->rest, r, path);

	note_choice(at);
	return rc;
}

/* Has a segment of @path before the one at @seg its {name}? */
static bool
is_named_before(const char *path, const char *seg)
{
	size_t len = strcspn(seg, "*}");

	for (const char *p = path + 1; p < seg; p += strcspn(p, "/") + 1)
		if (strncmp(p, seg, len) == 0 && p[len] == '}')
			return true;
	return false;
}

/* Hang @r into the trie where its pattern says. */
static int
add_path(struct build *b, struct dp_route *r, const char *path)
{
	struct dp_node *at = b->snap->root, *from;
	const char *p = path;

	if (*p != '/')
		return fail(b, "route %s: a path begins with '/'", path);
	if (p[1] == '\0')
		return set_route(b, &at->route, r, path);
	while (*p == '/') {
		const char *seg = p + 1;
		size_t len = strcspn(seg, "/");

		p = seg + len;
		from = at;
		if (len == 0 || len > 255)
			return fail(b, "route %s: a segment has 1 to 255 bytes", path);
		if (seg[0] != '{' && strcspn(seg, "{}") < len)
			return fail(b,
				"route %s: '{' and '}' stand around a whole segment",
				path);
		if (seg[0] != '{')
			at = literal_child(b, at, seg, len);
		else if (len < 3 || seg[len - 1] != '}')
			return fail(b, "route %s: '{' without '}'", path);
		else if (is_named_before(path, seg))
			return fail(b, "route %s: %.*s} is there twice", path,
				(int)strcspn(seg, "*}"), seg);
		else if (seg[len - 2] != '*')
			at = param_child(b, at, seg, len);
		else if (*p != '\0')
			return fail(b, "route %s: {name*} must come last", path);
		else
			return set_rest(b, at, r, path);
		if (at == NULL)
			return fail(b, "route %s: out of memory", path);
		note_choice(from);
	}
	return set_route(b, &at->route, r, path);
}

/* Encode an answer's options and payload as they stand after the token. */
static int
encode(struct build *b, const struct tg_writer *w, const uint8_t **to, uint16_t *to_len)
{
	size_t len = tg_write_end(w);
	uint8_t *copy;

	if (len == 0)
		return fail(b, "content is too long for one message");
	copy = take(b, len - TG_HDR_LEN + 1);
	if (copy == NULL)
		return fail(b, "out of memory");
	memcpy(copy, w->buf + TG_HDR_LEN, len - TG_HDR_LEN);
	*to = copy;
	*to_len = (uint16_t)(len - TG_HDR_LEN);
	return 0;
}

static void
begin(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(w, buf, cap, TG_ACK, TG_CONTENT, 0, NULL, 0);
}

/* The content as a whole, from which blocks are cut; its ETag is the same at each start.
 */
static int
set_body(struct build *b, struct dp_route *r, const void *content, size_t len)
{
	void *copy = take(b, len + 1);

	if (copy == NULL)
		return fail(b, "out of memory");
	if (len > 0)
		memcpy(copy, content, len);
	r->body = (struct dp_content){
		.bytes = copy,
		.len = (uint32_t)len,
		.format = r->content_format,
		.max_age = r->max_age,
		.etag = dp_content_etag(copy, len, r->content_format),
	};
	return 0;
}

static int
set_content(struct build *b, struct dp_route *r, const void *content, size_t len)
{
	uint8_t buf[DP_MSG_MAX];
	struct tg_writer w;

	if (set_body(b, r, content, len) < 0)
		return -EINVAL;
	if (len > DP_VALUE_MAX)
		return 0;
	begin(&w, buf, sizeof(buf) - DP_TOKEN_FIELD - DP_TAILROOM);
	tg_write_option(&w, TG_OPT_ETAG, &r->body.etag, sizeof(r->body.etag));
	if (r->content_format != DP_NO_FORMAT)
		tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, r->content_format);
	if (r->max_age != UINT32_MAX)
		tg_write_uint(&w, TG_OPT_MAX_AGE, r->max_age);
	tg_write_payload(&w, content, len);
	return encode(b, &w, &r->content, &r->content_len);
}

/* It must be kept: a duplicate gets the same bytes, and so does who gets it late. */
static int
set_location(struct build *b, struct dp_route *r, const char *location)
{
	uint8_t buf[DP_REPLY_MAX];
	struct tg_writer w;

	begin(&w, buf, sizeof(buf) - DP_TOKEN_FIELD - DP_TAILROOM);
	while (location != NULL && *location != '\0') {
		unsigned option =
			*location == '/' ? TG_OPT_LOCATION_PATH : TG_OPT_LOCATION_QUERY;
		size_t len = strcspn(location + 1, *location == '/' ? "/?" : "&");

		if (len > 255)
			return fail(b, "location: a part has at most 255 bytes");
		tg_write_option(&w, option, location + 1, len);
		location += 1 + len;
	}
	return encode(b, &w, &r->created, &r->created_len);
}

/* A list of links is filtered, so it has to be one. */
static bool
is_link_format(const char *text, size_t len)
{
	struct tg_link_reader r;
	struct tg_link l;

	tg_link_read(&r, text, len);
	while (tg_link_next(&r, &l))
		;
	return !r.bad;
}

static int
set_static(struct build *b, struct dp_route *r, const struct dp_route_spec *s)
{
	r->answer[TG_GET] = TG_CONTENT;
	r->answer[TG_PUT] = s->answer_put;
	r->answer[TG_POST] = s->answer_post;
	r->answer[TG_DELETE] = s->answer_delete;
	if (s->content_format == TG_CF_LINK
		&& !is_link_format(s->content, s->content_len))
		return fail(
			b, "route %s: content is no list of links (RFC 6690)", s->path);
	if (set_location(b, r, s->location) < 0)
		return -EINVAL;
	return set_content(b, r, s->content, s->content_len);
}

static uint32_t
hash_of(const char *path)
{
	uint32_t h = 2166136261; /* FNV-1a */

	for (; *path != '\0'; path++)
		h = (h ^ (uint8_t)*path) * 16777619;
	return h;
}

/* What stands for the route where it is not at hand: a reload changes neither. */
static int
set_path(struct build *b, struct dp_route *r, const char *path)
{
	size_t len = strlen(path);
	char *copy = take(b, len + 1);

	if (copy == NULL)
		return fail(b, "out of memory");
	memcpy(copy, path, len + 1);
	r->path = copy;
	r->path_hash = hash_of(path);
	r->tag = (uint16_t)(r->path_hash >> 16 | 1); /* 15 bits of it */
	return 0;
}

/* The path of one value, and a text, kept with the route. */
static int
set_own(struct build *b, struct dp_route *r, const char *path,
	const struct dp_route_spec *s)
{
	uint8_t *bytes = take(b, DP_PATH_ROOM + s->content_len);

	if (bytes == NULL)
		return fail(b, "out of memory");
	r->own.bytes = bytes;
	r->own.len = dp_path_parse(bytes, DP_PATH_MAX, path, strlen(path));
	if (r->own.len == 0)
		return fail(b, "route %s: \"%s\" is not a value's path", s->path, path);
	r->text = bytes + DP_PATH_ROOM;
	r->text_len = s->content_len;
	if (s->content_len > 0)
		memcpy(bytes + DP_PATH_ROOM, s->content, s->content_len);
	return 0;
}

/* Something is done about it whenever its period is over. */
static int
add_ticking(struct build *b, struct dp_route *r)
{
	if (b->snap->n_ticking == DP_TICKING_MAX)
		return fail(b, "route %s: more than %d routes have a period", r->path,
			DP_TICKING_MAX);
	b->snap->ticking[b->snap->n_ticking++] = r;
	return 0;
}

/* Who observes the time hears of it every second. */
static int
set_time(struct build *b, struct dp_route *r)
{
	r->content_format = TG_CF_TEXT;
	r->period_ms = 1000;
	return r->delay_ms == 0 ? add_ticking(b, r) : 0;
}

/* A value that the gateway writes itself. */
static int
set_period(struct build *b, struct dp_route *r, const struct dp_route_spec *s)
{
	r->period_ms = s->period_ms;
	if (strchr(s->path, '{') != NULL || s->ack == DP_ACK_LOGGED)
		return fail(b, "route %s: a period is for one value, without ack: logged",
			s->path);
	if (s->content_len + DP_TIME_TEXT > DP_VALUE_MAX)
		return fail(b, "route %s: content has at most %d bytes", s->path,
			DP_VALUE_MAX - DP_TIME_TEXT);
	if (add_ticking(b, r) < 0)
		return -EINVAL;
	return set_own(b, r, s->path, s);
}

/* Bit c: the method with code c. */
static uint8_t
methods_of(const struct dp_route *r)
{
	uint8_t methods = 0;

	switch (r->kind) {
	case DP_K_STREAM:
		return 1u << TG_POST | 1u << TG_PUT;
	case DP_K_STORE:
		return 0xfe;
	case DP_K_STATIC:
		for (unsigned m = TG_GET; m <= TG_IPATCH; m++)
			methods |= (uint8_t)((r->answer[m] != 0) << m);
		return methods;
	case DP_K_UNOBSERVE:
	case DP_K_UPPERCASE:
	case DP_K_CREATE:
		return 1u << TG_POST;
	case DP_K_QUERY:
	case DP_K_TIME:
	case DP_K_COUNT:
		break;
	}
	return 1u << TG_GET;
}

/* What only some kinds of routes have. */
static int
set_kind(struct build *b, struct dp_route *r, const struct dp_route_spec *s)
{
	if (s->kind == DP_K_STATIC)
		return set_static(b, r, s);
	if (s->kind == DP_K_STORE && s->period_ms != 0)
		return set_period(b, r, s);
	if (s->kind == DP_K_TIME)
		return set_time(b, r);
	if (s->kind == DP_K_UNOBSERVE)
		return set_own(b, r, s->target != NULL ? s->target : "", s);
	return 0;
}

/* Routes with the same parameters share them: what is kept of a request has a byte to say
 * which. */
static int
set_param(struct build *b, struct dp_route *r, const struct dp_route_spec *s)
{
	struct dp_snapshot *snap = b->snap;

	if (s->param == NULL)
		return 0;
	while (r->param < snap->n_params
		&& memcmp(&snap->param[r->param], s->param, sizeof(*s->param)) != 0)
		r->param++;
	if (r->param < snap->n_params)
		return 0;
	if (snap->n_params == DP_PARAMS_MAX)
		return fail(b,
			"route %s: more than %d different sets of transmission "
			"parameters",
			s->path, DP_PARAMS_MAX - 1);
	snap->param[snap->n_params++] = *s->param;
	return 0;
}

static uint16_t
max_body(const struct dp_route_spec *s)
{
	uint16_t max = s->max_body > s->max_payload ? s->max_body : s->max_payload;

	/* What is logged must fit a record. */
	if (s->kind == DP_K_STREAM || s->ack == DP_ACK_LOGGED)
		return max < DP_RECORD_PAYLOAD_MAX ? max : DP_RECORD_PAYLOAD_MAX;
	return max < DP_BODY_MAX ? max : DP_BODY_MAX;
}

static int
add_route(struct build *b, const struct dp_route_spec *s)
{
	struct dp_route *r = &b->snap->routes[b->snap->n_routes++];
	size_t stream_len = s->stream != NULL ? strlen(s->stream) : 0;

	*r = (struct dp_route){
		.kind = s->kind,
		.ack = s->ack,
		.content_format = s->content_format,
		.max_age = s->max_age,
		.stale = s->stale,
		.notify_con = s->notify_con,
		.max_payload =
			s->max_payload < DP_VALUE_MAX ? s->max_payload : DP_VALUE_MAX,
		.max_body = max_body(s),
		.n_formats = (uint16_t)s->n_formats,
		.stream_len = (uint8_t)stream_len,
		.delay_ms = s->delay_ms,
		.require_format = s->require_format,
		.changes = s->changes,
		.multicast = s->multicast,
		.special =
			s->changes || s->echo_s != 0 || s->rate != 0 || s->delay_ms != 0,
		.echo_s = s->echo_s,
		.rate = s->rate,
	};
	if (stream_len >= sizeof(r->stream) || s->n_formats > DP_FORMATS_MAX)
		return fail(b, "route %s: stream's name or list of formats too long",
			s->path);
	if (stream_len == 0 && (s->kind == DP_K_STREAM || s->ack == DP_ACK_LOGGED))
		return fail(b, "route %s: needs a stream's name", s->path);
	if (s->kind == DP_K_CREATE && strchr(s->path, '{') != NULL)
		return fail(
			b, "route %s: kind create needs a path without {name}", s->path);
	if (s->stale == DP_STALE_REFUSE && s->max_age == UINT32_MAX)
		return fail(b, "route %s: stale: refuse needs a max_age", s->path);
	if (stream_len > 0)
		memcpy(r->stream, s->stream, stream_len);
	if (s->n_formats > 0)
		memcpy(r->formats, s->formats, s->n_formats * sizeof(*s->formats));
	if (set_path(b, r, s->path) < 0 || set_param(b, r, s) < 0
		|| set_kind(b, r, s) < 0)
		return -EINVAL;
	r->methods = methods_of(r);
	return add_path(b, r, s->path);
}

/* /.well-known/core: fixed resources by their path, patterns by their literal prefix. */
static int
add_core(struct build *b, const struct dp_settings *set)
{
	static const struct dp_route_spec core = {
		.path = "/.well-known/core",
		.kind = DP_K_STATIC,
		.max_age = UINT32_MAX,
		.content_format = TG_CF_LINK,
		.multicast = true,
	};
	char *text = take(b, CORE_MAX);
	struct tg_link_writer w;
	struct dp_route_spec s = core;

	if (text == NULL)
		return fail(b, "out of memory");
	tg_link_begin(&w, text, CORE_MAX);
	dp_links_write_routes(&w, set);
	s.content = text;
	s.content_len = (uint16_t)tg_link_end(&w);
	if (w.overflow)
		return fail(b,
			"/.well-known/core would be longer than %d bytes: hide some "
			"routes (hidden: true)",
			CORE_MAX);
	return add_route(b, &s);
}

struct dp_snapshot *
dp_snapshot_new(const struct dp_settings *s, char *err, size_t errlen)
{
	struct build b = {
		.snap = calloc(1, sizeof(*b.snap)), .err = err, .errlen = errlen};

	if (b.snap == NULL) {
		fail(&b, "out of memory");
		return NULL;
	}
	b.snap->version = s->version;
	b.snap->error_rate = s->error_rate;
	b.snap->error_burst = s->error_burst;
	b.snap->full_max_age = s->full_max_age;
	b.snap->con_lifetime_s = s->con_lifetime_s;
	b.snap->param[b.snap->n_params++] = s->param;
	b.snap->ack_delay_ms = s->ack_delay_ms;
	b.snap->non_lifetime_s = s->non_lifetime_s;
	b.snap->observe_con_every = s->observe_con_every;
	b.snap->observe_min_ms = s->observe_min_ms;
	b.snap->token_max = s->token_max;
	b.snap->root = new_node(&b, NULL, 0);
	b.snap->routes = take(&b, (s->n_routes + 1) * sizeof(*b.snap->routes));
	if (b.snap->root == NULL || b.snap->routes == NULL) {
		fail(&b, "out of memory");
		goto free_snapshot;
	}
	if (s->con_lifetime_s > DP_LIFETIME_MAX_S) {
		fail(&b, "coap: EXCHANGE_LIFETIME would be %u s, it is at most %d s",
			s->con_lifetime_s, DP_LIFETIME_MAX_S);
		goto free_snapshot;
	}
	for (unsigned i = 0; i < s->n_routes; i++)
		if (add_route(&b, &s->routes[i]) < 0)
			goto free_snapshot;
	if (add_core(&b, s) < 0)
		goto free_snapshot;
	return b.snap;

free_snapshot:
	dp_snapshot_free(b.snap);
	return NULL;
}

void
dp_snapshot_free(struct dp_snapshot *snap)
{
	struct block *k, *next;

	if (snap == NULL)
		return;
	for (k = snap->arena; k != NULL; k = next) {
		next = k->next;
		free(k);
	}
	free(snap);
}
