/*
 * POST that creates (RFC 7252, 5.8.2): the payload becomes a value of its own, at the
 * route's path and a number behind it, which the answer's Location-Path says.  A store
 * route serves it from there on.
 *
 * The number is one whose value has its home here: nothing has to travel.
 */
#include "coap/code.h"
#include "coap/write.h"
#include "dataplane/act.h"
#include "dataplane/answer.h"
#include "dataplane/copy.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

#include <stdio.h>
#include <string.h>

#define TRIES 256     /* numbers looked at: of as many as there are workers one is ours */
#define NUMBER_MAX 11 /* bytes of a number in digits, with an end */

/* The next number behind the path of @len bytes at @path, which has room for it, whose
 * home is here and at which there is nothing; false if none is found. */
static bool
number(struct dp_worker *w, struct dp_request *q, uint8_t *path, uint16_t len)
{
	for (unsigned i = 0; i < TRIES; i++) {
		int n = snprintf((char *)path + len + 1, NUMBER_MAX, "%u", ++w->created);

		path[len] = (uint8_t)n;
		q->path = (struct dp_path){.bytes = path, .len = (uint16_t)(len + 1 + n)};
		q->store_hash = dp_store_hash(w->store, &q->path);
		q->store_hint = DP_NONE;
		if (dp_home_of_hash(w, q->store_hash) == w->id
			&& dp_store_find(w->store, &q->path, q->store_hash, DP_NONE)
				   == DP_NONE)
			return true;
	}
	return false;
}

/* 2.01, a Location-Path for each segment, and the Block1 that it answers. */
static uint8_t
answer(struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	const uint8_t *path = q->path.bytes;
	struct tg_writer out;

	dp_answer_begin(b, i, &out, TG_CREATED);
	for (unsigned at = 0; at < q->path.len; at += 1u + path[at])
		tg_write_option(&out, TG_OPT_LOCATION_PATH, path + at + 1, path[at]);
	if (q->flags & DP_R_BLOCK1)
		tg_write_uint(&out, TG_OPT_BLOCK1, tg_block_encode(&q->block1));
	b->reply[i] = (uint16_t)tg_write_end(&out);
	return b->reply[i] != 0 ? TG_CREATED : TG_INTERNAL;
}

uint8_t
dp_act_create(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	/* Who writes the record reads on behind it: dp_copy_over(). */
	uint8_t path[DP_PATH_MAX + NUMBER_MAX + 1 + DP_COPY_OVER];
	uint8_t code = TG_UNAVAILABLE;
	struct dp_request *q = &w->scratch->request[i];
	const struct dp_path collection = q->path;

	if (!dp_request_holds(q, &b->msg[i], true, 0))
		return TG_PRECONDITION_FAILED;
	q->flags &= ~DP_R_IF_MATCH; /* it held for the collection */
	memcpy(path, collection.bytes, collection.len);
	if (number(w, q, path, collection.len))
		code = dp_store_write(w, b, i, (uint8_t)w->id);
	if (code == TG_CREATED)
		code = answer(b, i, q);
	q->path = collection; /* the other one ends here */
	return code;
}
