#include "dataplane/news.h"

#include "dataplane/act.h"
#include "dataplane/worker.h"

#include <rte_ring.h>

#define A_TURN DP_BURST /* pieces of news from other workers */
#define ASK_MS 10       /* between two lists of which it is asked who observes them */

bool
dp_news_post(struct dp_worker *w, unsigned to, enum dp_news_kind kind, uint8_t home,
	uint32_t value)
{
	struct dp_news news = {
		.value = value, .home = home, .from = (uint8_t)w->id, .kind = kind};

	return rte_ring_enqueue_elem(w->shared->worker[to]->news, &news, sizeof(news))
	       == 0;
}

/* @to will look for itself.  Release: pairs with look_for_all(), which sees what changed.
 */
static void
lose(struct dp_worker *w, unsigned to)
{
	atomic_store_explicit(
		&w->shared->worker[to]->news_lost, true, memory_order_release);
}

static void
tell(struct dp_worker *w, unsigned to, uint8_t home, uint32_t value)
{
	if (!dp_news_post(w, to, DP_N_CHANGED, home, value))
		lose(w, to);
}

/* A value of ours has changed.  Without an observer anywhere it is watched no longer,
 * which only a worker that is alone can know. */
static void
spread(struct dp_worker *w, uint32_t value)
{
	bool any = dp_observers_changed(w->observers, (uint8_t)w->id, value);

	if (w->count == 1 && !any)
		dp_store_watch(w->store, value, false);
	for (unsigned to = 0; to < w->count; to++)
		if (to != w->id)
			tell(w, to, (uint8_t)w->id, value);
}

void
dp_news_of_list(struct dp_worker *w, uint32_t list)
{
	uint8_t home = (uint8_t)(DP_LISTS + w->id);

	(void)dp_observers_changed(w->observers, home, list);
	for (unsigned to = 0; to < w->count; to++)
		if (to != w->id && dp_lists_is_held(w->lists, list, to))
			tell(w, to, home, list);
}

/* Who has an observer of it?  Where there was no room to ask, the next time will do. */
static void
ask(struct dp_worker *w, uint32_t list)
{
	uint8_t home = (uint8_t)(DP_LISTS + w->id);

	if (dp_observers_of_value(w->observers, home, list) == DP_NONE)
		dp_lists_release(w->lists, list, w->id, w->now_s);
	for (unsigned to = 0; to < w->count; to++)
		if (to != w->id && dp_lists_is_held(w->lists, list, to))
			(void)dp_news_post(w, to, DP_N_ASK, home, list);
}

/* A list that may have changed, and one that may have lost its last observer. */
static bool
take_lists(struct dp_worker *w)
{
	uint32_t changed = dp_lists_next_changed(w->lists), list;

	if (changed != DP_NONE)
		dp_list_renew(w, changed);
	if (w->now_ms - w->asked_ms >= ASK_MS) {
		w->asked_ms = w->now_ms;
		list = dp_lists_step(w->lists, w->now_s);
		if (list != DP_NONE)
			ask(w, list);
	}
	return changed != DP_NONE;
}

/* An exchange: a change that is lost from here on is not taken for one that was seen.
 * Acquire: pairs with lose(). */
static void
look_for_all(struct dp_worker *w)
{
	if (unlikely(atomic_load_explicit(&w->news_lost, memory_order_relaxed))
		&& atomic_exchange_explicit(&w->news_lost, false, memory_order_acq_rel))
		dp_observers_changed_all(w->observers);
}

bool
dp_news_own(struct dp_worker *w)
{
	uint32_t value[DP_STORE_NEWS];
	unsigned n = dp_store_news(w->store, value, DP_STORE_NEWS);
	bool any = dp_lists_count(w->lists) > 0 && take_lists(w);

	for (unsigned i = 0; i < n; i++)
		spread(w, value[i]);
	if (unlikely(dp_store_news_lost(w->store)))
		for (unsigned to = 0; to < w->count; to++)
			lose(w, to);
	look_for_all(w);
	return n > 0 || any;
}

/* One piece of news from another worker. */
static void
hear(struct dp_worker *w, const struct dp_news *news)
{
	switch ((enum dp_news_kind)news->kind) {
	case DP_N_CHANGED:
		dp_observers_changed(w->observers, news->home, news->value);
		break;
	case DP_N_WATCH: /* what has changed before this came, the sender missed */
		if (dp_is_list(news->home))
			dp_lists_hold(w->lists, news->value, news->from);
		else
			dp_store_watch(w->store, news->value, true);
		tell(w, news->from, news->home, news->value);
		break;
	case DP_N_FORGET:
		dp_observers_forget(w->observers, news->home, news->value);
		break;
	case DP_N_ASK:
		if (dp_observers_of_value(w->observers, news->home, news->value)
			== DP_NONE)
			(void)dp_news_post(
				w, news->from, DP_N_RELEASE, news->home, news->value);
		break;
	case DP_N_RELEASE:
		dp_lists_release(w->lists, news->value, news->from, w->now_s);
		break;
	}
}

bool
dp_news_of_others(struct dp_worker *w)
{
	struct dp_news news;
	unsigned n = 0;

	while (n < A_TURN && rte_ring_dequeue_elem(w->news, &news, sizeof(news)) == 0) {
		hear(w, &news);
		n++;
	}
	return n > 0;
}
