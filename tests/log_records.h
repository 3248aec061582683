/* Records that say which they are: number @i's bytes follow from @i alone. */
#pragma once

#include "control/log.h"
#include "tests/rows.h"

#include <stdio.h>

#define PAYLOAD_MAX 700

static inline size_t
numbered_payload(uint64_t i, uint8_t *payload)
{
	size_t len = 8 + (i * 37) % (PAYLOAD_MAX - 8);

	memcpy(payload, &i, sizeof(i));
	for (size_t k = 8; k < len; k++)
		payload[k] = (uint8_t)(i + k * 31);
	return len;
}

static inline size_t
numbered_encode(uint64_t i, uint8_t *buf)
{
	uint8_t payload[PAYLOAD_MAX];
	struct dp_record r = {
		.time_ns = i * 1000000000u,
		.source.port = 5683,
		.content_format = DP_NO_FORMAT,
		.code = 2,
		.stream = "s",
		.stream_len = 1,
		.device = "dev",
		.device_len = 3,
		.path = (const uint8_t *)"\1t\3dev",
		.path_len = 6,
		.payload = payload,
		.payload_len = (uint16_t)numbered_payload(i, payload),
	};

	dp_record_encode(&r, buf);
	return dp_record_size(&r);
}

/* The number of a record read back, whose every byte is as it was written. */
static inline uint64_t
numbered_check(const struct dp_record *r)
{
	uint8_t payload[PAYLOAD_MAX];
	uint64_t i;

	assert_true(r->payload_len >= sizeof(i));
	memcpy(&i, r->payload, sizeof(i));
	assert_int_equal(r->payload_len, numbered_payload(i, payload));
	assert_memory_equal(r->payload, payload, r->payload_len);
	assert_int_equal(r->time_ns, i * 1000000000u);
	assert_int_equal(r->path_len, 6);
	assert_memory_equal(r->path, "\1t\3dev", 6);
	return i;
}

/* What a read of the whole log gave. */
#define TRACE_MAX 512
struct trace {
	unsigned n, damages;
	uint64_t number[TRACE_MAX], seq[TRACE_MAX];
	uint64_t damage_segment, damage_offset, damage_len;
	char reason[128]; /* of the first damage */
};

static inline bool
trace_each(void *arg, const struct ctl_log_item *item)
{
	struct trace *t = arg;

	assert_true(t->n < TRACE_MAX);
	t->number[t->n] = numbered_check(&item->record);
	t->seq[t->n] = item->seq;
	if (t->n > 0)
		assert_true(item->seq > t->seq[t->n - 1]);
	t->n++;
	return true;
}

static inline void
trace_damaged(void *arg, uint64_t segment, const struct ctl_damage *d)
{
	struct trace *t = arg;

	if (t->damages++ == 0) {
		t->damage_segment = segment;
		t->damage_offset = d->offset;
		t->damage_len = d->len;
		snprintf(t->reason, sizeof(t->reason), "%s", d->reason);
	}
}

static inline void
trace_read(struct trace *t, struct ctl_io *io, uint64_t from_seq)
{
	const struct ctl_log_reader r = {
		.from_seq = from_seq,
		.each = trace_each,
		.damaged = trace_damaged,
		.arg = t,
	};

	t->n = t->damages = 0;
	assert_int_equal(ctl_log_read(io, &r), 0);
}
