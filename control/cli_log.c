/* tidegatectl log: reads the log's directory itself, beside a gateway or without one. */
#include "control/cli.h"
#include "control/log_print.h"
#include "control/nearest.h"
#include "control/retain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* ---- the directory ---- */

/* Where the running gateway's log is; to be freed. */
static char *
ask_dir(const struct cli *c, int *status)
{
	json_t *data = cli_ask(c, "status", NULL, NULL, status);
	const char *dir =
		json_string_value(json_object_get(json_object_get(data, "log"), "dir"));
	char *copy = dir != NULL ? strdup(dir) : NULL;

	json_decref(data);
	return copy;
}

/* A directory without a segment is a log's if a gateway has once locked it. */
static bool
is_log(struct ctl_io_posix *p)
{
	uint64_t *ids;
	int n = ctl_log_ids(&p->io, &ids);

	free(ids);
	return n != 0 || faccessat(p->dir, "LOCK", F_OK, 0) == 0;
}

/* Run @command over the log's directory: that of --dir, or the gateway's. */
static int
with_log(const struct cli *c, int (*command)(const struct cli *c, struct ctl_io_posix *p))
{
	const char *given = cli_option(c, "--dir");
	int status = CLI_FAILED, rc;
	char *dir = given != NULL ? strdup(given) : ask_dir(c, &status);
	struct ctl_io_posix p;

	if (dir == NULL)
		return status;
	rc = ctl_io_posix_open(&p, dir, 0);
	if (rc < 0) {
		status = cli_fail(
			c, CLI_FAILED, "log directory %s: %s", dir, strerror(-rc));
	} else {
		status = is_log(&p)
				 ? command(c, &p)
				 : cli_fail(c, CLI_FAILED,
					 "log directory %s: there is no log in it", dir);
		ctl_io_posix_close(&p);
	}
	free(dir);
	return status;
}

/* ---- reading ---- */

struct reading {
	const struct cli *cli;
	const char *stream; /* the one that is wanted; NULL: all */
	uint64_t records, kept;
	json_t *others; /* names of those that are not, as members */
	json_t *damages;
};

static bool
is_wanted(const struct reading *r, const struct dp_record *record)
{
	if (r->stream == NULL
		|| (strlen(r->stream) == record->stream_len
			&& memcmp(r->stream, record->stream, record->stream_len) == 0))
		return true;
	json_object_setn_new(r->others, record->stream, record->stream_len, json_true());
	return false;
}

static bool
print_record(void *arg, const struct ctl_log_item *item)
{
	struct reading *r = arg;

	if (!is_wanted(r, &item->record))
		return true;
	r->records++;
	if (r->cli->json)
		ctl_log_print_json(stdout, item);
	else
		ctl_log_print_text(stdout, item);
	return !ferror(stdout); /* nobody reads on */
}

static bool
count_record(void *arg, const struct ctl_log_item *item)
{
	struct reading *r = arg;

	r->records += !item->kept;
	r->kept += item->kept;
	return true;
}

static void
note_damage(void *arg, uint64_t segment, const struct ctl_damage *d)
{
	struct reading *r = arg;

	json_array_append_new(
		r->damages, json_pack("{s:I, s:I, s:I, s:s}", "segment",
				    (json_int_t)segment, "offset", (json_int_t)d->offset,
				    "bytes", (json_int_t)d->len, "reason", d->reason));
	if (!r->cli->json || r->cli->command->run == cli_log_cat)
		cli_fail(r->cli, CLI_FAILED,
			"segment %016" PRIx64 ": reading stopped at offset %" PRIu64
			" for %" PRIu64 " bytes: %s",
			segment, d->offset, d->len, d->reason);
}

/* Does the gateway that is asked know such a stream, though it has no record yet? */
static bool
is_configured(const struct cli *c, const char *stream)
{
	int status;
	json_t *data = cli_option(c, "--dir") == NULL
			       ? cli_ask(c, "conf show", NULL, NULL, &status)
			       : NULL;
	json_t *conf = json_object_get(data, "config"), *route;
	bool is = json_object_get(json_object_get(conf, "streams"), stream) != NULL;
	size_t i;

	json_array_foreach (json_object_get(conf, "routes"), i, route) {
		const char *its = json_string_value(json_object_get(route, "stream"));

		is = is || (its != NULL && strcmp(its, stream) == 0);
	}
	json_decref(data);
	return is;
}

/* Nothing was printed because there is no such stream, if that can be told: an empty
 * directory does not tell. */
static int
no_record(const struct cli *c, const struct reading *r)
{
	struct ctl_nearest near = {.word = r->stream, .within = CTL_TYPING_ERROR};
	const char *name;
	json_t *v;

	if (r->stream == NULL || is_configured(c, r->stream)
		|| (cli_option(c, "--dir") != NULL && json_object_size(r->others) == 0))
		return CLI_DONE;
	json_object_foreach (r->others, name, v)
		ctl_nearest_offer(&near, name);
	return cli_fail(c, CLI_FAILED, "log cat: there is no stream \"%s\"%s%s%s",
		r->stream, near.best != NULL ? "; did you mean \"" : "",
		near.best != NULL ? near.best : "", near.best != NULL ? "\"?" : "");
}

