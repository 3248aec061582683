/* The log's door on a real directory: what is made is durable in the folder above it. */
#include "control/io.h"
#include "control/log.h"
#include "tests/rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The test's own fsync(), which takes the place of libc's and notes what was synced. */
#define SYNCED_MAX 16
#define MANY 1000 /* more than the first buffer has room for */
static ino_t synced[SYNCED_MAX];
static unsigned n_synced;
static int sync_error;

int
fsync(int file)
{
	struct stat st;

	assert_int_equal(fstat(file, &st), 0);
	assert_true(n_synced < SYNCED_MAX);
	synced[n_synced++] = st.st_ino;
	errno = sync_error;
	return sync_error == 0 ? 0 : -1;
}

static bool
was_synced(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	for (unsigned i = 0; i < n_synced; i++)
		if (synced[i] == st.st_ino)
			return true;
	return false;
}

/* A fresh folder to work in. */
static int
set_up(void **state)
{
	static char path[] = "/tmp/test_io.XXXXXX";

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	n_synced = 0;
	sync_error = 0;
	*state = path;
	return mkdtemp(path) != NULL && chdir(path) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)rmdir("a/b/log");
	(void)rmdir("a/b");
	(void)rmdir("a");
	return rmdir(*state);
}

static void
made(const char *path)
{
	struct ctl_io_posix p;
	struct stat st;

	assert_int_equal(ctl_io_posix_open(&p, path, 1), 0);
	assert_int_equal(stat("a/b/log", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07, 0);
	assert_true(was_synced("."));
	assert_true(was_synced("a"));
	assert_true(was_synced("a/b"));
	ctl_io_posix_close(&p);
}

static void
makes_relative(void **state)
{
	(void)state;
	made("a/b/log");
}

static void
makes_absolute(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/a//b/log/", (const char *)*state);
	made(path);
}

/* A run that died between making and syncing leaves a folder that is there and may go. */
static void
syncs_what_is_there(void **state)
{
	struct ctl_io_posix p;

	(void)state;
	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(ctl_io_posix_open(&p, "a", 1), 0);
	assert_true(was_synced("."));
	ctl_io_posix_close(&p);
}

static void
fails_unsynced(void **state)
{
	struct ctl_io_posix p;

	(void)state;
	sync_error = EIO;
	assert_int_equal(ctl_io_posix_open(&p, "a/b/log", 1), -EIO);
}

static void
makes_nothing(void **state)
{
	struct ctl_io_posix p;

	(void)state;
	assert_int_equal(ctl_io_posix_open(&p, "a", 0), -ENOENT);
	assert_int_equal(n_synced, 0);
}

static void
not_a_folder(void **state)
{
	struct ctl_io_posix p;
	FILE *f = fopen("a", "w");

	(void)state;
	assert_non_null(f);
	fclose(f);
	assert_int_equal(ctl_io_posix_open(&p, "a/b", 1), -ENOTDIR);
	assert_int_equal(unlink("a"), 0);
}

/* Each segment has its place in the list, however many there are. */
static void
many_segments(void **state)
{
	struct ctl_io_posix p;
	char name[CTL_LOG_NAME];
	uint64_t *ids;

	(void)state;
	assert_int_equal(ctl_io_posix_open(&p, ".", 0), 0);
	for (uint64_t id = 1; id <= MANY; id++) {
		FILE *f;

		ctl_log_name(name, id * 7);
		f = fopen(name, "w");
		assert_non_null(f);
		fclose(f);
	}
	assert_int_equal(ctl_log_ids(&p.io, &ids), MANY);
	for (uint64_t id = 1; id <= MANY; id++) {
		assert_int_equal(ids[id - 1], id * 7);
		ctl_log_name(name, id * 7);
		assert_int_equal(unlink(name), 0);
	}
	free(ids);
	ctl_io_posix_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_relative, set_up, tear_down),
		cmocka_unit_test_setup_teardown(makes_absolute, set_up, tear_down),
		cmocka_unit_test_setup_teardown(syncs_what_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fails_unsynced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(makes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_a_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_segments, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
