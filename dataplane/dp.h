/*
 * The data plane's door: everything that control, benches and tests may ask of it.
 *
 * Threads.  One control thread calls everything here, unless a call says otherwise.
 *           Workers run on their own EAL lcores between dp_start() and dp_stop().
 * Memory.   Allocated at dp_open(), never afterwards but for snapshots and mailbox acts.
 */
#pragma once

#include "coap/param.h"
#include "dataplane/capture.h"
#include "dataplane/config.h"
#include "dataplane/counters.h"
#include "dataplane/devices.h"
#include "dataplane/hist.h"
#include "dataplane/job.h"
#include "dataplane/path.h"
#include "dataplane/peers.h"
#include "dataplane/port.h"
#include "dataplane/record.h"
#include "dataplane/store.h"
#include "dataplane/tokens.h"
#include "dataplane/trace.h"
#include "dataplane/transfers.h"

struct dp;

/* ---- routes and settings: an immutable snapshot ---- */

enum dp_kind {
	DP_K_STREAM,    /* POST and PUT are appended to a stream */
	DP_K_STORE,     /* the last representation of each path */
	DP_K_STATIC,    /* fixed content; other methods answer as `answers` says */
	DP_K_QUERY,     /* GET lists the request's queries, a line each */
	DP_K_UPPERCASE, /* POST: the payload in capital letters */
	DP_K_CREATE,    /* POST: the payload becomes a value of its own behind the path */
	DP_K_TIME,      /* GET: the gateway's time, RFC 3339 */
	DP_K_UNOBSERVE, /* POST of the content: forget who observes the target */
	DP_K_COUNT,
};

enum dp_ack { DP_ACK_RECEIVED, DP_ACK_LOGGED };

/* What becomes of a value whose max_age is over. */
enum dp_stale {
	DP_STALE_SERVE,  /* given with Max-Age 0 */
	DP_STALE_REFUSE, /* 5.03 until it is written again */
};

struct dp_route_spec {
	const char
		*path; /* "/t/{device}", "/d/{device}/{resource*}", "/seg1/seg2/seg3" */
	enum dp_kind kind;
	enum dp_ack ack;    /* stream, store */
	const char *stream; /* stream: its name; store with logged: name of its records */
	uint32_t max_age;   /* seconds; UINT32_MAX: option left out (its default is 60) */
	enum dp_stale stale;  /* store with a max_age */
	uint16_t max_payload; /* bytes, at most DP_VALUE_MAX; over it 4.13 */
	uint16_t max_body; /* the same in blocks, at most DP_BODY_MAX; 0: max_payload */
	const uint16_t *formats; /* accepted Content-Formats; NULL: any, and none */
	unsigned n_formats;
	/* static: the representation; unobserve: what a POST has to say; store with a
	 * period: what follows the time, on a line of its own */
	const char *content;
	uint16_t content_len;
	uint32_t content_format; /* static, store with a period; DP_NO_FORMAT: none */
	uint32_t period_ms; /* store: the value is written anew so often; 0: it is not */
	const char *target; /* unobserve: path of a stored value */
	uint8_t answer_put, answer_post, answer_delete; /* static: code, 0: 4.05 */
	const char *location; /* static POST: Location-Path and -Query as "/a/b?c=d", or
				 NULL */
	bool require_format;  /* stream, store: a write without Content-Format is 4.00 */
	bool changes;         /* store: after each 2.03 the value changes by itself */
	const char *rt, *ifd, *title; /* link attributes or NULL */
	bool notify_con;              /* store: every notification is confirmable */
	uint32_t delay_ms; /* fixed kinds: a request waits so long before it runs */
	/* Of separate responses and notifications; NULL: the settings'.  At most
	 * DP_PARAMS_MAX - 1 of a snapshot's are different. */
	const struct tg_param *param;
	uint32_t echo_s; /* a request's Echo is no older, or it is refused; 0: none */
	uint32_t rate;   /* requests a second of a device, or of a source; 0: no limit */
	bool multicast;  /* fixed kinds: a group's NON GET is answered, too */
	bool hidden;     /* not in /.well-known/core */
};

#define DP_TIME_TEXT 26         /* bytes of a time as text, a line's end and a zero */
#define DP_LIFETIME_MAX_S 32767 /* peers keep ages in 16 bits */
#define DP_PARAMS_MAX 16

