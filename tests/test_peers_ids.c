/* Message IDs of peers: those heard, for as long as they live, and ours. */
#include "tests/peers_table.h"

/* ---- those heard ---- */

static const struct life_row {
	const char *name;
	bool con;
	uint32_t heard, now;
	enum dp_dedup expected;
} life_rows[] = {
	{"CON at once", true, NOW, NOW, DP_DUPLICATE},
	{"CON in its last second", true, NOW, NOW + CON_S - 1, DP_DUPLICATE},
	{"CON after its lifetime", true, NOW, NOW + CON_S, DP_NEW},
	{"NON in its last second", false, NOW, NOW + NON_S - 1, DP_DUPLICATE},
	{"NON after its lifetime", false, NOW, NOW + NON_S, DP_NEW},
	{"over the 2^16th second", true, 65535, 65536, DP_DUPLICATE},
	{"last second over the 2^16th", true, 65500, 65500 + CON_S - 1, DP_DUPLICATE},
	{"dead over the 2^16th second", true, 65500, 65500 + CON_S, DP_NEW},
};

static void
lives_as_long(void **state)
{
	const struct life_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, r->heard);

	mark(t, peer, 77, 68, r->con, r->heard);
	assert_int_equal(heard(t, peer, 77, r->now), r->expected);
	free_table(t);
}

/* The same where a Message ID has moved into an extension. */
static void
lives_as_long_in_an_extension(void **state)
{
	const struct life_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, r->heard);

	mark(t, peer, 77, 68, r->con, r->heard);
	for (uint16_t mid = 100; mid < 100 + LINE; mid++)
		mark(t, peer, mid, 68, true, r->heard);
	assert_int_equal(dp_peers_extensions_used(t->peers), 1);
	assert_int_equal(heard(t, peer, 77, r->now), r->expected);
	free_table(t);
}

/* A sweep every half minute drops the dead, so a day later the same second means nothing.
 */
static void
old_ids_do_not_come_back(void **state)
{
	struct table *t = new_table(MAX, 64);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);

	(void)state;
	dp_peers_hold(t->peers, peer); /* or it would go altogether */
	for (uint16_t mid = 0; mid < 3 * LINE; mid++)
		mark(t, peer, mid, 68, true, NOW);
	for (uint32_t s = NOW; s < NOW + 65536; s += 30)
		dp_peers_sweep(t->peers, MAX, CON_S, s, &t->counters);
	assert_int_equal(dp_peers_extensions_used(t->peers), 0);
	for (uint16_t mid = 0; mid < 3 * LINE; mid++)
		assert_int_equal(heard(t, peer, mid, NOW + 65536), DP_NEW);
	free_table(t);
}

static void
progress_of_one_id(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	uint8_t code = 0;

	(void)state;
	assert_int_equal(heard(t, peer, 5, NOW), DP_NEW);
	mark(t, peer, 5, 0, true, NOW);
	assert_int_equal(heard(t, peer, 5, NOW), DP_IN_PROGRESS);
	mark(t, peer, 5, 68, true, NOW);
	assert_int_equal(dp_peers_heard(t->peers, peer, 5, NOW, &code), DP_DUPLICATE);
	assert_int_equal(code, 68);
	assert_int_equal(heard(t, peer, 6, NOW), DP_NEW);
	dp_peers_unmark(t->peers, peer, 5);
	assert_int_equal(heard(t, peer, 5, NOW), DP_NEW);
	dp_peers_unmark(t->peers, peer, 9); /* unknown */
	free_table(t);
}

/* Answered late, after it has moved into an extension: the code is replaced, not added.
 */
static void
answered_in_an_extension(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	uint8_t code = 0;

	(void)state;
	mark(t, peer, 5, 0, true, NOW);
	for (uint16_t mid = 100; mid < 100 + LINE; mid++)
		mark(t, peer, mid, 68, true, NOW);
	assert_int_equal(heard(t, peer, 5, NOW), DP_IN_PROGRESS);
	mark(t, peer, 5, 68, true, NOW);
	assert_int_equal(dp_peers_heard(t->peers, peer, 5, NOW, &code), DP_DUPLICATE);
	assert_int_equal(code, 68);
	dp_peers_unmark(t->peers, peer, 5);
	assert_int_equal(heard(t, peer, 5, NOW), DP_NEW);
	free_table(t);
}

