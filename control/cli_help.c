/* Help, and its reference in docs/cli.md: both from the table of commands. */
#include "control/cli.h"
#include "control/nearest.h"

#include <stdlib.h>
#include <string.h>

static const char exit_codes[] =
	"exit: 0 done, 1 refused or failed, 2 usage, 3 no gateway there, 4 timed out, "
	"5 unhealthy, 78 bad configuration";

static const char top_usage[] =
	"usage: tidegatectl [--json] [--socket PATH] COMMAND [ARGUMENT]...\n"
	"  --json         print objects, one a line; errors too, on standard error\n"
	"  --socket PATH  where the gateway listens; else $TIDEGATE_SOCKET, else\n"
	"                 /run/tidegate/control.sock\n"
	"  --help         help on a command\n"
	"  --version      which version this is\n";

/* Does @name begin with @words, whole words? */
static bool
begins_with(const char *name, const char *words)
{
	size_t n = strlen(words);

	return strncmp(name, words, n) == 0 && (name[n] == '\0' || name[n] == ' ');
}

/* @text in lines of at most 80 characters, eight blanks before each. */
static void
print_wrapped(const char *text)
{
	while (*text != '\0') {
		size_t n = strlen(text);

		if (n > 72)
			for (n = 72; n > 0 && text[n] != ' ';)
				n--;
		if (n == 0)
			n = strcspn(text, " ");
		printf("        %.*s\n", (int)n, text);
		text += n + (text[n] == ' ');
	}
}

static void
print_help(const struct cli_command *k, bool fields)
{
	printf("  %s%s%s\n", k->name, k->args[0] != '\0' ? " " : "", k->args);
	print_wrapped(k->help);
	if (fields) {
		puts("        with --json:");
		print_wrapped(k->fields);
	}
}

static json_t *
help_json(const struct cli_command *k)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "command", k->name, "arguments", k->args,
		"help", k->help, "fields", k->fields);
}

bool
cli_help_on(const struct cli *c, const char *words)
{
	json_t *list = json_array();

	for (const struct cli_command *k = cli_commands; k->name != NULL; k++)
		if (*words == '\0' || begins_with(k->name, words))
			json_array_append_new(list, help_json(k));
	if (c->json && json_array_size(list) > 0)
		cli_print(c, list);
	else if (json_array_size(list) > 0 && *words == '\0')
		printf("%s%s\n\n", top_usage, exit_codes);
	for (const struct cli_command *k = cli_commands; k->name != NULL && !c->json; k++)
		if (*words == '\0' || begins_with(k->name, words))
			print_help(k, *words != '\0');
	words = json_array_size(list) > 0 ? "" : NULL;
	json_decref(list);
	return words != NULL;
}

/* ---- what was meant ---- */

static void
join(char *to, size_t cap, unsigned n, const char *const *words)
{
	size_t len = 0;

	to[0] = '\0';
	for (unsigned i = 0; i < n && len < cap; i++)
		len += (size_t)snprintf(
			to + len, cap - len, "%s%s", i > 0 ? " " : "", words[i]);
}

/* How many letters of @word may be wrong for it to be a slip of the hand. */
static unsigned
slips(const char *word)
{
	size_t third = (strlen(word) + 1) / 3;

	return third < 2 ? (unsigned)third : 2;
}

/* The command that was meant by @word, or NULL. */
static const char *
near_command(const char *word)
{
	struct ctl_nearest near = {.word = word, .within = slips(word)};

	for (const struct cli_command *k = cli_commands; k->name != NULL; k++)
		ctl_nearest_offer(&near, k->name);
	return near.best;
}

/* "list" of "devices list", if @group is "devices"; else NULL. */
static const char *
behind(const char *name, const char *group)
{
	size_t n = strlen(group);

	return strncmp(name, group, n) == 0 && name[n] == ' ' ? name + n + 1 : NULL;
}

