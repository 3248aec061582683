#include "dataplane/route.h"
#include "dataplane/hot.h"

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

static const struct dp_node *
literal_of(const struct dp_node *n, const struct dp_request *r, unsigned i)
{
	const struct dp_node *c = n->child;
	const uint8_t *seg;
	uint64_t prefix;
	uint8_t len;

	if (c == NULL)
		return NULL;
	seg = dp_request_segment(r, i, &len);
	prefix = prefix_of(seg, len);
	while (c != NULL && !is_literal(c, prefix, seg, len))
		c = c->next;
	return c;
}

/* The {name} child, which takes any segment but an empty one; {device} is noted. */
static const struct dp_node *
param_of(const struct dp_node *n, struct dp_request *r, unsigned i)
{
	uint8_t len;

	if (n->param == NULL)
		return NULL;
	(void)dp_request_segment(r, i, &len);
	if (len > 0 && n->param->is_device)
		r->device = (uint8_t)i;
	return len > 0 ? n->param : NULL;
}

static const struct dp_route *
end_of(const struct dp_node *n, struct dp_request *r)
{
	if (r->flags & DP_R_MANY_SEGMENTS)
		return n->rest;
	if (n->route != NULL)
		return n->route;
	r->listing = n->rest != NULL && n->rest->kind == DP_K_STORE && n->is_device;
	return r->listing ? n->rest : NULL;
}

/* From @n on with segment @i, where a way that ends nowhere may have to be walked back.
 */
static const struct dp_route *
descend(const struct dp_node *n, struct dp_request *r, unsigned i)
{
	const struct dp_route *found = NULL;
	uint8_t device = r->device;
	const struct dp_node *c;

	if (i >= r->segments)
		return end_of(n, r);
	if ((c = literal_of(n, r, i)) != NULL && (found = descend(c, r, i + 1)) != NULL)
		return found;
	if ((c = param_of(n, r, i)) != NULL && (found = descend(c, r, i + 1)) != NULL)
		return found;
	r->device = device;
	return n->rest;
}

/* Most nodes have but one way on: no way back is kept until there is a choice. */
DP_HOT const struct dp_route *
dp_route_find(const struct dp_snapshot *snap, struct dp_request *r)
{
	const struct dp_node *n = snap->root;
	unsigned i = 0;

	for (; i < r->segments; i++) {
		if (n->choice)
			return descend(n, r, i);
		n = n->param != NULL ? param_of(n, r, i) : literal_of(n, r, i);
		if (n == NULL)
			return NULL;
	}
	return end_of(n, r);
}
