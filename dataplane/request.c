#include "dataplane/request.h"

#include "coap/option.h"
#include "dataplane/copy.h"
#include "dataplane/hot.h"

#include <string.h>

/* Length limits of the options that a request is asked with; anything else is elective or
 * bad. */
static bool
fits(const struct tg_opt *o, unsigned min, unsigned max)
{
	return o->len >= min && o->len <= max;
}

/* No segment is "." or ".." (5.10.1): links to such a path would lead elsewhere. */
static bool
is_dots(const uint8_t *value, unsigned len)
{
	return (len == 1 || len == 2) && value[0] == '.' && value[len - 1] == '.';
}

/* Append a segment to the path at @to; what is behind it. */
static uint8_t *
add_segment(struct dp_request *r, const struct tg_opt *o, uint8_t *to)
{
	if (o->len > 255) {
		r->flags |= DP_R_BAD_OPTION;
		return to;
	}
	if (is_dots(o->value, o->len))
		r->flags |= DP_R_BAD_OPTION;
	*to++ = (uint8_t)o->len;
	return dp_copy(to, o->value, o->len);
}

/* A value of a critical option: what it says, or that it is bad. */
static uint16_t
flag_if(const struct tg_opt *o, unsigned min, unsigned max, uint16_t flag)
{
	return fits(o, min, max) ? flag : DP_R_BAD_OPTION;
}

/* Block1 or Block2, which are critical; a reserved size is another error than a bad
 * option (RFC 7959, 2.2). */
static uint16_t
read_block(const struct tg_opt *o, bool again, struct tg_block *b, uint16_t flag)
{
	if (again || !fits(o, 0, 3))
		return DP_R_BAD_OPTION;
	return tg_block_decode(b, o) == TG_BLOCK_FOUND ? flag : DP_R_BAD_REQUEST;
}

/*
 * An option that is no Uri-Path; @again: it follows one of its own number.  What a
 * critical one must be, it is, or the request is bad; a bad elective one is as if it were
 * not there (5.4.1, 5.4.5).
 */
static uint16_t
read_option(struct dp_request *r, const struct tg_opt *o, bool again)
{
	switch (o->number) {
	case TG_OPT_OBSERVE:
		return DP_R_OBSERVE;
	case TG_OPT_CONTENT_FORMAT:
		if (fits(o, 0, 2) && !again)
			r->content_format = (uint32_t)tg_opt_uint(o);
		return 0;
	case TG_OPT_ETAG:
		return fits(o, 1, 8) ? DP_R_ETAG : 0;
	case TG_OPT_ACCEPT:
		if (fits(o, 0, 2) && !again)
			r->accept = (uint32_t)tg_opt_uint(o);
		return again ? DP_R_BAD_OPTION : flag_if(o, 0, 2, DP_R_ACCEPT);
	case TG_OPT_IF_MATCH:
		return flag_if(o, 0, 8, DP_R_IF_MATCH);
	case TG_OPT_URI_QUERY:
		return flag_if(o, 0, 255, DP_R_QUERY);
	case TG_OPT_IF_NONE_MATCH:
		return again ? DP_R_BAD_OPTION : flag_if(o, 0, 0, DP_R_IF_NONE_MATCH);
	case TG_OPT_URI_HOST:
		return again ? DP_R_BAD_OPTION : flag_if(o, 1, 255, DP_R_APART);
	case TG_OPT_URI_PORT:
		return again ? DP_R_BAD_OPTION : flag_if(o, 0, 2, DP_R_APART);
	case TG_OPT_BLOCK1:
		r->transfer = NULL;
		return read_block(o, again, &r->block1, DP_R_BLOCK1);
	case TG_OPT_BLOCK2:
		return read_block(o, again, &r->block2, DP_R_BLOCK2);
	case TG_OPT_SIZE1:
		if (again || !fits(o, 0, 4))
			return 0;
		r->size1 = tg_opt_uint(o);
		return DP_R_SIZE1;
	case TG_OPT_SIZE2:
		return fits(o, 0, 4) ? DP_R_SIZE2 : 0;
	case TG_OPT_PROXY_URI:
		return again ? DP_R_BAD_OPTION : flag_if(o, 1, 1034, DP_R_PROXY);
	case TG_OPT_PROXY_SCHEME:
		return again ? DP_R_BAD_OPTION : flag_if(o, 1, 255, DP_R_PROXY);
	case TG_OPT_NO_RESPONSE:
		if (again || !fits(o, 0, 1))
			return 0;
		r->silent = (uint8_t)tg_opt_uint(o);
		return DP_R_SILENT;
	case TG_OPT_HOP_LIMIT: /* RFC 8768, 3: 1 to 255, or the request is refused */
		return again || (o->len == 1 && o->value[0] != 0) ? 0 : DP_R_BAD_REQUEST;
	case TG_OPT_REQUEST_TAG:
		return DP_R_APART;
	default: /* unknown, or of an extension that is not served */
		return tg_opt_is_critical(o->number) ? DP_R_BAD_OPTION : 0;
	}
}

/* Any option: what is behind the path at @to then. */
static uint8_t *__attribute__((noinline))
add_option(struct dp_request *r, const struct tg_opt *o, bool again, uint8_t *to)
{
	if (o->number == TG_OPT_URI_PATH)
		return add_segment(r, o, to);
	r->flags |= read_option(r, o, again);
	return to;
}

/* What is said of a request before anything is read stands together: one store. */
#define BLANK_FROM offsetof(struct dp_request, accept)
#define BLANK_TO offsetof(struct dp_request, block1)