/* The same where the first word is right: "list" by "lst". */
static const char *
near_in_group(const char *group, const char *word)
{
	struct ctl_nearest near = {.word = word, .within = slips(word)};

	for (const struct cli_command *k = cli_commands; k->name != NULL; k++)
		if (behind(k->name, group) != NULL)
			ctl_nearest_offer(&near, behind(k->name, group));
	return near.best;
}

/* The group that was meant by @word, "devices" by "devics", in @to; false if none. */
static bool
near_group(const char *word, char *to, size_t cap)
{
	for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
		size_t n = strcspn(k->name, " ");

		snprintf(to, cap, "%.*s", (int)n, k->name);
		if (k->name[n] == ' ' && ctl_distance(word, to) <= slips(word))
			return true;
	}
	return false;
}

/* A group's commands, "\"conf check\", \"conf show\" or \"conf reload\""; false if it has
 * none, as it is no group. */
static bool
list_group(const char *group, char *to, size_t cap)
{
	const char *last = NULL;
	size_t len = 0;

	for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
		if (behind(k->name, group) == NULL)
			continue;
		if (last != NULL && len < cap)
			len += (size_t)snprintf(to + len, cap - len, "%s\"%s\"",
				len > 0 ? ", " : "", last);
		last = k->name;
	}
	if (last != NULL && len < cap)
		snprintf(to + len, cap - len, "%s\"%s\"", len > 0 ? " or " : "", last);
	return last != NULL;
}

/* A group's name, and behind it no word, or none of its own. */
static int
unknown_in_group(const struct cli *c, const char *group, const char *word)
{
	const char *best = word != NULL ? near_in_group(group, word) : NULL;
	char several[128];

	if (best != NULL)
		return cli_fail(c, CLI_USAGE,
			"there is no command \"%s %s\"; did you mean \"%s %s\"?", group,
			word, group, best);
	list_group(group, several, sizeof(several));
	return cli_fail(c, CLI_USAGE, "there is no command \"%s%s%s\", only %s", group,
		word != NULL ? " " : "", word != NULL ? word : "", several);
}

int
cli_unknown(const struct cli *c, int argc, char **argv)
{
	const char *word = argv[0], *best;
	char both[64], group[CLI_NAME_MAX], several[128];

	if (list_group(word, several, sizeof(several)))
		return unknown_in_group(
			c, word, argc > 1 && argv[1][0] != '-' ? argv[1] : NULL);
	join(both, sizeof(both), argc > 1 ? 2 : 1, (const char *const *)argv);
	best = near_command(both);
	if (best == NULL)
		best = near_command(word);
	else
		word = both;
	if (best != NULL)
		return cli_fail(c, CLI_USAGE,
			"there is no command \"%s\"; did you mean \"%s\"?",
			strcmp(best, word) == 0 ? both : word, best);
	if (near_group(word, group, sizeof(group))) {
		list_group(group, several, sizeof(several));
		return cli_fail(c, CLI_USAGE,
			"there is no command \"%s\"; did you mean %s?", word, several);
	}
	return cli_fail(
		c, CLI_USAGE, "there is no command \"%s\": see tidegatectl help", word);
}

/* ---- docs/cli.md ---- */

