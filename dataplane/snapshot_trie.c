/* The trie of a snapshot's routes: a node a segment of their patterns. */
#include "dataplane/snapshot_build.h"

#include <string.h>

/* The first bytes of a literal as dp_route_find() compares them. */
static void
set_head(struct dp_node *n)
{
	uint8_t head[sizeof(n->head)] = {(uint8_t)n->literal_len};
	size_t len = n->literal_len < sizeof(head) ? n->literal_len : sizeof(head) - 1;

	memcpy(head + 1, n->literal, len);
	memcpy(&n->head, head, sizeof(head));
	memset(&n->mask, 0xff, 1 + len);
}

struct dp_node *
dp_build_node(struct dp_build *b, const char *literal, size_t len)
{
	struct dp_node *n = dp_build_take(b, sizeof(*n));
	char *copy;

	if (n == NULL || literal == NULL)
		return n;
	copy = dp_build_take(b, len + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, literal, len);
	n->literal = copy;
	n->literal_len = (uint16_t)len;
	set_head(n);
	return n;
}

static struct dp_node *
literal_child(struct dp_build *b, struct dp_node *at, const char *seg, size_t len)
{
	struct dp_node **link = &at->child;

	for (; *link != NULL; link = &(*link)->next)
		if ((*link)->literal_len == len
			&& memcmp((*link)->literal, seg, len) == 0)
			return *link;
	*link = dp_build_node(b, seg, len);
	return *link;
}

static struct dp_node *
param_child(struct dp_build *b, struct dp_node *at, const char *seg, size_t len)
{
	if (at->param == NULL)
		at->param = dp_build_node(b, NULL, 0);
	if (at->param != NULL && len == strlen("{device}")
		&& memcmp(seg, "{device}", len) == 0)
		at->param->is_device = 1;
	return at->param;
}

static int
set_route(struct dp_build *b, const struct dp_route **at, struct dp_route *r,
	const char *path)
{
	if (*at == NULL) {
		*at = r;
		return 0;
	}
	for (struct dp_route *other = (struct dp_route *)*at;
		other->kind == DP_K_STATIC && r->kind == DP_K_STATIC
		&& other->content_format != r->content_format;
		other = (struct dp_route *)other->also)
		if (other->also == NULL) { /* Accept chooses; the first is the default */
			other->also = r;
			return 0;
		}
	return dp_build_fail(b, "route %s: another route has the same path", path);
}

static void
note_way(struct dp_node *n)
{
	if ((n->rest != NULL) + (n->child != NULL) + (n->param != NULL) > 1)
		n->way = DP_WAY_CHOICE;
	else if (n->child != NULL)
		n->way = DP_WAY_LITERAL;
	else
		n->way = n->param != NULL ? DP_WAY_NAME : DP_WAY_REST;
}

static int
set_rest(struct dp_build *b, struct dp_node *at, struct dp_route *r, const char *path)
{
	int rc = set_route(b, &at->rest, r, path);

	note_way(at);
	return rc;
}

/* Has a segment of @path before the one at @seg its {name}? */
static bool
is_named_before(const char *path, const char *seg)
{
	size_t len = strcspn(seg, "*}");

	for (const char *p = path + 1; p < seg; p += strcspn(p, "/") + 1)
		if (strncmp(p, seg, len) == 0 && p[len] == '}')
			return true;
	return false;
}

int
dp_build_path(struct dp_build *b, struct dp_route *r, const char *path)
{
	struct dp_node *at = b->snap->root, *from;
	const char *p = path;

	if (*p != '/')
		return dp_build_fail(b, "route %s: a path begins with '/'", path);
	if (p[1] == '\0')
		return set_route(b, &at->route, r, path);
	while (*p == '/') {
		const char *seg = p + 1;
		size_t len = strcspn(seg, "/");

		p = seg + len;
		from = at;
		if (len == 0 || len > 255)
			return dp_build_fail(
				b, "route %s: a segment has 1 to 255 bytes", path);
		if (seg[0] != '{' && strcspn(seg, "{}") < len)
			return dp_build_fail(b,
				"route %s: '{' and '}' stand around a whole segment",
				path);
		if (seg[0] != '{')
			at = literal_child(b, at, seg, len);
		else if (len < 3 || seg[len - 1] != '}')
			return dp_build_fail(b, "route %s: '{' without '}'", path);
		else if (is_named_before(path, seg))
			return dp_build_fail(b, "route %s: %.*s} is there twice", path,
				(int)strcspn(seg, "*}"), seg);
		else if (seg[len - 2] != '*')
			at = param_child(b, at, seg, len);
		else if (*p != '\0')
			return dp_build_fail(b, "route %s: {name*} must come last", path);
		else
			return set_rest(b, at, r, path);
		if (at == NULL)
			return dp_build_fail(b, "route %s: out of memory", path);
		note_way(from);
	}
	return set_route(b, &at->route, r, path);
}
