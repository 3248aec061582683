/* The running gateway as control holds it: what commands act on. */
#pragma once

#include "control/books.h"
#include "control/config.h"

#include <jansson.h>

struct ctl_gateway {
	struct ctl_config *conf;
	struct dp *dp;
	struct ctl_io_posix io;
	struct ctl_log log;
	struct ctl_log_report log_report;
	struct ctl_logd logd;
	struct dp_logring *rings[DP_WORKERS_MAX];
	uint64_t started_s;       /* UNIX time */
	uint64_t reloads, failed_reloads;
	char last_reload[512];    /* "" or why the last one failed */
	uint64_t shortfall;       /* records whose Message ID could not be restored */
	uint64_t restored, restored_values;
	uint64_t counters_base[DP_COUNTER_COUNT]; /* "clear counters" */
	struct dp_hist_copy latency_base;
	bool stopping, draining;
};

/* Load the file anew and swap in what may change; 0 or -1 with a sentence in @err. */
int ctl_gateway_reload(struct ctl_gateway *g, char *err, size_t errlen);

/* What a command answers: data, or an error. */
struct ctl_reply {
	json_t *data;
	const char *code; /* "usage", "not-found", "failed"; NULL: no error */
	char message[512];
};

struct ctl_command {
	const char *name; /* "devices list" */
	void (*run)(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r);
};

/* Commands of the gateway; the last has no name. */
extern const struct ctl_command ctl_commands[];

/* Run the request line @text; a reply line, to be freed.  Never NULL. */
char *ctl_rpc(struct ctl_gateway *g, const char *text, size_t len);
