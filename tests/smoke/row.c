#include "tests/smoke/row.h"

#include "coap/code.h"
#include "coap/option.h"
#include "coap/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 4096

/* The next word of *@at in @word: up to a blank, but a text in quotes of either kind is
 * one. */
static bool
next_word(const char **at, char *word, size_t cap)
{
	const char *p = *at + strspn(*at, " \t"), *end = p;

	if (*p == '"' || *p == '\'')
		end = strchr(p + 1, *p) != NULL ? strchr(p + 1, *p) + 1 : p + strlen(p);
	else
		end = p + strcspn(p, " \t");
	if (end == p || (size_t)(end - p) >= cap)
		return false;
	memcpy(word, p, (size_t)(end - p));
	word[end - p] = '\0';
	*at = end;
	return true;
}

static bool
read_code(const char *word, unsigned *code)
{
	unsigned class, detail;

	if (sscanf(word, "%u.%u", &class, &detail) == 2)
		*code = TG_CODE(class, detail);
	else
		*code = tg_method_find(word);
	return *code != TG_EMPTY || strcmp(word, "0.00") == 0;
}

static bool
read_type(const char *word, unsigned *type)
{
	static const char *const names[] = {"CON", "NON", "ACK", "RST"};

	for (*type = 0; *type < 4; (*type)++)
		if (strcmp(word, names[*type]) == 0)
			return true;
	return false;
}

static struct row_option *
add_option(struct row_message *m, unsigned number, const char *value, size_t len)
{
	struct row_option *o = &m->option[m->n_options];

	if (m->n_options == ROW_OPTIONS || len > sizeof(o->value))
		return NULL;
	*o = (struct row_option){.number = number, .len = len};
	memcpy(o->value, value, len);
	m->n_options++;
	return o;
}

/* "/a/b?c&d": Uri-Path and Uri-Query as they stand, no percent coding. */
static bool
add_path(struct row_message *m, const char *path)
{
	unsigned number = TG_OPT_URI_PATH;

	if (strcmp(path, "/") == 0)
		return true;
	while (*path != '\0') {
		size_t len = strcspn(++path, number == TG_OPT_URI_PATH ? "/?" : "&");

		if (add_option(m, number, path, len) == NULL)
			return false;
		path += len;
		if (*path == '?')
			number = TG_OPT_URI_QUERY;
	}
	return true;
}

static bool
add_payload(struct row_message *m, const char *word)
{
	size_t len = strlen(word);
	unsigned count;
	char c;

	m->has_payload = true;
	if (strcmp(word, "-") == 0)
		return true;
	if (sscanf(word, "%u*%c", &count, &c) == 2 && count <= ROW_BYTES) {
		memset(m->payload, c, count);
		m->payload_len = count;
		return true;
	}
	if ((word[0] != '"' && word[0] != '\'') || len < 2 || word[len - 1] != word[0])
		return false;
	m->payload_len = len - 2;
	memcpy(m->payload, word + 1, len - 2);
	return true;
}

/* "=HEX", "=COUNT*HEX" or "=$etag" behind the option's number. */
static bool
add_value(struct row_message *m, unsigned number, const char *text)
{
	struct row_option *o = add_option(m, number, "", 0);
	const char *hex = strchr(text, '*') != NULL ? strchr(text, '*') + 1 : text;
	long count = hex != text ? atol(text) : 1, len;

	if (o == NULL)
		return false;
	if (strcmp(text, "$etag") == 0)
		return o->etag = true;
	for (; count > 0; count--, o->len += (size_t)len) {
		len = tg_hex_read(
			o->value + o->len, sizeof(o->value) - o->len, hex, strlen(hex));
		if (len < 0)
			return false;
	}
	return true;
}

static bool
add_part(struct row_message *m, const char *word)
{
	const char *equal = strchr(word, '=');
	struct row_option *o;

	if (word[0] == '/')
		return add_path(m, word);
	if (word[0] == '!') {
		o = add_option(m, (unsigned)atoi(word + 1), "", 0);
		return o != NULL && (o->absent = true);
	}
	if (equal == NULL || !isdigit((unsigned char)word[0]))
		return add_payload(m, word);
	return add_value(m, (unsigned)atoi(word), equal + 1);
}

/* In the order of a message, those of one number as they stand. */
static void
sort_options(struct row_message *m)
{
	for (unsigned i = 1; i < m->n_options; i++)
		for (unsigned k = i;
			k > 0 && m->option[k - 1].number > m->option[k].number; k--) {
			struct row_option o = m->option[k];

			m->option[k] = m->option[k - 1];
			m->option[k - 1] = o;
		}
}

static const char *
read_message(struct row_message *m, const char *type, const char *rest)
{
	char word[LINE];

	if (!read_type(type, &m->type))
		return "what is to be sent, or wanted, is not clear";
	if (!next_word(&rest, word, sizeof(word)) || !read_code(word, &m->code))
		return "no method or code";
	while (next_word(&rest, word, sizeof(word)))
		if (!add_part(m, word))
			return "a part that is none";
	sort_options(m);
	return NULL;
}

static const char *
read_side(struct row_side *s, const char *text)
{
	static const struct {
		const char *word;
		enum row_kind kind;
	} words[] = {{"again", ROW_LAST}, {"same", ROW_LAST}, {"ack", ROW_ACK},
		{"nothing", ROW_SILENCE}, {"silence", ROW_SILENCE}};
	const char *rest = text;
	char word[LINE];
	bool alone;
	long len;

	if (!next_word(&rest, word, sizeof(word)))
		return "nothing to send, or to want";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i].word) == 0) {
			s->kind = words[i].kind;
			return NULL;
		}
	alone = rest[strspn(rest, " \t")] == '\0';
	if (alone && (strcmp(word, "RST") == 0 || strcmp(word, "ACK") == 0)) {
		s->kind = word[0] == 'R' ? ROW_RST : ROW_ACK;
		return NULL;
	}
	len = tg_hex_read(s->bytes, sizeof(s->bytes), word, strlen(word));
	if (len > 0) {
		s->kind = ROW_BYTES_GIVEN;
		s->len = (size_t)len;
		return NULL;
	}
	s->kind = ROW_MESSAGE;
	return read_message(&s->m, word, rest);
}

/* Copy @line with @n for each $n; false if it is too long. */
static bool
put_name(char *out, size_t cap, const char *line, const char *n)
{
	size_t len = 0, add = strlen(n);

	for (; *line != '\0' && *line != '\n' && len + add + 1 < cap; line++)
		if (strncmp(line, "$n", 2) == 0) {
			memcpy(out + len, n, add);
			len += add;
			line++;
		} else {
			out[len++] = *line;
		}
	out[len] = '\0';
	return *line == '\0' || *line == '\n';
}

const char *
row_read(struct row *r, const char *line, const char *n)
{
	char text[LINE], *colon, *arrow;
	const char *wrong;

	memset(r, 0, sizeof(*r));
	if (!put_name(text, sizeof(text), line, n))
		return "too long";
	colon = strstr(text, ": ");
	arrow = strstr(text, " -> ");
	if (colon == NULL || arrow == NULL || colon - text >= ROW_NAME)
		return "not NAME: SEND -> WANT";
	memcpy(r->name, text, (size_t)(colon - text));
	*arrow = '\0';
	wrong = read_side(&r->send, colon + 2);
	return wrong != NULL ? wrong : read_side(&r->want, arrow + 4);
}
