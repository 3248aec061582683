/*
 * JSON pointers (RFC 6901): a place in a JSON value.
 *
 * Errors are the CoAP codes that RFC 8132, 3.4, asks for: 4.00 for what is no pointer,
 * 4.22 for one that cannot be followed in this value, 4.09 for one whose place is not
 * there.
 *
 * Threads.  Pure: any thread.
 * Memory.   The caller's; a pointer keeps a copy of its text, a place found is borrowed.
 */
#pragma once

#include "control/json_value.h"

#define CTL_POINTER_MAX 4096 /* bytes of a pointer's text; more is refused */

struct ctl_pointer {
	unsigned n; /* tokens; 0: the whole value */
	struct {
		uint16_t at, len; /* in text, unescaped */
	} token[CTL_JSON_DEPTH];
	char text[CTL_POINTER_MAX];
};

/* Read @len bytes of text.  0; 4.00 if they are no pointer; 4.22 if they are one longer
 * or deeper than any value here. */
uint8_t ctl_pointer_parse(struct ctl_pointer *p, const char *text, size_t len);
/* Follow the first @n tokens into @root.  0 and the place borrowed in *out, or 4.09 or
 * 4.22. */
uint8_t ctl_pointer_find(
	const struct ctl_pointer *p, unsigned n, json_t *root, json_t **out);
/* Token @i as an index into an array of @size: 0..@size, where @size is also what "-"
 * stands for.  0, 4.09 if it is over @size, 4.22 if it is no index. */
uint8_t ctl_pointer_index(
	const struct ctl_pointer *p, unsigned i, size_t size, size_t *index);
/* Does @p lead to a place inside of @of, and not to @of itself? */
bool ctl_pointer_is_inside(const struct ctl_pointer *p, const struct ctl_pointer *of);
