/* The fixed kinds: content from the snapshot, the list of queries, the time. */
#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/act.h"
#include "dataplane/act_block.h"
#include "dataplane/act_observe.h"
#include "dataplane/answer.h"
#include "dataplane/copy.h"
#include "dataplane/hot.h"
#include "dataplane/links.h"
#include "dataplane/slice.h"
#include "dataplane/worker.h"

#include <stdio.h>
#include <string.h>

/* Options and payload that the snapshot holds encoded go behind header and token as they
 * are. */
static void
write_encoded(
	struct dp_burst *b, unsigned i, uint8_t code, const uint8_t *bytes, uint16_t len)
{
	uint16_t at = dp_answer_head(b, i, code);

	dp_copy(b->coap[i] + at, bytes, len);
	b->reply[i] = (uint16_t)(at + len);
}

bool
dp_static_holds(
	const struct dp_request *q, const struct tg_msg *m, const struct dp_route *r)
{
	for (; r != NULL; r = r->also)
		if (dp_request_holds(q, m, true, r->body.etag))
			return true;
	return false;
}

/* A list of links, of which the request wants some: a resource of its own. */
static uint8_t
act_links(struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_route *r)
{
	const struct dp_request *q = &w->scratch->request[i];
	struct dp_content c = r->body;
	size_t len = c.len;

	if (!dp_links_filter(w->scratch->text, c.bytes, &len, &b->msg[i]))
		return TG_BAD_REQUEST;
	c.bytes = w->scratch->text;
	c.len = (uint32_t)len;
	c.etag = dp_content_etag(c.bytes, c.len, c.format);
	if (!dp_request_holds(q, &b->msg[i], true, c.etag))
		return TG_PRECONDITION_FAILED;
	return dp_answer_content(b, i, q, TG_CONTENT, &c);
}

/* 2.01, its Location, and behind it the Block1 that it answers. */
static void
write_created(struct dp_burst *b, unsigned i, const struct dp_request *q,
	const struct dp_route *r)
{
	const struct tg_msg location = {
		.base = r->created, .len = r->created_len, .payload = r->created_len};
	struct tg_writer out;
	struct tg_opt_iter it;
	struct tg_opt o;

	dp_answer_begin(b, i, &out, TG_CREATED);
	tg_opt_foreach (&it, &o, &location)
		tg_write_option(&out, o.number, o.value, o.len);
	tg_write_uint(&out, TG_OPT_BLOCK1, tg_block_encode(&q->block1));
	b->reply[i] = (uint16_t)tg_write_end(&out);
}

/* GET with Observe: if it is observed from now on, the answer is the first notification.
 */
static uint8_t
get_observed(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_route *r)
{
	struct dp_content c = r->body;

	if (!dp_observe_route(w, b, i, r, &c))
		return 0;
	return dp_answer_content(b, i, &w->scratch->request[i], TG_CONTENT, &c);
}

static uint8_t
get_static(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	const struct dp_route *r = b->route[i];
	uint8_t code;

	while (q->accept != DP_NO_FORMAT && q->accept != r->content_format) {
		r = r->also;
		if (r == NULL)
			return TG_NOT_ACCEPTABLE;
	}
	if (unlikely(q->flags & DP_R_QUERY) && r->content_format == TG_CF_LINK)
		return act_links(w, b, i, r);
	if (!dp_static_holds(q, &b->msg[i], b->route[i]))
		return TG_PRECONDITION_FAILED;
	if ((b->flags[i] & DP_F_OBSERVE) && (code = get_observed(w, b, i, r)) != 0)
		return code;
	if (unlikely((q->flags & DP_R_ETAG) || dp_is_sliced(q, r->body.len)))
		return dp_answer_content(b, i, q, TG_CONTENT, &r->body);
	write_encoded(b, i, TG_CONTENT, r->content, r->content_len);
	return TG_CONTENT;
}

static uint8_t
act_static(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	const struct dp_route *r = b->route[i];
	uint8_t method = b->msg[i].code, code = r->answer[method];

	if (method == TG_GET)
		return get_static(w, b, i, q);
	if (!dp_static_holds(q, &b->msg[i], r))
		return TG_PRECONDITION_FAILED;
	if (code == TG_CREATED && method == TG_POST && r->created_len > 0) {
		if (unlikely(q->flags & DP_R_BLOCK1))
			write_created(b, i, q, r);
		else
			write_encoded(b, i, code, r->created, r->created_len);
	}
	return code;
}

