/*
 * A device is forgotten: at every worker that has an entry of it, and then the endpoint
 * that the entry named, at that one's home.  In this order: whoever speaks for the device
 * meanwhile is in the entry, or in a new one.
 */
#include "dataplane/act.h"
#include "dataplane/act_observe.h"
#include "dataplane/dp_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One worker's entry, and the endpoint that it names, if it has one. */
struct part {
	struct dp_act entry, endpoint;
	bool entry_posted, endpoint_posted;
	bool busy; /* the endpoint could not be forgotten so far */
};

struct dp_kick {
	struct dp *dp;
	unsigned n;
	struct part part[]; /* one a worker */
};

static void
forget_entry(struct dp_worker *w, struct dp_act *act)
{
	uint64_t hash = dp_devices_hash(w->devices, act->name, act->len);
	uint32_t slot = dp_devices_find(w->devices, act->name, act->len, hash);
	struct dp_device_info d;

	act->result = -ENOENT;
	if (slot == DP_NONE || !dp_devices_info(w->devices, slot, &d))
		return;
	act->peer = d.peer;
	act->peer_home = d.peer_home;
	dp_act_disown(w, slot);
	dp_devices_del(w->devices, slot);
	act->result = 0;
}

/* -EBUSY: an answer to it is under way. */
static void
forget_endpoint(struct dp_worker *w, struct dp_act *act)
{
	uint32_t peer = dp_peers_of_ref(w->peers, act->peer);

	act->result = 0;
	if (peer == DP_NONE)
		return;
	dp_observe_kick(w, peer);
	if (dp_peers_del(w->peers, peer))
		dp_replies_forget(w->replies, peer);
	else
		act->result = -EBUSY;
}

struct dp_kick *
dp_kick_new(struct dp *dp, const char *name, size_t len)
{
	unsigned workers = len <= sizeof(((struct dp_act *)0)->name)
				   ? dp->shared.cfg.workers
				   : 0; /* nobody has such a name */
	struct dp_kick *k = calloc(1, sizeof(*k) + workers * sizeof(k->part[0]));

	if (k == NULL)
		return NULL;
	k->dp = dp;
	k->n = workers;
	for (unsigned i = 0; i < workers; i++) {
		struct part *p = &k->part[i];

		p->entry.run = forget_entry;
		p->entry.len = (uint16_t)len;
		memcpy(p->entry.name, name, len);
		p->endpoint.run = forget_endpoint;
	}
	(void)dp_kick_result(k);
	return k;
}

/* False if the worker's mailbox is full: later, then. */
static bool
post(const struct dp_kick *k, unsigned worker, struct dp_act *act)
{
	/* Relaxed: the mailbox's ring shows it to the worker. */
	atomic_store_explicit(&act->state, 0, memory_order_relaxed);
	return dp_mailbox_post(k->dp->shared.worker[worker], act) == 0;
}

static bool
is_under_way(const struct part *p)
{
	return (p->entry_posted && !dp_mailbox_done(&p->entry))
	       || (p->endpoint_posted && !dp_mailbox_done(&p->endpoint));
}

/* Worker @i's part: what is to be posted next is. */
static int
part_result(struct dp_kick *k, unsigned i)
{
	struct part *p = &k->part[i];

	if (is_under_way(p))
		return p->busy ? -EBUSY : -EINPROGRESS;
	if (!p->entry_posted) {
		p->entry_posted = post(k, i, &p->entry);
		return -EINPROGRESS;
	}
	if (p->entry.result != 0 || p->entry.peer == DP_NONE)
		return p->entry.result;
	if (p->endpoint_posted && p->endpoint.result == 0)
		return 0;
	p->busy |= p->endpoint_posted;
	p->endpoint.peer = p->entry.peer;
	p->endpoint_posted = post(k, p->entry.peer_home, &p->endpoint);
	return p->busy ? -EBUSY : -EINPROGRESS;
}

/* Of two parts' results the one that says more of what is left to do. */
static int
graver(int a, int b)
{
	static const int order[] = {-EINPROGRESS, -EBUSY, 0, -ENOENT};
	size_t i = 0;

	while (order[i] != a && order[i] != b)
		i++;
	return order[i];
}

int
dp_kick_result(struct dp_kick *k)
{
	int result = -ENOENT;

	for (unsigned i = 0; i < k->n; i++)
		result = graver(result, part_result(k, i));
	return result;
}

void
dp_kick_free(struct dp_kick *k)
{
	for (unsigned i = 0; k != NULL && i < k->n; i++)
		if (is_under_way(&k->part[i]))
			return;
	free(k);
}
