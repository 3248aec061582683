/* Building the routes' snapshot. */
#include "coap/code.h"
#include "coap/link.h"
#include "dataplane/links.h"
#include "dataplane/path.h"
#include "dataplane/snapshot_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORE_MAX 32768 /* bytes of /.well-known/core */

struct block {
	struct block *next;
	max_align_t data[];
};

int
dp_build_fail(struct dp_build *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->err, b->errlen, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void *
dp_build_take(struct dp_build *b, size_t size)
{
	struct block *k = calloc(1, sizeof(*k) + size);

	if (k == NULL)
		return NULL;
	k->next = b->snap->arena;
	b->snap->arena = k;
	return k->data;
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
set_static(struct dp_build *b, struct dp_route *r, const struct dp_route_spec *s)
{
	r->answer[TG_GET] = TG_CONTENT;
	r->answer[TG_PUT] = s->answer_put;
	r->answer[TG_POST] = s->answer_post;
	r->answer[TG_DELETE] = s->answer_delete;
	if (s->content_format == TG_CF_LINK
		&& !is_link_format(s->content, s->content_len))
		return dp_build_fail(
			b, "route %s: content is no list of links (RFC 6690)", s->path);
	if (dp_build_location(b, r, s->location) < 0)
		return -EINVAL;
	return dp_build_content(b, r, s->content, s->content_len);
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
set_path(struct dp_build *b, struct dp_route *r, const char *path)
{
	size_t len = strlen(path);
	char *copy = dp_build_take(b, len + 1);

	if (copy == NULL)
		return dp_build_fail(b, "out of memory");
	memcpy(copy, path, len + 1);
	r->path = copy;
	r->path_hash = hash_of(path);
	r->tag = (uint16_t)(r->path_hash >> 16 | 1); /* 15 bits of it */
	return 0;
}

/* The path of one value, and a text, kept with the route. */
static int
set_own(struct dp_build *b, struct dp_route *r, const char *path,
	const struct dp_route_spec *s)
{
	uint8_t *bytes = dp_build_take(b, DP_PATH_ROOM + s->content_len);

	if (bytes == NULL)
		return dp_build_fail(b, "out of memory");
	r->own.bytes = bytes;
	r->own.len = dp_path_parse(bytes, DP_PATH_MAX, path, strlen(path));
	if (r->own.len == 0)
		return dp_build_fail(
			b, "route %s: \"%s\" is not a value's path", s->path, path);
	r->text = bytes + DP_PATH_ROOM;
	r->text_len = s->content_len;
	if (s->content_len > 0)
		memcpy(bytes + DP_PATH_ROOM, s->content, s->content_len);
	return 0;
}

/* Something is done about it whenever its period is over. */
static int
add_ticking(struct dp_build *b, struct dp_route *r)
{
	if (b->snap->n_ticking == DP_TICKING_MAX)
		return dp_build_fail(b, "route %s: more than %d routes have a period",
			r->path, DP_TICKING_MAX);
	b->snap->ticking[b->snap->n_ticking++] = r;
	return 0;
}

/* Who observes the time hears of it every second. */
static int
set_time(struct dp_build *b, struct dp_route *r)
{
	r->content_format = TG_CF_TEXT;
	r->period_ms = 1000;
	return r->delay_ms == 0 ? add_ticking(b, r) : 0;
}

/* A value that the gateway writes itself. */
static int
set_period(struct dp_build *b, struct dp_route *r, const struct dp_route_spec *s)
{
	r->period_ms = s->period_ms;
	if (strchr(s->path, '{') != NULL || s->ack == DP_ACK_LOGGED)
		return dp_build_fail(b,
			"route %s: a period is for one value, without ack: logged",
			s->path);
	if (s->content_len + DP_TIME_TEXT > DP_VALUE_MAX)
		return dp_build_fail(b, "route %s: content has at most %d bytes", s->path,
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

/* Of those the ones of which no more is to be asked than stage_route.c's is_plain()
 * asks. */
static uint8_t
plain_of(const struct dp_route *r)
{
	uint8_t writes = 1u << TG_POST | 1u << TG_PUT,
		any = 1u << TG_GET | 1u << TG_DELETE;

	if (!r->require_format && r->n_formats == 0)
		any |= writes;
	return r->methods & any;
}

/* What only some kinds of routes have. */
static int
set_kind(struct dp_build *b, struct dp_route *r, const struct dp_route_spec *s)
{
	if (s->kind == DP_K_STATIC)
		return set_static(b, r, s);
	if (s->kind == DP_K_STORE && s->period_ms != 0)
		return set_period(b, r, s);
	if (s->kind == DP_K_TIME)
		return set_time(b, r);
	if (s->kind == DP_K_CREATE
		&& (s->ack == DP_ACK_LOGGED || strchr(s->path, '{') != NULL))
		return dp_build_fail(b,
			"route %s: kind create has a path without {name}, and no ack: "
			"logged",
			s->path);
	if (s->kind == DP_K_UNOBSERVE)
		return set_own(b, r, s->target != NULL ? s->target : "", s);
	return 0;
}

/* Routes with the same parameters share them: what is kept of a request has a byte to say
 * which. */
static int
set_param(struct dp_build *b, struct dp_route *r, const struct dp_route_spec *s)
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
		return dp_build_fail(b,
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
add_route(struct dp_build *b, const struct dp_route_spec *s)
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
		return dp_build_fail(b,
			"route %s: stream's name or list of formats too long", s->path);
	if (stream_len == 0 && (s->kind == DP_K_STREAM || s->ack == DP_ACK_LOGGED))
		return dp_build_fail(b, "route %s: needs a stream's name", s->path);
	if (s->stale == DP_STALE_REFUSE && s->max_age == UINT32_MAX)
		return dp_build_fail(
			b, "route %s: stale: refuse needs a max_age", s->path);
	if (stream_len > 0)
		memcpy(r->stream, s->stream, stream_len);
	if (s->n_formats > 0)
		memcpy(r->formats, s->formats, s->n_formats * sizeof(*s->formats));
	if (set_path(b, r, s->path) < 0 || set_param(b, r, s) < 0
		|| set_kind(b, r, s) < 0)
		return -EINVAL;
	r->methods = methods_of(r);
	r->plain = plain_of(r);
	return dp_build_path(b, r, s->path);
}

/* /.well-known/core: fixed resources by their path, patterns by their literal prefix. */
static int
add_core(struct dp_build *b, const struct dp_settings *set)
{
	static const struct dp_route_spec core = {
		.path = "/.well-known/core",
		.kind = DP_K_STATIC,
		.max_age = UINT32_MAX,
		.content_format = TG_CF_LINK,
		.multicast = true,
	};
	char *text = dp_build_take(b, CORE_MAX);
	struct tg_link_writer w;
	struct dp_route_spec s = core;

	if (text == NULL)
		return dp_build_fail(b, "out of memory");
	tg_link_begin(&w, text, CORE_MAX);
	dp_links_write_routes(&w, set);
	s.content = text;
	s.content_len = (uint16_t)tg_link_end(&w);
	if (w.overflow)
		return dp_build_fail(b,
			"/.well-known/core would be longer than %d bytes: hide some "
			"routes (hidden: true)",
			CORE_MAX);
	return add_route(b, &s);
}

struct dp_snapshot *
dp_snapshot_new(const struct dp_settings *s, char *err, size_t errlen)
{
	struct dp_build b = {
		.snap = calloc(1, sizeof(*b.snap)), .err = err, .errlen = errlen};

	if (b.snap == NULL) {
		dp_build_fail(&b, "out of memory");
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
	b.snap->root = dp_build_node(&b, NULL, 0);
	b.snap->routes = dp_build_take(&b, (s->n_routes + 1) * sizeof(*b.snap->routes));
	if (b.snap->root == NULL || b.snap->routes == NULL) {
		dp_build_fail(&b, "out of memory");
		goto free_snapshot;
	}
	if (s->con_lifetime_s > DP_LIFETIME_MAX_S) {
		dp_build_fail(&b,
			"coap: EXCHANGE_LIFETIME would be %u s, it is at most %d s",
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
