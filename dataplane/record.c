#include "dataplane/record.h"

#include "coap/msg.h"
#include "dataplane/copy.h"
#include "dataplane/tokens.h"

_Static_assert(
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are written as they stand");

size_t
dp_record_size(const struct dp_record *r)
{
	return sizeof(struct dp_record_head) + r->tkl + r->stream_len + r->device_len
	       + r->path_len + r->payload_len;
}

void
dp_record_encode(const struct dp_record *r, uint8_t *buf)
{
	struct dp_record_head *h = (struct dp_record_head *)buf;

	h->time_ns = r->time_ns;
	memcpy(h->source, r->source.addr, sizeof(h->source));
	memcpy(h->local, r->local.addr, sizeof(h->local));
	h->source_port = r->source.port;
	h->local_port = r->local.port;
	h->side = dp_record_side(r->vlan, r->port);
	h->mid = r->mid;
	h->path_len = r->path_len;
	h->payload_len = r->payload_len;
	h->content_format = (uint16_t)r->content_format;
	h->type = r->type | (r->value ? DP_RECORD_VALUE : 0)
		  | dp_record_format_flag(r->content_format);
	h->code = r->code;
	h->answer = r->answer;
	h->tkl = r->tkl;
	h->stream_len = (uint8_t)r->stream_len;
	h->device_len = (uint8_t)r->device_len;
	dp_record_write_parts(h, r->token, r->stream, r->device, r->path, r->payload);
}

/* Is it a write to a store?  And its bit out of the type. */
static bool
take_value(struct dp_record_head *h)
{
	bool value = h->type & DP_RECORD_VALUE;

	h->type &= (uint8_t)~DP_RECORD_VALUE;
	return value;
}

/* The Content-Format, and its bit out of the type. */
static uint32_t
take_format(struct dp_record_head *h)
{
	if (h->content_format != UINT16_MAX)
		return h->content_format;
	if (!(h->type & DP_RECORD_65535))
		return DP_NO_FORMAT;
	h->type &= (uint8_t)~DP_RECORD_65535;
	return UINT16_MAX;
}

bool
dp_record_decode(struct dp_record *r, const uint8_t *buf, size_t len)
{
	struct dp_record_head f;
	uint32_t content_format;
	const uint8_t *p = buf + sizeof(f);
	bool value;

	if (len < sizeof(f))
		return false;
	memcpy(&f, buf, sizeof(f));
	content_format = take_format(&f);
	value = take_value(&f);
	if (f.tkl > DP_TOKEN_LONGEST || f.type > 3
		|| len
			   != sizeof(f) + f.tkl + f.stream_len + f.device_len + f.path_len
				      + f.payload_len)
		return false;
	*r = (struct dp_record){
		.time_ns = f.time_ns,
		.source.port = f.source_port,
		.local.port = f.local_port,
		.vlan = f.side & 0xfff,
		.port = (uint8_t)(f.side >> 12),
		.mid = f.mid,
		.content_format = content_format,
		.type = f.type,
		.code = f.code,
		.answer = f.answer,
		.tkl = f.tkl,
		.value = value,
		.stream_len = f.stream_len,
		.device_len = f.device_len,
		.path_len = f.path_len,
		.payload_len = f.payload_len,
	};
	memcpy(r->source.addr, f.source, sizeof(f.source));
	memcpy(r->local.addr, f.local, sizeof(f.local));
	r->token = p;
	p += f.tkl;
	r->stream = (const char *)p;
	p += f.stream_len;
	r->device = (const char *)p;
	p += f.device_len;
	r->path = p;
	p += f.path_len;
	r->payload = p;
	return true;
}
