/*
 * JSON values between their text and jansson's tree, with bounds that hold before
 * anything recurs.
 *
 * Threads.  Pure: any thread.   Memory.  jansson's; a loaded value is the caller's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CTL_JSON_DEPTH 64 /* arrays and objects in one another; more is refused */

struct ctl_text {
	const void *bytes;
	size_t len;
};

/* 0 and a new value; 4.22 if it is nested too deep; 4.00 if it is no JSON, or names a
 * member twice. */
uint8_t ctl_json_load(struct ctl_text t, json_t **out);
/* @v as text without white space, its numbers as short as they can be read back: its
 * length, and the bytes at @to if they are at most @cap.  0: out of memory. */
size_t ctl_json_print(const json_t *v, uint8_t *to, size_t cap);
/* Is @v, @under levels deep itself, nowhere nested deeper than CTL_JSON_DEPTH?  Looks no
 * deeper itself. */
bool ctl_json_is_shallow(const json_t *v, unsigned under);
/* Are both the same by RFC 6902, 4.6?  @b may be NULL: nothing is the same as that. */
bool ctl_json_is_same(const json_t *a, const json_t *b);