static int
cat(const struct cli *c, struct ctl_io_posix *p)
{
	struct reading state = {
		.cli = c,
		.stream = cli_word(c, 0),
		.others = json_object(),
		.damages = json_array(),
	};
	struct ctl_log_reader r = {
		.from_seq = cli_number(c, "--from", 0),
		.each = print_record,
		.damaged = note_damage,
		.arg = &state,
	};
	int rc = ctl_log_read(&p->io, &r), status = CLI_DONE;

	if (rc < 0)
		status = cli_fail(c, CLI_FAILED, "log: %s", strerror(-rc));
	else if (json_array_size(state.damages) > 0)
		status = CLI_FAILED;
	else if (state.records == 0)
		status = no_record(c, &state);
	json_decref(state.others);
	json_decref(state.damages);
	return status;
}

int
cli_log_cat(const struct cli *c)
{
	return with_log(c, cat);
}

static int
verify(const struct cli *c, struct ctl_io_posix *p)
{
	struct reading state = {.cli = c, .damages = json_array()};
	struct ctl_log_reader r = {
		.each = count_record, .damaged = note_damage, .arg = &state};
	int rc = ctl_log_read(&p->io, &r);
	bool whole = json_array_size(state.damages) == 0;
	json_t *o;

	if (rc < 0) {
		json_decref(state.damages);
		return cli_fail(c, CLI_FAILED, "log: %s", strerror(-rc));
	}
	o = json_pack("{s:I, s:I, s:o, s:b}", "records", (json_int_t)state.records,
		"kept", (json_int_t)state.kept, "damages", state.damages, "whole", whole);
	cli_print(c, o);
	json_decref(o);
	return whole ? CLI_DONE : CLI_UNHEALTHY;
}

int
cli_log_verify(const struct cli *c)
{
	return with_log(c, verify);
}

/* ---- segments ---- */

static json_t *
segment_json(const struct ctl_log_segment_info *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "segment",
		(json_int_t)s->id, "bytes", (json_int_t)s->bytes, "records",
		(json_int_t)s->scan.records, "kept", (json_int_t)s->scan.kept,
		"first_seq", (json_int_t)s->scan.first_seq, "last_seq",
		(json_int_t)s->scan.last_seq, "commits", (json_int_t)s->scan.commits,
		"tail_bytes", (json_int_t)s->tail, "damages", (json_int_t)s->scan.damages,
		"readable", s->readable);
}

static int
ls(const struct cli *c, struct ctl_io_posix *p)
{
	uint64_t *ids;
	int n = ctl_log_ids(&p->io, &ids);
	json_t *list = json_array();
	struct ctl_log_segment_info s;

	for (int i = 0; i < n; i++)
		if (ctl_log_segment_info(&p->io, ids[i], &s)
			== 0) /* else trimmed meanwhile */
			json_array_append_new(list, segment_json(&s));
	free(ids);
	if (n >= 0)
		cli_print(c, list);
	json_decref(list);
	return n < 0 ? cli_fail(c, CLI_FAILED, "log: %s", strerror(-n)) : CLI_DONE;
}

int
cli_log_ls(const struct cli *c)
{
	return with_log(c, ls);
}

/* What a gateway would do, with the log opened as it does. */
static int
trim_before(struct ctl_io *io, uint64_t seq)
{
	const struct ctl_log_options opt = {.segment_bytes = 1};
	struct ctl_log_report report;
	struct ctl_retain retain;
	struct ctl_log log;
	int rc = ctl_log_open(&log, io, &opt, &report);

	if (rc < 0)
		return rc;
	rc = ctl_retain_init(&retain, &log);
	if (rc == 0) {
		ctl_retain_trim(&retain, seq, (uint64_t)time(NULL));
		do
			rc = ctl_retain_slice(&retain);
		while (rc == 1);
		ctl_retain_fini(&retain);
	}
	ctl_log_close(&log);
	return rc < 0 ? rc : retain.gone;
}

/* Only if no gateway writes the directory. */
static int
trim(const struct cli *c, struct ctl_io_posix *p)
{
	int fd = openat(p->dir, "LOCK", O_CREAT | O_RDWR | O_CLOEXEC, 0640), n;
	json_t *o;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		n = errno;
		if (fd >= 0)
			close(fd);
		return cli_fail(c, CLI_FAILED, "log trim: %s: %s", cli_option(c, "--dir"),
			n == EWOULDBLOCK
				? "a gateway writes this directory: ask it, without --dir"
				: strerror(n));
	}
	n = trim_before(&p->io, cli_number(c, "--before", 0));
	close(fd);
	if (n < 0)
		return cli_fail(c, CLI_FAILED, "log trim: %s", strerror(-n));
	o = json_pack("{s:i}", "segments", n);
	cli_print(c, o);
	json_decref(o);
	return CLI_DONE;
}

int
cli_log_trim(const struct cli *c)
{
	return with_log(c, trim);
}
