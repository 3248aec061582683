#include "coap/uri.h"

#include "coap/check.h"
#include "coap/nfc.h"
#include "coap/text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define PORT_COAP 5683
#define PORT_COAPS 5684
#define VALUE_MAX 255 /* bytes of Uri-Host, Uri-Path, Uri-Query */
#define LITERAL_MAX 45
#define HOST_CHARS (TG_CH_UNRESERVED | TG_CH_SUB_DELIM)
#define QUERY_CHARS (TG_CH_PCHAR | TG_CH_SLASH | TG_CH_QUESTION)

const char *
tg_uri_fault_text(enum tg_uri_fault f)
{
	static const char *const text[TG_URI_FAULTS] = {
		[TG_URI_OK] = "fine",
		[TG_URI_TOO_LONG] = "the URI is too long",
		[TG_URI_CHARACTER] = "a character stands where a URI cannot have it: "
				     "percent-code it",
		[TG_URI_SCHEME] = "the URI must begin with coap:// or coaps://",
		[TG_URI_FRAGMENT] = "a CoAP URI has no fragment (#...)",
		[TG_URI_USERINFO] = "a CoAP URI has no user name (...@)",
		[TG_URI_HOST] = "the host is empty, over 255 bytes, or a bad IP address "
				"(zones are not allowed)",
		[TG_URI_PORT] = "the port must be a number from 1 to 65535",
		[TG_URI_PERCENT] = "% must be followed by two hexadecimal digits",
		[TG_URI_SEGMENT] =
			"a path segment is over 255 bytes, or \".\" or \"..\" in "
			"percent codes",
		[TG_URI_QUERY] = "a query argument is over 255 bytes",
	};

	return f < TG_URI_FAULTS ? text[f] : "unknown";
}

/* A piece of the URI's text. */
struct span {
	const char *at, *end;
};

static size_t
span_len(struct span s)
{
	return (size_t)(s.end - s.at);
}

/* Cut @s at the first of the characters in @stops, and return what stood before. */
static struct span
cut(struct span *s, const char *stops)
{
	struct span head = {s->at, s->at};

	while (head.end < s->end
		&& (*head.end == '\0' || strchr(stops, *head.end) == NULL))
		head.end++;
	s->at = head.end;
	return head;
}

