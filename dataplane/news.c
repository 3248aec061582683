#include "dataplane/news.h"

#include "dataplane/worker.h"

#define A_TURN DP_BURST /* pieces of news from other workers */

bool
dp_news_post(struct dp_worker *w, unsigned to, enum dp_news_kind kind, uint8_t home,
	uint32_t value)
{
	struct dp_news news = {
		.value = value, .home = home, .from = (uint8_t)w->id, .kind = kind};

	return rte_ring_enqueue_elem(w->shared->worker[to]->news, &news, sizeof(news))
	       == 0;
}

/* A change that @to has no room for it will look for itself. */
static void
tell(struct dp_worker *w, unsigned to, uint32_t value)
{
	if (!dp_news_post(w, to, DP_N_CHANGED, (uint8_t)w->id, value))
		atomic_store_explicit(
			&w->shared->worker[to]->news_lost, true, memory_order_relaxed);
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
			tell(w, to, value);
}

bool
dp_news_own(struct dp_worker *w)
{
	uint32_t value[DP_STORE_NEWS];
	unsigned n = dp_store_news(w->store, value, DP_STORE_NEWS);

	for (unsigned i = 0; i < n; i++)
		spread(w, value[i]);
	if (unlikely(dp_store_news_lost(w->store)))
		for (unsigned to = 0; to < w->count; to++)
			atomic_store_explicit(&w->shared->worker[to]->news_lost, true,
				memory_order_relaxed);
	if (unlikely(atomic_load_explicit(&w->news_lost, memory_order_relaxed))) {
		atomic_store_explicit(&w->news_lost, false, memory_order_relaxed);
		dp_observers_changed_all(w->observers);
	}
	return n > 0;
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
		dp_store_watch(w->store, news->value, true);
		tell(w, news->from, news->value);
		break;
	case DP_N_FORGET:
		dp_observers_forget(w->observers, news->home, news->value);
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
