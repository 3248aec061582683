/*
 * Paths as text and in the store's canonical form: each segment a length byte and its
 * bytes.
 *
 * Threads, Memory.  Pure: the caller's buffers.
 */
#pragma once

#include "dataplane/store.h"

/* "/a/b%20c" to its canonical form in @to (room for @cap bytes); 0 if it is no path. */
uint16_t dp_path_parse(uint8_t *to, size_t cap, const char *text, size_t len);
/* Longest text of a path with its terminator: every byte may need three. */
#define DP_PATH_TEXT_MAX (3 * DP_PATH_MAX + 1)
/* Canonical form to terminated, percent-coded text in @cap bytes; its length, 0 if too
 * long or not canonical. */
uint16_t dp_path_text(char *to, size_t cap, const struct dp_path *path);
