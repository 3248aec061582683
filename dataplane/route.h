/*
 * Routes as the workers see them: an immutable snapshot, a trie over path segments.
 *
 * Threads.  Built by control, published by a release store, loaded once a burst by each
 *           worker (acquire), freed after every worker has let go of it (QSBR).
 */
#pragma once

#include "dataplane/dp.h"
#include "dataplane/request.h"
#include "dataplane/slice.h"

#define DP_FORMATS_MAX 16
#define DP_TICKING_MAX 32 /* routes with a period */

struct dp_route {
	enum dp_kind kind;
	enum dp_ack ack;
	char stream[64];
	uint8_t stream_len;
	const char *path;     /* the pattern as text */
	uint32_t path_hash;   /* a reload does not change it */
	uint16_t tag;         /* stands for its pattern in the flight recorder; never 0 */
	uint16_t max_payload; /* of a message */
	uint16_t max_body;    /* in blocks */
	uint16_t n_formats;
	uint16_t formats[DP_FORMATS_MAX];
	uint8_t answer[8];       /* static: code by method (1..7), 0: 4.05 */
	uint32_t content_format; /* static, time */
	bool require_format;     /* a write without Content-Format is 4.00 */
	bool changes;            /* store: after each 2.03 the value changes by itself */
	const struct dp_route *also; /* static: the same path in another Content-Format */
	uint8_t methods;             /* bit c: the method with code c may be asked */
	uint8_t plain;               /* ... in any Content-Format, and does not patch */
	bool special;                /* it changes, or any of the next three is not 0 */
	uint32_t echo_s;     /* how old a request's Echo may be; 0: none is asked for */
	uint32_t rate;       /* requests a second; 0: no limit */
	uint32_t delay_ms;   /* a request waits so long before it runs */
	uint8_t param;       /* which of the snapshot's are its own */
	uint32_t max_age;    /* seconds; UINT32_MAX: none */
	enum dp_stale stale; /* store */
	bool notify_con;     /* store */
	bool multicast;      /* fixed kinds: a group may be asked */
	uint32_t period_ms;  /* store: the value at `own` is written so often; 0.  Time:
				its observers are told so often */
	struct dp_path own;  /* that path; unobserve: its target's */
	const uint8_t *text; /* what is written there; unobserve: what is to be said */
	uint16_t text_len;
	struct dp_content body; /* static: for who wants a part of it */
	/* Answer's options and payload, encoded; written after the token.  None if the
	 * payload is longer than a message's. */
	const uint8_t *content;
	uint16_t content_len;
	const uint8_t *created; /* static POST: Location-Path options */
	uint16_t created_len;
};

/* How a path goes on behind a node: by `child`, by `param`, by any two of `child`,
 * `param` and `rest`, or by `rest` or not at all. */
enum dp_way { DP_WAY_REST, DP_WAY_LITERAL, DP_WAY_NAME, DP_WAY_CHOICE };

struct dp_node {
	uint64_t head;       /* first eight bytes of the literal in canonical form, ... */
	uint64_t mask;       /* ... or as many as it has: those that are set here */
	const char *literal; /* bytes of the segment; NULL: {name} */
	uint16_t literal_len;
	uint8_t is_device;            /* {device} */
	uint8_t way;                  /* enum dp_way */
	const struct dp_route *route; /* path ends here */
	const struct dp_route *rest; /* {name*}: path goes on with at least one segment */
	struct dp_node *child;       /* first literal child */
	struct dp_node *next;        /* next sibling */
	struct dp_node *param;       /* {name} child */
};

struct dp_snapshot {
	struct dp_node *root;
	struct dp_route *routes;
	unsigned n_routes;
	const struct dp_route *ticking[DP_TICKING_MAX]; /* those with a period */
	unsigned n_ticking;
	uint64_t version;
	uint64_t serial; /* dp_publish(): one more than of that which it follows */
	uint32_t error_rate, error_burst;
	uint32_t full_max_age;
	uint32_t con_lifetime_s, non_lifetime_s;
	struct tg_param param[DP_PARAMS_MAX]; /* [0]: where a route has none */
	uint8_t n_params;
	uint64_t ack_delay_ms;
	uint8_t observe_con_every;
	uint32_t observe_min_ms;
	uint8_t token_max; /* bytes; under TG_TOKEN_MAX: that */
	void *arena;       /* everything above that is pointed to */
};

/* The parameters that a route says, maybe one of a snapshot that has gone. */
static inline const struct tg_param *
dp_param(const struct dp_snapshot *snap, uint8_t param)
{
	return &snap->param[param < snap->n_params ? param : 0];
}

/*
 * Static content can be observed, which changes when a reload changes it, and the time.
 * A relation names it by path and Content-Format, 32 bits that stay over reloads: two
 * that a reload puts in each other's place are taken for one once in 2^32.
 */
uint32_t dp_route_ref(const struct dp_route *r);
/* What @ref names now, or else the same path in the Content-Format that comes first
 * there; NULL if that path has none any more.  @format is the one that @ref was made
 * with. */
const struct dp_route *dp_route_of_ref(
	const struct dp_snapshot *snap, uint32_t ref, uint32_t format);

/*
 * The route of @r's path, or NULL; sets r->device and r->listing.  A literal segment goes
 * before {name}, and that before {name*}.
 */
const struct dp_route *dp_route_find(
	const struct dp_snapshot *snap, struct dp_request *r);
