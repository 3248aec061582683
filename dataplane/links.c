#include "dataplane/links.h"

#include "coap/link.h"
#include "coap/option.h"

#include <string.h>

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
