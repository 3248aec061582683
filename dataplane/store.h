/*
 * Store: path -> the last representation PUT there.
 *
 * The key is the whole path as its canonical bytes (each segment as a length byte and its
 * bytes).  Slots are 96 bytes: header, then path and payload
 * inline if they fit, else in a bounded pool of 128-byte chunks.  Payloads are 0 to
 * 32,768 bytes, paths up to 1,024.  A reader gets at most DP_VALUE_MAX bytes at a time,
 * and with each part the ETag that says of which representation it is one: that is what a
 * block-wise answer needs (RFC 7959), and no more is copied for it.  A slot keeps the
 * device's slot number so that a device's values can be listed (each device's values are
 * chained through the slots).  Those of a device that was
 * forgotten hang, as its orphans, in the chain that its hash leads to.
 *
 * Threads, Memory, Time.  As in peers.h; dp_store_read() is for any worker and control.
 */
#pragma once

#include "dataplane/counters.h"
#include "dataplane/peers.h"

#define DP_VALUE_MAX 1024  /* bytes of a payload in one message, or in a part */
#define DP_BODY_MAX 32768  /* bytes of a payload that comes and goes in blocks */
#define DP_PATH_MAX 1024   /* bytes of a path in canonical form */
#define DP_STORE_CHUNK 128 /* bytes */
#define DP_STORE_NEWS 256  /* changes of watched values that are kept until asked for */

struct dp_store;

struct dp_store_config {
	uint32_t max;     /* values, 64 .. 2^26 */
	uint32_t devices; /* owners whose values can be listed: slots of the devices table
			   */
	uint32_t chunks;  /* for what does not fit a slot */
	uint8_t hash_key[16];
};

/* A path, borrowed: @bytes is segments, each a length byte and that many bytes. */
struct dp_path {
	const uint8_t *bytes;
	uint16_t len;
};

/* A representation, or a part of it, copied out by a reader. */
struct dp_value {
	uint64_t etag; /* changes with every write of other bytes; 8 bytes on the wire,
			  never 0 */
	uint32_t ref;  /* dp_store_ref() of where it stands */
	uint32_t written_s;      /* when, modulo 2^32: see dp_value_age() */
	uint32_t content_format; /* DP_NO_FORMAT if none */
	uint16_t len;            /* of the whole */
	uint16_t n;              /* bytes of it in @payload */
	uint8_t payload[DP_VALUE_MAX];
};

/* Seconds since @v was written, up to 68 years, over every restart; 0 if it was by a
 * worker whose second began a little earlier. */
static inline uint32_t
dp_value_age(const struct dp_value *v, uint32_t now_s)
{
	int32_t age = (int32_t)(now_s - v->written_s);

	return age > 0 ? (uint32_t)age : 0;
}

size_t dp_store_size(const struct dp_store_config *cfg);
struct dp_store *dp_store_init(void *block, const struct dp_store_config *cfg);

uint64_t dp_store_hash(const struct dp_store *t, const struct dp_path *path);
void dp_store_prefetch(const struct dp_store *t, uint64_t hash);
uint32_t dp_store_locate(const struct dp_store *t, uint64_t hash);
/* [w] Slot of the device that value @slot belongs to, or DP_NONE. */
uint32_t dp_store_owner(const struct dp_store *t, uint32_t slot);
/* [w] The slot of @path or DP_NONE. */
uint32_t dp_store_find(const struct dp_store *t, const struct dp_path *path,
	uint64_t hash, uint32_t hint);

enum dp_store_result {
	DP_STORE_CREATED,
	DP_STORE_CHANGED,
	DP_STORE_RELISTED, /* changed, and so has what a list says: dp_store_list() */
	DP_STORE_FULL
};
/*
 * [w] Write.  @slot is _find's answer (DP_NONE: create).  @device: the owner's slot in
 * the devices table or DP_NONE.  DP_STORE_FULL changes nothing.  *out_slot is where it
 * stands.
 */
enum dp_store_result dp_store_put(struct dp_store *t, const struct dp_path *path,
	uint64_t hash, uint32_t slot, uint32_t device, uint32_t content_format,
	const void *payload, uint16_t len, uint32_t now_s, uint32_t *out_slot);