struct dp_settings {
	const struct dp_route_spec *routes;
	unsigned n_routes;
	uint32_t error_rate,
		error_burst; /* RSTs and error replies a second per source; 0: no limit */
	uint32_t full_max_age;                   /* Max-Age of 5.03 in seconds */
	uint32_t con_lifetime_s, non_lifetime_s; /* at most DP_LIFETIME_MAX_S */
	struct tg_param param;                   /* has passed tg_param_check() */
	uint32_t ack_delay_ms;     /* a CON not answered by then gets an empty ACK */
	uint8_t observe_con_every; /* of so many notifications one is a CON */
	uint32_t observe_min_ms;   /* between two NON to an observer */
	uint8_t token_max; /* bytes of a request's token, up to DP_TOKEN_LONGEST */
	uint64_t version;  /* grows with each reload */
};

struct dp_snapshot;

/* Build; NULL with a sentence in @err (conflicting routes, bad pattern).  Copies
 * everything. */
struct dp_snapshot *dp_snapshot_new(
	const struct dp_settings *s, char *err, size_t errlen);
void dp_snapshot_free(struct dp_snapshot *snap);
/* The first route, in the settings' order, whose target is no stored value's path, or -1.
 */
int dp_snapshot_lost(const struct dp_snapshot *snap);

/* ---- life ---- */

/* EAL, ports, tables.  @cfg is copied; @first is owned from here on, also by a failure:
 * NULL with a sentence in @err, and ENOMEM in errno if it was memory of the EAL's that
 * was not to be had.  Once per process, which can only end after a failure. */
struct dp *dp_open(
	const struct dp_config *cfg, struct dp_snapshot *first, char *err, size_t errlen);
/* 0, or a negative errno, and no worker runs. */
int dp_start(struct dp *dp);
/* Refuse new requests (dropped, counted rdrop_draining) and wait up to @ms for what is
 * pending, and for the ACKs of separate responses and notifications; true if nothing is
 * left. */
bool dp_drain(struct dp *dp, unsigned ms);
void dp_stop(struct dp *dp); /* workers return; tables stay readable */
void dp_close(struct dp *dp);
/* Swap the snapshot and free the old one after every worker has let go of it. Owns @snap.
 */
void dp_publish(struct dp *dp, struct dp_snapshot *snap);

/* Once a second: the workers' wall clock follows the system's. */
void dp_tick(struct dp *dp);

const struct dp_config *dp_config(const struct dp *dp);
/* Ring of worker @w, to be drained by the log thread. */
struct dp_logring *dp_worker_logring(struct dp *dp, unsigned w);

/* ---- requests that need a parser: for one thread of control's, the parser ---- */

/* The next job, to be done and given back; NULL: none. */
struct dp_job *dp_job_next(struct dp *dp);
void dp_job_done(struct dp *dp, struct dp_job *job);

/* ---- before dp_start() only: what the last run remembered ---- */

/* Fill the source's window with @r's Message ID, answered @r->answer @age_s seconds ago.
 * False if it cannot be told which port it came in at (a shortfall, counted by the
 * caller). */
bool dp_restore_heard(struct dp *dp, const struct dp_record *r, uint32_t age_s);
/* Put a stored value back (or delete it: r->code is DELETE). */
bool dp_restore_value(struct dp *dp, const struct dp_record *r, uint32_t age_s);

/* ---- reading, at any time, any thread ---- */

#define DP_ALL UINT32_MAX
void dp_counters_read(const struct dp *dp, unsigned worker,
	uint64_t out[DP_COUNTER_COUNT]); /* or DP_ALL: sum */
void dp_latency_read(const struct dp *dp, unsigned worker,
	struct dp_hist_copy *out); /* ns from rx to tx; adds to *out */

struct dp_worker_info {
	unsigned core;
	uint64_t loops, busy_loops;   /* turns; turns that found work */
	uint64_t cycles, busy_cycles; /* TSC */
	uint64_t rx_cycles,
		tx_cycles;       /* of busy_cycles: in the ports' receive and transmit */
	uint64_t pending_frames; /* fragments that wait for others */
	uint64_t pending_requests; /* at the home of their value */
	uint64_t pending_answers, pending_records;
	uint32_t peers, devices, values, replies, extensions, observers;
	uint32_t logring_used, logring_size;
};
void dp_worker_read(const struct dp *dp, unsigned worker, struct dp_worker_info *out);
uint64_t dp_now_s(const struct dp *dp); /* the tables' time: seconds since start */
/* The wall clock (ns, UNIX epoch) now and when the TSC was @tsc; in the thread that
 * ticks, or under its lock. */
uint64_t dp_wall_ns(const struct dp *dp);
uint64_t dp_wall_ns_at(const struct dp *dp, uint64_t tsc);

