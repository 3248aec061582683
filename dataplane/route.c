#include "dataplane/route.h"

#include <string.h>

/*
 * First eight bytes of @p as a number, zero-padded: one compare settles most segments.
 * Reads eight bytes whatever @len is: the arena that segments stand in has that slack.
 */
static uint64_t
prefix_of(const uint8_t *p, unsigned len)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return len >= sizeof(v) ? v : v & ((1ull << 8 * len) - 1);
}

static bool
is_literal(const struct dp_node *n, uint64_t prefix, const uint8_t *seg, unsigned len)
{
	return n->prefix == prefix && n->literal_len == len
		&& (len <= sizeof(prefix) || memcmp(n->literal, seg, len) == 0);
}

static const struct dp_route *
descend(const struct dp_node *n, struct dp_request *r, unsigned i)
{
	const struct dp_route *found;
	const struct dp_node *c;
	const uint8_t *seg;
	uint64_t prefix;
	uint8_t len;

	if (i == r->segments && !(r->flags & DP_R_MANY_SEGMENTS)) {
		if (n->route != NULL)
			return n->route;
		r->listing = n->rest != NULL && n->is_device;
		return r->listing ? n->rest : NULL;
	}
	if (i < r->segments) {
		seg = dp_request_segment(r, i, &len);
		prefix = prefix_of(seg, len);
		for (c = n->child; c != NULL; c = c->next)
			if (is_literal(c, prefix, seg, len)
				&& (found = descend(c, r, i + 1)) != NULL)
				return found;
		if (n->param != NULL && len > 0) {
			if (n->param->is_device)
				r->device = (uint8_t)i;
			if ((found = descend(n->param, r, i + 1)) != NULL)
				return found;
			if (n->param->is_device)
				r->device = UINT8_MAX;
		}
	}
	return n->rest;
}

const struct dp_route *
dp_route_find(const struct dp_snapshot *snap, struct dp_request *r)
{
	return descend(snap->root, r, 0);
}
