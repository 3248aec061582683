#include "dataplane/links.h"

#include "coap/link.h"
#include "coap/option.h"
#include "coap/text.h"
#include "dataplane/dp.h"

#include <string.h>

#define FORMATS_MAX 1023 /* bytes of a list of Content-Formats: 170 of them at least */

static bool
passes(const struct tg_link *l, const struct tg_opt *filter, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!tg_link_matches(l, filter[i].value, filter[i].len))
			return false;
	return true;
}

bool
dp_links_filter(char *to, const char *text, size_t *len, const struct tg_msg *m)
{
	struct tg_opt filter[DP_FILTERS_MAX], o;
	struct tg_link_reader r;
	struct tg_opt_iter it;
	struct tg_link l;
	size_t kept = 0;
	unsigned n = 0;

	tg_opt_foreach (&it, &o, m) {
		if (o.number != TG_OPT_URI_QUERY)
			continue;
		if (n == DP_FILTERS_MAX)
			return false;
		filter[n++] = o;
	}
	tg_link_read(&r, text, *len);
	while (tg_link_next(&r, &l)) {
		if (!passes(&l, filter, n))
			continue;
		if (kept > 0)
			to[kept++] = ',';
		memmove(to + kept, l.text, l.len);
		kept += l.len;
	}
	*len = kept;
	return true;
}

/* ---- the list of resources ---- */

/* Has a route before number @i the same path, in another Content-Format? */
static bool
is_listed(const struct dp_settings *set, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (strcmp(set->routes[k].path, set->routes[i].path) == 0)
			return true;
	return false;
}

/* Is it useful to observe, because it changes while the gateway runs (RFC 7641, 6)? */
static bool
changes(const struct dp_route_spec *r)
{
	return (r->kind == DP_K_STORE || (r->kind == DP_K_TIME && r->delay_ms == 0))
	       && strchr(r->path, '{') == NULL;
}

/* Is @other a representation of static content @r in a Content-Format (or @r itself)? */
static bool
represents(const struct dp_route_spec *other, const struct dp_route_spec *r)
{
	return r->kind == DP_K_STATIC && other->content_format != DP_NO_FORMAT
	       && strcmp(other->path, r->path) == 0;
}

/* Each Content-Format that number @i is there in (RFC 7252, 7.2.1): one as a number,
 * several as a list. */
static void
write_formats(struct tg_link_writer *w, const struct dp_settings *set, unsigned i)
{
	char list[FORMATS_MAX + 1];
	struct tg_text t;
	uint32_t last = 0;
	unsigned n = 0;

	tg_text_begin(&t, list, FORMATS_MAX);
	for (unsigned k = i; k < set->n_routes; k++) {
		if (!represents(&set->routes[k], &set->routes[i]))
			continue;
		last = set->routes[k].content_format;
		if (n++ > 0)
			tg_text_char(&t, ' ');
		tg_text_uint(&t, last);
	}
	list[t.len] = '\0';
	w->overflow |= t.overflow;
	if (n > 1)
		tg_link_attr(w, "ct", list);
	else if (n == 1)
		tg_link_attr_uint(w, "ct", last);
}

/* A link to number @i: to its path, or of a pattern to the literal prefix; nothing if
 * hidden. */
static void
write_link(struct tg_link_writer *w, const struct dp_settings *set, unsigned i)
{
	const struct dp_route_spec *r = &set->routes[i];
	size_t len = strcspn(r->path, "{");

	if (r->hidden)
		return;
	if (len > 1 && r->path[len] == '{')
		len--; /* "/t/{device}" is listed as "/t" */
	tg_link_target(w, r->path, len);
	tg_link_attr(w, "rt", r->rt);
	tg_link_attr(w, "if", r->ifd);
	tg_link_attr(w, "title", r->title);
	write_formats(w, set, i);
	if (r->kind == DP_K_STATIC && r->content_len > DP_VALUE_MAX)
		tg_link_attr_uint(w, "sz", r->content_len); /* large ones only (3.3) */
	if (changes(r))
		tg_link_attr_flag(w, "obs");
}

void
dp_links_write_routes(struct tg_link_writer *w, const struct dp_settings *set)
{
	for (unsigned i = 0; i < set->n_routes; i++)
		if (!is_listed(set, i))
			write_link(w, set, i);
}
