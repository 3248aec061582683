/* What changes the gateway: configuration, log, end. */
#include "control/cmd.h"

#include <errno.h>
#include <string.h>

void
cmd_log_trim(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	uint64_t before = cmd_number(args, "before", UINT64_MAX);
	int n;

	if (before == UINT64_MAX) {
		cmd_refuse(r, "usage", "log trim --before SEQ");
		return;
	}
	n = ctl_log_trim(&g->io.io, before);
	if (n < 0) {
		cmd_refuse(r, "failed", "%s: %s", g->conf->log_dir, strerror(-n));
		return;
	}
	r->data = json_object();
	cmd_set(r->data, "segments", (uint64_t)n);
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

void
cmd_drain(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	g->draining = true;
	r->data = json_object();
	json_object_set_new(r->data, "drained", json_boolean(dp_drain(g->dp, 2000)));
}

void
cmd_stop(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	g->stopping = true;
	r->data = json_object();
}
