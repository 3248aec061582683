#include "dataplane/record.h"

#include <string.h>

/*
 * Encoded form, little-endian, unpadded: fixed part, then token, stream, device, path,
 * payload, whose lengths stand in the fixed part.
 */
struct fixed {
	uint64_t time_ns;
	uint8_t source[16], local[16];
	uint16_t source_port, local_port;
	uint16_t vlan, mid, content_format;
	uint16_t path_len, payload_len;
	uint8_t type, code, answer, tkl, stream_len, device_len;
} __attribute__((packed));

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are written as they stand");

size_t
dp_record_size(const struct dp_record *r)
{
	return sizeof(struct fixed) + r->tkl + r->stream_len + r->device_len + r->path_len
		+ r->payload_len;
}

static uint8_t *
add(uint8_t *to, const void *from, size_t len)
{
	if (len > 0)
		memcpy(to, from, len);
	return to + len;
}

void
dp_record_encode(const struct dp_record *r, uint8_t *buf)
{
	struct fixed f = {
		.time_ns = r->time_ns,
		.source_port = r->source.port,
		.local_port = r->local.port,
		.vlan = r->vlan,
		.mid = r->mid,
		.content_format = r->content_format,
		.path_len = r->path_len,
		.payload_len = r->payload_len,
		.type = r->type,
		.code = r->code,
		.answer = r->answer,
		.tkl = r->tkl,
		.stream_len = (uint8_t)r->stream_len,
		.device_len = (uint8_t)r->device_len,
	};

	memcpy(f.source, r->source.addr, sizeof(f.source));
	memcpy(f.local, r->local.addr, sizeof(f.local));
	buf = add(buf, &f, sizeof(f));
	buf = add(buf, r->token, r->tkl);
	buf = add(buf, r->stream, r->stream_len);
	buf = add(buf, r->device, r->device_len);
	buf = add(buf, r->path, r->path_len);
	add(buf, r->payload, r->payload_len);
}

bool
dp_record_decode(struct dp_record *r, const uint8_t *buf, size_t len)
{
	struct fixed f;
	const uint8_t *p = buf + sizeof(f);

	if (len < sizeof(f))
		return false;
	memcpy(&f, buf, sizeof(f));
	if (f.tkl > sizeof(r->token) || f.type > 3
		|| len != sizeof(f) + f.tkl + f.stream_len + f.device_len + f.path_len
				+ f.payload_len)
		return false;
	*r = (struct dp_record){
		.time_ns = f.time_ns,
		.source.port = f.source_port,
		.local.port = f.local_port,
		.vlan = f.vlan,
		.mid = f.mid,
		.content_format = f.content_format,
		.type = f.type,
		.code = f.code,
		.answer = f.answer,
		.tkl = f.tkl,
		.stream_len = f.stream_len,
		.device_len = f.device_len,
		.path_len = f.path_len,
		.payload_len = f.payload_len,
	};
	memcpy(r->source.addr, f.source, sizeof(f.source));
	memcpy(r->local.addr, f.local, sizeof(f.local));
	memcpy(r->token, p, f.tkl);
	p += f.tkl;
	r->stream = (const char *)p;
	p += f.stream_len;
	r->device = (const char *)p;
	p += f.device_len;
	r->path = (const char *)p;
	p += f.path_len;
	r->payload = p;
	return true;
}
