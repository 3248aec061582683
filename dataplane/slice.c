#include "dataplane/slice.h"

#include "coap/code.h"
#include "coap/siphash.h"
#include "dataplane/answer.h"
#include "dataplane/worker.h"

bool
dp_slice(struct tg_slice *s, const struct dp_request *q, uint32_t len)
{
	return tg_slice_of(
		s, len, q->flags & DP_R_BLOCK2 ? &q->block2 : NULL, TG_BLOCK_SZX_MAX);
}

void
dp_slice_write(struct tg_writer *out, const struct dp_request *q,
	const struct tg_slice *s, uint32_t len)
{
	if (s->with_option)
		tg_write_uint(out, TG_OPT_BLOCK2, tg_block_encode(&s->block));
	if (q->flags & DP_R_BLOCK1)
		tg_write_uint(out, TG_OPT_BLOCK1, tg_block_encode(&q->block1));
	if ((q->flags & DP_R_SIZE2) || (s->with_option && s->block.num == 0))
		tg_write_uint(out, TG_OPT_SIZE2, len);
}

uint64_t
dp_content_etag(const void *bytes, size_t len, uint32_t format)
{
	const uint64_t key[2] = {format, 0};

	return tg_siphash(key, bytes, len) | 1; /* 0 is none */
}

/* Does the client have the representation with @etag?  What a group is asked has no ETag
 * (RFC 7252, 8.2.1): if there is one it says nothing. */
static bool
knows(const struct dp_burst *b, unsigned i, const struct dp_request *q, uint64_t etag)
{
	return (q->flags & DP_R_ETAG) && !(b->flags[i] & DP_F_MULTICAST)
	       && dp_request_has_etag(&b->msg[i], etag);
}

uint8_t
dp_answer_content(struct dp_burst *b, unsigned i, const struct dp_request *q,
	uint8_t code, const struct dp_content *c)
{
	bool valid = code == TG_CONTENT && knows(b, i, q, c->etag);
	struct tg_writer out;
	struct tg_slice s;

	if (!dp_slice(&s, q, c->len))
		return TG_BAD_REQUEST;
	if (valid)
		code = TG_VALID;
	dp_answer_begin(b, i, &out, code);
	if (c->etag != 0)
		tg_write_option(&out, TG_OPT_ETAG, &c->etag, sizeof(c->etag));
	if (c->observe != 0)
		tg_write_uint(&out, TG_OPT_OBSERVE, c->observe);
	if (!valid && c->format != DP_NO_FORMAT)
		tg_write_uint(&out, TG_OPT_CONTENT_FORMAT, c->format);
	if (c->max_age != UINT32_MAX)
		tg_write_uint(&out, TG_OPT_MAX_AGE, c->max_age);
	if (!valid) {
		dp_slice_write(&out, q, &s, c->len);
		tg_write_payload(&out, (const uint8_t *)c->bytes + s.offset, s.len);
	}
	b->reply[i] = (uint16_t)tg_write_end(&out);
	return b->reply[i] != 0 ? code : TG_INTERNAL;
}
