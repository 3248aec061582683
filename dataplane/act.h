/*
 * Executing a request: what its route's kind does.  The result is the answer's code;
 * b->reply[i] has the answer's bytes if it is more than that.
 *
 * Threads.  A worker's.
 */
#pragma once

#include "dataplane/worker.h"

/* What its route says. */
uint8_t dp_execute(struct dp_worker *w, struct dp_burst *b, unsigned i);
uint8_t dp_act_stream(struct dp_worker *w, struct dp_burst *b, unsigned i);
uint8_t dp_act_store(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* What of the store runs at the value's home: writes and listings.  @origin answers. */
uint8_t dp_store_act_here(
	struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* GET of a device's list, at its home; @origin answers, and enters its observer
 * (act_list.c). */
uint8_t dp_list_get(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* What @q names was created, deleted, or looks otherwise in a list; false if nobody
 * observes one that may have it. */
bool dp_list_changed(struct dp_worker *w, const struct dp_request *q);
/* Make list @list anew, and tell who observes it if it is another one. */
void dp_list_renew(struct dp_worker *w, uint32_t list);
/* A write alone: conditions, value, record. */
uint8_t dp_store_write(
	struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* A FETCH that was at its value's home: there once more.  DP_LATER, or an error. */
uint8_t dp_store_ask_again(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* Answer 2.05 with a value, or 2.03 if the request knows it; the request is overwritten.
 */
uint8_t dp_store_answer(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_value *v);
/* FETCH, PATCH and iPATCH (act_patch.c). */
static inline bool
dp_is_patch(uint8_t method)
{
	return method >= TG_FETCH && method <= TG_IPATCH;
}
/* Does such a request ask for a block more of an answer, and for nothing else? */
static inline bool
dp_goes_on(const struct tg_msg *m, const struct dp_request *q)
{
	return (q->flags & (DP_R_BLOCK1 | DP_R_BLOCK2)) == DP_R_BLOCK2
	       && q->block2.num > 0 && m->payload == m->len;
}
/* Is the payload's Content-Format one that such a method takes? */
bool dp_patch_takes(const struct tg_msg *m, const struct dp_request *q);
/* Give the request to the parser, at its value's home; @origin answers.  DP_LATER: the
 * packet is with it. */
uint8_t dp_patch_ask(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* Go on with what the parser has done.  True if there was anything. */
bool dp_jobs_run(struct dp_worker *w);
/* Book message @q to the device that its path names; its slot, or DP_NONE.  @known: the
 * slot, if the caller knows it; @origin: the worker whose peer it is from. */
uint32_t dp_act_device(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_request *q, uint32_t known, unsigned origin);
/* Book a message to a stream, from a peer of this worker, to device @name, a segment that
 * is empty if there is none.  Its hash is known (stage route), and @q's hint may be any.
 */
void dp_act_sender(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_request *q, const uint8_t *name);
/* A device is being forgotten: its values stay.  @worker is a struct dp_worker: this is
 * what the devices table calls. */
void dp_act_disown(void *worker, uint32_t device);
/* POST of a route's word: forget who observes its target. */
uint8_t dp_act_unobserve(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* The time of this turn, RFC 3339; its length. */
size_t dp_time_text(const struct dp_worker *w, char text[DP_TIME_TEXT]);
/* The same as who observes it is told it; borrows @text. */
struct dp_content dp_time_content(const struct dp_worker *w, char text[DP_TIME_TEXT]);
/* Write the values whose period is over (ticker.c); about every millisecond. */
void dp_tick_values(struct dp_worker *w);
uint8_t dp_act_create(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* The fixed kinds. */
uint8_t dp_act_fixed(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* Do the request's conditions hold for static content @r, in one of its Content-Formats?
 */
bool dp_static_holds(
	const struct dp_request *q, const struct tg_msg *m, const struct dp_route *r);
