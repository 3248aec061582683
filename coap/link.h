/*
 * Link-format (RFC 6690): printing, bounded, with a sticky overflow.
 *
 *     tg_link_begin(); { tg_link_target(); tg_link_attr()...; }...; tg_link_end()
 *
 * Threads.  A writer belongs to its caller.
 * Memory.   The caller's buffer; the text is not terminated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tg_link_writer {
	char *buf;
	size_t cap, len;
	bool overflow; /* sticky: from there on nothing was written */
};

void tg_link_begin(struct tg_link_writer *w, char *buf, size_t cap);
/*
 * Begin a link to the path @target of @len bytes, as it is before any coding: "/a b".
 * Slashes part the segments; what a path may not contain is percent-coded.
 */
void tg_link_target(struct tg_link_writer *w, const char *target, size_t len);
/*
 * Begin a link to a path in its canonical form: each segment a length byte and its bytes,
 * @len in all, no further than that.  A slash inside a segment is coded.
 */
void tg_link_path(struct tg_link_writer *w, const uint8_t *segments, size_t len);
/*
 * An attribute of the link begun last, as a quoted string: rt, if, title, a list for ct.
 * @value is UTF-8; NULL or "" writes nothing; a control character becomes a space.
 */
void tg_link_attr(struct tg_link_writer *w, const char *name, const char *value);
/* The same as a bare number: ct, sz. */
void tg_link_attr_uint(struct tg_link_writer *w, const char *name, uint32_t value);
/* The same without a value: obs (RFC 7641, 6). */
void tg_link_attr_flag(struct tg_link_writer *w, const char *name);
/* Bytes of text, or 0 if anything overflowed (or there was no link at all). */
size_t tg_link_end(const struct tg_link_writer *w);