static void
unmarked_in_an_extension(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);

	(void)state;
	for (uint16_t mid = 0; mid <= LINE; mid++)
		mark(t, peer, mid, 68, true, NOW);
	dp_peers_unmark(t->peers, peer, 0);
	assert_int_equal(heard(t, peer, 0, NOW), DP_NEW);
	assert_int_equal(heard(t, peer, 1, NOW), DP_DUPLICATE);
	free_table(t);
}

/* As many as a peer may have within their lifetime: none is forgotten, by one peer alone.
 */
static void
all_of_a_peers_ids(void **state)
{
	struct table *t = new_table(MAX, 300);
	struct dp_peer_key key = v4(1), other_key = v4(2);
	uint32_t peer = get(t, &key, NOW), other = get(t, &other_key, NOW);

	(void)state;
	for (unsigned i = 0; i < MOST + LINE; i++)
		mark(t, peer, (uint16_t)(i * 40503), 68, true, NOW + i / 20);
	for (unsigned i = 0; i < MOST + LINE; i++)
		assert_int_equal(
			heard(t, peer, (uint16_t)(i * 40503), NOW + MOST / 20 + 1),
			DP_DUPLICATE);
	assert_int_equal(counted(t, DP_C_dedup_extended), 1);
	assert_int_equal(counted(t, DP_C_dedup_evicted_early), 0);
	assert_int_equal(heard(t, other, 0, NOW), DP_NEW);
	assert_int_equal(dp_peers_extensions_used(t->peers), MOST / 4);
	free_table(t);
}

static void
an_empty_pool_forgets_and_counts(void **state)
{
	struct table *t = new_table(MAX, 1);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	unsigned new = 0;

	(void)state;
	for (uint16_t i = 0; i < LINE + 4 + 3; i++)
		mark(t, peer, (uint16_t)(i * 16), 68, true, NOW);
	assert_int_equal(counted(t, DP_C_dedup_evicted_early), 3);
	for (uint16_t i = 0; i < LINE + 4 + 3; i++)
		new += heard(t, peer, (uint16_t)(i * 16), NOW) == DP_NEW;
	assert_int_equal(new, 3);
	for (uint16_t i = 7; i < LINE + 4 + 3; i++) /* the line holds the newest */
		assert_int_equal(heard(t, peer, (uint16_t)(i * 16), NOW), DP_DUPLICATE);
	free_table(t);
}

/* What an earlier run remembered is put in with times before the start. */
static void
restored(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW - 200);

	(void)state;
	mark(t, peer, 1, 68, true, NOW - 200);
	mark(t, peer, 2, 68, false, NOW - 200);
	mark(t, peer, 3, 68, true, NOW - 10);
	assert_int_equal(heard(t, peer, 1, NOW), DP_DUPLICATE);
	assert_int_equal(heard(t, peer, 2, NOW), DP_NEW);
	assert_int_equal(heard(t, peer, 1, NOW + 47), DP_NEW);
	assert_int_equal(heard(t, peer, 3, NOW + 47), DP_DUPLICATE);
	free_table(t);
}

/* ---- ours ---- */

/* Our Message IDs go up, over the end too, and each peer's by themselves. */
static void
ids_of_ours(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1), other = v4(2);
	uint32_t peer = get(t, &key, NOW);
	uint16_t first = dp_peers_mid(t->peers, peer);

	(void)state;
	dp_peers_mid(t->peers, get(t, &other, NOW));
	for (unsigned i = 1; i < 65536; i++)
		assert_int_equal(dp_peers_mid(t->peers, peer), (uint16_t)(first + i));
	assert_int_equal(dp_peers_mid(t->peers, peer), first);
	free_table(t);
}

static const struct apart_row {
	const char *name;
	uint16_t ahead; /* of ours, where the peer is */
	bool leaves;
} apart_rows[] = {
	{"the peer's Message ID is our next", 0, true},
	{"the peer's is a little ahead", 0xfff, true},
	{"the peer's is far ahead", 0x1000, true},
	{"the peer's is farther ahead", 0x1001, false},
	{"the peer's is a little behind", 0xf001, true},
	{"the peer's is far behind", 0xf000, false},
	{"the peer's is half a ring away", 0x8000, false},
};

