/* tidegatectl decode and encode: the codec at hand, no gateway needed. */
#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/print.h"
#include "coap/text.h"
#include "coap/write.h"
#include "control/cli_request.h"
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

void
cli_print_options(const struct tg_msg *m)
{
	struct tg_opt_iter it;
	const char *comma = "";
	struct tg_opt o;

	putchar('[');
	tg_opt_foreach (&it, &o, m) {
		fputs(comma, stdout);
		print_option(&o);
		comma = ",";
	}
	putchar(']');
}

static void
print_message(const struct tg_msg *m)
{
	printf("{\"valid\":true,\"type\":\"%s\",\"code\":\"%u.%02u\",\"mid\":%u,"
	       "\"token\":\"",
		tg_type_name((enum tg_type)m->type), (unsigned)m->code >> 5,
		m->code & 31u, m->mid);
	ctl_print_hex(stdout, tg_msg_token(m), m->tkl);
	fputs("\",\"options\":", stdout);
	cli_print_options(m);
	fputs(",\"payload\":\"", stdout);
	ctl_print_hex(stdout, m->base + m->payload, m->len - m->payload);
	puts("\"}");
}

/* The same as a line for people. */
static void
print_text(const struct tg_msg *m)
{
	static char line[3 * DATAGRAM_MAX];
	struct tg_text t;

	tg_text_begin(&t, line, sizeof(line));
	tg_msg_print(&t, m);
	printf("%.*s%s\n", (int)t.len, line, t.overflow ? " ..." : "");
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

/* The longest token: RFC 7252's, or with the option what RFC 8974 has. */
static unsigned
token_max(const struct cli *c)
{
	return cli_flag(c, "--extended-tokens") ? TG_TOKEN_EXTENDED_MAX : TG_TOKEN_MAX;
}

/* False if the text was no hex; whatever it is, a line is printed for it. */
static bool
decode_one(const struct cli *c, const char *text, size_t len, uint8_t *buf)
{
	bool for_people = cli_flag(c, "--text");
	long n = read_hex(buf, text, len);
	const char *verdict = "hex";
	struct tg_msg m;

	if (n > DATAGRAM_MAX) {
		verdict = "too-long";
	} else if (n >= 0) {
		enum tg_verdict v = tg_msg_parse(&m, buf, (size_t)n, token_max(c));

		if (v == TG_OK) {
			(for_people ? print_text : print_message)(&m);
			return true;
		}
		verdict = tg_verdict_name(v);
	}
	printf(for_people ? "bad: %s\n" : "{\"valid\":false,\"verdict\":\"%s\"}\n",
		verdict);
	return n >= 0;
}

static bool
decode_lines(const struct cli *c, uint8_t *buf)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	bool ok = true;

	while ((len = getline(&line, &cap, stdin)) >= 0) {
		ok &= decode_one(c, line, (size_t)len, buf);
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
			      ? decode_lines(c, buf)
			      : decode_one(c, c->word[i], strlen(c->word[i]), buf);
	free(buf);
	return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- encode ---- */

struct encode {
	unsigned method;
	enum tg_type type;
	uint16_t mid;
	uint8_t token[DATAGRAM_MAX];
	unsigned tkl;
	struct cli_extra extra;
};

static int
set_token(const struct cli *c, struct encode *e, const char *text)
{
	unsigned max = token_max(c) < sizeof(e->token) ? token_max(c) : sizeof(e->token);
	long n = tg_hex_read(e->token, max, text, strlen(text));

	if (n < 0)
		return cli_fail(c, CLI_USAGE,
			"encode: --token wants up to %s of hex, not \"%s\"",
			max == TG_TOKEN_MAX ? "eight bytes" : "a datagram", text);
	e->tkl = (unsigned)n;
	return 0;
}

static int
set_method(const struct cli *c, struct encode *e, const char *name)
{
	e->method = tg_method_find(name);
	return e->method != TG_EMPTY ? 0
				     : cli_fail(c, CLI_USAGE,
					     "encode: there is no method \"%s\"", name);
}

static int
set_mid(const struct cli *c, struct encode *e)
{
	uint64_t mid = cli_number(c, "--mid", UINT64_MAX);

	if (mid != UINT64_MAX && mid > UINT16_MAX)
		return cli_fail(c, CLI_USAGE, "encode: a Message ID is 0 to 65535");
	if (mid == UINT64_MAX && getrandom(&e->mid, sizeof(e->mid), 0) != sizeof(e->mid))
		return cli_fail(c, CLI_FAILED, "the kernel gives no random numbers");
	if (mid != UINT64_MAX)
		e->mid = (uint16_t)mid;
	return 0;
}

static int
read_options(const struct cli *c, struct encode *e)
{
	const char *method = cli_option(c, "-m"), *token = cli_option(c, "--token");
	int status = set_mid(c, e);

	if (status == 0 && method != NULL)
		status = set_method(c, e, method);
	if (status == 0 && token != NULL)
		status = set_token(c, e, token);
	if (status == 0)
		status = cli_type_read(c, &e->type);
	return status != 0 ? status : cli_extra_read(c, &e->extra);
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
	static struct encode e = {.method = TG_GET};
	static uint8_t out[DATAGRAM_MAX];
	static struct cli_options options;
	static struct tg_uri u;
	const char *payload = cli_option(c, "-e");
	int status = read_options(c, &e);
	struct tg_writer w;

	if (status == 0)
		status = cli_uri_read(c, &u);
	if (status != 0)
		return status;
	cli_options_merge(&options, &u, &e.extra);
	tg_write_begin(&w, out, sizeof(out), e.type, e.method, e.mid, e.token, e.tkl);
	for (unsigned i = 0; i < options.n; i++)
		tg_write_option(&w, options.option[i].number, options.option[i].value,
			options.option[i].len);
	if (payload != NULL)
		tg_write_payload(&w, payload, strlen(payload));
	if (tg_write_end(&w) == 0)
		return cli_fail(c, CLI_USAGE, "encode: %s: does not fit a datagram",
			cli_word(c, 0));
	print_hex(c, out, tg_write_end(&w));
	return CLI_DONE;
}
