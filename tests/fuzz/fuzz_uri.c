/*
 * URIs: whatever parses gives options that can be sent, and the URI made of them parses
 * to the same options again.
 */
#include "coap/check.h"
#include "coap/uri.h"
#include "coap/write.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIRE_MAX 16384

/* A host that a URI shows as it is; another is coded, and means something else in lower
 * case. */
static bool
is_plain_host(const char *host)
{
	return strspn(host, "abcdefghijklmnopqrstuvwxyz-") == strlen(host);
}

static void
require_equal(const struct tg_uri *a, const struct tg_uri *b)
{
	require(a->count == b->count && a->port == b->port && a->secure == b->secure);
	require(strcmp(a->host, b->host) == 0);
	for (unsigned i = 0; i < a->count; i++)
		require(a->option[i].number == b->option[i].number
			&& a->option[i].len == b->option[i].len
			&& memcmp(a->option[i].value, b->option[i].value,
				   a->option[i].len)
				   == 0);
}

static size_t
write_all(const struct tg_uri *u, uint8_t *wire, struct tg_msg *m)
{
	struct tg_writer w;
	struct tg_check bad;
	size_t len;

	tg_write_begin(&w, wire, WIRE_MAX, TG_CON, 1, 7, NULL, 0);
	for (unsigned i = 0; i < u->count; i++)
		tg_write_option(
			&w, u->option[i].number, u->option[i].value, u->option[i].len);
	len = tg_write_end(&w);
	require(len > 0 && tg_msg_parse(m, wire, len, TG_TOKEN_MAX) == TG_OK);
	require(tg_check_request(m, TG_SERVES_ALL, &bad));
	return len;
}

static void
there_and_back(const struct tg_uri *u)
{
	static char text[3 * TG_URI_MAX], host[TG_URI_HOST_MAX + 3];
	static uint8_t wire[WIRE_MAX];
	static struct tg_uri again;
	struct tg_uri_base base = {.secure = u->secure, .port = u->port, .host = host};
	struct tg_msg m;
	size_t len;

	snprintf(host, sizeof(host), u->host_kind == TG_HOST_IPV6 ? "[%s]" : "%s",
		u->host);
	write_all(u, wire, &m);
	len = tg_uri_compose(text, sizeof(text), &m, &base);
	if (u->host_kind == TG_HOST_NAME && !is_plain_host(u->host))
		return;
	require(len > 0 && strlen(text) == len);
	if (len > TG_URI_MAX)
		return;
	require(tg_uri_parse(&again, text, len, 0) == TG_URI_OK);
	require_equal(u, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tg_uri u;
	struct tg_msg m;

	if (tg_uri_parse(&u, (const char *)data, size, 0) == TG_URI_OK)
		there_and_back(&u);
	/* Any request's options, whoever wrote them, give a URI or none, within its room.
	 */
	if (size <= UINT16_MAX && tg_msg_parse(&m, data, size, TG_TOKEN_MAX) == TG_OK) {
		const struct tg_uri_base base = {.port = 5683, .host = "h"};
		size_t cap = size * 3 + 32;
		char *text = malloc(cap);

		if (text != NULL && tg_uri_compose(text, cap, &m, &base) > 0)
			require(memchr(text, '\0', cap) != NULL);
		free(text);
	}
	return 0;
}
