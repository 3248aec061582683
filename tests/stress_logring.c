/*
 * The log's ring under a producer and a consumer that run at once: every record comes out
 * once, in order and whole, and every number is settled once, in order, as the status it
 * was given.
 *
 * Under ThreadSanitizer a missing acquire or release is a race report, too.
 */
#include "dataplane/logring.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_BYTES (1u << 16)
#define RECORDS 200000u
#define BURST 32
#define PATIENCE 5000
#define PAYLOAD_MAX 1500

static void
require(bool holds, const char *what, uint64_t number)
{
	if (holds)
		return;
	fprintf(stderr, "record %llu: %s\n", (unsigned long long)number, what);
	abort();
}

/* A record's length, bytes and status follow from its number. */
static uint16_t
length_of(uint64_t number)
{
	return (uint16_t)(number * 2654435761u % PAYLOAD_MAX);
}

/* Runs of one status of many lengths: some fold, some cannot. */
static int
status_of(uint64_t number)
{
	return number / 37 % 5 == 0 ? -28 : number / 1009 % 3 == 0 ? -5 : 0;
}

/* Counters that only one side writes. */
struct seen {
	uint64_t full, failed, commits;
};

static void
make(uint64_t number, uint8_t *payload, struct dp_record *r)
{
	*r = (struct dp_record){
		.time_ns = number,
		.stream = "s",
		.stream_len = 1,
		.payload = payload,
		.payload_len = length_of(number),
	};
	memset(payload, (uint8_t)number, r->payload_len);
}

/* Take what is settled; the last number settled so far. */
static uint64_t
settled(struct dp_logring *ring, uint64_t upto, uint64_t put, struct seen *seen)
{
	struct dp_commit c;

	while (dp_logring_settled(ring, &c)) {
		require(c.upto > upto, "settled twice", c.upto);
		require(c.upto <= put, "settled before it was put", c.upto);
		for (uint64_t i = upto + 1; i <= c.upto; i++) {
			require(c.status == status_of(i), "another status", i);
			seen->failed += c.status != 0;
		}
		upto = c.upto;
		seen->commits++;
	}
	return upto;
}

static void *
produce(void *arg)
{
	static struct seen seen;
	struct dp_logring *ring = arg;
	uint64_t put = 0, upto = 0, stuck = 0; /* times in a row that the ring was full */
	uint8_t payload[PAYLOAD_MAX];
	struct dp_record r;

	while (upto < RECORDS) {
		for (int i = 0; i < BURST && put < RECORDS; i++) {
			bool room = dp_logring_has_room(ring, DP_RECORD_MAX);
			uint64_t number;

			make(put + 1, payload, &r);
			number = dp_logring_put(ring, &r);
			require(number != 0 || !room, "no room where there was some",
				put);
			if (number == 0) {
				seen.full++;
				stuck++;
				break;
			}
			stuck = 0;
			require(number == ++put, "a number was skipped", number);
			/* The ring has copied it. */
			memset(payload, 0xee, sizeof(payload));
		}
		dp_logring_publish(ring);
		require(dp_logring_used(ring) <= RING_BYTES, "more in use than there is",
			put);
		/* Late for long: the ring of commits fills, they fold, another status
		 * waits. */
		if (put % 32768 < 16384 || put == RECORDS || stuck > PATIENCE)
			upto = settled(ring, upto, put, &seen);
		sched_yield();
	}
	return &seen;
}

static void
take(const uint8_t *bytes, size_t len, uint64_t number, uint64_t expected)
{
	struct dp_record r;

	require(number == expected, "out of order", number);
	require(dp_record_decode(&r, bytes, len), "not a record", number);
	require(r.time_ns == number, "another's record", number);
	require(r.payload_len == length_of(number), "another length", number);
	for (unsigned i = 0; i < r.payload_len; i++)
		require(r.payload[i] == (uint8_t)number, "another's byte", number);
}

static void *
consume(void *arg)
{
	struct dp_logring *ring = arg;
	uint64_t taken = 0, done = 0, number;
	const uint8_t *bytes;
	size_t len;

	while (done < RECORDS) {
		unsigned n = 1 + (unsigned)(taken % 61);

		while (n-- > 0 && (bytes = dp_logring_next(ring, &len, &number)) != NULL)
			take(bytes, len, number, ++taken);
		dp_logring_release(ring);
		for (; done < taken; done++) {
			bool last = done + 1 == taken;

			/* Settle up to where the status changes. */
			if (last || status_of(done + 1) != status_of(done + 2))
				dp_logring_settle(ring, done + 1, status_of(done + 1));
		}
		sched_yield();
	}
	/* What is folded goes in when the ring is looked at. */
	return NULL;
}

static void
drain_folded(struct dp_logring *ring, const atomic_bool *stop)
{
	uint64_t number;
	size_t len;

	while (!atomic_load(stop)) {
		require(dp_logring_next(ring, &len, &number) == NULL, "one too many",
			RECORDS);
		sched_yield();
	}
}

struct consumer {
	struct dp_logring *ring;
	atomic_bool stop;
};

static void *
consumer_main(void *arg)
{
	struct consumer *c = arg;

	consume(c->ring);
	drain_folded(c->ring, &c->stop);
	return NULL;
}

int
main(void)
{
	size_t size = dp_logring_size(RING_BYTES);
	void *block = aligned_alloc(64, (size + 63) & ~(size_t)63), *result;
	struct consumer c = {0};
	pthread_t producer, consumer;
	const struct seen *seen;
	uint64_t failed = 0;

	if (block == NULL)
		return 1;
	memset(block, 0, size);
	c.ring = dp_logring_init(block, RING_BYTES);
	require(c.ring != NULL, "no ring", 0);
	require(dp_logring_init(block, RING_BYTES - 1) == NULL, "not a power of two", 0);
	if (pthread_create(&consumer, NULL, consumer_main, &c) != 0
		|| pthread_create(&producer, NULL, produce, c.ring) != 0)
		return 1;
	pthread_join(producer, &result);
	atomic_store(&c.stop, true);
	pthread_join(consumer, NULL);
	seen = result;
	for (uint64_t i = 1; i <= RECORDS; i++)
		failed += status_of(i) != 0;
	printf("%u records, %llu failed, %llu commits, full %llu times\n", RECORDS,
		(unsigned long long)seen->failed, (unsigned long long)seen->commits,
		(unsigned long long)seen->full);
	require(seen->failed == failed, "failures were lost", failed);
	require(dp_logring_used(c.ring) == 0, "not all room was given back", RECORDS);
	/* The run was what it is meant to be: the ring was full, and commits were folded
	 * or not. */
	require(seen->full > 0, "the ring was never full", 0);
	require(seen->commits > RECORDS / 1000, "hardly a commit", 0);
	free(block);
	return 0;
}
