/*
 * FETCH, PATCH and iPATCH on a stored JSON value (RFC 8132): what a worker does before
 * and after the parser.
 *
 * The request is on its way from the moment that its job is given away, as if the parser
 * were the value's home: in progress, a duplicate of it ignored.  The parser sees the
 * value of that moment.  A new value is written only over that one; if another has been
 * written meanwhile, the parser is asked again.  So a patch is applied as a whole, once,
 * to what was there, and no PUT is lost beneath it.
 */
#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/act_block.h"
#include "dataplane/answer.h"
#include "dataplane/slice.h"
#include "dataplane/steer.h"
#include "dataplane/words.h"
#include "dataplane/worker.h"

#include <rte_ring.h>
#include <string.h>

#define JOBS_A_TURN 16 /* that have come back */

_Static_assert(DP_JOB_HEAD_MAX > DP_MSG_MAX, "any request's head, and a marker");

bool
dp_patch_takes(const struct tg_msg *m, const struct dp_request *q)
{
	uint32_t format = q->content_format;

	if (m->code != TG_FETCH)
		return format == TG_CF_JSON_PATCH || format == TG_CF_MERGE_PATCH;
	return format == TG_CF_TEXT || (format == DP_NO_FORMAT && dp_goes_on(m, q));
}

/* The value as it is now, into @job; or the error that the request ends in. */
static uint8_t
look_up(struct dp_worker *w, struct dp_burst *b, unsigned i, struct dp_job *job)
{
	const struct dp_request *q = &w->scratch->request[i];
	uint32_t slot = dp_store_find(w->store, &q->path, q->store_hash, DP_NONE);
	const struct tg_msg *m = &b->msg[i];
	struct dp_part none = {0};

	if (slot == DP_NONE
		|| !dp_store_read_part(
			w->store, &q->path, q->store_hash, none, &job->value))
		return dp_request_holds(q, m, false, 0) ? TG_NOT_FOUND
							: TG_PRECONDITION_FAILED;
	if (!dp_request_holds(q, m, true, job->value.etag))
		return TG_PRECONDITION_FAILED;
	if (job->value.content_format != TG_CF_JSON)
		return TG_UNSUPPORTED_FORMAT;
	if (m->code == TG_FETCH && q->accept != DP_NO_FORMAT && q->accept != TG_CF_JSON)
		return TG_NOT_ACCEPTABLE;
	if (job->value.len > job->cap) /* blocks.bytes was larger when it came */
		return TG_TOO_LARGE;
	dp_store_copy(w->store, slot, job->text);
	return 0;
}

static void
fill_in(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin,
	struct dp_job *job)
{
	const struct tg_msg *m = &b->msg[i];

	job->method = m->code;
	job->format = (uint16_t)w->scratch->request[i].content_format;
	job->change = m->base + m->payload;
	job->change_len = m->len - m->payload;
	job->room = (uint16_t)job->cap;
	if (m->code != TG_FETCH && b->route[i]->max_body < job->room)
		job->room = b->route[i]->max_body;
	job->home = (uint8_t)w->id;
	job->origin = origin;
	job->tries = 0;
	job->head = m->payload;
	job->out = job->message + m->payload;
	memcpy(job->message, m->base, m->payload);
}

/* Give the job away; the ring has room for all there are. */
static void
ask(struct dp_worker *w, struct dp_burst *b, unsigned i, struct dp_job *job)
{
	job->packet = dp_pack(w, b, i);
	if (rte_ring_enqueue(w->to_parse, job) != 0)
		rte_panic("no place for a job\n");
}

uint8_t
dp_patch_ask(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin)
{
	struct dp_job *job;
	uint8_t code;

	if (w->n_jobs == 0) {
		dp_count(&w->counters, DP_C_jobs_full, 1);
		return TG_UNAVAILABLE;
	}
	job = w->job[w->n_jobs - 1];
	code = look_up(w, b, i, job);
	if (code != 0)
		return code;
	DP_SET(w->n_jobs, w->n_jobs - 1);
	fill_in(w, b, i, origin, job);
	ask(w, b, i, job);
	return DP_LATER;
}

/* Does the value that the parser saw still stand there? */
static bool
is_unchanged(const struct dp_worker *w, const struct dp_job *job)
{
	const struct dp_request *q = &w->scratch->request[0];
	uint32_t slot = dp_store_find(w->store, &q->path, q->store_hash, DP_NONE);

	return slot != DP_NONE && dp_store_etag(w->store, slot) == job->value.etag;
}

