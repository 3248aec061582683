/*
 * Random datagrams and what `tidegatectl decode` must print for each: "HEX<TAB>OBJECT" a
 * line.  Made by RFC 7252's text alone: nothing of the codec under test is used, neither
 * to write the bytes nor for the options' names.
 *
 * usage: datagrams COUNT SEED
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum format { EMPTY, OPAQUE, UINT, STRING };

static const struct option {
	unsigned number;
	enum format format;
	const char *name;
} options[] = {
	{1, OPAQUE, "If-Match"},
	{3, STRING, "Uri-Host"},
	{4, OPAQUE, "ETag"},
	{5, EMPTY, "If-None-Match"},
	{6, UINT, "Observe"},
	{7, UINT, "Uri-Port"},
	{8, STRING, "Location-Path"},
	{9, OPAQUE, "OSCORE"},
	{11, STRING, "Uri-Path"},
	{12, UINT, "Content-Format"},
	{14, UINT, "Max-Age"},
	{15, STRING, "Uri-Query"},
	{16, UINT, "Hop-Limit"},
	{17, UINT, "Accept"},
	{20, STRING, "Location-Query"},
	{23, UINT, "Block2"},
	{27, UINT, "Block1"},
	{28, UINT, "Size2"},
	{35, STRING, "Proxy-Uri"},
	{39, STRING, "Proxy-Scheme"},
	{60, UINT, "Size1"},
	{252, OPAQUE, "Echo"},
	{258, UINT, "No-Response"},
	{292, OPAQUE, "Request-Tag"},
};
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static uint64_t state;

static unsigned
below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

/* A datagram and the object that says what it is. */
struct datagram {
	uint8_t bytes[8192];
	size_t len;
	char object[32768];
	size_t said;
};

static void
put(struct datagram *d, unsigned byte)
{
	d->bytes[d->len++] = (uint8_t)byte;
}

static void __attribute__((format(printf, 2, 3)))
say(struct datagram *d, const char *fmt, ...)
{
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	d->said += (size_t)vsnprintf(
		d->object + d->said, sizeof(d->object) - d->said, fmt, ap);
	__builtin_va_end(ap);
}

static void
say_hex(struct datagram *d, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		say(d, "%02x", bytes[i]);
}

/* ---- valid ---- */

static void
put_header(struct datagram *d, unsigned code, unsigned tkl)
{
	static const char *const types[] = {"CON", "NON", "ACK", "RST"};
	unsigned type = below(4), mid = below(65536);

	put(d, 0x40 | type << 4 | tkl);
	put(d, code);
	put(d, mid >> 8);
	put(d, mid & 255);
	for (unsigned i = 0; i < tkl; i++)
		put(d, below(256));
	say(d,
		"{\"valid\":true,\"type\":\"%s\",\"code\":\"%u.%02u\",\"mid\":%u,"
		"\"token\":\"",
		types[type], code / 32, code % 32, mid);
	say_hex(d, d->bytes + 4, tkl);
	say(d, "\",\"options\":[");
}

/* Nibble, and extension bytes, of an option's delta or length (3.1). */
static unsigned
nibble(unsigned v)
{
	return v < 13 ? v : v < 269 ? 13 : 14;
}

static void
put_extension(struct datagram *d, unsigned v)
{
	if (v >= 269) {
		put(d, (v - 269) >> 8);
		put(d, (v - 269) & 255);
	} else if (v >= 13) {
		put(d, v - 13);
	}
}

static const struct option *
known(unsigned number)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (options[i].number == number)
			return &options[i];
	return NULL;
}

static void
say_string(struct datagram *d, const uint8_t *v, unsigned len)
{
	say(d, "\"");
	for (unsigned i = 0; i < len; i++)
		say(d, v[i] == '"' || v[i] == '\\' ? "\\%c" : "%c", v[i]);
	say(d, "\"");
}

static void
say_value(struct datagram *d, enum format format, const uint8_t *v, unsigned len)
{
	unsigned long long n = 0;

	if (format == UINT && len > 8) {
		say(d, "null");
	} else if (format == UINT) {
		for (unsigned i = 0; i < len; i++)
			n = n << 8 | v[i];
		say(d, "%llu", n);
	} else if (format == STRING) {
		say_string(d, v, len);
	} else {
		say(d, "\"");
		say_hex(d, v, len);
		say(d, "\"");
	}
}

/* Lengths on both sides of each limit of the encoding. */
static unsigned
some_length(void)
{
	static const unsigned edges[] = {0, 1, 12, 13, 14, 268, 269, 270, 600};

	return below(3) == 0 ? edges[below(9)] : below(9);
}

