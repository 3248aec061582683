/*
 * A stream's record and the ring that carries it from a worker to the log thread.
 *
 * The ring is bytes in, bytes out: one producer (a worker), one consumer (the log
 * thread).  The worker numbers what it puts in: 1, 2, 3, ...; the log thread settles
 * numbers in order, as durable or as failed, through a small ring of commits that goes
 * the other way.  Neither side ever waits for the other: a full ring is an answer
 * (5.03), a full commit ring makes the log thread fold commits of one status together.
 *
 * Threads.  [p] marks calls for the producer, [c] for the consumer.
 * Memory.   The caller's block, dp_logring_size() bytes, zeroed, cache-line aligned.
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
	const char *path;    /* "/t/dev1", percent-encoded by whoever prints it; 0..1024 bytes */
	const uint8_t *payload;
	uint16_t stream_len, device_len, path_len, payload_len;
};

#define DP_NO_FORMAT UINT16_MAX

/* Longest encoded record in bytes: fixed part, names, token, payload of one datagram. */
#define DP_RECORD_MAX 4096

/* Bytes that @r takes when encoded. */
size_t dp_record_size(const struct dp_record *r);
/* Encode into @buf of dp_record_size() bytes: little-endian, self-contained, no padding. */
void dp_record_encode(const struct dp_record *r, uint8_t *buf);
/* Decode @len bytes; false if they are no record.  @r borrows from @buf. */
bool dp_record_decode(struct dp_record *r, const uint8_t *buf, size_t len);

struct dp_logring;

/* Bytes of a ring with @bytes for records (a power of two, 64 KiB..1 GiB); 0 if out of range. */
size_t dp_logring_size(uint32_t bytes);
struct dp_logring *dp_logring_init(void *block, uint32_t bytes);

/* [p] Append @r.  Its number (from 1), or 0 if the ring is full: nothing was written. */
uint64_t dp_logring_put(struct dp_logring *ring, const struct dp_record *r);
/* [p] Records put since the last call become visible to the consumer; once per burst. */
void dp_logring_publish(struct dp_logring *ring);

/* What became of all records up to @upto that no earlier commit settled. */
struct dp_commit {
	uint64_t upto;
	int32_t status; /* 0 durable, else a negative errno: -ENOSPC, -EIO */
};
/* [p] The next commit; false if there is none. */
bool dp_logring_settled(struct dp_logring *ring, struct dp_commit *c);

/*
 * [c] Borrow the next record's bytes; NULL if there is none.  @number is its number.
 * The bytes stay until dp_logring_release().
 */
const uint8_t *dp_logring_next(struct dp_logring *ring, size_t *len, uint64_t *number);
/* [c] Give back the room of every record taken by _next so far. */
void dp_logring_release(struct dp_logring *ring);
/* [c] Settle all up to @upto.  Kept inside and folded while the commit ring is full. */
void dp_logring_settle(struct dp_logring *ring, uint64_t upto, int status);
/* Bytes in use, for statistics; any thread. */
uint32_t dp_logring_used(const struct dp_logring *ring);
