/*
 * A reference against a base: the URI that it means (RFC 3986, 5.2), as for a link's
 * target (RFC 6690, 2.1) against where the links came from.  Any scheme; the characters
 * are not checked, which tg_uri_parse does for who sends a request there.
 *
 * Threads.  A pure function.   Memory.  The caller's.
 */
#pragma once

#include <stddef.h>

/*
 * What @reference means in @base, both NUL-terminated, into @text of @cap bytes, which
 * overlaps neither; NUL-terminated.  Returns its length, or 0 if @base is not absolute
 * or @cap is under the lengths of both and 2: then what stands in @text means nothing.
 */
size_t tg_uri_join(char *text, size_t cap, const char *base, const char *reference);
