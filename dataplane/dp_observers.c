/* The list of observations: each worker copies its own, a page at a time. */
#include "dataplane/dp_internal.h"
#include "dataplane/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PLACES_A_PAGE 4096 /* looked at by a worker in one go */

/* A page, on its way to a worker and back. */
struct dp_observers_page {
	struct dp_act act;
	uint32_t from; /* place in the worker's table; where the next page begins */
	unsigned worker;
	bool end;  /* that worker has no more */
	bool last; /* nor has any */
	unsigned n;
	struct dp_relation row[DP_OBSERVERS_PAGE];
	uint8_t token[DP_OBSERVERS_PAGE][DP_TOKEN_LONGEST];
	uint8_t token_len[DP_OBSERVERS_PAGE];
};

/* A long token is the worker's to read. */
static void
copy_one(struct dp_worker *w, struct dp_observers_page *p, const struct dp_relation *r)
{
	const uint8_t *token = r->token;
	uint8_t len = r->tkl;

	if (len > TG_TOKEN_MAX)
		token = dp_tokens_get(w->tokens, token, &len);
	memcpy(p->token[p->n], token, len);
	p->token_len[p->n] = len;
	p->row[p->n++] = *r;
}

static void
copy(struct dp_worker *w, struct dp_act *act)
{
	struct dp_observers_page *p = (struct dp_observers_page *)act;
	uint32_t end = p->from + PLACES_A_PAGE;

	for (; p->from < end && p->n < DP_OBSERVERS_PAGE; p->from++)
		if (dp_observers_is(w->observers, p->from))
			copy_one(w, p, dp_observers_get(w->observers, p->from));
	p->end = p->from >= dp_observers_places(w->observers);
	act->result = 0;
}

/* The path of what is observed; "" if that has gone and the observer is told. */
static void
describe_path(const struct dp *dp, const struct dp_relation *r, char to[DP_PATH_TEXT_MAX])
{
	const struct dp_snapshot *snap;
	const struct dp_route *route;
	uint8_t path[DP_PATH_MAX];
	struct dp_path p = {.bytes = path};
	struct dp_list list;
	struct dp_value v;

	if (r->home == DP_AT_ROUTES) {
		snap = atomic_load_explicit(&dp->shared.snapshot, memory_order_relaxed);
		route = dp_route_of_ref(snap, r->value,
			r->flags & DP_O_FORMATTED ? r->format : DP_NO_FORMAT);
		if (route != NULL)
			snprintf(to, DP_PATH_TEXT_MAX, "%s", route->path);
	} else if (dp_is_list(r->home)) {
		if (dp_lists_read(dp->shared.worker[r->home - DP_LISTS]->lists, r->value,
			    &list)) {
			p = (struct dp_path){.bytes = list.path, .len = list.path_len};
			dp_path_text(to, DP_PATH_TEXT_MAX, &p);
		}
	} else if (dp_store_read_ref(dp->shared.worker[r->home]->store, r->value, path,
			   &p.len, &v)) {
		dp_path_text(to, DP_PATH_TEXT_MAX, &p);
	}
}

static void
describe(const struct dp *dp, unsigned worker, const struct dp_relation *r,
	struct dp_observer_info *out)
{
	const struct dp_worker *w = dp->shared.worker[worker];

	*out = (struct dp_observer_info){
		.worker = worker,
		.in_flight = r->flags & DP_O_IN_FLIGHT,
		.observe = r->seq,
		.since_con = r->since_con,
	};
	if (!dp_peers_info(w->peers, r->peer, (uint32_t)dp_now_s(dp), &out->peer))
		out->peer = (struct dp_peer_info){0};
	describe_path(dp, r, out->path);
}

struct dp_observers_page *
dp_observers_ask(struct dp *dp, uint64_t cursor)
{
	struct dp_observers_page *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->act.run = copy;
	p->worker = (unsigned)(cursor >> 32);
	p->from = (uint32_t)cursor;
	if (p->worker >= dp->shared.cfg.workers) {
		p->last = true;
		atomic_store_explicit(&p->act.state, 1, memory_order_relaxed);
	} else if (dp_mailbox_post(dp->shared.worker[p->worker], &p->act) != 0) {
		p->act.result = -EAGAIN;
		atomic_store_explicit(&p->act.state, 1, memory_order_relaxed);
	}
	return p;
}

int
dp_observers_read(const struct dp *dp, const struct dp_observers_page *p,
	struct dp_observer_info out[DP_OBSERVERS_PAGE], uint64_t *cursor)
{
	if (!dp_mailbox_done(&p->act))
		return -EINPROGRESS;
	if (p->act.result < 0)
		return p->act.result;
	for (unsigned i = 0; i < p->n; i++) {
		describe(dp, p->worker, &p->row[i], &out[i]);
		memcpy(out[i].token, p->token[i], sizeof(out[i].token));
		out[i].tkl = p->token_len[i];
	}
	*cursor = p->last  ? UINT64_MAX
		  : p->end ? (uint64_t)(p->worker + 1) << 32
			   : (uint64_t)p->worker << 32 | p->from;
	return (int)p->n;
}

void
dp_observers_let_go(struct dp_observers_page *p)
{
	if (p != NULL && dp_mailbox_done(&p->act))
		free(p);
}
