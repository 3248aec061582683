/*
 * Observed lists under their home and onlookers: whatever is read is one whole list that
 * was set there.  More lists come than there is room for, and are given up, so that a
 * place passes from one to another while it is read.
 */
#include "dataplane/lists.h"

#include "coap/code.h"
#include "tests/stress.h"

#define MAX 16
#define DEVICES 24
#define LONGEST 4000 /* bytes of a list: more than is kept of it */
#define WRITES 60000u
#define WRITES_A_SECOND 16

/* What each side has seen; a run that saw nothing proves nothing. */
struct shared {
	struct dp_lists *lists;
	_Atomic uint32_t ref[DEVICES]; /* the newest of each, which may have gone */
	_Atomic uint64_t read, gone;
	uint64_t full;
};

/* Two segments: "d", and a name that is longer than a slot of words for every third. */
static uint16_t
make_path(uint8_t bytes[256], uint32_t number)
{
	uint8_t len = number % 3 == 0 ? 90 : 4;

	memset(bytes, 'n', 256);
	memcpy(bytes, "\1d", 2);
	bytes[2] = len;
	memcpy(bytes + 3, &number, sizeof(number));
	return (uint16_t)(3 + len);
}

/* What a list says follows from its ETag. */
static uint32_t
length_of(uint32_t seed)
{
	uint32_t mixed = seed * 2654435761u;

	return (mixed >> 8) % (mixed & 1 ? 50 : LONGEST);
}

static void
make_text(char *text, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++)
		text[i] = (char)(seed * 7 + i);
}

static uint8_t
code_of(uint32_t seed)
{
	return seed % 5 == 0 ? TG_NOT_FOUND : TG_CONTENT;
}

static void
set_one(struct shared *s, uint32_t number, uint32_t seed)
{
	uint8_t bytes[256];
	char text[LONGEST];
	struct dp_path p = {.bytes = bytes, .len = make_path(bytes, number)};
	uint32_t ref = dp_lists_get(
		s->lists, &p, 2, number * 0x9e3779b97f4a7c15u, seed / WRITES_A_SECOND);
	uint32_t len = length_of(seed);

	if (ref == DP_NONE) {
		s->full++;
		return;
	}
	make_text(text, len, seed);
	(void)dp_lists_set(s->lists, ref, code_of(seed), text, len, seed + 1);
	atomic_store(&s->ref[number], ref);
}

/* Seconds pass quickly: a list that nobody holds goes within a few turns. */
static void
write_all(void *arg)
{
	struct shared *s = arg;
	struct dice d = {.state = 1};

	for (uint32_t seed = 0; seed < WRITES; seed++) {
		set_one(s, roll_below(&d, DEVICES), seed);
		(void)dp_lists_step(s->lists, seed / WRITES_A_SECOND);
	}
}

static void
check(const struct dp_list *l, uint32_t number)
{
	uint32_t seed = (uint32_t)l->etag - 1, len = length_of(seed);
	uint8_t path[256];
	char text[LONGEST];

	require(l->path_len == make_path(path, number), "another list's path", number);
	require(memcmp(l->path, path, l->path_len) == 0, "another path's byte", number);
	if (l->etag == 0)
		return; /* made, and nothing said yet */
	require(l->code == code_of(seed), "another list's code", seed);
	require(l->len == len, "another list's length", seed);
	require(l->n == (len < DP_VALUE_MAX ? len : DP_VALUE_MAX), "more or less of it",
		seed);
	make_text(text, len, seed);
	require(memcmp(l->text, text, l->n) == 0, "another list's byte", seed);
}

static void
look(void *arg, struct dice *d)
{
	struct shared *s = arg;
	uint32_t number = roll_below(d, DEVICES), ref = atomic_load(&s->ref[number]);
	struct dp_list l;

	require(dp_lists_count(s->lists) <= MAX, "too many", MAX);
	if (ref == DP_NONE)
		return;
	if (!dp_lists_read(s->lists, ref, &l)) {
		atomic_fetch_add(&s->gone, 1);
		return;
	}
	atomic_fetch_add(&s->read, 1);
	check(&l, number);
}

int
main(void)
{
	struct shared s = {0};
	uint64_t looks;

	s.lists = dp_lists_init(new_block(dp_lists_size(MAX)), MAX);
	require(s.lists != NULL, "no lists", 0);
	for (unsigned i = 0; i < DEVICES; i++)
		atomic_init(&s.ref[i], DP_NONE);
	looks = stress_run(write_all, look, &s);
	printf("%u writes, %llu without room; %llu looks, %llu read, %llu gone\n", WRITES,
		(unsigned long long)s.full, (unsigned long long)looks,
		(unsigned long long)s.read, (unsigned long long)s.gone);
	require(s.read > 1000 && s.gone > 0, "the readers hardly read", s.read);
	require(s.full > 0, "there was always room", 0);
	free(s.lists);
	return 0;
}
