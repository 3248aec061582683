/* A store of values, its paths, and what stands in it. */
#pragma once

#include "dataplane/store.h"
#include "tests/tables.h"

#define MAX 64
#define DEVICES 8
#define CHUNKS 300 /* more than the longest value takes */
#define CHUNK 124  /* bytes of a body in one */
#define IN_SLOT 68
#define NOW 1000
#define FORMAT 50

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct table {
	struct dp_store_config cfg;
	struct dp_store *store;
};

static inline struct table *
new_table(uint32_t max, uint32_t chunks)
{
	struct table *t = new_block(sizeof(*t));

	t->cfg = (struct dp_store_config){
		.max = max, .devices = DEVICES, .chunks = chunks};
	memcpy(t->cfg.hash_key, hash_key, sizeof(hash_key));
	t->store = dp_store_init(new_block(dp_store_size(&t->cfg)), &t->cfg);
	assert_non_null(t->store);
	return t;
}

static inline void
free_table(struct table *t)
{
	free(t->store);
	free(t);
}

/* A path of one number and @len bytes in all. */
struct path {
	uint8_t bytes[1024];
	struct dp_path path;
};

static inline void
make_path(struct path *p, uint32_t number, uint16_t len)
{
	memset(p->bytes, 'p', sizeof(p->bytes));
	p->bytes[0] = 4;
	memcpy(p->bytes + 1, &number, sizeof(number));
	for (unsigned at = 5; at < len; at += 256)
		p->bytes[at] = (uint8_t)(len - at - 1 < 255 ? len - at - 1 : 255);
	p->path = (struct dp_path){.bytes = p->bytes, .len = len};
}

/* The payload of a value follows from its seed. */
static inline void
make_payload(uint8_t *payload, uint16_t len, uint32_t seed)
{
	for (uint16_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(seed * 31 + i);
}

static inline uint32_t
find(const struct table *t, const struct path *p)
{
	uint64_t hash = dp_store_hash(t->store, &p->path);

	dp_store_prefetch(t->store, hash);
	return dp_store_find(t->store, &p->path, hash, dp_store_locate(t->store, hash));
}

static inline enum dp_store_result
put_for(struct table *t, const struct path *p, uint32_t device, uint16_t len,
	uint32_t seed)
{
	static uint8_t payload[DP_BODY_MAX + 1];
	enum dp_store_result result;
	uint8_t *exact;
	uint32_t slot;

	make_payload(payload, len, seed);
	exact = exact_copy(payload, len);
	result = dp_store_put(t->store, &p->path, dp_store_hash(t->store, &p->path),
		find(t, p), device, FORMAT, exact, len, NOW + seed, &slot);
	free(exact);
	if (result != DP_STORE_FULL)
		assert_int_equal(slot, find(t, p));
	return result;
}

static inline enum dp_store_result
put(struct table *t, const struct path *p, uint16_t len, uint32_t seed)
{
	return put_for(t, p, DP_NONE, len, seed);
}

static inline bool
read_value(const struct table *t, const struct path *p, struct dp_value *v)
{
	memset(v, 0xee, sizeof(*v));
	return dp_store_read(t->store, &p->path, dp_store_hash(t->store, &p->path), v);
}

/* The part from @from on is that of the value of @len bytes at @payload. */
static inline void
assert_part(const struct table *t, const struct path *p, uint32_t from,
	const uint8_t *payload, uint32_t len)
{
	uint32_t left = from < len ? len - from : 0;
	struct dp_value v;

	memset(&v, 0xee, sizeof(v));
	assert_true(dp_store_read_from(
		t->store, &p->path, dp_store_hash(t->store, &p->path), from, &v));
	assert_int_equal(v.len, len);
	assert_int_equal(v.n, left < DP_VALUE_MAX ? left : DP_VALUE_MAX);
	assert_memory_equal(v.payload, payload + (from < len ? from : 0), v.n);
	assert_int_equal(v.etag, dp_store_etag(t->store, find(t, p)));
}

/* What stands at @p, to whoever reads it and however, is the value of @len and @seed. */
static inline void
assert_value(const struct table *t, const struct path *p, uint16_t len, uint32_t seed)
{
	static uint8_t payload[DP_BODY_MAX];
	uint8_t path[1024];
	struct dp_value v, same;
	uint32_t slot = find(t, p);
	uint16_t path_len;

	make_payload(payload, len, seed);
	assert_int_not_equal(slot, DP_NONE);
	assert_true(read_value(t, p, &v));
	assert_int_equal(v.len, len);
	for (uint32_t from = 0; from <= len; from += 16)
		assert_part(t, p, from, payload, len);
	assert_part(t, p, DP_BODY_MAX, payload, len);
	assert_part(t, p, UINT32_MAX - 3, payload, len);
	assert_int_equal(v.n, len < DP_VALUE_MAX ? len : DP_VALUE_MAX);
	assert_memory_equal(v.payload, payload, v.n);
	assert_int_equal(v.content_format, FORMAT);
	assert_int_equal(v.written_s, NOW + seed);
	assert_int_equal(v.etag, dp_store_etag(t->store, slot));
	assert_true(dp_store_info(t->store, slot, path, &path_len, &same));
	assert_int_equal(path_len, p->path.len);
	assert_memory_equal(path, p->path.bytes, path_len);
	assert_int_equal(same.len, len);
	assert_int_equal(same.n, v.n);
	assert_memory_equal(same.payload, payload, same.n);
}

static inline void
assert_absent(const struct table *t, const struct path *p)
{
	struct dp_value v;

	assert_int_equal(find(t, p), DP_NONE);
	assert_false(read_value(t, p, &v));
}

/* The numbers of a device's values, newest first, are @n of @expected. */
static inline void
assert_list(const struct table *t, uint32_t device, const uint32_t *expected, unsigned n)
{
	uint32_t slot = dp_store_first(t->store, device);
	struct path p;

	for (unsigned i = 0; i < n; i++) {
		make_path(&p, expected[i], 5);
		assert_int_not_equal(slot, DP_NONE);
		assert_int_equal(slot, find(t, &p));
		slot = dp_store_next(t->store, slot);
	}
	assert_int_equal(slot, DP_NONE);
}
