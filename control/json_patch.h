/*
 * JSON patch (RFC 6902): add, remove, replace, move, copy, test.
 *
 * Threads.  Pure: any thread.
 * Memory.   jansson's, and the time that a patch takes, are bounded: what all operations
 *           put in is at most CTL_PATCH_WORK bytes of text, and at no time nested deeper
 *           than CTL_JSON_DEPTH levels.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#define CTL_PATCH_WORK 131072 /* four of the longest values */

/*
 * Apply @patch to *root, which is changed, or replaced by another.  0, or a CoAP code as
 * in patch.h, and *root is then anything between the two: whoever wants all or nothing
 * throws it away.  Parts of @patch become parts of *root: it is used once.
 */
uint8_t ctl_json_patch(json_t **root, const json_t *patch);
