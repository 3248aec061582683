#include "coap/link.h"

#include "coap/text.h"

#include <string.h>

static struct tg_text
text_of(const struct tg_link_writer *w)
{
	return (struct tg_text){w->buf, w->cap, w->len, w->overflow};
}

static void
keep(struct tg_link_writer *w, const struct tg_text *t)
{
	w->len = t->len;
	w->overflow = t->overflow;
}

void
tg_link_begin(struct tg_link_writer *w, char *buf, size_t cap)
{
	*w = (struct tg_link_writer){.buf = buf, .cap = cap};
}

/* What stands before a link's target. */
static struct tg_text
begin_target(const struct tg_link_writer *w)
{
	struct tg_text t = text_of(w);

	if (t.len > 0)
		tg_text_char(&t, ',');
	tg_text_char(&t, '<');
	return t;
}

void
tg_link_target(struct tg_link_writer *w, const char *target, size_t len)
{
	struct tg_text t = begin_target(w);

	tg_text_coded(&t, (const uint8_t *)target, len, TG_CH_PCHAR | TG_CH_SLASH, '\0');
	tg_text_char(&t, '>');
	keep(w, &t);
}

void
tg_link_path(struct tg_link_writer *w, const uint8_t *segments, size_t len)
{
	struct tg_text t = begin_target(w);

	if (len == 0)
		tg_text_char(&t, '/');
	for (size_t at = 0, n; at < len; at += n) {
		n = segments[at++];
		if (n > len - at)
			n = len - at;
		tg_text_char(&t, '/');
		tg_text_coded(&t, segments + at, n, TG_CH_PCHAR, '\0');
	}
	tg_text_char(&t, '>');
	keep(w, &t);
}

static struct tg_text
begin_attr(const struct tg_link_writer *w, const char *name)
{
	struct tg_text t = text_of(w);

	tg_text_char(&t, ';');
	tg_text_bytes(&t, name, strlen(name));
	return t;
}

void
tg_link_attr(struct tg_link_writer *w, const char *name, const char *value)
{
	struct tg_text t;

	if (value == NULL || *value == '\0')
		return;
	t = begin_attr(w, name);
	tg_text_bytes(&t, "=\"", 2);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			tg_text_char(&t, '\\');
		tg_text_char(&t, (uint8_t)*value < 0x20 || *value == 0x7f ? ' ' : *value);
	}
	tg_text_char(&t, '"');
	keep(w, &t);
}

void
tg_link_attr_uint(struct tg_link_writer *w, const char *name, uint32_t value)
{
	struct tg_text t = begin_attr(w, name);

	tg_text_char(&t, '=');
	tg_text_uint(&t, value);
	keep(w, &t);
}

void
tg_link_attr_flag(struct tg_link_writer *w, const char *name)
{
	struct tg_text t = begin_attr(w, name);

	keep(w, &t);
}

size_t
tg_link_end(const struct tg_link_writer *w)
{
	return w->overflow ? 0 : w->len;
}
