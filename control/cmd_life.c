/* What changes the gateway: configuration, log, end. */
#include "control/cmd.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- log trim: it reads what it deletes, so it has a thread of its own ---- */

struct trim {
	struct ctl_io_posix io;
	uint64_t before;
	int result; /* once it is done */
	_Atomic bool done;
	_Atomic unsigned
		gone; /* of its two holders, thread and request: the last frees */
};

static void
let_trim_go(void *state)
{
	struct trim *t = state;

	if (atomic_fetch_add(&t->gone, 1) == 0)
		return;
	ctl_io_posix_close(&t->io);
	free(t);
}

static void *
trim_main(void *arg)
{
	struct trim *t = arg;

	t->result = ctl_log_trim(&t->io.io, t->before);
	atomic_store(&t->done, true);
	let_trim_go(t);
	return NULL;
}

static int
trim_start(const char *dir, uint64_t before, struct ctl_reply *r)
{
	struct trim *t = calloc(1, sizeof(*t));
	pthread_t thread;
	int rc;

	if (t == NULL)
		return -ENOMEM;
	t->before = before;
	rc = ctl_io_posix_open(&t->io, dir, 0);
	if (rc < 0)
		goto free_trim;
	rc = -pthread_create(&thread, NULL, trim_main, t);
	if (rc < 0)
		goto close_dir;
	pthread_detach(thread);
	r->state = t;
	r->let_go = let_trim_go;
	return 0;
close_dir:
	ctl_io_posix_close(&t->io);
free_trim:
	free(t);
	return rc;
}

void
cmd_log_trim(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	uint64_t before = cmd_number(args, "before", UINT64_MAX);
	struct trim *t = r->state;

	if (before == UINT64_MAX) {
		cmd_refuse(r, "usage", "log trim --before SEQ");
	} else if (t == NULL) {
		int rc = trim_start(g->conf->log_dir, before, r);

		r->wait = rc == 0;
		if (rc < 0)
			cmd_refuse(
				r, "failed", "%s: %s", g->conf->log_dir, strerror(-rc));
	} else if (!atomic_load(&t->done)) {
		r->wait = true;
	} else if (t->result < 0) {
		cmd_refuse(r, "failed", "%s: %s", g->conf->log_dir, strerror(-t->result));
	} else {
		r->data = json_object();
		cmd_set(r->data, "segments", (uint64_t)t->result);
	}
}

static json_t *
conf_json(const struct ctl_gateway *g)
{
	json_t *o = json_object();

	json_object_set_new(o, "file", cmd_text(g->conf->file, strlen(g->conf->file)));
	cmd_set(o, "reloads", g->reloads);
	return o;
}

void
cmd_conf_show(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	r->data = conf_json(g);
	json_object_set_new(r->data, "config", ctl_config_json(g->conf));
}

void
cmd_conf_reload(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	char err[sizeof(r->message)];

	(void)args;
	if (ctl_gateway_reload(g, err, sizeof(err)) < 0)
		cmd_refuse(r, "config", "%s", err);
	else
		r->data = conf_json(g);
}

#define DRAIN_RUNS (2000 / CTL_WAIT_MS)

void
cmd_drain(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	bool drained =
		dp_drain(g->dp, 0) && r->runs > 0; /* each worker has heard of it */

	(void)args;
	g->draining = true;
	r->wait = !drained && r->runs < DRAIN_RUNS;
	if (!r->wait)
		r->data = json_pack("{s:b}", "drained", drained);
}

void
cmd_stop(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	g->stopping = true;
	r->data = json_object();
}
