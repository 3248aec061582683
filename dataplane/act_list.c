/*
 * GET /d/DEVICE: links to what the device has stored (RFC 6690), though it may have been
 * forgotten since.
 *
 * The list is made where the device's values are at home.  Who observes it is entered at
 * the endpoint's home, when the answer comes there.  From then on lists.h has the list:
 * it is made anew when a value comes, goes, or changes what the list shows of it.
 */
#include "coap/code.h"
#include "coap/link.h"
#include "coap/option.h"
#include "dataplane/act.h"
#include "dataplane/act_observe.h"
#include "dataplane/links.h"
#include "dataplane/slice.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

#include <string.h>

/* Links to the values of @device whose paths begin with @under; how many.  @observed:
 * what changes a link is wanted to be known. */
static unsigned
link_values(struct tg_link_writer *links, struct dp_store *store, uint32_t device,
	const struct dp_path *under, bool observed)
{
	uint32_t slot = dp_store_first(store, device);
	uint8_t path[DP_PATH_MAX];
	struct dp_value v;
	unsigned n = 0;
	uint16_t len;

	for (; slot != DP_NONE && !links->overflow; slot = dp_store_next(store, slot)) {
		if (!dp_store_info(store, slot, path, &len, &v) || len < under->len
			|| memcmp(path, under->bytes, under->len) != 0)
			continue;
		if (observed)
			dp_store_list(store, slot, true);
		tg_link_path(links, path, len);
		if (v.content_format != DP_NO_FORMAT)
			tg_link_attr_uint(links, "ct", v.content_format);
		tg_link_attr_uint(links, "sz", v.len);
		tg_link_attr_flag(links, "obs");
		n++;
	}
	return n;
}

/* The list at @path, which ends with the name of a device, at byte @name_at, in
 * scratch->text: its code, and of a 2.05 its length. */
static uint8_t
make(struct dp_worker *w, const struct dp_path *path, uint16_t name_at, bool observed,
	uint32_t *len)
{
	const uint8_t *name = path->bytes + name_at + 1;
	uint64_t hash = dp_devices_hash(w->devices, name, name[-1]);
	const uint32_t of[] = {dp_devices_find(w->devices, name, name[-1], hash),
		dp_store_orphans(w->store, hash)};
	struct tg_link_writer links;
	unsigned n = 0;

	tg_link_begin(&links, w->scratch->text, sizeof(w->scratch->text));
	for (unsigned i = 0; i < 2; i++)
		n += link_values(&links, w->store, of[i], path, observed);
	*len = (uint32_t)tg_link_end(&links);
	return n == 0 ? TG_NOT_FOUND : *len == 0 ? TG_INTERNAL : TG_CONTENT;
}

/* That is what @list says now: @len bytes of scratch->text with @etag. */
static void
say(struct dp_worker *w, uint32_t list, uint8_t code, uint32_t len, uint64_t etag)
{
	if (dp_lists_set(w->lists, list, code, w->scratch->text, len, etag))
		dp_news_of_list(w, list);
}

/* The list that @q is answered with, @c, is to be observed; false if there is no room. */
static bool
keep(struct dp_worker *w, const struct dp_request *q, const struct dp_content *c,
	uint32_t *list)
{
	const uint8_t *name;
	uint8_t len;

	name = dp_request_segment(q, q->device_at, &len);
	*list = dp_lists_get(w->lists, &q->path, q->device_at,
		dp_devices_hash(w->devices, name, len), w->now_s);
	if (*list == DP_NONE) {
		dp_count(&w->counters, DP_C_observers_full, 1);
		return false;
	}
	say(w, *list, TG_CONTENT, c->len, c->etag);
	return true;
}

/* As dp_list_get(), but for the observer. */
static uint8_t
get(struct dp_worker *w, struct dp_burst *b, unsigned i, bool observed)
{
	const struct dp_request *q = &w->scratch->request[i];
	struct dp_content c = {
		.bytes = w->scratch->text, .format = TG_CF_LINK, .max_age = UINT32_MAX};
	uint8_t code;
	size_t size;

	if (!dp_request_accepts(q, TG_CF_LINK))
		return TG_NOT_ACCEPTABLE;
	code = make(w, &q->path, q->device_at, observed, &c.len);
	/* The request is whole still: a refusal needs its type. */
	if (code == TG_NOT_FOUND && !dp_request_holds(q, &b->msg[i], false, 0))
		return TG_PRECONDITION_FAILED;
	if (code != TG_CONTENT)
		return code;
	size = c.len;
	if ((q->flags & DP_R_QUERY)
		&& !dp_links_filter(
			w->scratch->text, w->scratch->text, &size, &b->msg[i]))
		return TG_BAD_REQUEST;
	c.len = (uint32_t)size;
	c.etag = dp_content_etag(c.bytes, c.len, c.format);
	if (!dp_request_holds(q, &b->msg[i], true, c.etag))
		return TG_PRECONDITION_FAILED;
	if (observed && keep(w, q, &c, &dp_meta(b->pkt[i])->list)) {
		c.observe = DP_OBSERVE_LATER;
		b->flags[i] |= DP_F_OBSERVE;
	}
	return dp_answer_content(b, i, q, TG_CONTENT, &c);
}

uint8_t __attribute__((noinline))
dp_list_get(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin)
{
	bool observed = (b->flags[i] & DP_F_OBSERVE)
			&& !(w->scratch->request[i].flags & DP_R_QUERY)
			&& dp_is_registration(&b->msg[i]);
	uint8_t code;

	if ((b->flags[i] & DP_F_OBSERVE) && origin == w->id)
		dp_observe_cancel(w, b, i);
	b->flags[i] &= (uint8_t)~DP_F_OBSERVE;
	code = get(w, b, i, observed);
	if ((b->flags[i] & DP_F_OBSERVE) && origin == w->id && code < TG_BAD_REQUEST)
		dp_observe_list(w, b, i, w->id);
	return code;
}

bool
dp_list_changed(struct dp_worker *w, const struct dp_request *q)
{
	const uint8_t *name;
	uint8_t len;

	if (q->device_at == DP_NO_SEGMENT)
		return false;
	name = dp_request_segment(q, q->device_at, &len);
	return dp_lists_changed(w->lists, dp_devices_hash(w->devices, name, len));
}

void
dp_list_renew(struct dp_worker *w, uint32_t list)
{
	struct dp_path path;
	uint16_t name_at;
	uint32_t len;
	uint8_t code;

	if (!dp_lists_path(w->lists, list, &path, &name_at))
		return;
	code = make(w, &path, name_at, true, &len);
	say(w, list, code, len,
		code == TG_CONTENT ? dp_content_etag(w->scratch->text, len, TG_CF_LINK)
				   : 0);
}
