/* Who observes stored values. */
#include "control/cmd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_RUNS (1000 / CTL_WAIT_MS)

void
cmd_observers_count(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const struct dp_config *cfg = dp_config(g->dp);
	struct dp_worker_info info;
	uint64_t n = 0;

	(void)args;
	for (unsigned w = 0; w < cfg->workers; w++) {
		dp_worker_read(g->dp, w, &info);
		n += info.observers;
	}
	r->data = json_object();
	cmd_set(r->data, "observers", n);
	cmd_set(r->data, "max", cfg->observers_max);
}

static json_t *
observer_json(const struct dp_observer_info *o)
{
	json_t *row = json_object();
	char token[2 * sizeof(o->token) + 1] = "", at[TG_ENDPOINT_TEXT];

	for (unsigned i = 0; i < o->tkl; i++)
		snprintf(token + (size_t)2 * i, 3, "%02x", o->token[i]);
	json_object_set_new(row, "path", json_string(o->path));
	json_object_set_new(row, "endpoint",
		json_string(
			cmd_endpoint(at, o->peer.key.addr, ntohs(o->peer.key.port_be))));
	json_object_set_new(row, "token", json_string(token));
	cmd_set(row, "observe", o->observe);
	cmd_set(row, "since_con", o->since_con);
	json_object_set_new(row, "in_flight", json_boolean(o->in_flight));
	cmd_set(row, "worker", o->worker);
	return row;
}

static bool
matches(const char *pattern, const char *path)
{
	return pattern == NULL || fnmatch(pattern, path, 0) == 0
	       || strncmp(pattern, path, strlen(pattern)) == 0;
}

static void
let_go(void *state)
{
	dp_observers_let_go(state);
}

/* The page as of this run: how many, or what dp_observers_read() says. */
static int
ask(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r,
	struct dp_observer_info *page)
{
	if (r->state == NULL) {
		r->state = dp_observers_ask(g->dp, cmd_number(args, "cursor", 0));
		r->let_go = let_go;
	}
	return r->state != NULL ? dp_observers_read(g->dp, r->state, page, &r->next)
				: -ENOMEM;
}

/* A worker's page is a page here, too: as many as match of it. */
void
cmd_observers_list(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	struct dp_observer_info *page = calloc(DP_OBSERVERS_PAGE, sizeof(*page));
	const char *pattern = cmd_string(args, "pattern");
	uint64_t limit = cmd_number(args, "limit", CMD_PAGE);
	int n = page != NULL ? ask(g, args, r, page) : -ENOMEM;

	if (n == -EINPROGRESS && r->runs < WAIT_RUNS)
		r->wait = true;
	else if (n == -EINPROGRESS || n == -EAGAIN)
		cmd_refuse(r, "timeout", "a worker did not answer");
	else if (n < 0)
		cmd_refuse(r, "failed", "%s", strerror(-n));
	else
		r->data = json_array();
	for (int i = 0; i < n && (limit == 0 || json_array_size(r->data) < limit); i++)
		if (matches(pattern, page[i].path))
			json_array_append_new(r->data, observer_json(&page[i]));
	r->more = n >= 0 && r->next != UINT64_MAX;
	free(page);
}
