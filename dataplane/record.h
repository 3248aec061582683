/*
 * A stream's record: what a device sent, as the log keeps it.
 *
 * Threads.  Pure.   Memory.  The caller's; a decoded record borrows from its bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An endpoint as records and tools see it.  IPv4 addresses are v4-mapped (::ffff:a.b.c.d). */
struct dp_endpoint {
	uint8_t addr[16];
	uint16_t port; /* UDP, host byte order */
};

/*
 * What a record keeps.  Variable parts are borrowed: by put from the packet, by a reader
 * from its buffer.
 */
struct dp_record {
	uint64_t time_ns;    /* wall clock (UNIX epoch) when the datagram was read */
	struct dp_endpoint source, local;
	uint16_t vlan;       /* VLAN tag control information's id, 0 if untagged */
	uint16_t mid;
	uint16_t content_format; /* DP_NO_FORMAT if the option was absent */
	uint8_t type;        /* enum tg_type */
	uint8_t code;        /* request method */
	uint8_t answer;      /* code that the request is answered with once safe (2.04) */
	uint8_t tkl;
	uint8_t token[8];
	const char *stream;  /* stream's name, not terminated; 1..63 bytes */
	const char *device;  /* identity, not terminated; 0..255 bytes */
	const char *path;    /* "/t/dev1", percent-coded (RFC 3986); 0..1024 bytes */
	const uint8_t *payload;
	uint16_t stream_len, device_len, path_len, payload_len;
};

#define DP_NO_FORMAT UINT16_MAX

/* Longest encoded record in bytes: fixed part, names, path and payload. */
#define DP_RECORD_MAX 4096

/* Bytes that @r takes when encoded. */
size_t dp_record_size(const struct dp_record *r);
/* Encode into @buf of dp_record_size() bytes: little-endian, self-contained, no padding. */
void dp_record_encode(const struct dp_record *r, uint8_t *buf);
/* Decode @len bytes; false if they are no record.  @r borrows from @buf. */
bool dp_record_decode(struct dp_record *r, const uint8_t *buf, size_t len);
