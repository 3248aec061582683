#include "dataplane/route.h"
#include "dataplane/copy.h"

#include <string.h>

/* The literal child of @n, which has one, that the segment at @seg leads to.  Most are
 * told by one compare of length and bytes, which reads eight bytes whatever the length
 * is: the arena that segments stand in has that slack. */
static const struct dp_node *
literal_of(const struct dp_node *n, const uint8_t *seg)
{
	uint64_t head = dp_load8(seg);

	n = n->child;
	do {
		if ((head & n->mask) == n->head
			&& (likely(seg[0] < sizeof(head))
				|| memcmp(n->literal, seg + 1, seg[0]) == 0))
			return n;
	} while ((n = n->next) != NULL);
	return NULL;
}

/* The {name} child of @n, which has one.  It takes any segment but an empty one; {device}
 * is noted. */
static const struct dp_node *
param_of(const struct dp_node *n, struct dp_request *r, const uint8_t *seg)
{
	n = n->param;
	if (unlikely(seg[0] == 0))
		return NULL;
	if (likely(n->is_device))
		r->device_at = (uint16_t)(seg - r->path.bytes);
	return n;
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
	if (n->child != NULL && (c = literal_of(n, seg)) != NULL
		&& (found = descend(c, r, next)) != NULL)
		return found;
	if (n->param != NULL && (c = param_of(n, r, seg)) != NULL
		&& (found = descend(c, r, next)) != NULL)
		return found;
	r->device_at = device_at;
	return n->rest;
}

/* Most nodes have but one way on, if any: no way back is kept until there is a choice. */
DP_HOT const struct dp_route *
dp_route_find(const struct dp_snapshot *snap, struct dp_request *r)
{
	const uint8_t *seg = r->path.bytes, *end = seg + r->path.len;
	const struct dp_node *n = snap->root, *next;

	for (; seg < end; seg += 1u + seg[0], n = next) {
		if (n->way == DP_WAY_LITERAL)
			next = literal_of(n, seg);
		else if (n->way == DP_WAY_NAME)
			next = param_of(n, r, seg);
		else
			return n->way == DP_WAY_CHOICE ? descend(n, r, seg) : n->rest;
		if (unlikely(next == NULL))
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