static uint8_t
ask_again(struct dp_worker *w, struct dp_burst *b, struct dp_job *job)
{
	uint8_t code;

	if (++job->tries == DP_JOB_TRIES)
		return TG_UNAVAILABLE;
	code = look_up(w, b, 0, job);
	if (code == 0)
		ask(w, b, 0, job);
	return code;
}

/* From here on the request is a PUT of the new value. */
static uint8_t
install(struct dp_worker *w, struct dp_burst *b, struct dp_job *job)
{
	struct tg_msg *m = &b->msg[0];

	m->base = job->message;
	m->payload = job->head;
	m->len = (uint16_t)(job->head + job->out_len);
	w->scratch->request[0].content_format = TG_CF_JSON;
	return dp_store_write(w, b, 0, job->origin);
}

/* All of the answer, for the blocks that will be asked for. */
static void
keep_part(const struct dp_burst *b, const struct dp_job *job, struct dp_transfer *x)
{
	uint32_t max_age = b->route[0]->max_age,
		 age = dp_value_age(&job->value, b->now_s);
	struct dp_content c = {
		.bytes = job->out,
		.len = job->out_len,
		.format = TG_CF_JSON,
		.max_age = max_age == UINT32_MAX ? max_age
			   : age < max_age       ? max_age - age
						 : 0,
		.etag = job->value.etag,
	};

	dp_block_keep(x, TG_CONTENT, &c, b->now_s);
}

/* The part goes out under the ETag of the whole: it serves If-Match, too. */
static uint8_t
answer_part(struct dp_worker *w, struct dp_burst *b, struct dp_job *job)
{
	const struct dp_request *q = &w->scratch->request[0];
	uint32_t from = dp_slice_from(q);
	uint32_t n = from < job->out_len ? job->out_len - from : 0;
	struct dp_transfer *x = dp_body_of(w, 0);
	struct tg_slice s;
	bool keep = from == 0 && dp_slice(&s, q, job->out_len) && s.block.more;
	uint8_t code;

	if (keep && job->out_len > dp_transfers_bytes(w->transfers))
		return TG_UNAVAILABLE;
	if (keep && x == NULL)
		return DP_NO_PLACE;
	job->value.len = job->out_len;
	if (n > 0)
		memcpy(job->value.payload, job->out + from,
			n < DP_VALUE_MAX ? n : DP_VALUE_MAX);
	code = dp_store_answer(w, b, 0, &job->value);
	if (keep && code == TG_CONTENT)
		keep_part(b, job, x);
	return code;
}

static uint8_t
conclude(struct dp_worker *w, struct dp_burst *b, struct dp_job *job)
{
	bool fetch = job->method == TG_FETCH;

	if (!fetch && !is_unchanged(w, job))
		return ask_again(w, b, job);
	if (job->code >= TG_BAD_REQUEST)
		return job->code;
	return fetch ? answer_part(w, b, job) : install(w, b, job);
}

static void
come_back(struct dp_worker *w, struct dp_job *job)
{
	struct dp_burst *b = dp_reopen(w, job->packet, DP_KIND(DP_K_STORE));

	if (b->code[0] == 0) {
		b->code[0] = conclude(w, b, job);
		if (b->pkt[0] == NULL)
			return; /* on its way again, with its job */
	}
	w->job[w->n_jobs] = job;
	DP_SET(w->n_jobs, w->n_jobs + 1);
	if (b->code[0] == DP_LATER && job->origin == w->id) { /* it waits for the log */
		dp_arrive(w, b->peer[0]);
		dp_count(&w->counters, DP_C_executed, 1);
	}
	dp_give_back(w, b, job->origin);
}

bool
dp_jobs_run(struct dp_worker *w)
{
	void *job[JOBS_A_TURN];
	unsigned n;

	if (likely(w->n_jobs == DP_JOBS))
		return false;
	n = rte_ring_dequeue_burst(w->parsed, job, JOBS_A_TURN, NULL);
	for (unsigned i = 0; i < n; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core*): the ring wrote n */
		come_back(w, job[i]);
	if (n > 0)
		dp_logring_publish(w->logring);
	return n > 0;
}
