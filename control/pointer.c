#include "control/pointer.h"

#include "coap/code.h"

#include <string.h>

/* The character that an escape stands for (RFC 6901, 3), or 0. */
static char
unescape(char c)
{
	return c == '0' ? '~' : c == '1' ? '/' : 0;
}

/* A character from @from on, unescaped, to *c; behind it, or NULL if it is none. */
static const char *
next_char(const char *from, const char *end, char *c)
{
	*c = *from++;
	if (*c == '\0') /* legal, but jansson knows no such key */
		return NULL;
	if (*c != '~')
		return from;
	*c = from < end ? unescape(*from) : 0;
	return *c != 0 ? from + 1 : NULL;
}

uint8_t
ctl_pointer_parse(struct ctl_pointer *p, const char *text, size_t len)
{
	const char *end = text + len;
	uint16_t at = 0;
	bool fits = true;

	p->n = 0;
	if (len > sizeof(p->text))
		return TG_UNPROCESSABLE;
	while (text < end) {
		uint16_t start = at;

		if (*text++ != '/')
			return TG_BAD_REQUEST;
		while (text < end && *text != '/')
			if ((text = next_char(text, end, &p->text[at++])) == NULL)
				return TG_BAD_REQUEST;
		fits = p->n < CTL_JSON_DEPTH;
		if (!fits)
			continue; /* it may still turn out to be no pointer at all */
		p->token[p->n].at = start;
		p->token[p->n++].len = (uint16_t)(at - start);
	}
	return fits ? 0 : TG_UNPROCESSABLE;
}

static const char *
token(const struct ctl_pointer *p, unsigned i, size_t *len)
{
	*len = p->token[i].len;
	return p->text + p->token[i].at;
}

/* Digits without a leading zero (RFC 6901, 4). */
static bool
is_index(const char *s, size_t len)
{
	if (len == 0 || (len > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

uint8_t
ctl_pointer_index(const struct ctl_pointer *p, unsigned i, size_t size, size_t *index)
{
	size_t len;
	const char *s = token(p, i, &len);

	*index = size;
	if (len == 1 && s[0] == '-')
		return 0;
	if (!is_index(s, len))
		return TG_UNPROCESSABLE;
	*index = 0;
	for (size_t k = 0; k < len && *index <= size; k++)
		*index = *index * 10 + (size_t)(s[k] - '0');
	return *index <= size ? 0 : TG_CONFLICT;
}

/* The child of *at that token @i names takes its place. */
static uint8_t
step(const struct ctl_pointer *p, unsigned i, json_t **at)
{
	const char *key;
	uint8_t code;
	size_t n;

	switch (json_typeof(*at)) {
	case JSON_OBJECT:
		key = token(p, i, &n);
		*at = json_object_getn(*at, key, n);
		break;
	case JSON_ARRAY:
		code = ctl_pointer_index(p, i, json_array_size(*at), &n);
		if (code != 0)
			return code;
		*at = json_array_get(*at, n);
		break;
	case JSON_STRING:
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		return TG_UNPROCESSABLE;
	}
	return *at != NULL ? 0 : TG_CONFLICT;
}

uint8_t
ctl_pointer_find(const struct ctl_pointer *p, unsigned n, json_t *root, json_t **out)
{
	uint8_t code = 0;

	*out = root;
	for (unsigned i = 0; i < n && code == 0; i++)
		code = step(p, i, out);
	return code;
}

bool
ctl_pointer_is_inside(const struct ctl_pointer *p, const struct ctl_pointer *of)
{
	if (p->n <= of->n)
		return false;
	for (unsigned i = 0; i < of->n; i++)
		if (p->token[i].len != of->token[i].len
			|| memcmp(p->text + p->token[i].at, of->text + of->token[i].at,
				   p->token[i].len)
				   != 0)
			return false;
	return true;
}
