/* What a route with a content of its own answers, encoded once. */
#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/burst.h"
#include "dataplane/replies.h"
#include "dataplane/snapshot_build.h"

#include <errno.h>
#include <string.h>

/* Encode an answer's options and payload as they stand after the token. */
static int
encode(struct dp_build *b, const struct tg_writer *w, const uint8_t **to,
	uint16_t *to_len)
{
	size_t len = tg_write_end(w);
	uint8_t *copy;

	if (len == 0)
		return dp_build_fail(b, "content is too long for one message");
	copy = dp_build_take(b, len - TG_HDR_LEN + 1);
	if (copy == NULL)
		return dp_build_fail(b, "out of memory");
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
set_body(struct dp_build *b, struct dp_route *r, const void *content, size_t len)
{
	void *copy = dp_build_take(b, len + 1);

	if (copy == NULL)
		return dp_build_fail(b, "out of memory");
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

int
dp_build_content(struct dp_build *b, struct dp_route *r, const void *content, size_t len)
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

int
dp_build_location(struct dp_build *b, struct dp_route *r, const char *location)
{
	uint8_t buf[DP_REPLY_MAX];
	struct tg_writer w;

	begin(&w, buf, sizeof(buf) - DP_TOKEN_FIELD - DP_TAILROOM);
	while (location != NULL && *location != '\0') {
		unsigned option =
			*location == '/' ? TG_OPT_LOCATION_PATH : TG_OPT_LOCATION_QUERY;
		size_t len = strcspn(location + 1, *location == '/' ? "/?" : "&");

		if (len > 255)
			return dp_build_fail(b, "location: a part has at most 255 bytes");
		tg_write_option(&w, option, location + 1, len);
		location += 1 + len;
	}
	return encode(b, &w, &r->created, &r->created_len);
}
