/*
 * Link-format (RFC 6690): printing, bounded, with a sticky overflow; reading in place,
 * with a sticky fault; and the filters of discovery (4.1).
 *
 *     tg_link_begin(); { tg_link_target(); tg_link_attr()...; }...; tg_link_end()
 *
 *     tg_link_read();
 *     while (tg_link_next()) {
 *             tg_link_params();
 *             while (tg_link_param_next())
 *                     ...
 *     }
 *
 * Threads.  A writer and a reader belong to their caller.
 * Memory.   The caller's buffer; the text is not terminated.  What a reader finds is
 *           borrowed from the text that it reads.
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
 * @len in all, no further than that; without any it is the root.  A slash inside a
 * segment is coded.
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

/* ---- reading ---- */

struct tg_link_reader {
	const char *text, *p, *end;
	bool bad; /* sticky: the text is no link-format; links before that were good */
};

/* One link, with all its attributes well formed. */
struct tg_link {
	const char *text; /* the whole of it: "</a%20b>;rt=c" */
	size_t len;
	const char *target; /* "/a%20b" */
	size_t target_len;
};

/* One attribute; a link may have several of one name. */
struct tg_link_param {
	const char *name;
	size_t name_len;
	const char *value; /* without its quotes; NULL: none, as with obs */
	size_t value_len;
	bool quoted; /* a backslash in the value means the character behind it */
};

/*
 * Begin to read @text of @len bytes, which may be 0: no link.  Blanks and line ends
 * beside separators are passed over (RFC 8288, 3); all else is as RFC 6690, 2, says.
 */
void tg_link_read(struct tg_link_reader *r, const char *text, size_t len);
/* The next link in @l; false at the end or at a fault (r->bad). */
bool tg_link_next(struct tg_link_reader *r, struct tg_link *l);
/* Begin to read the attributes of @l. */
void tg_link_params(struct tg_link_reader *r, const struct tg_link *l);
bool tg_link_param_next(struct tg_link_reader *r, struct tg_link_param *p);
/*
 * Copy the value of @p, as it was before it was quoted, to @to of @cap bytes.  Returns
 * its length; no more than @cap bytes were written, and it is not terminated.
 */
size_t tg_link_value(const struct tg_link_param *p, char *to, size_t cap);

/*
 * Does @query, a Uri-Query of @len bytes (decoded, any length), let @l through (4.1)?
 *
 *     name=value   an attribute of that name has that value
 *     name=value*  or one that begins so
 *     name         or any, or none
 *
 * rt, if, rel, rev and ct hold values parted by blanks, of which one must match.  The
 * name href means the target, its percent codes undone.  Costs O(l->len).
 */
bool tg_link_matches(const struct tg_link *l, const void *query, size_t len);
