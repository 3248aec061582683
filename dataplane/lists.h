/*
 * Lists that are observed: of what a device has stored (GET /d/DEVICE), each as it was
 * when it changed last: its code, ETag, length, and the bytes that a notification may
 * have.
 *
 * A list stands at its device's home, while those who observe it live elsewhere: they
 * read it here.  It is held by each worker that has an observer of it.  One that nobody
 * holds keeps its place for a while yet, for an observer may be on its way.
 *
 * Lists that may have changed wait in a queue for whoever makes them anew.
 *
 * Threads.  The home worker only; _read and _count also any other thread.
 * Memory.   One zeroed block from the caller, dp_lists_size() bytes, 64-aligned, position
 *           independent: layout version and geometry first, indices and never pointers.
 *           Never grows.  2,096 bytes a list and 14 of the index.
 * Time.     Seconds, handed in.
 */
#pragma once

#include "dataplane/config.h"
#include "dataplane/store.h"

struct dp_lists;

#define DP_LISTS_KEPT_S 2 /* a list that nobody holds */

/* A list, copied out. */
struct dp_list {
	uint64_t etag;
	uint32_t len;                  /* of the whole */
	uint16_t n;                    /* bytes of it in @text: its first ones */
	uint8_t code;                  /* 2.05, or the error that a GET is answered */
	uint16_t path_len;             /* of the list itself */
	uint8_t path[DP_PATH_MAX + 8]; /* who compares segments may read on */
	char text[DP_VALUE_MAX];
};

size_t dp_lists_size(uint32_t max); /* 1 .. DP_LISTS_MAX lists */
struct dp_lists *dp_lists_init(void *block, uint32_t max);

/* The list at @path, whose last segment, at byte @name_at, is a device's name that hashes
 * to @hash: a reference, which leads to nothing once the list has gone; made if absent.
 * DP_NONE: no room.  O(1). */
uint32_t dp_lists_get(struct dp_lists *t, const struct dp_path *path, uint16_t name_at,
	uint64_t hash, uint32_t now_s);
/* Is there one that @ref leads to?  Its path, borrowed, and where the name begins. */
bool dp_lists_path(
	struct dp_lists *t, uint32_t ref, struct dp_path *path, uint16_t *name_at);
/* What it says from now on, with @code: @len bytes at @text.  False if it said so. */
bool dp_lists_set(struct dp_lists *t, uint32_t ref, uint8_t code, const char *text,
	uint32_t len, uint64_t etag);

/* @worker has observers of it, or has none any more. */
void dp_lists_hold(struct dp_lists *t, uint32_t ref, unsigned worker);
void dp_lists_release(struct dp_lists *t, uint32_t ref, unsigned worker, uint32_t now_s);
bool dp_lists_is_held(const struct dp_lists *t, uint32_t ref, unsigned worker);

/* The lists of the device whose name hashes to @hash may have changed; false if none is
 * observed. */
bool dp_lists_changed(struct dp_lists *t, uint64_t hash);
/* The next that may have, taken out of the queue; DP_NONE: there is none. */
uint32_t dp_lists_next_changed(struct dp_lists *t);
/* One place further: the list that stands there; DP_NONE if there is none, or it was
 * given up because nobody held it for DP_LISTS_KEPT_S. */
uint32_t dp_lists_step(struct dp_lists *t, uint32_t now_s);

/* [r] Copy out; false if @ref leads to nothing. */
bool dp_lists_read(const struct dp_lists *t, uint32_t ref, struct dp_list *out);
uint32_t dp_lists_count(const struct dp_lists *t);
uint32_t dp_lists_max(const struct dp_lists *t);
