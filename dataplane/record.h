/*
 * A stream's record: what a device sent, as the log keeps it.
 *
 * Threads.  Pure.   Memory.  The caller's; a decoded record borrows from its bytes.
 */
#pragma once

#include "dataplane/copy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An endpoint as records and tools see it.  IPv4 addresses are v4-mapped
 * (::ffff:a.b.c.d). */
struct dp_endpoint {
	uint8_t addr[16];
	uint16_t port; /* UDP, host byte order */
};

/*
 * What a record keeps.  Variable parts are borrowed: by put from the packet, by a reader
 * from its buffer.
 */
struct dp_record {
	uint64_t time_ns; /* wall clock (UNIX epoch) when the datagram was read */
	struct dp_endpoint source, local;
	uint16_t vlan; /* VLAN tag control information's id, 0 if untagged */
	uint8_t port;  /* number of the port that it came in at: several may be alike */
	uint16_t mid;
	uint32_t content_format; /* DP_NO_FORMAT if the option was absent */
	uint8_t type;            /* enum tg_type */
	uint8_t code;            /* request method */
	uint8_t answer; /* code that the request is answered with once safe (2.04), or
			   DP_RECORD_SILENT */
	uint8_t tkl;
	bool value;           /* a write to a store: it is current until the next one */
	const uint8_t *token; /* tkl bytes; over eight: RFC 8974 */
	const char *stream;   /* stream's name, not terminated; 1..63 bytes */
	const char *device;   /* identity, not terminated; 0..255 bytes */
	const uint8_t *
		path; /* canonical form (path.h): "\1t\4dev1" is /t/dev1; 0..1024 bytes */
	const uint8_t *payload;
	uint16_t stream_len, device_len, path_len, payload_len;
};

/* No Content-Format, where every number of 16 bits is one.  In 16 bits it looks like
 * 65535: whoever keeps no more keeps a bit beside them that says which of both it is. */
#define DP_NO_FORMAT 0x1ffffu

/* Longest payload of a record, and longest encoded record: fixed part, names, path and
 * payload. */
#define DP_RECORD_PAYLOAD_MAX 16384
#define DP_RECORD_REST_MAX 2048
#define DP_RECORD_MAX (DP_RECORD_PAYLOAD_MAX + DP_RECORD_REST_MAX)

/*
 * Encoded form, little-endian, unpadded: this head, then token, stream, device, path and
 * payload, whose lengths stand in it.  A worker writes it straight into its ring.
 */
struct dp_record_head {
	uint64_t time_ns;
	uint8_t source[16], local[16];
	union {
		struct {
			uint16_t source_port, local_port;
			uint16_t side; /* VLAN id, and above its twelve bits the port's
					  number */
			uint16_t mid;
		};
		uint64_t ports;
	};
	union {
		struct {
			uint16_t content_format;
			uint16_t path_len, payload_len;
			uint8_t type, code;
		};
		uint64_t about;
	};
	union {
		struct {
			uint8_t answer, tkl, stream_len, device_len;
		};
		uint32_t lengths;
	};
} __attribute__((packed));

_Static_assert(sizeof(struct dp_record_head) == 60, "what segments on disk have");

/* In answer, which is no code: nobody wanted to hear it (RFC 7967). */
#define DP_RECORD_SILENT 0xe1

/* In type, whose own are the lowest two bits: */
#define DP_RECORD_65535 0x80 /* the Content-Format is 65535, and not none */
#define DP_RECORD_VALUE 0x40 /* a write to a store */

static inline uint16_t
dp_record_side(uint16_t vlan, uint8_t port)
{
	return (uint16_t)(vlan | port << 12);
}

static inline uint8_t
dp_record_format_flag(uint32_t content_format)
{
	return content_format == UINT16_MAX ? DP_RECORD_65535 : 0;
}

/* The parts behind a head that says how long they are. */
static inline void
dp_record_write_parts(struct dp_record_head *h, const uint8_t *token, const char *stream,
	const char *device, const uint8_t *path, const uint8_t *payload)
{
	uint8_t *to = (uint8_t *)(h + 1);

	to = dp_copy(to, token, h->tkl);
	to = dp_copy(to, stream, h->stream_len);
	to = dp_copy(to, device, h->device_len);
	to = dp_copy(to, path, h->path_len);
	dp_copy(to, payload, h->payload_len);
}

/* Bytes that @r takes when encoded. */
size_t dp_record_size(const struct dp_record *r);
/* Encode into @buf of dp_record_size() bytes: little-endian, self-contained, no padding.
 */
void dp_record_encode(const struct dp_record *r, uint8_t *buf);
/* Decode @len bytes; false if they are no record.  @r borrows from @buf. */
bool dp_record_decode(struct dp_record *r, const uint8_t *buf, size_t len);
