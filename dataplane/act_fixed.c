/* The fixed kinds: content from the snapshot, the list of queries, the time. */
#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/copy.h"
#include "dataplane/links.h"
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

/* A list of links, of which the request wants some: it is overwritten when they are
 * known.
 */
static uint8_t
act_links(struct dp_burst *b, unsigned i, const struct dp_route *r)
{
	size_t len = r->payload_len;
	struct tg_writer w;
	char text[DP_MSG_MAX];

	if (!dp_links_filter(text, (const char *)r->content + r->content_len - len, &len,
		    &b->msg[i]))
		return TG_BAD_REQUEST;
	dp_answer_begin(b, i, &w, TG_CONTENT);
	tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, DP_CF_LINKS);
	if (r->max_age != UINT32_MAX)
		tg_write_uint(&w, TG_OPT_MAX_AGE, r->max_age);
	tg_write_payload(&w, text, len);
	b->reply[i] = (uint16_t)tg_write_end(&w);
	return b->reply[i] != 0 ? TG_CONTENT : TG_INTERNAL;
}

static uint8_t
act_static(struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	const struct dp_route *r = b->route[i];
	uint8_t method = b->msg[i].code, code = r->answer[method];

	if (method == TG_GET) {
		while (q->accept != DP_NO_FORMAT && q->accept != r->content_format) {
			r = r->also;
			if (r == NULL)
				return TG_NOT_ACCEPTABLE;
		}
		if (unlikely(q->flags & DP_R_QUERY) && r->content_format == DP_CF_LINKS)
			return act_links(b, i, r);
		write_encoded(b, i, code, r->content, r->content_len);
	} else if (code == TG_CREATED && method == TG_POST && r->created_len > 0) {
		write_encoded(b, i, code, r->created, r->created_len);
	}
	return code;
}

/* The queries, each on a line of its own.  The request is overwritten: copy first. */
static uint8_t
act_query(struct dp_burst *b, unsigned i)
{
	uint8_t text[DP_VALUE_MAX];
	struct tg_opt_iter it;
	struct tg_writer w;
	struct tg_opt o;
	size_t len = 0;

	tg_opt_foreach (&it, &o, &b->msg[i]) {
		if (o.number != TG_OPT_URI_QUERY || len + o.len + 1 > sizeof(text))
			continue;
		memcpy(text + len, o.value, o.len);
		len += o.len;
		text[len++] = '\n';
	}
	dp_answer_begin(b, i, &w, TG_CONTENT);
	tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, 0);
	tg_write_payload(&w, text, len > 0 ? len - 1 : 0);
	b->reply[i] = (uint16_t)tg_write_end(&w);
	return b->reply[i] != 0 ? TG_CONTENT : TG_INTERNAL;
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

static uint8_t
act_time(struct dp_worker *wk, struct dp_burst *b, unsigned i)
{
	char text[DP_TIME_TEXT];
	size_t len = dp_time_text(wk, text);
	struct tg_writer w;

	dp_answer_begin(b, i, &w, TG_CONTENT);
	tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, 0);
	tg_write_uint(&w, TG_OPT_MAX_AGE, 0);
	tg_write_payload(&w, text, len);
	b->reply[i] = (uint16_t)tg_write_end(&w);
	return TG_CONTENT;
}

uint8_t
dp_act_fixed(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];

	if (!dp_request_holds(q, &b->msg[i], true, 0))
		return TG_PRECONDITION_FAILED;
	if (b->route[i]->kind == DP_K_STATIC)
		return act_static(b, i, q);
	if (q->accept != DP_NO_FORMAT && q->accept != 0)
		return TG_NOT_ACCEPTABLE;
	return b->route[i]->kind == DP_K_QUERY ? act_query(b, i) : act_time(w, b, i);
}
