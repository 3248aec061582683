/* tidegatectl: the operator's CLI. */
#include "control/cli.h"
#include "control/command_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/tidegate/control.sock"
#define TIMEOUT_S 10

struct command {
	const char *name, *args, *help;
};

static const struct command commands[] = {
#define CLI_REMOTE(name, args, help, handler) {name, args, help},
#define CLI_LOCAL(name, args, help) {name, args, help},
	CTL_COMMANDS(CLI_REMOTE, CLI_LOCAL)
	{0}};

static bool
takes_value(const char *option)
{
	static const char *const with[] = {"--rate", "--limit", "--dir", "--from", "--before",
		"--count", "--socket", NULL};

	for (unsigned i = 0; with[i] != NULL; i++)
		if (strcmp(with[i], option) == 0)
			return true;
	return false;
}

const char *
cli_option(const struct cli *c, const char *name)
{
	for (int i = 0; i + 1 < c->argc; i++)
		if (strcmp(c->argv[i], name) == 0)
			return c->argv[i + 1];
	return NULL;
}

bool
cli_flag(const struct cli *c, const char *name)
{
	for (int i = 0; i < c->argc; i++)
		if (strcmp(c->argv[i], name) == 0)
			return true;
	return false;
}

const char *
cli_word(const struct cli *c, int n)
{
	for (int i = 0; i < c->argc; i++)
		if (takes_value(c->argv[i]))
			i++;
		else if (c->argv[i][0] != '-' && n-- == 0)
			return c->argv[i];
	return NULL;
}

/* ---- the gateway ---------------------------------------------------------------------------- */

static int
connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = TIMEOUT_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* Send a line, read a line; NULL and errno. */
static char *
exchange(int fd, const char *line)
{
	FILE *f = fdopen(fd, "r+");
	char *reply = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		return NULL;
	fprintf(f, "%s\n", line);
	fflush(f);
	errno = 0;
	n = getline(&reply, &cap, f);
	fclose(f);
	if (n > 0)
		return reply;
	free(reply);
	return NULL;
}

json_t *
cli_ask(const struct cli *c, const char *command, json_t *args, int *status)
{
	json_t *request = json_object(), *reply, *data, *error;
	int fd = connect_to(c->socket);
	char *line, *text;

	json_object_set_new(request, "command", json_string(command));
	json_object_set_new(request, "args", args != NULL ? args : json_object());
	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (fd < 0) {
		fprintf(stderr, "no gateway answers at %s: %s\n", c->socket, strerror(errno));
		free(line);
		*status = CLI_NO_GATEWAY;
		return NULL;
	}
	text = exchange(fd, line);
	free(line);
	if (text == NULL) {
		fprintf(stderr, "the gateway did not answer within %d s\n", TIMEOUT_S);
		*status = CLI_TIMEOUT;
		return NULL;
	}
	reply = json_loads(text, 0, NULL);
	free(text);
	data = json_incref(json_object_get(reply, "data"));
	error = json_object_get(reply, "error");
	if (!json_is_true(json_object_get(reply, "ok"))) {
		const char *code = json_string_value(json_object_get(error, "code"));

		fprintf(stderr, "%s: %s\n", command,
			json_string_value(json_object_get(error, "message")));
		*status = code == NULL		       ? CLI_FAILED
			: strcmp(code, "usage") == 0   ? CLI_USAGE
			: strcmp(code, "timeout") == 0 ? CLI_TIMEOUT
			: strcmp(code, "config") == 0  ? CLI_CONFIG
						       : CLI_FAILED;
		json_decref(data);
		data = NULL;
	}
	json_decref(reply);
	return data;
}

/* The arguments as the gateway wants them: flags, options, and the first word by its name. */
static json_t *
gather(const struct cli *c)
{
	json_t *o = json_object();
	const char *word = cli_word(c, 0);

	for (int i = 0; i < c->argc; i++) {
		if (c->argv[i][0] != '-')
			continue;
		if (takes_value(c->argv[i]) && i + 1 < c->argc) {
			json_object_set_new(o, c->argv[i] + 2, json_string(c->argv[i + 1]));
			i++;
		} else {
			json_object_set_new(o, c->argv[i] + 2, json_true());
		}
	}
	if (word != NULL) {
		json_object_set_new(o, "pattern", json_string(word));
		json_object_set_new(o, "device", json_string(word));
		json_object_set_new(o, "path", json_string(word));
	}
	return o;
}

static int
remote(const struct cli *c)
{
	bool check = strcmp(c->command, "stats check") == 0
		|| (strcmp(c->command, "stats") == 0 && cli_flag(c, "--check"));
	int status = CLI_DONE;
	json_t *data = cli_ask(c, check ? "stats check" : c->command, gather(c), &status);

	if (data == NULL)
		return status;
	if (c->json)
		cli_show_json(data);
	else
		cli_show(data);
	if (check && !json_is_true(json_object_get(data, "closes")))
		status = CLI_UNHEALTHY;
	json_decref(data);
	return status;
}

