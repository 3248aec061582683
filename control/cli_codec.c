/* tidegatectl decode and encode: the codec at hand, no gateway needed. */
#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/text.h"
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

/* ---- decode ---- */

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

	printf("{\"valid\":true,\"type\":\"%s\",\"code\":\"%u.%02u\",\"mid\":%u,"
	       "\"token\":\"",
		types[m->type], (unsigned)m->code >> 5, m->code & 31u, m->mid);
	ctl_print_hex(stdout, tg_msg_token(m), m->tkl);
	fputs("\",\"options\":[", stdout);
	tg_opt_foreach (&it, &o, m) {
		fputs(comma, stdout);
		print_option(&o);
		comma = ",";
	}
	fputs("],\"payload\":\"", stdout);
	ctl_print_hex(stdout, m->base + m->payload, m->len - m->payload);
	puts("\"}");
}

/*
 * Hex as people paste it, blanks between bytes: how many bytes, or -1.  One byte too many
 * for a datagram is kept, so that it is found too long.
 */
static long
read_hex(uint8_t *buf, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 2) {
		while (i < len && isspace((unsigned char)text[i]))
			i++;
		if (i == len)
			break;
		if (i + 1 == len || tg_hex_read(buf + n, 1, text + i, 2) != 1)
			return -1;
		n += n <= DATAGRAM_MAX;
	}
	return (long)n;
}

/* False if the text was no hex; whatever it is, a line is printed for it. */
static bool
decode_one(const char *text, size_t len, uint8_t *buf)
{
	long n = read_hex(buf, text, len);
	const char *verdict = "hex";
	struct tg_msg m;

	if (n > DATAGRAM_MAX) {
		verdict = "too-long";
	} else if (n >= 0) {
		enum tg_verdict v = tg_msg_parse(&m, buf, (size_t)n, TG_TOKEN_MAX);

		if (v == TG_OK) {
			print_message(&m);
			return true;
		}
		verdict = tg_verdict_name(v);
	}
	printf("{\"valid\":false,\"verdict\":\"%s\"}\n", verdict);
	return n >= 0;
}

static bool
decode_lines(uint8_t *buf)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	bool ok = true;

	while ((len = getline(&line, &cap, stdin)) >= 0) {
		ok &= decode_one(line, (size_t)len, buf);
		fflush(stdout); /* who writes a line at a time reads one */
	}
	free(line);
	return ok;
}

