/*
 * Link-format: a query on the first line, links behind it.  What is read lies within the
 * text, reads the same again, and is let through by the filters that it answers.
 */
#include "coap/link.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define VALUE_MAX 1024

/* "name=value" finds its own attribute; one with a blank may be a list. */
static void
finds_itself(const struct tg_link *l, const struct tg_link_param *p)
{
	char query[2 * VALUE_MAX], value[VALUE_MAX];
	size_t len = tg_link_value(p, value, sizeof(value));

	require(len <= p->value_len);
	require(tg_link_matches(l, p->name, p->name_len)
		|| (p->name_len == 4 && memcmp(p->name, "href", 4) == 0));
	if (len > sizeof(value) || p->name_len >= VALUE_MAX
		|| memchr(value, ' ', len) != NULL
		|| (p->name_len == 4 && memcmp(p->name, "href", 4) == 0))
		return;
	memcpy(query, p->name, p->name_len);
	query[p->name_len] = '=';
	memcpy(query + p->name_len + 1, value, len);
	require(tg_link_matches(l, query, p->name_len + 1 + len));
}

static void
read_params(const struct tg_link *l)
{
	struct tg_link_reader r;
	struct tg_link_param p;

	tg_link_params(&r, l);
	while (tg_link_param_next(&r, &p)) {
		require(p.name > l->text && p.name + p.name_len <= l->text + l->len);
		finds_itself(l, &p);
	}
	require(!r.bad && r.p == l->text + l->len);
}

/* A link alone is a text of one link. */
static void
read_again(const struct tg_link *l)
{
	struct tg_link_reader r;
	struct tg_link again;

	tg_link_read(&r, l->text, l->len);
	require(tg_link_next(&r, &again));
	require(again.text == l->text && again.len == l->len
		&& again.target_len == l->target_len);
	require(!tg_link_next(&r, &again) && !r.bad);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t query_len = end != NULL ? (size_t)(end - data) : 0;
	const char *text = (const char *)data + query_len + (end != NULL);
	struct tg_link_reader r;
	struct tg_link l;

	tg_link_read(&r, text, size - query_len - (end != NULL));
	while (tg_link_next(&r, &l)) {
		require(l.text >= text && l.text + l.len <= (const char *)data + size);
		(void)tg_link_matches(&l, data, query_len);
		require(tg_link_matches(&l, "href=*", 6));
		read_again(&l);
		read_params(&l);
	}
	return 0;
}
