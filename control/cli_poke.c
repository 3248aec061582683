/* tidegatectl get, put, ...: ask a device, over a plain socket. */
#include "coap/code.h"
#include "coap/text.h"
#include "control/cli_coap.h"
#include "control/cli_request.h"
#include "control/log_print.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAVE_US 5000000 /* how long a server that is left has to answer */

struct poke {
	const struct cli *cli;
	struct tg_uri uri;
	struct cli_extra extra;
	struct cli_options options;
	struct tg_request request;
	struct cli_coap coap;
	const struct tg_transaction *transaction;
	uint64_t start_us, until_us;
	uint8_t payload[TG_BLOCK_BODY_MAX + 1], body[TG_BLOCK_BODY_MAX];
};

static struct poke poke; /* too large for a stack */
static volatile sig_atomic_t interrupted;

/* ---- the command line ---- */

static int
read_file(struct poke *p, const char *name)
{
	const struct cli *c = p->cli;
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	bool failed;

	if (f == NULL)
		return cli_fail(c, CLI_FAILED, "%s: %s", name, strerror(errno));
	p->request.payload_len = (uint32_t)fread(p->payload, 1, sizeof(p->payload), f);
	failed = ferror(f);
	if (f != stdin)
		fclose(f);
	if (failed)
		return cli_fail(c, CLI_FAILED, "%s: cannot be read", name);
	if (p->request.payload_len > TG_BLOCK_BODY_MAX)
		return cli_fail(
			c, CLI_FAILED, "%s: over %u bytes", name, TG_BLOCK_BODY_MAX);
	p->request.payload = p->payload;
	return 0;
}

static int
read_payload(struct poke *p)
{
	const char *text = cli_option(p->cli, "-e"), *file = cli_option(p->cli, "-f");

	if (text != NULL && file != NULL)
		return cli_fail(p->cli, CLI_USAGE, "%s: -e or -f, not both",
			p->cli->command->name);
	if (file != NULL)
		return read_file(p, file);
	if (text != NULL) {
		p->request.payload = text;
		p->request.payload_len = (uint32_t)strlen(text);
	}
	return 0;
}

/* A content-format, as an option of the request. */
static int
read_format(struct poke *p, const char *name, unsigned number)
{
	uint64_t format = cli_number(p->cli, name, UINT64_MAX);

	if (format == UINT64_MAX)
		return 0;
	if (format > UINT16_MAX)
		return cli_fail(p->cli, CLI_USAGE, "%s: a content-format is 0 to 65535",
			p->cli->command->name);
	return cli_extra_add_uint(p->cli, &p->extra, number, (uint32_t)format);
}

/* Those of blocks are written block by block, and may be there once (RFC 7959, 2.1). */
static int
read_extra(struct poke *p)
{
	int status = cli_extra_read(p->cli, &p->extra);

	for (unsigned i = 0; status == 0 && i < p->extra.n; i++)
		if (p->extra.option[i].number == TG_OPT_BLOCK1
			|| p->extra.option[i].number == TG_OPT_BLOCK2)
			status = cli_fail(p->cli, CLI_USAGE,
				"%s: -O has no blocks: -b says how long they are",
				p->cli->command->name);
	return status;
}

static int
read_block_size(struct poke *p)
{
	uint64_t szx = cli_number(p->cli, "-b", TG_BLOCK_SZX_MAX);

	if (szx > TG_BLOCK_SZX_MAX)
		return cli_fail(p->cli, CLI_USAGE,
			"%s: -b wants 0 (16 bytes) to 6 (1,024 bytes)",
			p->cli->command->name);
	p->request.block_bytes = (uint16_t)tg_block_size((unsigned)szx);
	return 0;
}

static uint64_t
after(const struct poke *p, const char *option)
{
	const char *seconds = cli_option(p->cli, option);

	return seconds != NULL ? cli_now_us() + (uint64_t)(strtod(seconds, NULL) * 1e6)
			       : UINT64_MAX;
}

