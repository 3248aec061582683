/*
 * What a request asks, read in one walk over its options (RFC 7252, 5.4 and 5.10), which
 * nobody has looked at before.
 *
 * The path is copied into its canonical form, each segment a length byte and its bytes,
 * which is the store's key; everything rare is a flag, and who needs the values walks
 * the options again.
 *
 * Memory.  The view borrows from the message and from the caller's arena.
 */
#pragma once

#include "coap/block.h"
#include "coap/msg.h"
#include "dataplane/copy.h"
#include "dataplane/hot.h"
#include "dataplane/store.h"

#include <stdint.h>

#define DP_NO_SEGMENT UINT16_MAX

enum dp_request_flag {
	DP_R_IF_MATCH = 1,
	DP_R_IF_NONE_MATCH = 2,
	DP_R_ETAG = 4,
	DP_R_QUERY = 8,
	DP_R_PROXY = 16,
	DP_R_BAD_OPTION = 32, /* a critical option is unknown, repeated or ill-sized */
	DP_R_OBSERVE = 64,
	DP_R_BAD_REQUEST =
		128,       /* an option makes it 4.00: Hop-Limit 0, a reserved size */
	DP_R_BLOCK1 = 256, /* RFC 7959 */
	DP_R_BLOCK2 = 512,
	DP_R_SIZE1 = 1024,
	DP_R_SIZE2 = 2048, /* the representation's size, please (4) */
	DP_R_ACCEPT = 4096,
	DP_R_SILENT = 8192, /* No-Response */
	DP_R_APART = 16384, /* Uri-Host, Uri-Port or Request-Tag: its blocks are apart */
	DP_R_PART = 32768,  /* route: FETCH, PATCH or iPATCH */
	DP_R_LONG_TOKEN = 65536, /* parse: of more than eight bytes (RFC 8974) */
};

/* Flags of a request that is refused at once. */
#define DP_R_WRONG (DP_R_BAD_OPTION | DP_R_BAD_REQUEST | DP_R_PROXY)

struct dp_transfer;

struct dp_request {
	struct dp_path path;
	uint32_t accept;         /* DP_NO_FORMAT if absent */
	uint32_t content_format; /* DP_NO_FORMAT if absent */
	uint32_t flags;          /* enum dp_request_flag */
	uint16_t device_at;      /* route: where in the path the segment that is {device}
				    begins, with its length byte; DP_NO_SEGMENT */
	uint8_t silent;          /* No-Response (RFC 7967): a bit a class; 0 if absent */
	uint8_t listing;         /* route: the path names a device of a store route */
	struct tg_block block1, block2; /* each if the flag is set */
	struct dp_transfer
		*transfer; /* with block1: the body it completes; FETCH: or its answer */
	uint32_t size1;    /* likewise */
	uint32_t about;    /* route: half of the hash that is set; else 0 */
	uint64_t device_hash, store_hash; /* route: of what it begins with, in the burst's
					     sets */
	uint32_t device_hint, store_hint; /* locate: where its table expects it */
};

/* Room that a path may take in the arena: canonical form is never longer than the
 * options, and whoever compares segments may read eight bytes past the last. */
#define DP_PATH_ROOM (2048 + 8)

/*
 * Read the options of @m, of which tg_msg_head() or tg_msg_request() has accepted the
 * head, and find its payload: one walk that says of a datagram what tg_msg_parse() says.
 * @arena has DP_PATH_ROOM bytes, of which the path takes path.len.  If the walk fails,
 * neither path.len nor the payload is written.
 */
enum tg_verdict dp_request_read(struct dp_request *r, struct tg_msg *m, uint8_t *arena);

/* Number of the first option for which the request of @m has DP_R_BAD_OPTION; 0: of
 * none. */
uint16_t dp_request_bad_option(const struct tg_msg *m);

/* As if @path, in canonical form, had been read from a message that says no more. */
void dp_request_of_path(struct dp_request *r, const struct dp_path *path);

/* Preconditions (5.10.8) against a resource that @exists with @etag (0: it has none):
 * false is 4.12. */
bool dp_request_holds(
	const struct dp_request *r, const struct tg_msg *m, bool exists, uint64_t etag);
/* Does a representation of @format serve it (5.10.4)? */
static inline bool
dp_request_accepts(const struct dp_request *r, uint32_t format)
{
	return r->accept == DP_NO_FORMAT || r->accept == format;
}
/* Does one of the request's ETag options equal @etag (5.10.6.2)? */
bool dp_request_has_etag(const struct tg_msg *m, uint64_t etag);

/* The segment that is {device}, which may be empty: there is none then. */
static inline const uint8_t *
dp_request_device(const struct dp_request *r)
{
	static const uint8_t none[1 + DP_COPY_OVER];

	return likely(r->device_at != DP_NO_SEGMENT) ? r->path.bytes + r->device_at
						     : none;
}

/* The segment whose length byte is at @at. */
static inline const uint8_t *
dp_request_segment(const struct dp_request *r, uint16_t at, uint8_t *len)
{
	const uint8_t *p = r->path.bytes + at;

	*len = p[0];
	return p + 1;
}
