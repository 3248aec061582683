#include "coap/endpoint.h"

#include "coap/siphash.h"
#include "coap/text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

static_assert(sizeof(struct tg_endpoint) == 32, "no padding: it is compared as bytes");

struct tg_endpoint
tg_endpoint_ipv4(const uint8_t address[4], uint16_t port)
{
	struct tg_endpoint e = {.family = TG_IPV4, .port = port};

	memcpy(e.address, address, 4);
	return e;
}

/* fe80::/10, and groups of the interface's and the link's scope (RFC 4291, 2.7). */
static bool
has_zone(const uint8_t address[16])
{
	if (address[0] == 0xff)
		return (address[1] & 0xf) == 1 || (address[1] & 0xf) == 2;
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

struct tg_endpoint
tg_endpoint_ipv6(const uint8_t address[16], uint16_t port, uint32_t zone)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	struct tg_endpoint e = {.family = TG_IPV6, .port = port};

	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		return tg_endpoint_ipv4(address + sizeof(mapped), port);
	e.zone = has_zone(address) ? zone : 0;
	memcpy(e.address, address, 16);
	return e;
}

int
tg_endpoint_compare(const struct tg_endpoint *a, const struct tg_endpoint *b)
{
	return memcmp(a, b, sizeof(*a));
}

bool
tg_endpoint_same_host(const struct tg_endpoint *a, const struct tg_endpoint *b)
{
	return a->family == b->family && a->zone == b->zone
	       && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

bool
tg_endpoint_is_multicast(const struct tg_endpoint *e)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (e->family == TG_IPV4)
		return e->address[0] >> 4 == 0xe
		       || memcmp(e->address, broadcast, sizeof(broadcast)) == 0;
	return e->family == TG_IPV6 && e->address[0] == 0xff;
}

uint64_t
tg_endpoint_hash(const struct tg_endpoint *e, const uint64_t key[2])
{
	return tg_siphash(key, e, sizeof(*e));
}

char *
tg_endpoint_print(char text[TG_ENDPOINT_TEXT], const struct tg_endpoint *e)
{
	char address[INET6_ADDRSTRLEN] = "";
	bool v6 = e->family == TG_IPV6;
	struct tg_text t;

	inet_ntop(v6 ? AF_INET6 : AF_INET, e->address, address, sizeof(address));
	tg_text_begin(&t, text, TG_ENDPOINT_TEXT);
	tg_text_bytes(&t, "[", v6);
	tg_text_bytes(&t, address, strlen(address));
	if (e->zone != 0) {
		tg_text_char(&t, '%');
		tg_text_uint(&t, e->zone);
	}
	tg_text_bytes(&t, "]", v6);
	tg_text_char(&t, ':');
	tg_text_uint(&t, e->port);
	tg_text_char(&t, '\0');
	assert(!t.overflow);
	return text;
}

/* Digits only, from 1 to @max; 0 if @len characters at @text are something else. */
static uint32_t
read_number(const char *text, size_t len, uint32_t max)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		v = v * 10 + (uint64_t)(text[i] - '0');
		if (v > max)
			return 0;
	}
	return (uint32_t)v;
}

/* "" or ":port" from @text to @end. */
static bool
read_port(uint16_t *port, const char *text, const char *end)
{
	if (text == end)
		return true;
	if (*text++ != ':')
		return false;
	*port = (uint16_t)read_number(text, (size_t)(end - text), UINT16_MAX);
	return *port != 0;
}

static bool
read_address(int family, uint8_t *address, const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(family, copy, address) == 1;
}

static size_t
up_to(const char *text, size_t len, char c)
{
	const char *at = memchr(text, c, len);

	return at != NULL ? (size_t)(at - text) : len;
}

/* Behind the opening bracket. */
static bool
parse_ipv6(struct tg_endpoint *e, const char *text, size_t len, uint16_t port)
{
	size_t inside = up_to(text, len, ']'), bare = up_to(text, inside, '%');
	uint8_t address[16];
	uint32_t zone = 0;

	if (inside == len || !read_address(AF_INET6, address, text, bare)
		|| !read_port(&port, text + inside + 1, text + len))
		return false;
	if (bare < inside) {
		zone = read_number(text + bare + 1, inside - bare - 1, UINT32_MAX);
		if (zone == 0 || !has_zone(address))
			return false;
	}
	*e = tg_endpoint_ipv6(address, port, zone);
	return true;
}

bool
tg_endpoint_parse(struct tg_endpoint *e, const char *text, size_t len, uint16_t port)
{
	size_t bare = up_to(text, len, ':');
	uint8_t address[4];

	if (len > 0 && *text == '[')
		return parse_ipv6(e, text + 1, len - 1, port);
	if (!read_address(AF_INET, address, text, bare)
		|| !read_port(&port, text + bare, text + len))
		return false;
	*e = tg_endpoint_ipv4(address, port);
	return true;
}

static bool
set_once(struct tg_endpoint *to, const struct tg_endpoint *e)
{
	if (to->family != TG_NO_FAMILY)
		return tg_endpoint_compare(to, e) == 0;
	*to = *e;
	return true;
}

bool
tg_envelope_set_source(struct tg_envelope *v, const struct tg_endpoint *e)
{
	return set_once(&v->source, e);
}

bool
tg_envelope_set_destination(struct tg_envelope *v, const struct tg_endpoint *e)
{
	return set_once(&v->destination, e);
}
