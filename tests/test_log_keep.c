/* Segments go, and the values that stores have in them stay. */
#include "control/values.h"
#include "tests/log_fixture.h"
#include "tests/log_values.h"

#include <errno.h>

/* Write value @key in a batch of its own, or delete it; the commit's result. */
static int
put(struct fixture *f, unsigned key)
{
	static uint8_t buf[DP_RECORD_MAX];

	ctl_log_append(&f->log, buf, value_encode(key, TG_PUT, ++f->appended, buf));
	return ctl_log_commit(&f->log);
}

static void
del(struct fixture *f, unsigned key)
{
	static uint8_t buf[DP_RECORD_MAX];

	ctl_log_append(&f->log, buf, value_encode(key, TG_DELETE, ++f->appended, buf));
	assert_int_equal(ctl_log_commit(&f->log), 0);
}

/* Each batch has a segment of its own. */
static void
one_by_one(struct fixture *f)
{
	f->log.opt.segment_bytes = f->opt.segment_bytes = 1;
}

/* Retention to as little as there can be. */
static int
retain_least(struct fixture *f)
{
	f->log.opt.retain_bytes = 1;
	return retain(f, 1000);
}

/* A restart finds value @key as number @number wrote it, in one record. */
static void
find_value(struct fixture *f, unsigned key, uint64_t number, unsigned kept)
{
	struct shelf s;

	shelf_read(&s, &f->sim.io);
	assert_int_equal(s.number[key], number);
	assert_int_equal(s.records[key], number > 0);
	assert_int_equal(s.kept[key], kept);
}

static void
outlives_its_segment(void **state)
{
	struct fixture *f = *state;
	struct shelf s;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(batch(f, 2), 0);
	assert_int_equal(retain_least(f), 4);
	find_value(f, 1, 1, 1);
	shelf_read(&s, &f->sim.io);
	assert_int_equal(s.streams, 2);
	assert_int_equal(f->log.stats.kept, 1);
	assert_int_equal(f->log.stats.trimmed, 4);
	assert_int_equal(f->log.stats.records, 9);
	ctl_log_close(&f->log);
	ctl_sim_restart(&f->sim, SIM_FORGET);
	find_value(f, 1, 1, 1);
	reopen(f);
	assert_int_equal(f->report.damages, 0);
	assert_int_equal(f->report.next_seq, 10);
	ctl_log_close(&f->log);
}

/* Records have filled the disk up to what they leave: that is enough for the values, and
 * all that is over the bound goes in one pass, young as it is. */
static void
makes_room_on_a_full_disk(void **state)
{
	struct fixture *f = *state;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(batch(f, 2), 0);
	f->log.opt.segment_bytes = 1000;
	f->log.opt.keep_s = 100000;
	f->sim.size = 16000;
	f->sim.room = 999;
	assert_int_equal(batch(f, 1), -ENOSPC);
	assert_int_equal(retain_least(f), 4);
	find_value(f, 1, 1, 1);
	assert_int_equal(f->log.stats.last_error, ENOSPC); /* of records */
	f->sim.room = 16000;
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(f->log.stats.last_error, 0);
	ctl_log_close(&f->log);
}

/* Its number is the one it had, so nobody who reads on from a number meets it again. */
static void
keeps_its_number(void **state)
{
	struct fixture *f = *state;
	struct shelf s = {0};
	const struct ctl_log_reader on = {.from_seq = 2, .each = shelf_each, .arg = &s};

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 3), 0);
	assert_int_equal(retain_least(f), 1);
	assert_int_equal(ctl_log_read(&f->sim.io, &on), 0);
	assert_int_equal(s.streams, 3);
	assert_int_equal(s.records[1], 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(f->log.next_seq, 6);
	ctl_log_close(&f->log);
}

static void
newest_stays(void **state)
{
	struct fixture *f = *state;

	one_by_one(f);
	for (int i = 0; i < 4; i++)
		assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(retain_least(f), 4);
	find_value(f, 1, 4, 1);
	assert_int_equal(f->log.stats.kept, 1);
	ctl_log_close(&f->log);
}