static bool
is_ip(int family, struct span s)
{
	char text[LITERAL_MAX + 1];
	uint8_t address[16];

	if (span_len(s) > LITERAL_MAX)
		return false;
	memcpy(text, s.at, span_len(s));
	text[span_len(s)] = '\0';
	return strlen(text) == span_len(s) && inet_pton(family, text, address) == 1;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Put the @len bytes at @value, which were just decoded from the URI, into the form that
 * a string has (3.2): how many there are then.  Bytes that are no Unicode are let be:
 * they name what they name.
 */
static size_t
normalize(uint8_t *value, size_t len)
{
	uint8_t text[TG_URI_MAX];
	long n = tg_nfc(text, sizeof(text), value, len);

	if (n < 0)
		return len;
	memcpy(value, text, (size_t)n);
	return (size_t)n;
}

/* Append option @number with the decoded text @s, which may have the characters @set. */
static enum tg_uri_fault
add_option(struct tg_uri *u, unsigned number, struct span s, unsigned set)
{
	uint8_t *to = u->bytes + u->used;
	struct tg_opt *o = &u->option[u->count];

	if (u->count == TG_URI_OPTIONS_MAX)
		return TG_URI_TOO_LONG;
	*o = (struct tg_opt){.value = to, .number = (uint16_t)number};
	while (s.at < s.end) {
		char c = *s.at++;

		if (c == '%') {
			if (span_len(s) < 2 || tg_hex_read(to, 1, s.at, 2) < 0)
				return TG_URI_PERCENT;
			s.at += 2;
			to++;
		} else if (tg_char_in((uint8_t)c, set)) {
			*to++ = (uint8_t)(number == TG_OPT_URI_HOST ? lower(c) : c);
		} else {
			return TG_URI_CHARACTER;
		}
	}
	/* Only what is not ASCII grows, to thrice as much: so many characters it had. */
	o->len = (uint16_t)normalize(u->bytes + u->used, (size_t)(to - o->value));
	u->used = (uint16_t)(u->used + o->len);
	assert(u->used <= sizeof(u->bytes));
	u->count++;
	return TG_URI_OK;
}

static enum tg_uri_fault
read_scheme(struct tg_uri *u, struct span *s)
{
	static const char *const schemes[] = {"coap://", "coaps://"};

	for (unsigned i = 0; i < 2; i++) {
		size_t len = strlen(schemes[i]), same = 0;

		while (same < len && same < span_len(*s)
			&& lower(s->at[same]) == schemes[i][same])
			same++;
		if (same < len)
			continue;
		u->secure = i == 1;
		s->at += len;
		return TG_URI_OK;
	}
	return TG_URI_SCHEME;
}

/* ":" and digits, of which there may be none. */
static enum tg_uri_fault
read_port(struct tg_uri *u, struct span s)
{
	uint32_t port = 0;

	u->port = u->secure ? PORT_COAPS : PORT_COAP;
	if (s.at == s.end)
		return TG_URI_OK;
	if (*s.at++ != ':')
		return TG_URI_HOST;
	if (s.at == s.end)
		return TG_URI_OK;
	for (; s.at < s.end; s.at++) {
		if (*s.at < '0' || *s.at > '9')
			return TG_URI_PORT;
		port = port * 10 + (uint32_t)(*s.at - '0');
		if (port > UINT16_MAX)
			return TG_URI_PORT;
	}
	if (port == 0)
		return TG_URI_PORT;
	u->port = (uint16_t)port;
	return TG_URI_OK;
}

static void
keep_host(struct tg_uri *u, const char *host, size_t len)
{
	for (size_t i = 0; i < len; i++)
		u->host[i] = lower(host[i]);
	u->host[len] = '\0';
}

/* A registered name becomes the Uri-Host option. */
static enum tg_uri_fault
read_name(struct tg_uri *u, struct span name)
{
	enum tg_uri_fault f = add_option(u, TG_OPT_URI_HOST, name, HOST_CHARS);
	const struct tg_opt *o = &u->option[0];

	if (f != TG_URI_OK)
		return f;
	if (o->len == 0 || o->len > VALUE_MAX || memchr(o->value, '\0', o->len) != NULL)
		return TG_URI_HOST;
	memcpy(u->host, o->value, o->len);
	u->host[o->len] = '\0';
	return TG_URI_OK;
}

static enum tg_uri_fault
read_authority(struct tg_uri *u, struct span s)
{
	struct span host;
	enum tg_uri_fault f;

	if (s.at < s.end && memchr(s.at, '@', span_len(s)) != NULL)
		return TG_URI_USERINFO;
	if (s.at < s.end && *s.at == '[') {
		s.at++;
		host = cut(&s, "]");
		if (s.at == s.end || !is_ip(AF_INET6, host))
			return TG_URI_HOST;
		s.at++;
		u->host_kind = TG_HOST_IPV6;
		keep_host(u, host.at, span_len(host));
		return read_port(u, s);
	}
	host = cut(&s, ":");
	f = read_port(u, s);
	if (f != TG_URI_OK)
		return f;
	if (!is_ip(AF_INET, host)) {
		u->host_kind = TG_HOST_NAME;
		return read_name(u, host);
	}
	u->host_kind = TG_HOST_IPV4;
	keep_host(u, host.at, span_len(host));
	return TG_URI_OK;
}

static bool
is_dots(const void *at, size_t len)
{
	return len > 0 && len <= 2 && memcmp(at, "..", len) == 0;
}

/* What is left of the path must be sendable. */
static enum tg_uri_fault
check_segments(const struct tg_uri *u, unsigned first)
{
	for (unsigned i = first; i < u->count; i++)
		if (u->option[i].len > VALUE_MAX
			|| is_dots(u->option[i].value, u->option[i].len))
			return TG_URI_SEGMENT;
	return TG_URI_OK;
}

/*
 * Segments to options, "." and ".." resolved (RFC 3986, 5.2.4): "." is left out,
 * ".." takes the segment before it back, and either at the end leaves an empty one.
 */
static enum tg_uri_fault
read_path(struct tg_uri *u, struct span s)
{
	static const struct span nothing = {"", ""};
	unsigned first = u->count;
	enum tg_uri_fault f;

	while (s.at < s.end) {
		struct span segment;

		s.at++; /* the slash */
		segment = cut(&s, "/");
		if (is_dots(segment.at, span_len(segment))) {
			if (span_len(segment) == 2 && u->count > first)
				u->count--;
			if (s.at < s.end)
				continue;
			segment = nothing;
		}
		f = add_option(u, TG_OPT_URI_PATH, segment, TG_CH_PCHAR);
		if (f != TG_URI_OK)
			return f;
	}
	if (u->count == first + 1 && u->option[first].len == 0)
		u->count--; /* "/" is no segment at all (6.4, step 8) */
	return check_segments(u, first);
}

/* @s is empty, or "?" and arguments; "?" alone is one that is empty. */
static enum tg_uri_fault
read_query(struct tg_uri *u, struct span s)
{
	while (s.at < s.end) {
		enum tg_uri_fault f;

		s.at++; /* "?" or "&" */
		f = add_option(u, TG_OPT_URI_QUERY, cut(&s, "&"), QUERY_CHARS);
		if (f != TG_URI_OK)
			return f;
		if (u->option[u->count - 1].len > VALUE_MAX)
			return TG_URI_QUERY;
	}
	return TG_URI_OK;
}

static void
add_port(struct tg_uri *u)
{
	uint8_t *to = u->bytes + u->used;
	unsigned len = u->port > UINT8_MAX ? 2 : 1;

	if (len == 2)
		to[0] = (uint8_t)(u->port >> 8);
	to[len - 1] = (uint8_t)u->port;
	u->option[u->count++] = (struct tg_opt){to, (uint16_t)len, TG_OPT_URI_PORT};
	u->used = (uint16_t)(u->used + len);
}

enum tg_uri_fault
tg_uri_parse(struct tg_uri *u, const char *text, size_t len, uint16_t dest_port)
{
	struct span s = {text, text + len};
	enum tg_uri_fault f;

	u->count = u->used = 0;
	if (len > TG_URI_MAX)
		return TG_URI_TOO_LONG;
	f = read_scheme(u, &s);
	if (f != TG_URI_OK)
		return f;
	if (s.at < s.end && memchr(s.at, '#', span_len(s)) != NULL)
		return TG_URI_FRAGMENT;
	f = read_authority(u, cut(&s, "/?"));
	if (f != TG_URI_OK)
		return f;
	if (dest_port != 0 && dest_port != u->port)
		add_port(u);
	f = read_path(u, cut(&s, "?"));
	return f != TG_URI_OK ? f : read_query(u, s);
}

/* May Uri-Host's value stand in a URI: a name, an IPv4 address, or "[IPv6]"? */
static bool
is_host(const struct tg_opt *o)
{
	struct span s = {(const char *)o->value, (const char *)o->value + o->len};

	if (*s.at == '[')
		return o->len > 2 && s.end[-1] == ']'
		       && is_ip(AF_INET6, (struct span){s.at + 1, s.end - 1});
	for (; s.at < s.end; s.at++) {
		uint8_t c = (uint8_t)*s.at;

		if (c == '%'
			&& (span_len(s) < 3 || tg_hex_digit((uint8_t)s.at[1]) < 0
				|| tg_hex_digit((uint8_t)s.at[2]) < 0))
			return false;
		if (c < 0x80 && c != '%' && !tg_char_in(c, HOST_CHARS))
			return false;
	}
	return true;
}

/* The host: ASCII as it is, the rest coded. */
static void
put_host(struct tg_text *t, const struct tg_opt *o)
{
	for (unsigned i = 0; i < o->len; i++)
		if (o->value[i] < 0x80)
			tg_text_char(t, (char)o->value[i]);
		else
			tg_text_coded(t, o->value + i, 1, 0, '\0');
}

static void
put_authority(struct tg_text *t, const struct tg_msg *m, const struct tg_uri_base *base)
{
	uint32_t port = base->port;
	struct tg_opt_iter it;
	struct tg_opt o;
	bool named = false;

	tg_opt_begin(&it, m);
	while (tg_check_next(&it, &o, true)) {
		if (o.number == TG_OPT_URI_HOST) {
			named = true;
			t->overflow |= !is_host(&o);
			put_host(t, &o);
		} else if (o.number == TG_OPT_URI_PORT) {
			port = tg_opt_uint(&o);
		}
	}
	if (!named)
		tg_text_bytes(t, base->host, strlen(base->host));
	if (port != (base->secure ? PORT_COAPS : PORT_COAP)) {
		tg_text_char(t, ':');
		tg_text_uint(t, port);
	}
}

static void
put_resource(struct tg_text *t, const struct tg_msg *m)
{
	bool path = false, query = false;
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_begin(&it, m);
	while (tg_check_next(&it, &o, true)) {
		if (o.number == TG_OPT_URI_PATH) {
			tg_text_char(t, '/');
			tg_text_coded(t, o.value, o.len, TG_CH_PCHAR, '\0');
			path = true;
		} else if (o.number == TG_OPT_URI_QUERY) {
			tg_text_bytes(t, "/", path ? 0 : 1);
			tg_text_char(t, query ? '&' : '?');
			tg_text_coded(t, o.value, o.len, QUERY_CHARS, '&');
			path = query = true;
		}
	}
	tg_text_bytes(t, "/", path ? 0 : 1);
}

size_t
tg_uri_compose(
	char *text, size_t cap, const struct tg_msg *m, const struct tg_uri_base *base)
{
	struct tg_text t;

	tg_text_begin(&t, text, cap);
	tg_text_bytes(&t, base->secure ? "coaps://" : "coap://", base->secure ? 8 : 7);
	put_authority(&t, m, base);
	put_resource(&t, m);
	tg_text_char(&t, '\0');
	return t.overflow ? 0 : t.len - 1;
}
