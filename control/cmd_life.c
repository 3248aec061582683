/* What changes the gateway: configuration, log, end. */
#include "control/cmd.h"

#include <stdatomic.h>
#include <string.h>

static void
let_trim_go(void *state)
{
	ctl_trim_let_go(state);
}

/* The log's thread does it. */
static void
ask_for_trim(struct ctl_gateway *g, uint64_t before, struct ctl_reply *r)
{
	r->state = ctl_logd_trim(&g->logd, before);
	if (r->state == NULL) {
		cmd_refuse(r, "failed", "log trim: another one waits for its turn");
		return;
	}
	r->wait = true;
	r->let_go = let_trim_go;
}

void
cmd_log_trim(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	uint64_t before = cmd_number(args, "before", UINT64_MAX);
	const struct ctl_trim *t = r->state;

	if (before == UINT64_MAX) {
		cmd_refuse(r, "usage", "log trim --before SEQ");
	} else if (t == NULL) {
		ask_for_trim(g, before, r);
	} else if (!atomic_load_explicit(&t->done, memory_order_acquire)) {
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
	bool drained = dp_drain(g->dp, 0);

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
