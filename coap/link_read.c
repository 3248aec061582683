/* Link-format: reading, and the filters of discovery. */
#include "coap/link.h"
#include "coap/text.h"

#include <string.h>

/* ---- reading ---- */

void
tg_link_read(struct tg_link_reader *r, const char *text, size_t len)
{
	*r = (struct tg_link_reader){
		.text = text, .p = text, .end = len > 0 ? text + len : text};
}

static bool
fault(struct tg_link_reader *r)
{
	r->bad = true;
	return false;
}

static void
skip_blanks(struct tg_link_reader *r)
{
	while (r->p < r->end
		&& (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
		r->p++;
}

/* Pass @c if it stands here. */
static bool
pass(struct tg_link_reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
is_visible(char c)
{
	return c > 0x20 && c < 0x7f;
}

/* parmname (RFC 5987, attr-char); the "*" may end an extended one. */
static bool
is_name_char(char c)
{
	return is_visible(c) && strchr("\"%'(),/:;<=>?@[\\]{}", c) == NULL;
}

/* ptoken. */
static bool
is_token_char(char c)
{
	return is_visible(c) && strchr("\",;\\", c) == NULL;
}

/* What a URI-Reference may hold, and no more than that: its parts are not looked at. */
static bool
is_target_char(char c)
{
	return is_visible(c) && strchr("\"<>\\^`{|}", c) == NULL;
}

/* How many of the next bytes are of a kind. */
static size_t
span(struct tg_link_reader *r, bool (*is_kind)(char))
{
	const char *start = r->p;

	while (r->p < r->end && is_kind(*r->p))
		r->p++;
	return (size_t)(r->p - start);
}

/* Behind the first quote: the value up to the second. */
static bool
read_quoted(struct tg_link_reader *r, struct tg_link_param *p)
{
	p->quoted = true;
	p->value = r->p;
	while (r->p < r->end && *r->p != '"')
		r->p += *r->p == '\\' && r->end - r->p > 1 ? 2 : 1;
	p->value_len = (size_t)(r->p - p->value);
	return pass(r, '"') || fault(r);
}

/* Behind the semicolon. */
static bool
read_param(struct tg_link_reader *r, struct tg_link_param *p)
{
	*p = (struct tg_link_param){0};
	skip_blanks(r);
	p->name = r->p;
	p->name_len = span(r, is_name_char);
	if (p->name_len == 0)
		return fault(r);
	if (!pass(r, '='))
		return true;
	if (pass(r, '"'))
		return read_quoted(r, p);
	p->value = r->p;
	p->value_len = span(r, is_token_char);
	return p->value_len > 0 || fault(r);
}

bool
tg_link_param_next(struct tg_link_reader *r, struct tg_link_param *p)
{
	skip_blanks(r);
	return pass(r, ';') && read_param(r, p);
}

/* The comma before a link that is not the first; false: there is no further link. */
static bool
begin_link(struct tg_link_reader *r)
{
	bool first = r->p == r->text;

	skip_blanks(r);
	if (r->bad || r->p == r->end)
		return false;
	if (!first && !pass(r, ','))
		return fault(r);
	skip_blanks(r);
	return true;
}

bool
tg_link_next(struct tg_link_reader *r, struct tg_link *l)
{
	struct tg_link_param p;

	if (!begin_link(r))
		return false;
	l->text = r->p;
	if (!pass(r, '<'))
		return fault(r);
	l->target = r->p;
	l->target_len = span(r, is_target_char);
	if (!pass(r, '>'))
		return fault(r);
	l->len = (size_t)(r->p - l->text);
	while (tg_link_param_next(r, &p))
		l->len = (size_t)(r->p - l->text);
	return !r->bad;
}

void
tg_link_params(struct tg_link_reader *r, const struct tg_link *l)
{
	const char *behind = l->target + l->target_len + 1;

	tg_link_read(r, behind, (size_t)(l->text + l->len - behind));
}

/* ---- values, character by character ---- */

enum coding { PLAIN, QUOTED, PERCENT };

struct value {
	const char *p, *end;
	enum coding coding;
};

static struct value
value_of(const struct tg_link_param *p)
{
	return (struct value){
		.p = p->value,
		.end = p->value_len > 0 ? p->value + p->value_len : p->value,
		.coding = p->quoted ? QUOTED : PLAIN,
	};
}

/* The next character as it was before any coding; -1 at the end. */
static int
next_char(struct value *v)
{
	uint8_t byte;

	if (v->p == v->end)
		return -1;
	if (v->coding == QUOTED && *v->p == '\\' && v->end - v->p > 1) {
		v->p++;
	} else if (v->coding == PERCENT && *v->p == '%' && v->end - v->p > 2
		   && tg_hex_read(&byte, 1, v->p + 1, 2) == 1) {
		v->p += 3;
		return byte;
	}
	return (uint8_t)*v->p++;
}

size_t
tg_link_value(const struct tg_link_param *p, char *to, size_t cap)
{
	struct value v = value_of(p);
	size_t len = 0;

	for (int c; (c = next_char(&v)) >= 0; len++)
		if (len < cap)
			to[len] = (char)c;
	return len;
}

/* ---- filters ---- */

struct filter {
	const char *name, *value;
	size_t name_len, value_len;
	bool any;    /* no "=": the attribute need only be there */
	bool prefix; /* "*" at the end */
};

static struct filter
read_filter(const char *query, size_t len)
{
	const char *equal = len > 0 ? memchr(query, '=', len) : NULL;
	struct filter f = {.name = query, .name_len = len, .any = equal == NULL};

	if (f.any)
		return f;
	f.name_len = (size_t)(equal - query);
	f.value = equal + 1;
	f.value_len = len - f.name_len - 1;
	f.prefix = f.value_len > 0 && f.value[f.value_len - 1] == '*';
	f.value_len -= f.prefix;
	return f;
}

static bool
equals(const char *name, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(name, text, len) == 0;
}

/* Values of these are lists (RFC 6690, 2 and 3; ct: RFC 7252, 7.2.1). */
static bool
is_list(const char *name, size_t len)
{
	static const char *const lists[] = {"rt", "if", "rel", "rev", "ct"};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (equals(name, len, lists[i]))
			return true;
	return false;
}

/* One value of @v: all that is left, or, of a @list, up to the next blank. */
static bool
matches_one(struct value *v, const struct filter *f, bool list)
{
	bool same = true;
	size_t n = 0;

	for (int c; (c = next_char(v)) >= 0 && !(list && c == ' '); n++)
		if (n < f->value_len)
			same &= c == (uint8_t)f->value[n];
	return same && (f->prefix ? n >= f->value_len : n == f->value_len);
}

static bool
matches_value(struct value v, const struct filter *f)
{
	bool list = is_list(f->name, f->name_len);

	if (f->any)
		return true;
	do {
		if (matches_one(&v, f, list))
			return true;
	} while (v.p < v.end);
	return false;
}

bool
tg_link_matches(const struct tg_link *l, const void *query, size_t len)
{
	struct filter f = read_filter(query, len);
	struct tg_link_reader r;
	struct tg_link_param p;

	if (equals(f.name, f.name_len, "href"))
		return matches_value(
			(struct value){l->target, l->target + l->target_len, PERCENT},
			&f);
	tg_link_params(&r, l);
	while (tg_link_param_next(&r, &p))
		if (p.name_len == f.name_len && memcmp(p.name, f.name, f.name_len) == 0
			&& matches_value(value_of(&p), &f))
			return true;
	return false;
}