int
cli_decode(const struct cli *c)
{
	uint8_t *buf = malloc(DATAGRAM_MAX + 2);
	bool ok = true;

	if (buf == NULL)
		return cli_fail(c, CLI_FAILED, "out of memory");
	for (unsigned i = 0; i < c->n_words; i++)
		ok &= strcmp(c->word[i], "-") == 0
			      ? decode_lines(buf)
			      : decode_one(c->word[i], strlen(c->word[i]), buf);
	free(buf);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- encode ---- */

#define EXTRA_MAX 64

struct encode {
	unsigned method;
	enum tg_type type;
	uint16_t mid;
	uint8_t token[TG_TOKEN_MAX];
	unsigned tkl;
	unsigned n_extra;
	struct tg_opt extra[EXTRA_MAX];
	uint8_t bytes[DATAGRAM_MAX]; /* of the extra options */
	size_t used;
};

/* "NUM,HEX"; the value may be empty, with the comma or without. */
static int
add_extra(const struct cli *c, struct encode *e, const char *text)
{
	char *comma;
	unsigned long number = strtoul(text, &comma, 10);
	long len = 0;

	if (e->n_extra == EXTRA_MAX)
		return cli_fail(c, CLI_USAGE, "encode: more than %d options", EXTRA_MAX);
	if (!isdigit((unsigned char)*text) || number > UINT16_MAX
		|| (*comma != ',' && *comma != '\0'))
		return cli_fail(
			c, CLI_USAGE, "encode: -O wants NUM,HEX, not \"%s\"", text);
	if (*comma == ',')
		len = tg_hex_read(e->bytes + e->used, sizeof(e->bytes) - e->used,
			comma + 1, strlen(comma + 1));
	if (len < 0)
		return cli_fail(c, CLI_USAGE,
			"encode: -O wants its value in hex, not \"%s\"", comma + 1);
	e->extra[e->n_extra++] = (struct tg_opt){.value = e->bytes + e->used,
		.len = (uint16_t)len,
		.number = (uint16_t)number};
	e->used += (size_t)len;
	return 0;
}

static int
set_token(const struct cli *c, struct encode *e, const char *text)
{
	long n = tg_hex_read(e->token, sizeof(e->token), text, strlen(text));

	if (n < 0)
		return cli_fail(c, CLI_USAGE,
			"encode: --token wants up to eight bytes of hex, not \"%s\"",
			text);
	e->tkl = (unsigned)n;
	return 0;
}

static int
set_option(const struct cli *c, struct encode *e, const struct cli_option *o)
{
	if (strcmp(o->name, "-m") == 0) {
		e->method = tg_method_find(o->value);
		return e->method != TG_EMPTY
			       ? 0
			       : cli_fail(c, CLI_USAGE,
				       "encode: there is no method \"%s\"", o->value);
	}
	if (strcmp(o->name, "-t") == 0) {
		e->type = strcmp(o->value, "non") == 0 ? TG_NON : TG_CON;
		return e->type == TG_NON || strcmp(o->value, "con") == 0
			       ? 0
			       : cli_fail(c, CLI_USAGE,
				       "encode: a type is con or non, not \"%s\"",
				       o->value);
	}
	if (strcmp(o->name, "--token") == 0)
		return set_token(c, e, o->value);
	return strcmp(o->name, "-O") == 0 ? add_extra(c, e, o->value) : 0;
}

static int
read_options(const struct cli *c, struct encode *e)
{
	uint64_t mid = cli_number(c, "--mid", UINT64_MAX);

	if (mid != UINT64_MAX && mid > UINT16_MAX)
		return cli_fail(c, CLI_USAGE, "encode: a Message ID is 0 to 65535");
	if (mid == UINT64_MAX && getrandom(&e->mid, sizeof(e->mid), 0) != sizeof(e->mid))
		return cli_fail(c, CLI_FAILED, "the kernel gives no random numbers");
	if (mid != UINT64_MAX)
		e->mid = (uint16_t)mid;
	for (unsigned i = 0; i < c->n_options; i++) {
		int status = set_option(c, e, &c->option[i]);

		if (status != 0)
			return status;
	}
	return 0;
}

/* The URI's options and the extra ones, by number; those of one number stay in order. */
static void
write_options(struct tg_writer *w, const struct tg_uri *u, const struct encode *e)
{
	for (unsigned at = 0, number = 0; number <= UINT16_MAX; number++) {
		for (; at < u->count && u->option[at].number == number; at++)
			tg_write_option(
				w, number, u->option[at].value, u->option[at].len);
		for (unsigned i = 0; i < e->n_extra; i++)
			if (e->extra[i].number == number)
				tg_write_option(
					w, number, e->extra[i].value, e->extra[i].len);
	}
}

static void
print_hex(const struct cli *c, const uint8_t *bytes, size_t len)
{
	fputs(c->json ? "{\"hex\":\"" : "", stdout);
	ctl_print_hex(stdout, bytes, len);
	puts(c->json ? "\"}" : "");
}

int
cli_encode(const struct cli *c)
{
	static struct encode e = {.method = TG_GET, .type = TG_CON};
	static uint8_t out[DATAGRAM_MAX];
	static struct tg_uri u;
	const char *uri = cli_word(c, 0), *payload = cli_option(c, "-e");
	int status = read_options(c, &e);
	enum tg_uri_fault fault;
	struct tg_writer w;

	if (status != 0)
		return status;
	fault = tg_uri_parse(&u, uri, strlen(uri), 0);
	if (fault != TG_URI_OK)
		return cli_fail(
			c, CLI_USAGE, "encode: %s: %s", uri, tg_uri_fault_text(fault));
	tg_write_begin(&w, out, sizeof(out), e.type, e.method, e.mid, e.token, e.tkl);
	write_options(&w, &u, &e);
	if (payload != NULL)
		tg_write_payload(&w, payload, strlen(payload));
	if (tg_write_end(&w) == 0)
		return cli_fail(c, CLI_USAGE, "encode: %s: does not fit a datagram", uri);
	print_hex(c, out, tg_write_end(&w));
	return CLI_DONE;
}
