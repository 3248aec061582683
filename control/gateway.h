/*
 * The running gateway as control holds it: what commands act on.
 *
 * Threads.  The control thread, and DPDK's telemetry thread; each under @lock.
 */
#pragma once

#include "control/books.h"
#include "control/config.h"
#include "control/log_thread.h"
#include "control/parser.h"

#include <jansson.h>
#include <pthread.h>

/* tidegated's exit codes beside 0 and 2 (usage). */
enum { CTL_EXIT_FAILED = 1, CTL_EXIT_CONFIG = 78 };

/* A gateway that was killed lets go of its socket and its log within this. */
#define CTL_GONE_WITHIN_MS 2000

struct ctl_gateway {
	pthread_mutex_t lock;
	struct ctl_config *conf;
	struct dp *dp;
	struct ctl_io_posix io;
	struct ctl_log log;
	struct ctl_log_report log_report;
	struct ctl_logd logd;
	struct ctl_parser parser;
	struct dp_logring *rings[DP_WORKERS_MAX];
	uint64_t started_ns; /* ctl_now_ns() */
	uint64_t reloads, failed_reloads;
	char last_reload[512]; /* "" or why the last one failed */
	uint64_t shortfall;    /* records whose Message ID could not be restored */
	uint64_t restored, restored_values;
	uint64_t counters_base[DP_WORKERS_MAX][DP_COUNTER_COUNT]; /* "clear counters" */
	struct dp_hist_copy latency_base;
	struct ctl_tracing *tracing; /* the one trace to a file, or NULL */
	bool no_hugepages;           /* whatever the configuration says */
	bool stopping, draining;
};

/* Hugepages that were there to be counted were not to be had; the EAL, which starts once
 * in a process, can do without them in another. */
#define CTL_NO_HUGEPAGES (-1)

/* Everything but the control socket, from @g->conf on; 0, CTL_NO_HUGEPAGES, or the exit
 * code with a sentence in @err. */
int ctl_gateway_start(struct ctl_gateway *g, char *err, size_t errlen);
/* Drain and close; true if no answer was left pending. */
bool ctl_gateway_finish(struct ctl_gateway *g);
/* Make the folders above @path, those that are missing and can be made. */
void ctl_make_parents(const char *path);
/* Put @conf, which ctl_config_check() has passed, in force and own it; 0, or -1 with a
 * sentence in @err, and @conf is still the caller's. */
int ctl_gateway_adopt(
	struct ctl_gateway *g, struct ctl_config *conf, char *err, size_t errlen);
/* Load the file anew and swap in what may change; 0 or -1 with a sentence in @err. */
int ctl_gateway_reload(struct ctl_gateway *g, char *err, size_t errlen);
/* What an operator should know of the log's retention, to @text of @len bytes; false:
 * nothing. */
bool ctl_gateway_retention(const struct ctl_gateway *g, char *text, size_t len);
/* Is the configuration one that can be started?  False with a sentence in @err. */
bool ctl_gateway_check(const struct ctl_config *c, char *err, size_t errlen);

/* What a connection holds between its requests, and what takes it away when the
 * connection ends; NULL: nothing. */
struct ctl_session {
	void *held;
	void (*let_go)(struct ctl_gateway *g, void *held);
};
/* The connection has ended. */
void ctl_session_end(struct ctl_gateway *g, struct ctl_session *s);

/*
 * What a command answers: data, or an error, or that it cannot answer yet.  One that has
 * to wait never blocks: it sets @wait and is run again CTL_WAIT_MS later.
 */
#define CTL_WAIT_MS 5
struct ctl_reply {
	bool wait;
	unsigned runs;               /* those before this one */
	void *state;                 /* the command's, between its runs */
	void (*let_go)(void *state); /* called with it in the end, if there is one */
	struct ctl_session *session; /* whose request it is; NULL: of no connection */
	json_t *data;
	bool more; /* a page of a longer list: ask again with "cursor": @next */
	uint64_t next;
	const char *code; /* "usage", "not-found", "failed", "timeout", "config"; NULL:
			     none */
	char message[512];
};

struct ctl_command {
	const char *name; /* "devices list" */
	void (*run)(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r);
};

/* Commands of the gateway; the last has no name. */
extern const struct ctl_command ctl_commands[];

/* Run a command under the lock, once; @r is all zero at first.  Its data is the caller's.
 */
void ctl_run(
	struct ctl_gateway *g, const char *name, const json_t *args, struct ctl_reply *r);

/* A request line on the way to its reply line. */
struct ctl_request;
/* Copies @text; @session outlives it.  NULL: out of memory. */
struct ctl_request *ctl_request_new(
	const char *text, size_t len, struct ctl_session *session);
/* Run it (again).  False: not yet; else *@reply is a line without its end, to be freed,
 * or NULL: out of memory. */
bool ctl_request_run(struct ctl_gateway *g, struct ctl_request *q, char **reply);
/* Answered or not; NULL is none. */
void ctl_request_free(struct ctl_request *q);

/* What is under way, over all workers. */
struct ctl_pending cmd_pending(const struct ctl_gateway *g);

/* Make /tidegate/... on the DPDK telemetry socket ask @g. */
int ctl_telemetry_register(struct ctl_gateway *g);
/* From here on it answers nothing: the gateway may go. */
void ctl_telemetry_forget(void);