static void
ids_keep_apart(void **state)
{
	const struct apart_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	uint16_t next = (uint16_t)(dp_peers_mid(t->peers, peer) + 1);
	uint16_t theirs = (uint16_t)(next + r->ahead);

	dp_peers_part(t->peers, peer, theirs);
	assert_int_equal(dp_peers_mid(t->peers, peer),
		r->leaves ? (uint16_t)(theirs + 0x8000) : next);
	free_table(t);
}

/* ---- against a model: one entry a peer and Message ID ---- */

#define KEYS 48
#define IDS 64

struct model {
	struct {
		bool there, con;
		uint8_t code;
		uint32_t when;
	} of[KEYS][IDS];
	struct dice d;
};

static enum dp_dedup
model_heard(const struct model *m, unsigned k, unsigned mid, uint32_t now)
{
	if (!m->of[k][mid].there
		|| now - m->of[k][mid].when >= (m->of[k][mid].con ? CON_S : NON_S))
		return DP_NEW;
	return m->of[k][mid].code == 0 ? DP_IN_PROGRESS : DP_DUPLICATE;
}

/* A message comes: what the table says of it is what the model says; then it is marked.
 */
static void
message(struct table *t, struct model *m, uint32_t now)
{
	unsigned k = roll_below(&m->d, KEYS), mid = roll_below(&m->d, IDS);
	struct dp_peer_key key = k % 2 ? v4(k) : v6(k);
	enum dp_dedup expected = model_heard(m, k, mid, now);
	uint32_t peer = get(t, &key, now);
	uint8_t code = 0;

	assert_int_not_equal(peer, DP_NONE);
	assert_int_equal(
		dp_peers_heard(t->peers, peer, (uint16_t)mid, now, &code), expected);
	if (expected == DP_DUPLICATE)
		assert_int_equal(code, m->of[k][mid].code);
	if (expected == DP_NEW) {
		m->of[k][mid].there = true;
		m->of[k][mid].con = roll_below(&m->d, 2);
		m->of[k][mid].when = now;
	} else if (roll_below(&m->d, 8) == 0) {
		m->of[k][mid].there = false;
		dp_peers_unmark(t->peers, peer, (uint16_t)mid);
		return;
	} else if (expected == DP_DUPLICATE) {
		return;
	}
	m->of[k][mid].code = expected == DP_IN_PROGRESS ? 68
			     : roll_below(&m->d, 2)     ? 65
							: 0;
	if (expected
		== DP_IN_PROGRESS) /* moved or not, its second call counts from now on */
		dp_peers_unmark(t->peers, peer, (uint16_t)mid);
	m->of[k][mid].when = now;
	mark(t, peer, (uint16_t)mid, m->of[k][mid].code, m->of[k][mid].con, now);
}

static void
as_the_model_says(void **state)
{
	struct table *t = new_table(MAX, 2000);
	struct model *m = new_block(sizeof(*m));
	uint32_t now = 65000;

	(void)state;
	m->d.state = 3;
	for (unsigned turn = 0; turn < 60000; turn++) {
		message(t, m, now);
		if (roll_below(&m->d, 40) == 0) {
			now++;
			dp_peers_sweep(t->peers, 3, CON_S, now, &t->counters);
		}
	}
	assert_int_equal(counted(t, DP_C_dedup_evicted_early), 0);
	assert_int_equal(counted(t, DP_C_peers_evicted), 0);
	assert_true(now > 65536);
	free(m);
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[2 * COUNT(life_rows) + COUNT(apart_rows) + 9] = {
		cmocka_unit_test(old_ids_do_not_come_back),
		cmocka_unit_test(progress_of_one_id),
		cmocka_unit_test(answered_in_an_extension),
		cmocka_unit_test(unmarked_in_an_extension),
		cmocka_unit_test(all_of_a_peers_ids),
		cmocka_unit_test(an_empty_pool_forgets_and_counts),
		cmocka_unit_test(restored),
		cmocka_unit_test(ids_of_ours),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 9;

	ADD_ROWS(tests, &n, life_rows, lives_as_long);
	ADD_ROWS(tests, &n, life_rows, lives_as_long_in_an_extension);
	ADD_ROWS(tests, &n, apart_rows, ids_keep_apart);
	return cmocka_run_group_tests_name("peers_ids", tests, NULL, NULL);
}
