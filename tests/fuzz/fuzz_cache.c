/*
 * The cache: whatever requests are answered with whatever, at whatever time, what is
 * found parses, belongs to the key, is fresh no longer than its Max-Age, and can be
 * served.
 *
 * Input: steps of milliseconds passed (2 bytes), a request and a response, each a length
 * (1 byte) and a datagram.
 */
#include "coap/cache.h"
#include "coap/code.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES 16
#define SLOT 300
#define OUT 1000

static bool
take_message(struct input *in, struct tg_msg *m)
{
	size_t len = take_8(in);
	const uint8_t *bytes = take_bytes(in, &len);

	return tg_msg_parse(m, bytes, len, TG_TOKEN_MAX) == TG_OK;
}

static void
serve(const struct tg_cached *r, unsigned code)
{
	uint8_t buf[OUT];
	struct tg_writer w;
	struct tg_msg m;
	struct tg_opt o;

	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, code, 7, NULL, 0);
	tg_cached_write(r, &w);
	require(tg_write_end(&w) > 0);
	require(tg_msg_parse(&m, buf, tg_write_end(&w), TG_TOKEN_MAX) == TG_OK);
	require(tg_opt_get(&m, TG_OPT_MAX_AGE, &o) && tg_opt_uint(&o) == r->max_age_s);
}

static void
step(struct tg_cache *c, uint64_t now_ms, const struct tg_msg *request,
	const struct tg_msg *response)
{
	size_t len = (size_t)(response->len - response->payload);
	struct tg_cache_key k;
	struct tg_cached r;
	bool fresh;

	if (!tg_cache_key_of(&k, request, request->base + request->payload,
		    (size_t)(request->len - request->payload)))
		return;
	require(k.uri_len <= k.len && k.len <= TG_CACHE_KEY_MAX);
	fresh = tg_cache_put(
		c, &k, now_ms, response, response->base + response->payload, len);
	require(!fresh || tg_cache_find(c, &k, now_ms, &r) == TG_CACHE_FRESH);
	if (tg_cache_find(c, &k, now_ms, &r) == TG_CACHE_MISS)
		return;
	require(request->code == TG_GET || request->code == TG_FETCH);
	require(r.response.code == TG_CONTENT || tg_code_class(r.response.code) >= 4);
	serve(&r, r.response.code);
	serve(&r, TG_VALID);
	(void)tg_cached_is_valid_for(&r, request);
	if (fresh && response->code != TG_VALID)
		require((size_t)(r.response.len - r.response.payload) == len
			&& memcmp(r.response.base + r.response.payload,
				   response->base + response->payload, len)
				   == 0);
	require(tg_cache_find(c, &k, now_ms + (uint64_t)r.max_age_s * 1000 + 1000, &r)
		== TG_CACHE_STALE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	struct tg_cache_entry *entries = calloc(ENTRIES, sizeof(*entries));
	uint8_t *slots = malloc((size_t)ENTRIES * SLOT);
	uint64_t now_ms = 1000;
	struct tg_cache c;

	require(entries != NULL && slots != NULL);
	tg_cache_init(&c, &(struct tg_cache_setup){
				  .entries = entries,
				  .n_entries = ENTRIES,
				  .slots = slots,
				  .slot_bytes = SLOT,
				  .hash_key = {1, 2},
			  });
	while (in.p < in.end) {
		struct tg_msg request, response;
		bool good;

		now_ms += take_8(&in) << 8;
		now_ms += take_8(&in);
		good = take_message(&in, &request);
		good = take_message(&in, &response) && good;
		if (good)
			step(&c, now_ms, &request, &response);
	}
	free(slots);
	free(entries);
	return 0;
}
