/* tidegatectl log: reads the log's directory itself, beside a gateway or without one. */
#include "control/cli.h"
#include "control/log_print.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct cat {
	const struct cli *cli;
	const char *stream;
	uint64_t records, damages;
};

static bool
print_record(void *arg, const struct ctl_log_item *item)
{
	struct cat *c = arg;

	c->records++;
	if (c->stream != NULL
		&& (strlen(c->stream) != item->record.stream_len
			|| memcmp(c->stream, item->record.stream, item->record.stream_len) != 0))
		return true;
	if (c->cli->json)
		ctl_log_print_json(stdout, item);
	else
		ctl_log_print_text(stdout, item);
	return !ferror(stdout);
}

static bool
count_record(void *arg, const struct ctl_log_item *item)
{
	(void)item;
	((struct cat *)arg)->records++;
	return true;
}

static void
tell_damage(void *arg, uint64_t segment, const struct ctl_damage *d)
{
	((struct cat *)arg)->damages++;
	fprintf(stderr, "segment %" PRIu64 ": reading stopped at offset %" PRIu64 " for %" PRIu64
			" bytes: %s\n", segment, d->offset, d->len, d->reason);
}

static int
cat(const struct cli *c, struct ctl_io *io)
{
	struct cat state = {.cli = c, .stream = cli_word(c, 0)};
	const char *from = cli_option(c, "--from");
	struct ctl_log_reader r = {
		.from_seq = from != NULL ? strtoull(from, NULL, 10) : 0,
		.each = print_record,
		.damaged = tell_damage,
		.arg = &state,
	};
	int rc = ctl_log_read(io, &r);

	if (rc < 0)
		fprintf(stderr, "log: %s\n", strerror(-rc));
	return rc < 0 || state.damages > 0 ? CLI_FAILED : CLI_DONE;
}

static int
verify(const struct cli *c, struct ctl_io *io)
{
	struct cat state = {.cli = c};
	struct ctl_log_reader r = {.each = count_record, .damaged = tell_damage, .arg = &state};
	int rc = ctl_log_read(io, &r);
	json_t *o = json_object();

	json_object_set_new(o, "records", json_integer((json_int_t)state.records));
	json_object_set_new(o, "damages", json_integer((json_int_t)state.damages));
	json_object_set_new(o, "whole", json_boolean(rc == 0 && state.damages == 0));
	if (c->json)
		cli_show_json(o);
	else
		cli_show(o);
	json_decref(o);
	return rc < 0 ? CLI_FAILED : state.damages > 0 ? CLI_UNHEALTHY : CLI_DONE;
}

static int
ls(const struct cli *c, struct ctl_io *io)
{
	uint64_t *ids = calloc(CTL_LOG_SEGMENTS, sizeof(*ids));
	int n = ids == NULL ? -ENOMEM : ctl_log_ids(io, ids, CTL_LOG_SEGMENTS);
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		struct ctl_log_segment_info s;
		json_t *o = json_object();

		if (ctl_log_segment_info(io, ids[i], &s) < 0)
			continue;
		json_object_set_new(o, "segment", json_integer((json_int_t)s.id));
		json_object_set_new(o, "bytes", json_integer((json_int_t)s.bytes));
		json_object_set_new(o, "records", json_integer((json_int_t)s.scan.records));
		json_object_set_new(o, "first_seq", json_integer((json_int_t)s.scan.first_seq));
		json_object_set_new(o, "last_seq", json_integer((json_int_t)s.scan.last_seq));
		json_object_set_new(o, "commits", json_integer((json_int_t)s.scan.commits));
		json_object_set_new(o, "tail", json_integer((json_int_t)s.tail));
		json_object_set_new(o, "damages", json_integer((json_int_t)s.scan.damages));
		json_object_set_new(o, "readable", json_boolean(s.readable));
		json_array_append_new(list, o);
	}
	if (c->json)
		cli_show_json(list);
	else
		cli_show(list);
	json_decref(list);
	free(ids);
	return n < 0 ? CLI_FAILED : CLI_DONE;
}

/* Offline: only if no gateway writes the directory. */
static int
trim(const struct cli *c, struct ctl_io_posix *p)
{
	const char *before = cli_option(c, "--before");
	int fd, n;

	if (before == NULL) {
		fputs("usage: tidegatectl log trim --before SEQ [--dir DIR]\n", stderr);
		return CLI_USAGE;
	}
	fd = openat(p->dir, "LOCK", O_CREAT | O_RDWR | O_CLOEXEC, 0640);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		fputs("log trim: a gateway writes this directory: ask it, without --dir\n", stderr);
		if (fd >= 0)
			close(fd);
		return CLI_FAILED;
	}
	n = ctl_log_trim(&p->io, strtoull(before, NULL, 10));
	close(fd);
	if (n < 0) {
		fprintf(stderr, "log trim: %s\n", strerror(-n));
		return CLI_FAILED;
	}
	printf(c->json ? "{\"segments\":%d}\n" : "%d segments deleted\n", n);
	return CLI_DONE;
}

/* Where the running gateway's log is. */
static char *
ask_dir(const struct cli *c, int *status)
{
	json_t *data = cli_ask(c, "status", NULL, status);
	const char *dir = json_string_value(json_object_get(json_object_get(data, "log"), "dir"));
	char *copy = dir != NULL ? strdup(dir) : NULL;

	json_decref(data);
	return copy;
}

int
cli_log(const struct cli *c)
{
	const char *given = cli_option(c, "--dir");
	int status = CLI_FAILED, rc;
	char *dir = given != NULL ? strdup(given) : ask_dir(c, &status);
	struct ctl_io_posix p;

	if (dir == NULL)
		return status;
	rc = ctl_io_posix_open(&p, dir, 0);
	if (rc < 0) {
		fprintf(stderr, "log directory %s: %s\n", dir, strerror(-rc));
		free(dir);
		return CLI_FAILED;
	}
	free(dir);
	if (strcmp(c->command, "log ls") == 0)
		status = ls(c, &p.io);
	else if (strcmp(c->command, "log verify") == 0)
		status = verify(c, &p.io);
	else if (strcmp(c->command, "log trim") == 0)
		status = trim(c, &p);
	else
		status = cat(c, &p.io);
	ctl_io_posix_close(&p);
	return status;
}