/* ---- help -------------------------------------------------------------------------------------- */

static unsigned
distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), same = 0;

	for (const char *p = a; *p != '\0'; p++)
		same += strchr(b, *p) != NULL;
	while (*a != '\0' && *a == *b)
		a++, b++, same++;
	return (unsigned)(la + lb + la - (same < la + lb + la ? same : la + lb + la));
}

static void
suggest(const char *word)
{
	const char *best = commands[0].name;

	for (unsigned i = 1; commands[i].name != NULL; i++)
		if (distance(word, commands[i].name) < distance(word, best))
			best = commands[i].name;
	fprintf(stderr, "there is no command \"%s\"; did you mean \"%s\"?\n", word, best);
}

static int
help(const char *only)
{
	size_t n = only != NULL ? strlen(only) : 0;

	if (only == NULL)
		puts("usage: tidegatectl [--socket PATH] [--json] COMMAND [ARGUMENT]...\n"
		     "exit: 0 done, 1 refused or failed, 2 usage, 3 no gateway there, 4 timed out, "
		     "5 unhealthy, 78 bad configuration\n");
	for (const struct command *c = commands; c->name != NULL; c++)
		if (only == NULL || strncmp(c->name, only, n) == 0)
			printf("  %s %s\n        %s\n", c->name, c->args, c->help);
	return CLI_DONE;
}

static int
reference(void)
{
	puts("# tidegatectl\n\nEvery command takes `--json` and `--socket PATH`. Exit codes: 0 done, 1 "
	     "refused or failed, 2 usage, 3 no\ngateway there, 4 timed out, 5 unhealthy, 78 bad "
	     "configuration. This page is made by `tidegatectl help --markdown`.\n\n"
	     "| command | arguments | what it does |\n|---|---|---|");
	for (const struct command *c = commands; c->name != NULL; c++) {
		printf("| `%s` | ", c->name);
		if (c->args[0] != '\0') {
			putchar('`');
			for (const char *p = c->args; *p != '\0'; p++)
				printf(*p == '|' ? "\\%c" : "%c", *p);
			putchar('`');
		}
		printf(" | %s |\n", c->help);
	}
	return CLI_DONE;
}

/* The configuration is checked by the program that reads it. */
static int
conf_check(const struct cli *c)
{
	const char *file = cli_word(c, 0);
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 32);
	char *slash;

	if (file == NULL || n <= 0) {
		fputs("usage: tidegatectl conf check FILE\n", stderr);
		return CLI_USAGE;
	}
	self[n] = '\0';
	slash = strrchr(self, '/');
	strcpy(slash + 1, "tidegated");
	execl(self, "tidegated", "-c", file, "-t", (char *)NULL);
	execlp("tidegated", "tidegated", "-c", file, "-t", (char *)NULL);
	fprintf(stderr, "conf check: tidegated is not beside tidegatectl: %s\n", strerror(errno));
	return CLI_FAILED;
}

/* ---- the command line ---------------------------------------------------------------------------- */

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

static int
dispatch(struct cli *c)
{
	const char *name = c->command;

	if (strcmp(name, "decode") == 0)
		return cli_decode(c);
	if (strcmp(name, "encode") == 0)
		return cli_encode(c);
	if (strcmp(name, "help") == 0)
		return cli_flag(c, "--markdown") ? reference() : help(cli_word(c, 0));
	if (strcmp(name, "version") == 0)
		return puts("tidegatectl " TIDEGATE_VERSION), CLI_DONE;
	if (strcmp(name, "conf check") == 0)
		return conf_check(c);
	if (strcmp(name, "top") == 0)
		return cli_top(c);
	if (strcmp(name, "stats") == 0 && cli_option(c, "--rate") != NULL)
		return cli_rate(c, cli_option(c, "--rate"));
	if (strncmp(name, "log ", 4) == 0
		&& (strcmp(name, "log trim") != 0 || cli_option(c, "--dir") != NULL))
		return cli_log(c);
	return remote(c);
}

/* Take --json and --socket out, wherever they stand; decode and encode have their own options. */
static int
take_common(struct cli *c, int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			c->json = true;
		else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
			c->socket = argv[++i];
		else
			argv[n++] = argv[i];
	return n;
}

int
main(int argc, char **argv)
{
	const char *env = getenv("TIDEGATE_SOCKET");
	struct cli c = {.socket = env != NULL ? env : DEFAULT_SOCKET};
	int best = 0;

	argc = take_common(&c, argc, argv);
	if (argc == 0)
		return help(NULL), CLI_USAGE;
	if (strcmp(argv[0], "--help") == 0)
		return help(NULL);
	for (unsigned i = 0; commands[i].name != NULL; i++) {
		int words = match(commands[i].name, argc, argv);

		if (words > best) {
			best = words;
			c.command = commands[i].name;
		}
	}
	if (best == 0) {
		suggest(argv[0]);
		return CLI_USAGE;
	}
	c.argc = argc - best;
	c.argv = argv + best;
	return dispatch(&c);
}