static int
read_line(struct poke *p, unsigned code)
{
	enum tg_type type;
	int status = cli_uri_read(p->cli, &p->uri);

	if (status == 0)
		status = cli_type_read(p->cli, &type);
	if (status == 0)
		status = read_extra(p);
	if (status == 0)
		status = read_format(p, "-c", TG_OPT_CONTENT_FORMAT);
	if (status == 0)
		status = read_format(p, "-a", TG_OPT_ACCEPT);
	if (status == 0)
		status = read_block_size(p);
	if (status == 0)
		status = read_payload(p);
	if (status != 0)
		return status;
	cli_options_merge(&p->options, &p->uri, &p->extra);
	p->request.type = (uint8_t)type;
	p->request.code = (uint8_t)code;
	p->request.options = p->options.option;
	p->request.n_options = (uint16_t)p->options.n;
	p->request.body = p->body;
	p->request.body_cap = sizeof(p->body);
	return 0;
}

/* ---- what is printed ---- */

static double
elapsed_ms(const struct poke *p)
{
	return (double)(cli_now_us() - p->start_us) / 1000;
}

static void
print_object(const struct poke *p, const struct tg_event *e)
{
	char code[TG_CODE_TEXT];

	printf("{\"outcome\":\"%s\"", tg_outcome_name(e->outcome));
	if (e->has_response) {
		printf(",\"code\":\"%s\",\"name\":\"%s\",\"options\":",
			tg_code_text(code, e->response.code),
			tg_code_name(e->response.code));
		cli_print_options(&e->response);
		fputs(",\"payload\":\"", stdout);
		ctl_print_hex(stdout, e->body, e->body_len);
		putchar('"');
	}
	printf(",\"elapsed_ms\":%.3f}\n", elapsed_ms(p));
}

/*
 * A body as it came; without one, the code.  Text for a person, and one notification
 * after the other, end their line.
 */
static void
print_text(const struct poke *p, const struct tg_event *e)
{
	bool lines = p->request.observe || isatty(STDOUT_FILENO);

	char code[TG_CODE_TEXT];

	if (e->body_len == 0) {
		printf("%s %s\n", tg_code_text(code, e->response.code),
			tg_code_name(e->response.code));
		return;
	}
	fwrite(e->body, 1, e->body_len, stdout);
	if (lines && e->body[e->body_len - 1] != '\n'
		&& tg_utf8_valid(e->body, e->body_len))
		putchar('\n');
}

static int
print_response(const struct poke *p, const struct tg_event *e)
{
	bool good = tg_code_class(e->response.code) == 2;
	char code[TG_CODE_TEXT];

	if (p->cli->json)
		print_object(p, e);
	else if (good)
		print_text(p, e);
	fflush(stdout);
	if (good)
		return CLI_DONE;
	if (!p->cli->json)
		fprintf(stderr, "%s %s%s%.*s\n", tg_code_text(code, e->response.code),
			tg_code_name(e->response.code), e->body_len > 0 ? ": " : "",
			tg_utf8_valid(e->body, e->body_len) ? (int)e->body_len : 0,
			(const char *)e->body);
	return CLI_FAILED;
}

static int
print_failure(const struct poke *p, const struct tg_event *e)
{
	static const char *const why[TG_OUTCOMES] = {
		[TG_OUTCOME_RESET] = "rejected with a reset",
		[TG_OUTCOME_TIMEOUT] = "no answer",
		[TG_OUTCOME_CANCELLED] = "cancelled",
		[TG_OUTCOME_FORMAT] =
			"an answer with a critical option that is not understood",
		[TG_OUTCOME_BLOCK] = "blocks that do not fit together",
		[TG_OUTCOME_NO_ROOM] = "too large",
	};

	return cli_fail(p->cli,
		e->outcome == TG_OUTCOME_TIMEOUT ? CLI_TIMEOUT : CLI_FAILED, "%s: %s",
		cli_word(p->cli, 0), why[e->outcome]);
}

static int
print_end(const struct poke *p, const struct tg_event *e)
{
	if (e->has_response)
		return print_response(p, e);
	if (e->outcome != TG_OUTCOME_PONG)
		return print_failure(p, e);
	if (p->cli->json)
		print_object(p, e);
	else
		printf("%s answers after %.3f ms\n", cli_word(p->cli, 0), elapsed_ms(p));
	return CLI_DONE;
}

