/*
 * A gateway in this process, and both its neighbours: the test is the devices' side of
 * the port, and it is the log thread.
 *
 * The port is a pair of rings.  Workers take their turns in the test's own thread, one
 * after another until none finds work, so that nothing depends on time; where a test
 * wants them on cores of their own it calls dp_start().  Each test gets a fresh gateway,
 * and after each the books must close and every packet buffer must be back in its pool.
 *
 * Threads.  The test's.
 */
#pragma once

#include "dataplane/dp_internal.h"
#include "tests/dp_frame.h"
#include "tests/rows.h"

#define GW_MBUFS 1023
#define GW_RECORDS 1024
#define GW_SETTINGS 5
#define GW_ROUTES 21

/* What the tests of a program are run under, one after another. */
struct setting {
	const char *name;
	unsigned workers;
	bool v6;
	unsigned home;       /* of the device's endpoint; frames come in at worker 0 */
	unsigned value_home; /* of what is stored for device "dev?" */
};

/* What most programs run under: each family, and each way that a request may take. */
extern const struct setting gw_settings[GW_SETTINGS];
/* What is served, unless a test changes it. */
extern const struct dp_route_spec gw_routes[GW_ROUTES];
/* The ETags of what they have, as the option that an answer begins with. */
#define ETAG_HELLO "\x48\x3d\x00\x76\x27\xe6\x8c\xc7\x83"
#define ETAG_TEST "\x48\x65\xda\xcf\x6d\x6c\x62\x16\xb2"
#define ETAG_SEG "\x48\x77\x6d\x29\xbd\x15\xb3\xc6\xea"
#define ETAG_SLOW "\x48\xcf\xeb\x7d\xac\x3b\x41\x71\x94"
#define ETAG_SOON "\x48\xa3\xbe\x3d\x77\xb8\xd6\xaa\x41"
#define ETAG_MANY "\x48\xc7\x8f\x63\x7d\x95\x83\x3c\x59"
#define ETAG_MANY_JSON "\x48\xd3\x06\xb4\x7b\xb2\x8b\xf3\xf3"
/* Of the query "x". */
#define ETAG_X "\x48\x05\xe7\x57\x5a\xe1\x93\xe5\x60"

struct gw_record {
	struct dp_record r; /* borrows from bytes */
	size_t len;
	uint8_t bytes[DP_RECORD_MAX];
};

struct gateway {
	const struct setting *setting;
	struct dp_config cfg; /* gw_open() makes it */
	struct dp_settings settings;
	struct dp *dp;
	struct rte_ring *in, *out; /* the port's two sides */
	struct flow v4, v6;        /* from the device to the gateway */
	struct flow flow;          /* the one of the setting's family */
	char digit;                /* "dev?" with this has its home at value_home */
	uint64_t marked[DP_COUNTER_COUNT];
	uint64_t read[DP_WORKERS_MAX], settled[DP_WORKERS_MAX]; /* the log's numbers */
	unsigned n_records;
	struct gw_record record[GW_RECORDS];
};
extern struct gateway gw;
extern _Thread_local bool gw_in_turn; /* a worker's turn runs in this thread */

/* Start the EAL and run @tests under each of @settings; the number that failed
 * (dp_run.c).
 */
int gw_main(const char *name, const struct setting *settings, size_t n_settings,
	const struct CMUnitTest *tests, size_t n_tests);
/* What a test wants otherwise. */
typedef void gw_change(struct dp_config *cfg, struct dp_settings *s);
/* Make a gateway, changed by @change if that is not NULL. */
void gw_open(gw_change *change);
/* Another one in place of this, which had no fault. */
void gw_reopen(gw_change *change);
/* New settings for one that runs. */
void gw_publish(void (*change)(struct dp_settings *s));
/* Settle the log, let every answer go out unseen, and close.  NULL, or what was not as it
 * must be: the books close all along, and every buffer comes back. */
const char *gw_close(void);

/* ---- the port ---- */

void gw_send(const struct frame *f);
/* Turns of every worker until none finds work. */
void gw_turn(void);
/* Let the port take @n frames and no more; 0: as many as before. */
void gw_port_room(unsigned n);
/* The next frame that the gateway sent; false if there is none. */
bool gw_take(struct frame *f);
void gw_expect(const struct frame *want);
void gw_expect_silence(void);

/* ---- messages: "dev?" in @msg stands for the device's name ---- */

/* What a 2.05 with @payload in @format has behind its token: ETag, Content-Format,
 * @max_age if that is not UINT32_MAX, payload.  It lasts until the next call. */
struct bytes gw_content(uint32_t format, uint32_t max_age, struct bytes payload);
/* The same of a list of links. */
struct bytes gw_links(const char *links);
/* Send a datagram from @w; it waits in the port. */
void gw_queue(const struct flow *w, struct bytes msg);
/* @n at once: a worker that reads one of them reads all. */
void gw_queue_all(const struct flow *w, struct bytes msg, unsigned n);
/* Send it and let it be worked on. */
void gw_say(const struct flow *w, struct bytes msg);
/* The next frame is the datagram that answers @w, byte for byte, and is @msg. */
void gw_hear(const struct flow *w, struct bytes msg);
/* The next frame, to gw.flow, is message @m, which borrows from @f. */
void gw_take_message(struct frame *f, struct tg_msg *m);
/* The next frame is a CON of the gateway's own to gw.flow: its Message ID. */
uint16_t gw_hear_con(uint8_t code, struct bytes rest);
/* Say, hear (silence if @reply has no bytes), and nothing more. */
void gw_ask(struct bytes request, struct bytes reply);

/* ---- kicks of "dev?" ---- */

struct dp_kick *gw_kick_begin(void);
/* Turns until it is not in progress any more: what has become of it. */
int gw_kick_end(struct dp_kick *k);
int gw_kick(void); /* both */

/* ---- the parser, which is the test, too ---- */

/* Do all jobs that workers have given away; how many.  They come back with the next turn.
 */
unsigned gw_parse(void);

/* ---- counters, the log, time ---- */

uint64_t gw_counter(enum dp_counter c);
void gw_mark(void);
/* @c grew by @n since the last mark. */
void gw_counted(enum dp_counter c, uint64_t n);
/* Do all four identities hold now? */
bool gw_books_close(void);
/* Observers of all workers, each with each of its tokens. */
unsigned gw_relations(void);
/* Take what the rings hold into gw.record; how many. */
unsigned gw_log_read(void);
/* A copy that does not borrow from @from. */
void gw_record_copy(struct gw_record *to, const struct gw_record *from);
/* Settle all that was read; */
void gw_log_commit(int status);
/* and let the answers go out. */
void gw_log_settle(int status);
/* ETag of the value at a path as text; 0: there is none. */
uint64_t gw_etag(const char *path);
/* Time as the tables know it moves on. */
void gw_later(unsigned seconds);
void gw_later_ms(unsigned ms);
/* Time is over for every fragment that waits for another. */
void gw_expire_fragments(void);
