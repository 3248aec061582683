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

/* The literal child that the segment at @seg leads to. */
static const struct dp_node *
literal_of(const struct dp_node *n, const uint8_t *seg)
{
	const struct dp_node *c = n->child;
	unsigned len = seg[0];
	uint64_t prefix;

	if (c == NULL)
		return NULL;
	prefix = prefix_of(seg + 1, len);
	while (c != NULL && !is_literal(c, prefix, seg + 1, len))
		c = c->next;
	return c;
}

/* The {name} child, which takes any segment but an empty one; {device} is noted. */
static const struct dp_node *
param_of(const struct dp_node *n, struct dp_request *r, const uint8_t *seg)
{
	if (n->param == NULL || seg[0] == 0)
		return NULL;
	if (n->param->is_device)
		r->device_at = (uint16_t)(seg - r->path.bytes);
	return n->param;
}

static const struct dp_route *
end_of(const struct dp_node *n, struct dp_request *r)
{
	if (likely(n->route != NULL))
		return n->route;
	r->listing = n->rest != NULL && n->rest->kind == DP_K_STORE && n->is_device;
	return r->listing ? n->rest : NULL;
}

/* From @n on with the segment at @seg, where a way that ends nowhere may have to be
 * walked back.  As deep as the trie at most. */
static const struct dp_route *
descend(const struct dp_node *n, struct dp_request *r, const uint8_t *seg)
{
	const uint8_t *end = r->path.bytes + r->path.len, *next = seg + 1 + seg[0];
	const struct dp_route *found = NULL;
	uint16_t device_at = r->device_at;
	const struct dp_node *c;

	if (seg >= end)
		return end_of(n, r);
	if ((c = literal_of(n, seg)) != NULL && (found = descend(c, r, next)) != NULL)
		return found;
	if ((c = param_of(n, r, seg)) != NULL && (found = descend(c, r, next)) != NULL)
		return found;
	r->device_at = device_at;
	return n->rest;
}

/* Most nodes have but one way on: no way back is kept until there is a choice. */
DP_HOT const struct dp_route *
dp_route_find(const struct dp_snapshot *snap, struct dp_request *r)
{
	const uint8_t *seg = r->path.bytes, *end = seg + r->path.len;
	const struct dp_node *n = snap->root;

	for (; seg < end; seg += 1 + seg[0]) {
		if (unlikely(n->choice))
			return descend(n, r, seg);
		n = n->param != NULL ? param_of(n, r, seg) : literal_of(n, seg);
		if (n == NULL)
			return NULL;
	}
	return end_of(n, r);
}

static uint32_t
spread(uint32_t format)
{
	return (format + 1) * 0x9e3779b1u; /* of none: 0 */
}

uint32_t
dp_route_ref(const struct dp_route *r)
{
	return r->path_hash + spread(r->content_format);
}

const struct dp_route *
dp_route_of_ref(const struct dp_snapshot *snap, uint32_t ref, uint32_t format)
{
	const struct dp_route *first = NULL;

	for (unsigned i = 0; i < snap->n_routes; i++) {
		const struct dp_route *r = &snap->routes[i];

		if ((r->kind != DP_K_STATIC && r->kind != DP_K_TIME)
			|| r->path_hash != ref - spread(format))
			continue;
		if (r->content_format == format)
			return r;
		if (first == NULL)
			first = r;
	}
	return first;
}

int
dp_snapshot_lost(const struct dp_snapshot *snap)
{
	for (unsigned i = 0; i < snap->n_routes; i++) {
		const struct dp_route *r = &snap->routes[i], *found;
		struct dp_request target;

		if (r->kind != DP_K_UNOBSERVE)
			continue;
		dp_request_of_path(&target, &r->own);
		found = dp_route_find(snap, &target);
		if (found == NULL || found->kind != DP_K_STORE || target.listing)
			return (int)i;
	}
	return -1;
}