static void
put_option(struct datagram *d, unsigned before, unsigned number)
{
	const struct option *o = known(number);
	unsigned len = some_length();
	const uint8_t *value;

	put(d, nibble(number - before) << 4 | nibble(len));
	put_extension(d, number - before);
	put_extension(d, len);
	value = d->bytes + d->len;
	for (unsigned i = 0; i < len; i++) /* printable, so that a string is UTF-8 */
		put(d, o != NULL && o->format == STRING ? ' ' + below(95) : below(256));
	say(d, "{\"number\":%u,\"name\":", number);
	say(d, o != NULL ? "\"%s\"" : "null", o != NULL ? o->name : "");
	say(d, ",\"hex\":\"");
	say_hex(d, value, len);
	say(d, "\",\"value\":");
	say_value(d, o != NULL ? o->format : OPAQUE, value, len);
	say(d, "}");
}

/* A number not under @before: a registered one, a near one, one far off, or the same. */
static unsigned
some_number(unsigned before)
{
	unsigned number = before;

	switch (below(4)) {
	case 0:
		number = options[below(N_OPTIONS)].number;
		break;
	case 1:
		number = before + below(16);
		break;
	case 2:
		number = before + below(65536);
		break;
	default:
		break;
	}
	return number < before || number > 65535 ? before : number;
}

static void
make_valid(struct datagram *d, bool with_payload)
{
	unsigned n = below(6), number = 0, len = with_payload ? 1 + below(40) : 0;
	size_t at;

	put_header(d, 1 + below(255), below(9));
	for (unsigned i = 0; i < n; i++) {
		unsigned next = some_number(number);

		say(d, i > 0 ? "," : "");
		put_option(d, number, next);
		number = next;
	}
	if (len > 0)
		put(d, 0xff);
	at = d->len;
	for (unsigned i = 0; i < len; i++)
		put(d, below(256));
	say(d, "],\"payload\":\"");
	say_hex(d, d->bytes + at, len);
	say(d, "\"}");
}

static void
make_empty(struct datagram *d)
{
	put_header(d, 0, 0);
	say(d, "],\"payload\":\"\"}");
}

/* ---- invalid: one thing wrong ---- */

static void
put_bytes(struct datagram *d, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put(d, (uint8_t)bytes[i]);
}

static const char *
spoil(struct datagram *d)
{
	static const unsigned versions[] = {0x00, 0x80, 0xc0};

	switch (below(10)) {
	case 0:
		d->len = below(4);
		return "short";
	case 1:
		d->bytes[0] = (uint8_t)((d->bytes[0] & 0x3f) | versions[below(3)]);
		return "version";
	case 2:
		d->bytes[0] = (uint8_t)((d->bytes[0] & 0xf0) | (9 + below(7)));
		return "token-length";
	case 3:
		d->bytes[0] = (uint8_t)((d->bytes[0] & 0xf0) | (1 + below(8)));
		d->len = 4u + below(d->bytes[0] & 15);
		return "short";
	case 4:
		d->bytes[0] &= 0xf0;
		d->bytes[1] = 0;
		d->len = 4;
		put(d, below(256));
		return "not-empty";
	case 5: /* reserved nibbles */
		put_bytes(d, below(2) ? "\xf0\x00\x00\x00" : "\x0f\x00\x00\x00", 4);
		return "option";
	case 6: /* the value runs past the end, by one */
		put_bytes(d,
			"\x05"
			"abcd",
			5);
		return "option";
	case 7: /* the extension does, by one */
		put_bytes(d, below(2) ? "\xe0\x00" : "\x0e\x00", 2);
		return "option";
	case 8: /* number 65536 at least */
		put_bytes(d, "\xe0\xfe\xf3", 3);
		return "option";
	default:
		put(d, 0xff);
		return "no-payload";
	}
}

static void
make_invalid(struct datagram *d)
{
	const char *verdict;

	make_valid(d, false);
	verdict = spoil(d);
	d->said = 0;
	say(d, "{\"valid\":false,\"verdict\":\"%s\"}", verdict);
}

int
main(int argc, char **argv)
{
	static struct datagram d;
	unsigned long count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;

	if (count == 0) {
		fputs("usage: datagrams COUNT SEED\n", stderr);
		return 2;
	}
	state = strtoull(argv[2], NULL, 10) * 2 + 1;
	for (unsigned long i = 0; i < count; i++) {
		d.len = d.said = 0;
		if (i % 3 == 0)
			make_invalid(&d);
		else if (i % 50 == 1)
			make_empty(&d);
		else
			make_valid(&d, below(2));
		for (size_t b = 0; b < d.len; b++)
			printf("%02x", d.bytes[b]);
		printf("\t%s\n", d.object);
	}
	return 0;
}
