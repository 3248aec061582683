/* tidegatectl: the operator's CLI. */
#include "control/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/tidegate/control.sock"

const struct cli_command cli_commands[] = {
#define CLI_REMOTE(name, args, help, fields, handler)                                    \
	{name, args, help, fields, cli_remote},
#define CLI_LOCAL(name, args, help, fields, function)                                    \
	{name, args, help, fields, function},
	CTL_COMMANDS(CLI_REMOTE, CLI_LOCAL)
#undef CLI_REMOTE
#undef CLI_LOCAL
		{0}};

static const char *
code_name(int status)
{
	switch (status) {
	case CLI_USAGE:
		return "usage";
	case CLI_NO_GATEWAY:
		return "no-gateway";
	case CLI_TIMEOUT:
		return "timeout";
	case CLI_UNHEALTHY:
		return "unhealthy";
	case CLI_CONFIG:
		return "config";
	default:
		return "failed";
	}
}

/* An error ends the reading of the line, and what is not yet read may ask for objects. */
static bool
wants_object(const struct cli *c)
{
	bool json = c->json;

	for (char **a = c->line; *a != NULL && strcmp(*a, "--") != 0; a++)
		json |= strcmp(*a, "--json") == 0;
	return json;
}

int
cli_fail(const struct cli *c, int status, const char *fmt, ...)
{
	char message[1024];
	json_t *error;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	fflush(stdout); /* what came before it stands before it */
	if (!wants_object(c)) {
		fprintf(stderr, "%s\n", message);
		return status;
	}
	error = json_pack("{s:{s:s, s:s%}}", "error", "code", code_name(status),
		"message", message, strlen(message));
	if (error == NULL) /* it quotes something that is not UTF-8 */
		error = json_pack("{s:{s:s, s:s}}", "error", "code", code_name(status),
			"message", "an argument is not UTF-8");
	json_dumpf(error, stderr, JSON_COMPACT);
	putc('\n', stderr);
	json_decref(error);
	return status;
}

int
cli_version(const struct cli *c)
{
	if (c->json)
		puts("{\"version\":\"" TIDEGATE_VERSION "\"}");
	else
		puts("tidegatectl " TIDEGATE_VERSION);
	return CLI_DONE;
}

/* How many of @argv's words name @name, or 0. */
static int
match(const char *name, int argc, char **argv)
{
	size_t n = strcspn(name, " ");

	if (argc < 1 || strlen(argv[0]) != n || memcmp(argv[0], name, n) != 0)
		return 0;
	if (name[n] == '\0')
		return 1;
	return argc > 1 && strcmp(argv[1], name + n + 1) == 0 ? 2 : 0;
}

/* The command that most of @argv's words name; how many do. */
static int
find_command(struct cli *c, int argc, char **argv)
{
	int best = 0;

	for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
		int words = match(k->name, argc, argv);

		if (words > best) {
			best = words;
			c->command = k;
		}
	}
	return best;
}

/* No command at all, which is right only to ask for help. */
static int
no_command(const struct cli *c)
{
	if (!c->help)
		return cli_fail(
			c, CLI_USAGE, "a command is missing: see tidegatectl help");
	cli_help_on(c, "");
	return CLI_DONE;
}

/* What begins no command; or "devices" alone, of which there may be help. */
static int
unknown(const struct cli *c, int argc, char **argv)
{
	if (c->help && argc == 1 && argv[0][0] != '\0' && cli_help_on(c, argv[0]))
		return CLI_DONE;
	return cli_unknown(c, argc, argv);
}

static int
run(struct cli *c, int argc, char **argv)
{
	int n, status;

	while (argc > 0 && (n = cli_take_common(c, argc, argv)) > 0) {
		argc -= n;
		argv += n;
	}
	while (argc > 1 && (n = cli_take_common(c, argc - 1, argv + 1)) > 0) {
		argv[n] = argv[0]; /* "devices --json list" */
		argc -= n;
		argv += n;
	}
	if (argc == 0)
		return no_command(c);
	if (strcmp(argv[0], "--version") == 0)
		return cli_version(c);
	if (strcmp(argv[0], "--socket") == 0)
		return cli_fail(c, CLI_USAGE, "--socket wants PATH");
	if (argv[0][0] == '-')
		return cli_fail(c, CLI_USAGE,
			"%s: options of a command come behind it: see tidegatectl help",
			argv[0]);
	n = find_command(c, argc, argv);
	if (n == 0)
		return unknown(c, argc, argv);
	status = cli_parse(c, argc - n, argv + n);
	if (status == 0 && c->help)
		return cli_help_on(c, c->command->name), CLI_DONE;
	return status == 0 ? c->command->run(c) : status;
}

int
main(int argc, char **argv)
{
	const char *env = getenv("TIDEGATE_SOCKET");
	struct cli c = {.line = argv + 1,
		.socket = env != NULL && *env != '\0' ? env : DEFAULT_SOCKET};
	int status = run(&c, argc - 1, argv + 1);

	free(c.option);
	free(c.word);
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_fail(&c, CLI_FAILED, "cannot write what was found: %s",
			strerror(errno));
	return status;
}