/* [w] */
bool dp_store_del(struct dp_store *t, uint32_t slot);
/* [w] The ETag of what stands in @slot. */
uint64_t dp_store_etag(const struct dp_store *t, uint32_t slot);
/* [w] The device, whose name hashes to @hash, is forgotten: its values stay, as orphans.
 */
void dp_store_disown(struct dp_store *t, uint32_t device, uint64_t hash);
/* What stands for a device to dp_store_first() where it is forgotten: orphans of devices
 * whose names hash alike are among them. */
uint32_t dp_store_orphans(const struct dp_store *t, uint64_t hash);
/* [w] Has the device @n values or more?  O(n). */
bool dp_store_owns(const struct dp_store *t, uint32_t device, uint32_t n);
/* [w] First and next value of a device, newest first; DP_NONE at the end.  O(1) each, as
 * far as the chain is not shared with orphans. */
uint32_t dp_store_first(const struct dp_store *t, uint32_t device);
uint32_t dp_store_next(const struct dp_store *t, uint32_t slot);
/* Of a payload: from this byte on (a multiple of four), at most so many. */
struct dp_part {
	uint32_t from;
	uint16_t max; /* at most DP_VALUE_MAX */
};
/*
 * [r] Any thread: copy out by path, of the payload @part; false if absent.  Never torn.
 * O(@part.from / 124) where the value is in chunks.
 */
bool dp_store_read_part(const struct dp_store *t, const struct dp_path *path,
	uint64_t hash, struct dp_part part, struct dp_value *out);
static inline bool
dp_store_read_from(const struct dp_store *t, const struct dp_path *path, uint64_t hash,
	uint32_t from, struct dp_value *out)
{
	return dp_store_read_part(
		t, path, hash, (struct dp_part){.from = from, .max = DP_VALUE_MAX}, out);
}
static inline bool
dp_store_read(const struct dp_store *t, const struct dp_path *path, uint64_t hash,
	struct dp_value *out)
{
	return dp_store_read_from(t, path, hash, 0, out);
}
/* [w] All of the payload of the value in @slot, which has one, to @to; its bytes, at most
 * DP_BODY_MAX. */
uint16_t dp_store_copy(const struct dp_store *t, uint32_t slot, uint8_t *to);
/* [r] Any thread: copy slot @slot with its path (room for 1,024 bytes); false if free. */
bool dp_store_info(const struct dp_store *t, uint32_t slot, uint8_t *path,
	uint16_t *path_len, struct dp_value *out);

/* ---- who waits for a change ---- */

/*
 * [w] A reference to the value in @slot, to be kept elsewhere.  It leads to nothing once
 * the value is deleted, also when another has its slot (unless that was taken 64 times
 * meanwhile).
 */
uint32_t dp_store_ref(const struct dp_store *t, uint32_t slot);
/* [r] As dp_store_info(), of what @ref leads to; false if that is gone. */
bool dp_store_read_ref(const struct dp_store *t, uint32_t ref, uint8_t *path,
	uint16_t *path_len, struct dp_value *out);
/* [w] From now on each change of what @ref leads to is news, or no longer. */
void dp_store_watch(struct dp_store *t, uint32_t ref, bool on);
/* [w] From now on a write to the value in @slot that changes what a list of its device's
 * values shows of it, or where, is DP_STORE_RELISTED; or no longer.  Who deletes it asks
 * before. */
void dp_store_list(struct dp_store *t, uint32_t slot, bool on);
bool dp_store_is_listed(const struct dp_store *t, uint32_t slot);
/* [w] References of watched values that were written or deleted, each once since it was
 * given out last; how many of them, at most @max. */
unsigned dp_store_news(struct dp_store *t, uint32_t *refs, unsigned max);
/* [w] Has there been more news than the table keeps (DP_STORE_NEWS)?  Then any watched
 * value may have changed.  Asking clears it. */
bool dp_store_news_lost(struct dp_store *t);

uint32_t dp_store_count(const struct dp_store *t);
uint32_t dp_store_max(const struct dp_store *t);
/* [r] Slots that have ever been in use: all others are behind them. */
uint32_t dp_store_places(const struct dp_store *t);
