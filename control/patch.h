/*
 * JSON values in part (RFC 8132): FETCH with a JSON pointer (RFC 6901); PATCH and iPATCH
 * with a merge patch (RFC 7396) or a JSON patch (RFC 6902).
 *
 * Bytes in, bytes out.  What a patch does not name keeps its value and its order; white
 * space goes, and numbers are printed as short as they can be read back.
 *
 * The result is a CoAP code (RFC 8132, 3.4):
 *
 *   2.04, 2.05  done: the new value, the part
 *   4.00        the pointer or patch is malformed
 *   4.09        a `test` fails, or what is to be changed is not there; nothing is changed
 *   4.13        the result is too large, or all that was put in on the way to it
 *   4.15        a patch in neither of the two formats
 *   4.22        it cannot be done to this value: it is no JSON, has no such structure, is
 *               (or would become) nested too deep; a pointer that is to be read leads
 *               nowhere
 *   5.00        out of memory
 *
 * Threads.  Pure: any thread.
 * Memory.   jansson's, for as long as a call takes, bounded whatever is asked: depth by
 *           CTL_JSON_DEPTH, what a JSON patch puts in by CTL_PATCH_WORK.
 */
#pragma once

#include "control/json_value.h"

/* Where the result goes: @cap bytes at @to; @len is set if it is a success. */
struct ctl_room {
	uint8_t *to;
	size_t cap, len;
};

/* The part of @value that @pointer names. */
uint8_t ctl_fetch(struct ctl_text pointer, struct ctl_text value, struct ctl_room *out);
/* @value with @patch, which is in Content-Format @format, applied. */
uint8_t ctl_patch(uint16_t format, struct ctl_text patch, struct ctl_text value,
	struct ctl_room *out);