/* What is deleted is kept neither as a value nor as a DELETE. */
static void
deleted_goes(void **state)
{
	struct fixture *f = *state;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	del(f, 1);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(retain_least(f), 2);
	find_value(f, 1, 0, 0);
	assert_int_equal(f->log.stats.kept, 0);
	ctl_log_close(&f->log);
}

/* Kept, kept again, deleted, and written once more. */
static void
life_goes_on(void **state)
{
	struct fixture *f = *state;
	struct ctl_retain r;

	one_by_one(f);
	f->log.opt.retain_bytes = 1;
	assert_int_equal(ctl_retain_init(&r, &f->log), 0);
	assert_int_equal(put(f, 1), 0);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(batch(f, 1), 0);
		ctl_retain_begin(&r, 1000, true);
		assert_true(pass(&r) > 0);
		find_value(f, 1, 1, 1);
		assert_int_equal(r.values.count, 1);
	}
	del(f, 1);
	assert_int_equal(batch(f, 1), 0);
	ctl_retain_begin(&r, 1000, true);
	assert_true(pass(&r) > 0);
	find_value(f, 1, 0, 0);
	assert_int_equal(r.values.count + r.values.bytes, 0);
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	ctl_retain_begin(&r, 1000, true);
	assert_true(pass(&r) > 0);
	find_value(f, 1, f->appended - 1, 1);
	ctl_retain_fini(&r);
	ctl_log_close(&f->log);
}

/* Between any two slices values are written, deleted, and the log goes on. */
static void
written_meanwhile(void **state)
{
	bool within = true;

	(void)state;
	for (unsigned at = 0; within; at++) {
		struct ctl_retain r;
		struct fixture *f;
		unsigned n = 0;

		assert_int_equal(set_up((void **)&f), 0);
		one_by_one(f);
		f->log.opt.retain_bytes = 1;
		for (unsigned key = 0; key < 4; key++)
			assert_int_equal(put(f, key), 0);
		assert_int_equal(batch(f, 1), 0);
		assert_int_equal(ctl_retain_init(&r, &f->log), 0);
		ctl_retain_begin(&r, 1000, true);
		do {
			if (n++ != at)
				continue;
			assert_int_equal(put(f, 0), 0);
			del(f, 2);
		} while (ctl_retain_slice(&r) == 1);
		within = n > at;
		assert_true(r.gone >= 4);
		for (int more = 0; more < 2; more++) {
			struct shelf s;

			shelf_read(&s, &f->sim.io);
			assert_int_equal(s.number[0], within ? 6 : 1);
			assert_int_equal(s.number[1], 2);
			assert_int_equal(s.number[2], within ? 0 : 3);
			assert_int_equal(s.number[3], 4);
			ctl_retain_begin(&r, 1000, true);
			assert_true(pass(&r) >= 0);
		}
		ctl_retain_fini(&r);
		ctl_log_close(&f->log);
		assert_int_equal(tear_down((void **)&f), 0);
		assert_true(at < 100);
	}
}

/* Values that take more than the bound make the log longer, and are written again once.
 */
static void
more_than_the_bound(void **state)
{
	struct fixture *f = *state;
	struct ctl_retain r;
	uint64_t kept;

	one_by_one(f);
	f->log.opt.retain_bytes = 2000;
	for (unsigned i = 0; i < 2 * KEYS; i++) /* the last four over and over */
		assert_int_equal(put(f, i < 4 ? i : 4 + i % 4), 0);
	assert_int_equal(ctl_retain_init(&r, &f->log), 0);
	for (int i = 0; i < 4; i++) {
		kept = f->log.stats.kept;
		ctl_retain_begin(&r, 1000, true);
		assert_true(pass(&r) >= 0);
	}
	assert_true(f->log.stats.values_bytes > f->log.opt.retain_bytes);
	assert_int_equal(
		f->log.stats.kept, kept); /* the last passes found nothing to do */
	assert_true(kept > 0 && kept <= 2 * KEYS);
	for (unsigned key = 0; key < KEYS; key++) {
		struct shelf s;

		shelf_read(&s, &f->sim.io);
		assert_int_equal(s.number[key], key < 4 ? key + 1 : KEYS + key + 1);
	}
	ctl_retain_fini(&r);
	ctl_log_close(&f->log);
}