/* The flight recorder of worker @w; trace.h says how to read it. */
const struct dp_trace *dp_worker_trace(const struct dp *dp, unsigned w);
/*
 * What an entry about @path has as tag and key: the route, and which of its values or
 * devices (a stream's entries are told apart by their device, a store's by the whole
 * path).  False if no route serves it.  And the key of a stream's entries from a device.
 * In the thread that publishes, or under its lock.
 */
bool dp_trace_path(const struct dp *dp, const char *path, uint16_t *tag, uint32_t *key);
uint32_t dp_trace_device(const struct dp *dp, const char *name, size_t len);

/*
 * Copy frames into @c's rings (capture.h) from here on; 0, or -EBUSY: another capture is
 * armed, and one is what there can be.  @c stays the caller's, to be freed once it has
 * been disarmed.
 */
int dp_capture_arm(struct dp *dp, struct dp_capture *c);
/* The TSC that many nanoseconds from now: for the filter's until_tsc. */
uint64_t dp_tsc_in(const struct dp *dp, uint64_t ns);
/* When it returns no worker comes to the capture any more (waits for a turn of each);
 * what is in the rings stays readable.  Nothing armed: nothing happens. */
void dp_capture_disarm(struct dp *dp);

struct dp_mem_row {
	const char *name; /* "peers", "devices", "store", "dedup", "replies", "logring",
			     "mbufs", ... */
	uint64_t bytes, entries, used;
};
unsigned dp_mem_read(const struct dp *dp, struct dp_mem_row *rows, unsigned max);

/* Walk all devices: *cursor starts at 0; false at the end.  One that is being changed is
 * copied when it rests. */
bool dp_device_next(const struct dp *dp, uint64_t *cursor, struct dp_device_info *out,
	unsigned *worker);
bool dp_device_get(const struct dp *dp, const char *name, size_t len,
	struct dp_device_info *out, unsigned *worker);
/* The endpoint that spoke for a device last; false if it is gone. */
bool dp_peer_get(const struct dp *dp, const struct dp_device_info *device,
	struct dp_peer_info *out);
/* Values: by path text "/d/dev1/state", from a byte on as dp_store_read_from() says, and
 * a walk. */
bool dp_value_get_from(
	const struct dp *dp, const char *path, uint32_t from, struct dp_value *out);
static inline bool
dp_value_get(const struct dp *dp, const char *path, struct dp_value *out)
{
	return dp_value_get_from(dp, path, 0, out);
}
bool dp_value_next(const struct dp *dp, uint64_t *cursor, char path[DP_PATH_TEXT_MAX],
	struct dp_value *out);

/* ---- acts on a worker's state, through its mailbox ---- */

/* An observation, copied out by its worker. */
struct dp_observer_info {
	char path[DP_PATH_TEXT_MAX]; /* "" if the value is gone and the observer is told
				      */
	struct dp_peer_info peer;    /* zeros if it has gone meanwhile */
	unsigned worker;             /* its endpoint's home */
	uint8_t token[DP_TOKEN_LONGEST], tkl;
	bool in_flight;              /* its last notification waits for its ACK */
	uint32_t observe, since_con; /* the last value; notifications since a CON */
};

#define DP_OBSERVERS_PAGE 64
struct dp_observers_page;
/* Ask for the observations from @cursor on (0: the first).  Waits for nobody; NULL: out
 * of memory. */
struct dp_observers_page *dp_observers_ask(struct dp *dp, uint64_t cursor);
/* How many there are in @out, and where the next page begins (UINT64_MAX: nowhere);
 * -EINPROGRESS until the worker has answered, -EAGAIN: its mailbox was full. */
int dp_observers_read(const struct dp *dp, const struct dp_observers_page *p,
	struct dp_observer_info out[DP_OBSERVERS_PAGE], uint64_t *cursor);
/* As dp_kick_free(). */
void dp_observers_let_go(struct dp_observers_page *p);

/* Ask the workers to forget device @name, and then the endpoints that spoke for it; its
 * values stay.  Waits for nobody; NULL: out of memory. */
struct dp_kick *dp_kick_new(struct dp *dp, const char *name, size_t len);
/* -EINPROGRESS: ask again; -EBUSY: the same, the device is forgotten, and its endpoint
 * will be when no answer to it is under way; 0, or -ENOENT. */
int dp_kick_result(struct dp_kick *k);
/* Let go of it (NULL: of nothing).  One in progress is not freed: a worker may still come
 * to it. */
void dp_kick_free(struct dp_kick *k);
