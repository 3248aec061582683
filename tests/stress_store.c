/*
 * The store under its writer and onlookers: whatever is read, by path or by slot, is one
 * whole value that was written to that path.  Values of all sizes come and go, so that
 * their chunks pass from one to another while they are read.
 */
#include "dataplane/store.h"

#include "tests/stress.h"

#define MAX 64
#define PATHS 24
#define CHUNKS 200
#define LONGEST 4000 /* bytes: several parts */
#define WRITES 60000u

/* What each side has seen; a run that saw nothing proves nothing. */
struct shared {
	struct dp_store *store;
	_Atomic uint64_t read, absent;
	uint64_t full, deleted;
};

/* The path of a number: five bytes, or more than a slot holds. */
static void
make_path(struct dp_path *p, uint8_t bytes[256], uint32_t number)
{
	uint16_t len = number % 3 == 0 ? 150 : 5;

	memset(bytes, 'p', 256);
	bytes[0] = (uint8_t)(len - 1);
	memcpy(bytes + 1, &number, sizeof(number));
	*p = (struct dp_path){.bytes = bytes, .len = len};
}

/* A value says its path's number and its own; the rest follows from them. */
static void
make_value(uint8_t *payload, uint16_t len, uint32_t number, uint32_t seed)
{
	memcpy(payload, &number, 4);
	memcpy(payload + 4, &seed, 4);
	for (uint16_t i = 8; i < len; i++)
		payload[i] = (uint8_t)(seed * 7 + i);
}

static uint16_t
length_of(uint32_t seed)
{
	uint32_t mixed = seed * 2654435761u;

	return (uint16_t)(8 + (mixed >> 8) % (mixed & 1 ? 50 : LONGEST - 8));
}

/* @v is the part from @from on of one value of that path. */
static void
check_part(const struct dp_value *v, uint32_t number, uint32_t from)
{
	uint32_t seed = v->written_s, left = from < v->len ? v->len - from : 0;
	uint8_t payload[LONGEST];

	require(v->len == length_of(seed), "another value's length", seed);
	require(v->content_format == (uint16_t)seed, "another value's format", seed);
	require(v->n == (left < DP_VALUE_MAX ? left : DP_VALUE_MAX),
		"another part's length", seed);
	make_value(payload, v->len, number, seed);
	require(v->n == 0 || memcmp(v->payload, payload + from, v->n) == 0,
		"another value's byte", seed);
}

static void
write_all(void *arg)
{
	struct shared *s = arg;
	uint8_t bytes[256], payload[LONGEST];
	struct dice d = {.state = 1};

	for (uint32_t seed = 0; seed < WRITES; seed++) {
		uint32_t number = roll_below(&d, PATHS), slot;
		struct dp_path p;
		uint64_t hash;

		make_path(&p, bytes, number);
		hash = dp_store_hash(s->store, &p);
		slot = dp_store_find(s->store, &p, hash, dp_store_locate(s->store, hash));
		if (slot != DP_NONE && roll_below(&d, 4) == 0) {
			require(dp_store_del(s->store, slot), "cannot be deleted",
				number);
			s->deleted++;
			continue;
		}
		make_value(payload, length_of(seed), number, seed);
		s->full += dp_store_put(s->store, &p, hash, slot, DP_NONE, (uint16_t)seed,
				   payload, length_of(seed), seed, &slot)
			   == DP_STORE_FULL;
	}
}

static void
read_by_path(struct shared *s, uint32_t number, uint32_t from)
{
	struct dp_value v;
	uint8_t bytes[256];
	struct dp_path p;

	make_path(&p, bytes, number);
	if (!dp_store_read_from(s->store, &p, dp_store_hash(s->store, &p), from, &v)) {
		atomic_fetch_add(&s->absent, 1);
		return;
	}
	atomic_fetch_add(&s->read, 1);
	check_part(&v, number, from);
}

static void
read_by_slot(struct shared *s, uint32_t slot)
{
	uint8_t path[1024], expected[256];
	struct dp_value v;
	struct dp_path p;
	uint32_t number;
	uint16_t len;

	if (!dp_store_info(s->store, slot, path, &len, &v))
		return;
	memcpy(&number, path + 1, sizeof(number));
	require(number < PATHS, "no such path", number);
	make_path(&p, expected, number);
	require(len == p.len, "another path's length", number);
	require(memcmp(path, expected, len) == 0, "another path's byte", number);
	check_part(&v, number, 0);
}

static void
look(void *arg, struct dice *d)
{
	struct shared *s = arg;

	read_by_path(s, roll_below(d, PATHS), 16 * roll_below(d, LONGEST / 16));
	read_by_slot(s, roll_below(d, MAX));
	require(dp_store_count(s->store) <= PATHS, "too many", PATHS);
}

int
main(void)
{
	const struct dp_store_config cfg = {
		.max = MAX, .chunks = CHUNKS, .hash_key = {1}};
	struct shared s = {0};
	uint64_t looks;

	s.store = dp_store_init(new_block(dp_store_size(&cfg)), &cfg);
	require(s.store != NULL, "no store", 0);
	looks = stress_run(write_all, look, &s);
	printf("%u writes, %llu deleted, %llu without room; %llu looks, %llu read, %llu "
	       "absent\n",
		WRITES, (unsigned long long)s.deleted, (unsigned long long)s.full,
		(unsigned long long)looks, (unsigned long long)s.read,
		(unsigned long long)s.absent);
	require(s.read > 1000 && s.absent > 0, "the readers hardly read", s.read);
	require(s.full > 0, "the chunks never ran out", 0);
	free(s.store);
	return 0;
}