/* The queries, each on a line of its own.  The request is overwritten: copy first. */
static uint8_t
act_query(struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	struct dp_content c = {.format = TG_CF_TEXT, .max_age = UINT32_MAX};
	uint8_t text[DP_MSG_MAX];
	struct tg_opt_iter it;
	struct tg_opt o;
	size_t len = 0;

	tg_opt_foreach (&it, &o, &b->msg[i]) {
		if (o.number != TG_OPT_URI_QUERY)
			continue;
		memcpy(text + len, o.value, o.len);
		len += o.len;
		text[len++] = '\n';
	}
	c.bytes = text;
	c.len = len > 0 ? (uint32_t)len - 1 : 0;
	c.etag = dp_content_etag(text, c.len, c.format);
	if (!dp_request_holds(q, &b->msg[i], true, c.etag))
		return TG_PRECONDITION_FAILED;
	return dp_answer_content(b, i, q, TG_CONTENT, &c);
}

/* Days since 1970-01-01 to year, month, day (proleptic Gregorian calendar). */
static void
civil_date(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t era;
	unsigned doe, yoe, doy, mp;

	days += 719468; /* from 0000-03-01: leap days come last */
	era = days / 146097;
	doe = (unsigned)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)((int64_t)yoe + era * 400) + (*month <= 2);
}

size_t
dp_time_text(const struct dp_worker *w, char text[DP_TIME_TEXT])
{
	uint64_t ns = dp_clock_wall_ns(&w->shared->clock, w->tsc), s = ns / 1000000000u;
	unsigned month, day, of_day = (unsigned)(s % 86400);
	int year, len;

	civil_date((int64_t)(s / 86400), &year, &month, &day);
	len = snprintf(text, DP_TIME_TEXT, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ",
		year % 10000, month % 100, day % 100, of_day / 3600, of_day / 60 % 60,
		of_day % 60, (unsigned)(ns / 1000000 % 1000));
	return (size_t)len;
}

/* The next one comes in a second, or when there may be one. */
struct dp_content
dp_time_content(const struct dp_worker *w, char text[DP_TIME_TEXT])
{
	uint32_t len = (uint32_t)dp_time_text(w, text);

	return (struct dp_content){
		.bytes = text,
		.len = len,
		.format = TG_CF_TEXT,
		.max_age = 1 + w->snap->observe_min_ms / 1000,
		.etag = dp_content_etag(text, len, TG_CF_TEXT),
	};
}

static uint8_t
act_time(struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	char text[DP_TIME_TEXT];
	struct dp_content c = dp_time_content(w, text);

	if (!dp_request_holds(q, &b->msg[i], true, c.etag))
		return TG_PRECONDITION_FAILED;
	if (!(b->flags[i] & DP_F_OBSERVE) || !dp_observe_route(w, b, i, b->route[i], &c))
		c.max_age = c.observe = 0;
	return dp_answer_content(b, i, q, TG_CONTENT, &c);
}

/* ASCII letters alone: what a byte of another script means, only its format knows. */
static uint8_t
act_uppercase(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	const struct tg_msg *m = &b->msg[i];
	struct dp_content c = {.bytes = w->scratch->text,
		.len = m->len - m->payload,
		.format = TG_CF_TEXT,
		.max_age = UINT32_MAX};
	const uint8_t *text = m->base + m->payload;

	_Static_assert(DP_BODY_MAX <= DP_LIST_MAX, "any body fits");
	if (!dp_request_holds(q, m, true, 0))
		return TG_PRECONDITION_FAILED;
	for (uint32_t at = 0; at < c.len; at++)
		w->scratch->text[at] =
			(char)(text[at] >= 'a' && text[at] <= 'z' ? text[at] - 'a' + 'A'
								  : text[at]);
	return dp_block_answer(w, b, i, TG_CHANGED, &c);
}

/* A request that asks for something else than all of a resource, or that it be changed.
 */
static uint8_t __attribute__((noinline))
act_particularly(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];

	if (b->route[i]->kind == DP_K_STATIC)
		return act_static(w, b, i, q);
	if (!dp_request_accepts(q, TG_CF_TEXT))
		return TG_NOT_ACCEPTABLE;
	if (b->route[i]->kind == DP_K_UPPERCASE)
		return act_uppercase(w, b, i, q);
	return b->route[i]->kind == DP_K_QUERY ? act_query(b, i, q)
					       : act_time(w, b, i, q);
}

/* Flags of a GET that is not answered with the whole content as it stands. */
#define PARTICULAR                                                                       \
	(DP_R_ETAG | DP_R_IF_MATCH | DP_R_IF_NONE_MATCH | DP_R_ACCEPT | DP_R_QUERY       \
		| DP_R_BLOCK1 | DP_R_BLOCK2 | DP_R_SIZE2 | DP_R_OBSERVE)

DP_HOT uint8_t
dp_act_fixed(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_route *r = b->route[i];

	if (unlikely((w->scratch->request[i].flags & PARTICULAR) != 0
		     || b->msg[i].code != TG_GET || r->content == NULL))
		return act_particularly(w, b, i);
	write_encoded(b, i, TG_CONTENT, r->content, r->content_len);
	return TG_CONTENT;
}
