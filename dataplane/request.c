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

/*
 * Uri-Path options in a row, each under 13 bytes long, stand in the message almost as the
 * canonical form wants them: a byte that is the length, because the delta is 0, and the
 * segment.  Only the first, whose @len bytes are at @value, has a delta.  Where the walk
 * goes on; past @end if an option ran past it.
 */
static const uint8_t *
add_short_segments(struct dp_request *r, const uint8_t *value, unsigned len,
	const uint8_t *end, uint8_t *to)
{
	const uint8_t *start = value - 1, *p = start;
	unsigned first = len;

	do {
		if (len - 1 < 2 && p + len < end && is_dots(p + 1, len))
			r->flags |= DP_R_BAD_OPTION;
		p += 1 + len;
	} while (p < end && (len = *p) < 13);
	if (p > end)
		return p;
	r->path.len = (uint16_t)(r->path.len + (unsigned)(p - start));
	dp_copy(to, start, (size_t)(p - start));
	to[0] = (uint8_t)first;
	return p;
}

static void
add_segment(struct dp_request *r, const struct tg_opt *o, uint8_t *to)
{
	if (o->len > 255) {
		r->flags |= DP_R_BAD_OPTION;
		return;
	}
	if (is_dots(o->value, o->len))
		r->flags |= DP_R_BAD_OPTION;
	*to++ = (uint8_t)o->len;
	dp_copy(to, o->value, o->len);
	r->path.len = (uint16_t)(r->path.len + 1 + o->len);
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

static void
add_option(struct dp_request *r, uint32_t number, const uint8_t *value, uint32_t length,
	bool again, uint8_t *arena)
{
	const struct tg_opt o = {
		.value = value, .len = (uint16_t)length, .number = (uint16_t)number};

	if (number == TG_OPT_URI_PATH)
		add_segment(r, &o, arena + r->path.len);
	else
		r->flags |= read_option(r, &o, again);
}

static void
begin(struct dp_request *r, uint8_t *arena)
{
	r->path.bytes = arena;
	r->path.len = 0;
	r->accept = r->content_format = DP_NO_FORMAT;
	r->flags = 0;
	r->silent = r->listing = 0;
	r->device_at = DP_NO_SEGMENT;
}

DP_HOT enum tg_verdict
dp_request_read(struct dp_request *r, struct tg_msg *m, uint8_t *arena)
{
	const uint8_t *p = m->base + m->options, *end = m->base + m->len;
	uint32_t number = 0; /* of 65,535 bytes at most: it cannot wrap */
	uint32_t delta, length;

	begin(r, arena);
	m->payload = m->len;
	while (p < end) {
		delta = *p >> 4;
		length = *p & 0xf;
		if (likely(delta < 13 && length < 13)) {
			p++;
		} else if (*p == TG_PAYLOAD_MARKER) {
			m->payload = (uint16_t)(p + 1 - m->base);
			break;
		} else {
			p = tg_opt_head(p, end, &delta, &length);
			if (p == NULL)
				return TG_OPTION;
		}
		number += delta;
		if (number == TG_OPT_URI_PATH && length < 13) {
			p = add_short_segments(r, p, length, end, arena + r->path.len);
			continue;
		}
		if (length > (size_t)(end - p))
			return TG_OPTION;
		add_option(r, number, p, length, delta == 0, arena);
		p += length;
	}
	if (p > end || number > UINT16_MAX)
		return TG_OPTION;
	return p + 1 == end ? TG_NO_PAYLOAD : TG_OK; /* at a marker, or at the end */
}

uint16_t
dp_request_bad_option(const struct tg_msg *m)
{
	uint8_t arena[DP_PATH_ROOM];
	struct dp_request r;
	struct tg_opt_iter it;
	struct tg_opt o;
	uint32_t before = UINT32_MAX;

	begin(&r, arena);
	tg_opt_foreach (&it, &o, m) {
		add_option(&r, o.number, o.value, o.len, o.number == before, arena);
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
