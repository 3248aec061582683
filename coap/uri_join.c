#include "coap/uri_join.h"

#include "coap/text.h"

#include <string.h>

/* A component; at is NULL if it is not there, which is not the same as empty. */
struct part {
	const char *at;
	size_t len;
};

struct uri {
	struct part scheme, authority, path, query, fragment;
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Characters of a scheme, if there is one before a colon (3.1); else 0. */
static size_t
scheme_len(const char *text)
{
	size_t len = strcspn(text, ":/?#");

	if (text[len] != ':' || !is_letter(*text))
		return 0;
	for (size_t i = 1; i < len; i++)
		if (!is_letter(text[i]) && !(text[i] >= '0' && text[i] <= '9')
			&& strchr("+-.", text[i]) == NULL)
			return 0;
	return len;
}

/* What stands at *@text before the first of @stops; *@text is then there. */
static struct part
cut(const char **text, const char *stops)
{
	struct part p = {*text, strcspn(*text, stops)};

	*text += p.len;
	return p;
}

static struct uri
take_apart(const char *text)
{
	struct uri u = {{0}};
	size_t len = scheme_len(text);

	if (len > 0) {
		u.scheme = (struct part){text, len};
		text += len + 1;
	}
	if (strncmp(text, "//", 2) == 0) {
		text += 2;
		u.authority = cut(&text, "/?#");
	}
	u.path = cut(&text, "?#");
	if (*text == '?') {
		text++;
		u.query = cut(&text, "#");
	}
	if (*text == '#')
		u.fragment = (struct part){text + 1, strlen(text + 1)};
	return u;
}

/* @before, @p and @after, if @p is there. */
static void
put(struct tg_text *t, const char *before, struct part p, const char *after)
{
	if (p.at == NULL)
		return;
	tg_text_bytes(t, before, strlen(before));
	tg_text_bytes(t, p.at, p.len);
	tg_text_bytes(t, after, strlen(after));
}

/* The base's path without its last segment, or "/" if it has none (5.2.3). */
static void
put_folder(struct tg_text *t, const struct uri *base)
{
	size_t len = base->path.len;

	if (base->authority.at != NULL && len == 0) {
		tg_text_char(t, '/');
		return;
	}
	while (len > 0 && base->path.at[len - 1] != '/')
		len--;
	tg_text_bytes(t, base->path.at, len);
}

/* A dot segment, as it may stand before the rest of a path, or be all of it. */
static const struct dots {
	const char *text;
	bool whole; /* nothing is behind it */
	bool back;  /* it takes the segment before it back */
	uint8_t skip;
} dots[] = {
	{"/../", false, true, 3},
	{"/./", false, false, 2},
	{"/..", true, true, 3},
	{"/.", true, false, 2},
	{"../", false, false, 3},
	{"./", false, false, 2},
	{"..", true, false, 2},
	{".", true, false, 1},
};

static const struct dots *
find_dots(const char *p, size_t len)
{
	for (const struct dots *d = dots; d < dots + sizeof(dots) / sizeof(dots[0]);
		d++) {
		size_t own = strlen(d->text);

		if ((d->whole ? len == own : len >= own) && memcmp(p, d->text, own) == 0)
			return d;
	}
	return NULL;
}

/* Dot segments out of the path at @path to @end, in its place (5.2.4); its new end. */
static char *
remove_dots(char *path, const char *end)
{
	char *in = path, *out = path;

	while (in < end) {
		const struct dots *d = find_dots(in, (size_t)(end - in));

		if (d == NULL) {
			do
				*out++ = *in++;
			while (in < end && *in != '/');
			continue;
		}
		if (d->back)
			while (out > path && *--out != '/')
				continue;
		in += d->skip;
		if (in == end && *d->text == '/')
			*--in = '/'; /* "/a/.." is "/" */
	}
	return out;
}

/* The path, with the base's folder before it if it @is_relative to that. */
static void
put_path(struct tg_text *t, const struct uri *base, struct part path, bool is_relative)
{
	char *from = t->buf + t->len;

	if (is_relative)
		put_folder(t, base);
	tg_text_bytes(t, path.at, path.len);
	if (!t->overflow)
		t->len = (size_t)(remove_dots(from, t->buf + t->len) - t->buf);
}

static void
join(struct tg_text *t, const struct uri *base, struct uri r)
{
	bool own_scheme = r.scheme.at != NULL;
	bool own_authority = own_scheme || r.authority.at != NULL;

	put(t, "", own_scheme ? r.scheme : base->scheme, ":");
	put(t, "//", own_authority ? r.authority : base->authority, "");
	if (!own_authority && r.path.len == 0) {
		tg_text_bytes(t, base->path.at, base->path.len);
		put(t, "?", r.query.at != NULL ? r.query : base->query, "");
	} else {
		put_path(t, base, r.path, !own_authority && *r.path.at != '/');
		put(t, "?", r.query, "");
	}
	put(t, "#", r.fragment, "");
}

size_t
tg_uri_join(char *text, size_t cap, const char *base, const char *reference)
{
	const struct uri from = take_apart(base);
	struct tg_text t;

	if (from.scheme.at == NULL)
		return 0;
	tg_text_begin(&t, text, cap);
	join(&t, &from, take_apart(reference));
	tg_text_char(&t, '\0');
	return t.overflow ? 0 : t.len - 1;
}