/* ---- asking ---- */

static int
begin(struct poke *p)
{
	const char *fault;

	if (p->uri.secure)
		return cli_fail(p->cli, CLI_USAGE, "%s: coaps is not spoken here",
			p->cli->command->name);
	fault = cli_coap_open(&p->coap, &p->uri);
	if (fault != NULL)
		return cli_fail(p->cli, CLI_FAILED, "%s: %s", p->uri.host, fault);
	p->start_us = cli_now_us();
	p->until_us = after(p, "--timeout");
	p->transaction = tg_client_start(&p->coap.client, &p->request);
	return 0;
}

/* Why there is no event: time is up, or nobody is there. */
static int
no_event(const struct poke *p, int rc)
{
	if (rc < 0)
		return cli_fail(
			p->cli, CLI_FAILED, "%s: %s", cli_word(p->cli, 0), strerror(-rc));
	return cli_fail(
		p->cli, CLI_TIMEOUT, "%s: no answer in time", cli_word(p->cli, 0));
}

static int
ask(const struct cli *c, unsigned code)
{
	struct tg_event e;
	int status, rc;

	poke.cli = c;
	status = read_line(&poke, code);
	if (status == 0)
		status = begin(&poke);
	if (status != 0)
		return status;
	rc = cli_coap_next(&poke.coap, poke.until_us, &e);
	status = rc > 0 ? print_end(&poke, &e) : no_event(&poke, rc);
	cli_coap_close(&poke.coap);
	return status;
}

int
cli_get(const struct cli *c)
{
	return ask(c, TG_GET);
}

int
cli_put(const struct cli *c)
{
	return ask(c, TG_PUT);
}

int
cli_post(const struct cli *c)
{
	return ask(c, TG_POST);
}

int
cli_delete(const struct cli *c)
{
	return ask(c, TG_DELETE);
}

int
cli_fetch(const struct cli *c)
{
	return ask(c, TG_FETCH);
}

int
cli_patch(const struct cli *c)
{
	return ask(c, TG_PATCH);
}

int
cli_ipatch(const struct cli *c)
{
	return ask(c, TG_IPATCH);
}

int
cli_ping(const struct cli *c)
{
	return ask(c, TG_EMPTY);
}

/* ---- observing ---- */

static void
interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static int
leave(struct poke *p)
{
	uint64_t until_us = cli_now_us() + LEAVE_US;
	struct tg_event e;

	tg_client_leave(&p->coap.client, p->transaction);
	while (cli_coap_next(&p->coap, until_us, &e) > 0)
		if (tg_event_is_last(&e))
			break;
	return CLI_DONE; /* one that does not answer will be told by a reset */
}

static int
watch(struct poke *p, uint64_t count, uint64_t end_us)
{
	uint64_t until_us = p->until_us; /* for the first; then as long as asked */
	struct tg_event e;
	bool over; /* the time asked for; without an answer in it nothing was observed */
	int rc;

	for (uint64_t n = 0; n < count; n++) {
		rc = cli_coap_next(&p->coap, until_us < end_us ? until_us : end_us, &e);
		over = rc == 0 && cli_now_us() >= end_us && n > 0;
		if (rc <= 0 && (interrupted || over))
			break;
		if (rc <= 0)
			return no_event(p, rc);
		if (tg_event_is_last(&e)) {
			rc = print_end(p, &e);
			return rc != CLI_DONE ? rc
					      : cli_fail(p->cli, CLI_FAILED,
						      "%s: not observed any longer",
						      cli_word(p->cli, 0));
		}
		print_response(p, &e);
		until_us = UINT64_MAX;
	}
	return leave(p);
}

int
cli_observe(const struct cli *c)
{
	struct sigaction stop = {.sa_handler = interrupt};
	int status;

	poke.cli = c;
	status = read_line(&poke, TG_GET);
	poke.request.observe = true;
	if (status == 0)
		status = begin(&poke);
	if (status != 0)
		return status;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	status = watch(
		&poke, cli_number(c, "--count", UINT64_MAX), after(&poke, "--seconds"));
	cli_coap_close(&poke.coap);
	return status;
}
