/* Values in a log: which a restart would find there. */
#pragma once

#include "coap/code.h"
#include "tests/log_records.h"

#define KEYS 8

/* Number @i written to value @key, or the DELETE of it. */
static inline size_t
value_encode(unsigned key, uint8_t code, uint64_t i, uint8_t *buf)
{
	const uint8_t path[] = {1, 'v', 1, (uint8_t)('0' + key)};
	static uint8_t payload[PAYLOAD_MAX];
	struct dp_record r = {
		.time_ns = i * 1000000000u,
		.content_format = DP_NO_FORMAT,
		.code = code,
		.value = true,
		.stream = "store",
		.stream_len = 5,
		.path = path,
		.path_len = sizeof(path),
		.payload = payload,
	};

	if (code != TG_DELETE)
		r.payload_len = (uint16_t)numbered_payload(i, payload);
	dp_record_encode(&r, buf);
	return dp_record_size(&r);
}

/* What a read of the whole log gave, as a restart reads it: the last record wins. */
struct shelf {
	uint64_t number[KEYS]; /* 0: there is no such value */
	unsigned records[KEYS], kept[KEYS];
	unsigned streams, damages;
};

static inline bool
shelf_each(void *arg, const struct ctl_log_item *item)
{
	const struct dp_record *r = &item->record;
	static uint8_t payload[PAYLOAD_MAX];
	struct shelf *s = arg;
	unsigned key;

	if (!r->value) {
		assert_false(item->kept);
		s->streams++;
		return true;
	}
	assert_int_equal(r->path_len, 4);
	key = r->path[3] - '0';
	assert_true(key < KEYS);
	s->records[key]++;
	s->kept[key] += item->kept;
	s->number[key] = 0;
	if (r->code == TG_DELETE)
		return true;
	memcpy(&s->number[key], r->payload, sizeof(s->number[key]));
	assert_int_equal(r->payload_len, numbered_payload(s->number[key], payload));
	assert_memory_equal(r->payload, payload, r->payload_len);
	assert_int_equal(r->time_ns, s->number[key] * 1000000000u);
	return true;
}

static inline void
shelf_damaged(void *arg, uint64_t segment, const struct ctl_damage *d)
{
	(void)segment;
	(void)d;
	((struct shelf *)arg)->damages++;
}

static inline void
shelf_read(struct shelf *s, struct ctl_io *io)
{
	const struct ctl_log_reader r = {
		.each = shelf_each, .damaged = shelf_damaged, .arg = s};

	*s = (struct shelf){0};
	assert_int_equal(ctl_log_read(io, &r), 0);
}
