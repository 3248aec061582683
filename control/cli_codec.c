/* tidegatectl decode and encode: the codec at hand, no gateway needed. */
#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/uri.h"
#include "coap/write.h"
#include "control/cli.h"
#include "control/log_print.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DATAGRAM_MAX 65535

static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex to bytes; their count, or -1. */
static long
from_hex(const char *text, size_t len, uint8_t *to, size_t cap)
{
	if (len % 2 != 0 || len / 2 > cap)
		return -1;
	for (size_t i = 0; i < len; i += 2) {
		int hi = hex_digit(text[i]), lo = hex_digit(text[i + 1]);

		if (hi < 0 || lo < 0)
			return -1;
		to[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return (long)(len / 2);
}

/* ---- decode -------------------------------------------------------------------------------- */

static void
print_value(const struct tg_opt_def *def, const struct tg_opt *o)
{
	uint64_t v = 0;

	switch (def != NULL ? (enum tg_opt_format)def->format : TG_FMT_OPAQUE) {
	case TG_FMT_UINT:
		if (o->len > 8) {
			fputs("null", stdout);
			return;
		}
		for (unsigned i = 0; i < o->len; i++)
			v = v << 8 | o->value[i];
		printf("%llu", (unsigned long long)v);
		return;
	case TG_FMT_STRING:
		ctl_print_json_string(stdout, (const char *)o->value, o->len);
		return;
	case TG_FMT_EMPTY:
	case TG_FMT_OPAQUE:
		break;
	}
	putchar('"');
	ctl_print_hex(stdout, o->value, o->len);
	putchar('"');
}

static void
print_option(const struct tg_opt *o)
{
	const struct tg_opt_def *def = tg_opt_find(o->number);

	printf("{\"number\":%u,\"name\":", o->number);
	if (def != NULL)
		ctl_print_json_string(stdout, def->name, strlen(def->name));
	else
		fputs("null", stdout);
	fputs(",\"hex\":\"", stdout);
	ctl_print_hex(stdout, o->value, o->len);
	fputs("\",\"value\":", stdout);
	print_value(def, o);
	putchar('}');
}

static void
print_message(const struct tg_msg *m)
{
	static const char *const types[] = {"CON", "NON", "ACK", "RST"};
	struct tg_opt_iter it;
	const char *comma = "";
	struct tg_opt o;

	printf("{\"valid\":true,\"type\":\"%s\",\"code\":\"%u.%02u\",\"mid\":%u,\"token\":\"",
		types[m->type], m->code >> 5, m->code & 31, m->mid);
	ctl_print_hex(stdout, tg_msg_token(m), m->tkl);
	fputs("\",\"options\":[", stdout);
	tg_opt_foreach(&it, &o, m) {
		fputs(comma, stdout);
		print_option(&o);
		comma = ",";
	}
	fputs("],\"payload\":\"", stdout);
	ctl_print_hex(stdout, m->base + m->payload, m->len - m->payload);
	puts("\"}");
}

/* False if the text was no hex; whatever it is, a line is printed for it. */
static bool
decode_one(const char *text, size_t len, uint8_t *buf)
{
	long n = from_hex(text, len, buf, DATAGRAM_MAX);
	enum tg_verdict v;
	struct tg_msg m;

	if (n < 0) {
		puts("{\"valid\":false,\"verdict\":\"hex\"}");
		return false;
	}
	v = tg_msg_parse(&m, buf, (size_t)n, TG_TOKEN_MAX);
	if (v == TG_OK)
		print_message(&m);
	else
		printf("{\"valid\":false,\"verdict\":\"%s\"}\n", tg_verdict_name(v));
	return true;
}

static bool
decode_lines(uint8_t *buf)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	bool ok = true;

	while ((len = getline(&line, &cap, stdin)) >= 0) {
		const char *p = line;

		while (len > 0 && isspace((unsigned char)line[len - 1]))
			len--;
		while (len > 0 && isspace((unsigned char)*p)) {
			p++;
			len--;
		}
		ok &= decode_one(p, (size_t)len, buf);
	}
	free(line);
	return ok;
}

int
cli_decode(const struct cli *c)
{
	uint8_t *buf = malloc(DATAGRAM_MAX);
	bool ok = buf != NULL;

	if (c->argc == 0) {
		fputs("usage: tidegatectl decode HEX... | -\n", stderr);
		free(buf);
		return CLI_USAGE;
	}
	for (int i = 0; i < c->argc && buf != NULL; i++)
		ok &= strcmp(c->argv[i], "-") == 0
			? decode_lines(buf)
			: decode_one(c->argv[i], strlen(c->argv[i]), buf);
	free(buf);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- encode -------------------------------------------------------------------------------- */

#define EXTRA_MAX 64

struct encode {
	unsigned method;
	enum tg_type type;
	uint16_t mid;
	uint8_t token[TG_TOKEN_MAX];
	unsigned tkl;
	const char *payload, *uri;
	unsigned n_extra;
	struct tg_opt extra[EXTRA_MAX];
	uint8_t bytes[DATAGRAM_MAX]; /* of the extra options */
	size_t used;
};

static int
complain(const char *what, const char *text)
{
	fprintf(stderr, "encode: %s: %s\n", what, text);
	return CLI_USAGE;
}

static int
add_extra(struct encode *e, const char *text)
{
	char *comma;
	unsigned long number = strtoul(text, &comma, 10);
	long len;

	if (e->n_extra == EXTRA_MAX || !isdigit((unsigned char)*text) || number > UINT16_MAX
		|| (*comma != ',' && *comma != '\0'))
		return complain("an option is NUM,HEX", text);
	len = *comma == '\0' ? 0
			     : from_hex(comma + 1, strlen(comma + 1), e->bytes + e->used,
				       sizeof(e->bytes) - e->used);
	if (len < 0)
		return complain("an option's value is hex", text);
	e->extra[e->n_extra++] = (struct tg_opt){
		.value = e->bytes + e->used, .len = (uint16_t)len, .number = (uint16_t)number};
	e->used += (size_t)len;
	return 0;
}

static int
set_token(struct encode *e, const char *text)
{
	long n = from_hex(text, strlen(text), e->token, sizeof(e->token));

	if (n < 0)
		return complain("a token is up to eight bytes of hex", text);
	e->tkl = (unsigned)n;
	return 0;
}

static int
set_mid(struct encode *e, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*end != '\0' || !isdigit((unsigned char)*text) || n > UINT16_MAX)
		return complain("a Message ID is 0 to 65535", text);
	e->mid = (uint16_t)n;
	return 0;
}

static int
set_option(struct encode *e, const char *name, const char *value)
{
	if (strcmp(name, "-m") == 0) {
		e->method = tg_method_find(value);
		return e->method != 0 ? 0 : complain("there is no method", value);
	}
	if (strcmp(name, "-t") == 0) {
		e->type = strcmp(value, "non") == 0 ? TG_NON : TG_CON;
		return e->type == TG_NON || strcmp(value, "con") == 0
			? 0
			: complain("a type is con or non", value);
	}
	if (strcmp(name, "--mid") == 0)
		return set_mid(e, value);
	if (strcmp(name, "--token") == 0)
		return set_token(e, value);
	if (strcmp(name, "-O") == 0)
		return add_extra(e, value);
	if (strcmp(name, "-e") == 0)
		return e->payload = value, 0;
	return complain("there is no option", name);
}

static int
read_arguments(struct encode *e, const struct cli *c)
{
	for (int i = 0; i < c->argc; i++) {
		int rc = 0;

		if (c->argv[i][0] != '-' && e->uri == NULL)
			e->uri = c->argv[i];
		else if (c->argv[i][0] != '-' || i + 1 == c->argc)
			return complain("not understood", c->argv[i]);
		else
			rc = set_option(e, c->argv[i], c->argv[i + 1]), i++;
		if (rc != 0)
			return rc;
	}
	return e->uri != NULL ? 0 : complain("a URI is wanted", "coap://HOST/PATH");
}

/* The URI's options and the extra ones, by number; those of one number stay in order. */
static void
write_options(struct tg_writer *w, const struct tg_uri *u, const struct encode *e)
{
	for (unsigned at = 0, number = 0; number <= UINT16_MAX; number++) {
		for (; at < u->count && u->option[at].number == number; at++)
			tg_write_option(w, number, u->option[at].value, u->option[at].len);
		for (unsigned i = 0; i < e->n_extra; i++)
			if (e->extra[i].number == number)
				tg_write_option(w, number, e->extra[i].value, e->extra[i].len);
	}
}

int
cli_encode(const struct cli *c)
{
	static struct encode e = {.method = TG_GET, .type = TG_CON};
	static uint8_t out[DATAGRAM_MAX];
	static struct tg_uri u;
	enum tg_uri_fault fault;
	struct tg_writer w;
	int rc;

	if (getrandom(&e.mid, sizeof(e.mid), 0) != sizeof(e.mid))
		return CLI_FAILED;
	rc = read_arguments(&e, c);
	if (rc != 0)
		return rc;
	fault = tg_uri_parse(&u, e.uri, strlen(e.uri), 0);
	if (fault != TG_URI_OK)
		return complain(e.uri, tg_uri_fault_text(fault));
	tg_write_begin(&w, out, sizeof(out), e.type, e.method, e.mid, e.token, e.tkl);
	write_options(&w, &u, &e);
	if (e.payload != NULL)
		tg_write_payload(&w, e.payload, strlen(e.payload));
	if (tg_write_end(&w) == 0)
		return complain("does not fit a datagram", e.uri);
	ctl_print_hex(stdout, out, tg_write_end(&w));
	putchar('\n');
	return CLI_DONE;
}
