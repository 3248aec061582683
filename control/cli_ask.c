/* Asking the gateway: a line out, a line in, and again for a long list. */
#include "control/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_S 10
#define LIST_DEFAULT 100

static FILE *
connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = TIMEOUT_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f = NULL;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		f = fdopen(fd, "r+");
	if (f == NULL) {
		int error = errno;

		close(fd);
		errno = error;
	}
	return f;
}

FILE *
cli_open(const struct cli *c, int *status)
{
	FILE *f;

	if (strlen(c->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		*status = cli_fail(c, CLI_USAGE, "%s: too long for a socket", c->socket);
		return NULL;
	}
	f = connect_to(c->socket);
	if (f != NULL)
		return f;
	if (errno == EACCES)
		*status = cli_fail(c, CLI_FAILED,
			"%s: only root, the gateway's user and its group may ask it",
			c->socket);
	else if (errno == EAGAIN)
		*status = cli_fail(
			c, CLI_TIMEOUT, "%s: the gateway does not answer", c->socket);
	else
		*status = cli_fail(c, CLI_NO_GATEWAY, "no gateway answers at %s: %s",
			c->socket, strerror(errno));
	return NULL;
}

/* A request's reply, or NULL and *@status says why. */
static json_t *
exchange(const struct cli *c, FILE *f, const json_t *request, int *status)
{
	json_t *reply;
	size_t cap = 0;
	char *line = NULL;

	errno = 0;
	json_dumpf(request, f, JSON_COMPACT);
	putc('\n', f);
	if (fflush(f) != 0 || getline(&line, &cap, f) <= 0) {
		*status =
			errno == EAGAIN ? cli_fail(c, CLI_TIMEOUT,
				"the gateway did not answer within %d s", TIMEOUT_S)
					: cli_fail(c, CLI_NO_GATEWAY,
						"the gateway hung up without an answer");
		free(line);
		return NULL;
	}
	reply = json_loads(
		line, JSON_ALLOW_NUL, NULL); /* a device may have one in its name */
	free(line);
	if (reply == NULL)
		*status =
			cli_fail(c, CLI_FAILED, "the gateway's answer is not understood");
	return reply;
}

static int
refused(const struct cli *c, const char *command, const json_t *error)
{
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));
	int status = CLI_FAILED;

	if (code != NULL && strcmp(code, "usage") == 0)
		status = CLI_USAGE;
	else if (code != NULL && strcmp(code, "timeout") == 0)
		status = CLI_TIMEOUT;
	else if (code != NULL && strcmp(code, "config") == 0)
		status = CLI_CONFIG;
	return cli_fail(
		c, status, "%s: %s", command, message != NULL ? message : "refused");
}

/* The reply if it is no refusal; else NULL and *@status says why. */
static json_t *
ask_once(const struct cli *c, FILE *f, const json_t *request, int *status)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	json_t *reply = exchange(c, f, request, status);

	if (reply == NULL || json_is_true(json_object_get(reply, "ok")))
		return reply;
	*status = refused(c, command, json_object_get(reply, "error"));
	json_decref(reply);
	return NULL;
}

json_t *
cli_ask_on(const struct cli *c, FILE *f, const char *command, json_t *args, int *status)
{
	json_t *request = json_pack("{s:s, s:o}", "command", command, "args", args);
	json_t *reply = ask_once(c, f, request, status), *data;

	data = json_incref(json_object_get(reply, "data"));
	json_decref(reply);
	json_decref(request);
	return data;
}

/* A page behind those before: a list grows, a count adds up. */
static json_t *
append(json_t *all, json_t *page)
{
	json_t *sum = json_object_get(all, "devices");

	if (all == NULL)
		return page;
	if (json_is_array(all))
		json_array_extend(all, page);
	else if (sum != NULL)
		json_integer_set(sum,
			json_integer_value(sum)
				+ json_integer_value(json_object_get(page, "devices")));
	json_decref(page);
	return all;
}

static uint64_t
limit_in(const json_t *args)
{
	const char *text = json_string_value(json_object_get(args, "limit"));
	uint64_t n = text != NULL ? strtoull(text, NULL, 10) : LIST_DEFAULT;

	return n == 0 ? INT64_MAX : n;
}

/* Ask page after page until there is no more or @limit is reached. */
static json_t *
ask_pages(const struct cli *c, FILE *f, json_t *request, bool *more, int *status)
{
	json_t *args = json_object_get(request, "args"), *all = NULL, *reply, *next;
	uint64_t limit = limit_in(args);

	do {
		json_object_set_new(args, "limit",
			json_integer((json_int_t)(limit - json_array_size(all))));
		reply = ask_once(c, f, request, status);
		if (reply == NULL) {
			json_decref(all);
			return NULL;
		}
		all = append(all, json_incref(json_object_get(reply, "data")));
		next = json_object_get(reply, "next");
		*more = next != NULL;
		if (next != NULL)
			json_object_set(args, "cursor", next);
		json_decref(reply);
	} while (*more && json_array_size(all) < limit);
	return all;
}

json_t *
cli_ask(const struct cli *c, const char *command, json_t *args, bool *more, int *status)
{
	json_t *request = json_object(), *data = NULL;
	FILE *f = cli_open(c, status);
	bool ignored;

	json_object_set_new(request, "command", json_string(command));
	json_object_set_new(request, "args", args != NULL ? args : json_object());
	if (f != NULL) {
		data = ask_pages(c, f, request, more != NULL ? more : &ignored, status);
		fclose(f);
	}
	json_decref(request);
	return data;
}

/* ---- commands that the gateway answers ---- */

/* The arguments as the gateway wants them: by name, and words by what the grammar calls
 * them. */
json_t *
cli_gather(const struct cli *c)
{
	json_t *o = json_object();
	char name[CLI_NAME_MAX];

	for (unsigned i = 0; i < c->n_options; i++)
		json_object_set_new(o, c->option[i].name + strspn(c->option[i].name, "-"),
			c->option[i].value != NULL ? json_string(c->option[i].value)
						   : json_true());
	for (unsigned i = 0; i < c->n_words; i++)
		json_object_set_new(
			o, cli_word_name(c, i, name), json_string(c->word[i]));
	return o;
}

/* Of stats, the only one that has them: options that do not go together. */
static int
check_rate(const struct cli *c)
{
	bool rate = cli_flag(c, "--rate");

	if (rate && cli_flag(c, "--check"))
		return cli_fail(c, CLI_USAGE, "%s: --check or --rate, not both",
			c->command->name);
	if (!rate && cli_flag(c, "--count"))
		return cli_fail(
			c, CLI_USAGE, "%s: --count goes with --rate", c->command->name);
	return 0;
}

int
cli_remote(const struct cli *c)
{
	bool check = cli_flag(c, "--check"), more = false;
	int status = check_rate(c);
	json_t *data;

	if (status != 0)
		return status;
	if (cli_flag(c, "--rate"))
		return cli_rate(c);
	if (cli_flag(c, "--pcapng"))
		return cli_pcapng(c);
	if (cli_flag(c, "--dir"))
		return cli_log_trim(c);
	data = cli_ask(c, c->command->name, cli_gather(c), &more, &status);
	if (data == NULL)
		return status;
	cli_print(c, data);
	if (more && !c->json)
		fputs("... and more: --limit 0 shows all\n", stderr);
	if (check && !json_is_true(json_object_get(data, "closes")))
		status = CLI_UNHEALTHY;
	json_decref(data);
	return status;
}