static void
begin(struct dp_request *r, uint8_t *arena)
{
	static const struct dp_request blank = {
		.accept = DP_NO_FORMAT,
		.content_format = DP_NO_FORMAT,
		.device_at = DP_NO_SEGMENT,
	};

	r->path.bytes = arena;
	memcpy((uint8_t *)r + BLANK_FROM, (const uint8_t *)&blank + BLANK_FROM,
		BLANK_TO - BLANK_FROM);
}

/* Where a walk over options is, in bytes that nobody has checked. */
struct walk {
	const uint8_t *p, *end;
	uint32_t number; /* of 65,535 bytes at most: it cannot wrap */
	uint8_t *to;     /* behind the path so far */
};

/*
 * Uri-Path options in a row, each under 13 bytes long, stand in the message almost as the
 * canonical form wants them: a byte that is the length, because the delta is 0, and the
 * segment.  Only the first, which has @len bytes, has a delta.  Then p is NULL if an
 * option ran past the end.
 */
static DP_HOT struct walk
add_short_segments(struct dp_request *r, struct walk w, size_t len)
{
	const uint8_t *start = w.p;
	size_t first = len, n;

	do {
		if (len - 1 < 2 && w.p + len < w.end && is_dots(w.p + 1, len))
			r->flags |= DP_R_BAD_OPTION;
		w.p += 1 + len;
	} while (w.p < w.end && (len = *w.p) < 13);
	n = (size_t)(w.p - start);
	if (unlikely(w.p > w.end)) {
		w.p = NULL;
		return w;
	}
	dp_copy(w.to, start, n);
	w.to[0] = (uint8_t)first;
	w.to += n;
	return w;
}

/* Any option, but no payload marker. */
static bool __attribute__((noinline)) read_any(struct dp_request *r, struct walk *w)
{
	uint32_t delta, length;
	const uint8_t *p = tg_opt_head(w->p, w->end, &delta, &length);
	struct tg_opt o;

	if (p == NULL || (w->number += delta) > UINT16_MAX)
		return false;
	o = (struct tg_opt){
		.value = p, .len = (uint16_t)length, .number = (uint16_t)w->number};
	w->to = add_option(r, &o, delta == 0, w->to);
	w->p = p + length;
	return true;
}

/* The value of a Content-Format, of at most two bytes. */
static uint32_t
format_of(const uint8_t *value, size_t len)
{
	return len == 0 ? 0 : len == 1 ? value[0] : (uint32_t)value[0] << 8 | value[1];
}

/*
 * The options that nearly all requests have are read here, short segments of a path and a
 * Content-Format, and all others out of line.
 */
DP_HOT enum tg_verdict
dp_request_read(struct dp_request *r, struct tg_msg *m, uint8_t *arena)
{
	struct walk w = {m->base + m->options, m->base + m->len, 0, arena}, any;
	uint32_t head;

	begin(r, arena);
	while (w.p < w.end && (head = *w.p) != TG_PAYLOAD_MARKER) {
		uint32_t delta = head >> 4, number = w.number + delta;
		size_t length = head & 0xf;

		/* A nibble over 12 says more than its value: no such sum is 11 or 12. */
		if (number == TG_OPT_URI_PATH && likely(length < 13)) {
			w.number = number;
			w = add_short_segments(r, w, length);
			if (unlikely(w.p == NULL))
				return TG_OPTION;
		} else if (number == TG_OPT_CONTENT_FORMAT && likely(number != w.number)
			   && likely(w.p + 1 + length <= w.end) && likely(length <= 2)) {
			w.number = number;
			r->content_format = format_of(w.p + 1, length);
			w.p += 1 + length;
		} else {
			any = w; /* whose own address nobody has: it stays in registers */
			if (!read_any(r, &any))
				return TG_OPTION;
			w = any;
		}
	}
	if (w.p < w.end && unlikely(++w.p == w.end))
		return TG_NO_PAYLOAD;
	r->path.len = (uint16_t)(w.to - arena);
	m->payload = (uint16_t)(w.p - m->base);
	return TG_OK;
}

uint16_t
dp_request_bad_option(const struct tg_msg *m)
{
	uint8_t arena[DP_PATH_ROOM];
	struct dp_request r;
	struct tg_opt_iter it;
	struct tg_opt o;
	uint32_t before = UINT32_MAX;
	uint8_t *to = arena;

	begin(&r, arena);
	tg_opt_foreach (&it, &o, m) {
		to = add_option(&r, &o, o.number == before, to);
		if (r.flags & DP_R_BAD_OPTION)
			return o.number;
		before = o.number;
	}
	return 0;
}

void
dp_request_of_path(struct dp_request *r, const struct dp_path *path)
{
	*r = (struct dp_request){
		.path = *path,
		.accept = DP_NO_FORMAT,
		.content_format = DP_NO_FORMAT,
		.device_at = DP_NO_SEGMENT,
	};
}

static bool
equals_etag(const struct tg_opt *o, uint64_t etag)
{
	return etag != 0 && o->len == sizeof(etag)
	       && memcmp(o->value, &etag, sizeof(etag)) == 0;
}

bool
dp_request_has_etag(const struct tg_msg *m, uint64_t etag)
{
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_foreach (&it, &o, m)
		if (o.number == TG_OPT_ETAG && equals_etag(&o, etag))
			return true;
	return false;
}

bool
dp_request_holds(
	const struct dp_request *r, const struct tg_msg *m, bool exists, uint64_t etag)
{
	struct tg_opt_iter it;
	struct tg_opt o;

	if ((r->flags & DP_R_IF_NONE_MATCH) && exists)
		return false;
	if (!(r->flags & DP_R_IF_MATCH))
		return true;
	tg_opt_foreach (&it, &o, m)
		if (o.number == TG_OPT_IF_MATCH && exists
			&& (o.len == 0 || equals_etag(&o, etag)))
			return true;
	return false;
}