static const char intro[] =
	"# tidegatectl\n"
	"\n"
	"The operator's command line. It asks a running gateway over its control socket "
	"(`--socket PATH`, else\n"
	"`$TIDEGATE_SOCKET`, else `/run/tidegate/control.sock`), which root, the "
	"gateway's user "
	"and its group may do.\n"
	"`decode`, `encode`, `conf check`, `help`, `version` and, with `--dir`, `log` "
	"need no "
	"gateway.\n"
	"Neither do `get`, `put`, `post`, `delete`, `fetch`, `patch`, `ipatch`, "
	"`observe` and `ping`, which ask whatever\n"
	"speaks CoAP at a URI over UDP.\n"
	"\n"
	"Every command takes `--json` and then prints one object or list on one line, "
	"or, where "
	"it says so, an object\n"
	"a line. An error is one sentence on standard error, with `--json` the object "
	"`{\"error\": {\"code\", \"message\"}}`;\n"
	"standard output then holds nothing, or for `log` what was read before it. `--` "
	"ends "
	"the options, and\n"
	"`--option=VALUE` is `--option VALUE`.\n"
	"\n"
	"| exit code | `code` | |\n"
	"|---|---|---|\n"
	"| 0 | | done |\n"
	"| 1 | `failed` | refused or failed; an answer of 4.xx or 5.xx, or a reset |\n"
	"| 2 | `usage` | the command line is not understood; a name that is near is "
	"suggested |\n"
	"| 3 | `no-gateway` | no gateway there |\n"
	"| 4 | `timeout` | the gateway, one of its workers, or who was asked, did not "
	"answer in time |\n"
	"| 5 | `unhealthy` | the books do not close, or the log is damaged |\n"
	"| 78 | `config` | bad configuration: FILE:LINE:COLUMN and why |\n"
	"\n"
	"This page is made by `tidegatectl help --markdown`.\n"
	"\n"
	"## Examples\n"
	"\n"
	"```sh\n"
	"tidegatectl top                                  # live view\n"
	"tidegatectl stats 'drop_*' --rate 1              # what is dropped, a second\n"
	"tidegatectl stats --check || echo 'the books do not close'\n"
	"tidegatectl devices list 'pump-*' --limit 0 --json\n"
	"tidegatectl store get /d/pump-7/state\n"
	"tidegatectl log cat telemetry --json --dir /var/lib/tidegate/log\n"
	"tidegatectl decode 40011234                      # a GET\n"
	"tidegatectl encode -m put -e 21.5 -O 12, coap://198.18.0.1/d/pump-7/state | "
	"tidegatectl "
	"decode -\n"
	"tidegatectl put -c 50 -e '{\"on\":true}' coap://198.18.0.1/d/pump-7/state\n"
	"tidegatectl observe --count 10 --json coap://198.18.0.1/d/pump-7/state\n"
	"```\n"
	"\n"
	"`decode` prints for each datagram whether it has the format of RFC 7252, "
	"section 3, "
	"and if so its parts. An\n"
	"option's `value` is a number, a string, or hex as its format says; `name` is "
	"null if "
	"the number is not\n"
	"registered. Blanks between bytes are allowed. For what is no hex it prints "
	"`{\"valid\":false,\"verdict\":\"hex\"}`\n"
	"and ends with 1. `encode` takes a URI apart as RFC 7252, section 6.4, says; "
	"options of "
	"`-O` are sorted in by\n"
	"number, behind the URI's own of that number. With `--extended-tokens` either "
	"has the format of RFC 8974,\n"
	"section 2.1, in which a token may be longer than eight bytes.\n"
	"\n"
	"`get` and its like retransmit, put bodies in blocks together and take them "
	"apart (at most 16 MiB), and repeat\n"
	"a request with the Echo option that it was refused for. Without `--json` a "
	"success prints the body as it\n"
	"came, or else its code; another answer goes to standard error. `-f -` reads "
	"standard input, `-b` is the block\n"
	"size from 0 (16 bytes) to 6 (1,024), `-a` and `-c` are content-formats. "
	"Without `--timeout` the protocol's own\n"
	"limits hold: a confirmable message that nobody acknowledges fails after 62 to "
	"93 s. `observe` takes `--timeout`\n"
	"for the first answer; at its end it takes leave of the server.\n"
	"\n"
	"## Commands\n";

static int
reference(void)
{
	fputs(intro, stdout);
	for (const struct cli_command *k = cli_commands; k->name != NULL; k++)
		printf("\n### `%s%s%s`\n\n%c%s.\n\n`--json`: %s\n", k->name,
			k->args[0] != '\0' ? " " : "", k->args, k->help[0] & ~0x20,
			k->help + 1, k->fields);
	return CLI_DONE;
}

int
cli_help(const struct cli *c)
{
	char words[64];

	if (cli_flag(c, "--markdown"))
		return reference();
	join(words, sizeof(words), c->n_words, c->word);
	if (cli_help_on(c, words))
		return CLI_DONE;
	return cli_unknown(c, (int)c->n_words, (char **)c->word);
}