/* What cannot be written again stays where it is, until it can. */
static void
full_disk(void **state)
{
	struct fixture *f = *state;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	ctl_sim_fail(&f->sim, SIM_WRITE, 0, 10, -ENOSPC);
	assert_int_equal(retain_least(f), -ENOSPC);
	assert_int_equal(f->log.stats.keep_error, ENOSPC);
	assert_int_equal(f->log.stats.kept, 0);
	assert_int_equal(f->log.stats.trimmed, 0);
	find_value(f, 1, 1, 0);
	ctl_sim_fail(&f->sim, SIM_WRITE, 0, 0, 0);
	assert_true(retain_least(f) > 0);
	assert_int_equal(f->log.stats.keep_error, 0);
	find_value(f, 1, 1, 1);
	ctl_log_close(&f->log);
}

/* A newer write that was refused may be read all the same: it saves no older one. */
static void
refused_but_readable(void **state)
{
	struct fixture *f = *state;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	ctl_sim_fail(&f->sim, SIM_SYNC, 2, 1, -EIO); /* after proof and header */
	ctl_sim_fail(&f->sim, SIM_TRUNCATE, 1, 1, -EIO);
	assert_int_equal(put(f, 1), -EIO);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(retain_least(f), -EIO);
	f->sim.off = true;
	ctl_log_close(&f->log);
	ctl_sim_restart(&f->sim, SIM_FORGET);
	find_value(f, 1, 1, 0);
	reopen(f); /* which makes sure of what there is */
	assert_int_equal(batch(f, 1), 0);
	assert_true(retain_least(f) > 0);
	find_value(f, 1, 1, 1);
	ctl_log_close(&f->log);
}

/* Whoever has no logged store keeps nothing, and reads nothing for it. */
static void
nobody_has_a_store(void **state)
{
	struct fixture *f = *state;
	struct ctl_retain r;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(ctl_retain_init(&r, &f->log), 0);
	f->log.opt.retain_bytes = 1;
	ctl_retain_begin(&r, 1000, false);
	assert_int_equal(pass(&r), 1);
	find_value(f, 1, 0, 0);
	assert_int_equal(f->log.stats.kept, 0);
	assert_int_equal(r.known.segment, 0);
	ctl_retain_fini(&r);
	ctl_log_close(&f->log);
}

static void
trim_keeps_values(void **state)
{
	struct fixture *f = *state;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(trim_before(f, 3), 2);
	find_value(f, 1, 1, 1);
	ctl_log_close(&f->log);
}

/* A segment that begins with what was kept is as young as that, not as its values. */
static void
time_of_the_kept(void **state)
{
	struct fixture *f = *state;
	struct ctl_log_head h;

	one_by_one(f);
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(retain_least(f), 1);
	assert_int_equal(f->log.segment.id, 3);
	assert_int_equal(ctl_log_head(&f->sim.io, 3, &h), 0);
	assert_int_equal(h.time_ns, 1000 * 1000000000ull);
	assert_int_equal(h.header.first_seq, 3);
	f->log.opt.retain_bytes = 0;
	f->log.opt.retain_s = 10;
	assert_int_equal(retain(f, 1009), 0);
	assert_int_equal(retain(f, 1010), 1);
	find_value(f, 1, 1, 1);
	ctl_log_close(&f->log);
}

/* A segment longer than a part, with batches longer than one. */
static void
long_batches(void **state)
{
	struct fixture *f = *state;
	static uint8_t buf[DP_RECORD_MAX];

	f->log.opt.segment_bytes = 16u << 20;
	for (unsigned b = 0; b < 3; b++) {
		size_t len = value_encode(b, TG_PUT, ++f->appended, buf);

		while (ctl_log_room(&f->log, len)) {
			ctl_log_append(&f->log, buf, len);
			len = value_encode(b, TG_PUT, ++f->appended, buf);
		}
		f->appended--;
		assert_int_equal(ctl_log_commit(&f->log), 0);
	}
	assert_true(f->log.offset > 5 * CTL_LOG_PART);
	assert_int_equal(put(f, 7), 0);
	f->log.opt.segment_bytes = 1;
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(retain_least(f), 1);
	for (unsigned b = 0; b < 3; b++) {
		struct shelf s;

		shelf_read(&s, &f->sim.io);
		assert_true(s.number[b] > 0);
		assert_int_equal(s.records[b], 1);
	}
	find_value(f, 7, f->appended - 1, 1);
	ctl_log_close(&f->log);
}

