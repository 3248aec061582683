/*
 * What a snapshot is built with, for snapshot.c (the routes), snapshot_trie.c (where they
 * hang) and snapshot_content.c (what they answer).
 *
 * Threads.  Control's.   Memory.  A chain of blocks that the snapshot keeps; a build that
 *           fails leaves what it took there, for dp_snapshot_free().
 */
#pragma once

#include "dataplane/route.h"

struct dp_build {
	struct dp_snapshot *snap;
	char *err; /* of @errlen bytes: why it failed */
	size_t errlen;
};

/* Say why; -EINVAL. */
int dp_build_fail(struct dp_build *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Zeroed memory for as long as the snapshot lives, or NULL. */
void *dp_build_take(struct dp_build *b, size_t size);

/* A node for @len bytes of @literal, which are copied, or for a {name} if that is NULL;
 * NULL: out of memory. */
struct dp_node *dp_build_node(struct dp_build *b, const char *literal, size_t len);
/* Hang @r into the trie where its pattern says; 0 or -EINVAL. */
int dp_build_path(struct dp_build *b, struct dp_route *r, const char *path);

/* @len bytes that a GET gets, as a whole and, unless they are too long for it, as a
 * message; 0 or -EINVAL. */
int dp_build_content(
	struct dp_build *b, struct dp_route *r, const void *content, size_t len);
/* What a POST's 2.01 says was made, as in "/path/below?query&more"; NULL: nothing.  It is
 * short enough to be kept: a duplicate gets the same bytes, and so does who gets it late.
 * 0 or -EINVAL. */
int dp_build_location(struct dp_build *b, struct dp_route *r, const char *location);
