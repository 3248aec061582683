/*
 * A cache for tests of it: requests and answers in a line each, and what is found.
 *
 * One file, one program: everything here is static.
 */
#pragma once

#include "coap/cache.h"
#include "coap/code.h"
#include "tests/rows.h"

#define ENTRIES 64
#define SLOT 256
#define START_MS 1000000

/* ---- requests ---- */

struct option {
	uint16_t number;
	const char *value;
};

#define OPTIONS 4

struct request {
	unsigned method;
	struct option option[OPTIONS]; /* up to the first without a value */
	const char *payload;
};

static bool
key_of(struct tg_cache_key *k, const struct request *r)
{
	const char *payload = r->payload != NULL ? r->payload : "";
	uint8_t buf[1200];
	struct tg_writer w;
	struct tg_msg m;

	tg_write_begin(&w, buf, sizeof(buf), TG_CON, r->method, 7, NULL, 0);
	for (unsigned i = 0; i < OPTIONS && r->option[i].value != NULL; i++)
		tg_write_option(&w, r->option[i].number, r->option[i].value,
			strlen(r->option[i].value));
	assert_int_equal(tg_msg_parse(&m, buf, tg_write_end(&w), TG_TOKEN_MAX), TG_OK);
	return tg_cache_key_of(k, &m, payload, strlen(payload));
}

/* ---- the cache ---- */

static struct tg_cache cache;
static struct tg_cache_entry entries[ENTRIES];
static uint8_t *slots;
static struct tg_cache_key the_key;
static struct tg_cached got;

static void
begin_with(uint32_t n_entries)
{
	slots = malloc((size_t)n_entries * SLOT);
	assert_non_null(slots);
	tg_cache_init(&cache, &(struct tg_cache_setup){
				      .entries = entries,
				      .n_entries = n_entries,
				      .slots = slots,
				      .slot_bytes = SLOT,
				      .hash_key = {1, 2},
			      });
	assert_true(key_of(&the_key, &(struct request){TG_GET, {{11, "a"}}, NULL}));
}

static int
begin(void **state)
{
	(void)state;
	begin_with(ENTRIES);
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	free(slots);
	return 0;
}

#define NO_MAX_AGE UINT32_MAX

struct answer {
	unsigned code;
	const char *etag;
	uint32_t max_age_s;
	const char *payload;
};

static bool
put(const struct tg_cache_key *k, uint64_t now_ms, struct answer a)
{
	const char *payload = a.payload != NULL ? a.payload : "";
	uint8_t buf[600];
	struct tg_writer w;
	struct tg_msg m;

	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, a.code, 7, NULL, 0);
	if (a.etag != NULL)
		tg_write_option(&w, TG_OPT_ETAG, a.etag, strlen(a.etag));
	tg_write_uint(&w, TG_OPT_OBSERVE, 5);
	tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
	if (a.max_age_s != NO_MAX_AGE)
		tg_write_uint(&w, TG_OPT_MAX_AGE, a.max_age_s);
	tg_write_uint(&w, TG_OPT_BLOCK2, 0x16);
	assert_int_equal(tg_msg_parse(&m, buf, tg_write_end(&w), TG_TOKEN_MAX), TG_OK);
	return tg_cache_put(&cache, k, now_ms, &m, payload, strlen(payload));
}

static enum tg_cache_found
look(uint64_t now_ms)
{
	return tg_cache_find(&cache, &the_key, now_ms, &got);
}