/* A part that is damaged ends neither the reading nor the segment. */
static void
damage_within(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, 1), 0);
	assert_int_equal(batch(f, 3), 0);
	assert_int_equal(put(f, 2), 0);
	f->log.opt.segment_bytes = 1;
	assert_int_equal(batch(f, 1), 0);
	segment(f, 1)->bytes[CTL_SEGMENT_HEADER] ^= 1;
	assert_int_equal(retain_least(f), 1);
	find_value(f, 1, 0, 0);
	find_value(f, 2, 5, 1);
	ctl_log_close(&f->log);
}

/* ---- the index, against an array ---- */

#define MANY 20000

static void
learn(struct ctl_values *v, uint64_t *there, uint32_t key, uint64_t at, bool delete)
{
	struct dp_record r = {
		.code = delete ? TG_DELETE : TG_PUT,
		.path = (const uint8_t *)&key,
		.path_len = sizeof(key),
	};
	const struct ctl_log_place place = {1 + at % 3, at * 8};

	assert_int_equal(ctl_values_learn(v, &r, &place, 64 + 8 * (at % 5)), 0);
	there[key] = delete ? 0 : at;
}

static void
check_all(const struct ctl_values *v, const uint64_t *there)
{
	uint64_t count = 0, bytes = 0;

	for (uint32_t key = 0; key < MANY; key++) {
		struct dp_record r = {
			.path = (const uint8_t *)&key,
			.path_len = sizeof(key),
		};
		struct ctl_log_place place = {1 + there[key] % 3, there[key] * 8};

		count += there[key] > 0;
		bytes += there[key] > 0 ? 64 + 8 * (there[key] % 5) : 0;
		assert_int_equal(ctl_values_is_newest(v, &r, &place), there[key] > 0);
		place.offset += 8;
		assert_false(ctl_values_is_newest(v, &r, &place));
		place.offset -= 8;
		place.segment++;
		assert_false(ctl_values_is_newest(v, &r, &place));
	}
	assert_int_equal(v->count, count);
	assert_int_equal(v->bytes, bytes);
}

static void
many_values(void **state)
{
	uint64_t *there = calloc(MANY, sizeof(*there)), random = 1;
	struct ctl_values *v = malloc(sizeof(*v));

	(void)state;
	assert_non_null(there);
	assert_non_null(v);
	assert_int_equal(ctl_values_init(v), 0);
	for (uint64_t at = 1; at <= 10 * MANY; at++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		learn(v, there, (uint32_t)(random >> 33) % MANY, at, random >> 62 == 0);
		if (at % (5 * MANY) == 0)
			check_all(v, there);
	}
	for (uint32_t key = 0; key < MANY; key++)
		learn(v, there, key, 1, true);
	check_all(v, there);
	ctl_values_fini(v);
	free(v);
	free(there);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(outlives_its_segment),
		PLAIN(makes_room_on_a_full_disk),
		PLAIN(keeps_its_number),
		PLAIN(newest_stays),
		PLAIN(deleted_goes),
		PLAIN(life_goes_on),
		cmocka_unit_test(written_meanwhile),
		PLAIN(more_than_the_bound),
		PLAIN(full_disk),
		PLAIN(refused_but_readable),
		PLAIN(nobody_has_a_store),
		PLAIN(trim_keeps_values),
		PLAIN(time_of_the_kept),
		PLAIN(long_batches),
		PLAIN(damage_within),
		cmocka_unit_test(many_values),
	};

	return cmocka_run_group_tests_name("log_keep", tests, NULL, NULL);
}
