/*
 * A command line against its command's grammar, which is the text of its help: see
 * command_table.h.
 */
#include "control/cli.h"
#include "control/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OFFERED_MAX 16 /* options of one command */

enum part_kind { PART_WORD, PART_FLAG, PART_OPTION };

/* One part of a grammar: "DEVICE", "[PATTERN]", "HEX...", "[--all]", "[--rate S]". */
struct part {
	enum part_kind kind;
	bool needed, many;
	char name[CLI_NAME_MAX];
	char value[CLI_NAME_MAX]; /* of an option: what it is called */
};

/* The next word of a grammar without what surrounds it; what follows it. */
static const char *
next_name(const char *at, char *name, size_t cap)
{
	size_t len = strcspn(at, " ]."), skip = strcspn(at, " ");

	snprintf(name, cap, "%.*s", (int)len, at);
	return at + skip + strspn(at + skip, " ");
}

/* The part at *@at, which moves on; false at the end. */
static bool
next_part(const char **at, struct part *p)
{
	const char *start = *at, *end;

	if (*start == '\0')
		return false;
	*p = (struct part){.needed = *start != '['};
	start += *start == '[';
	*at = end = next_name(start, p->name, sizeof(p->name));
	if (p->name[0] != '-') {
		p->kind = PART_WORD;
	} else if (start[strlen(p->name)] == ']') {
		p->kind = PART_FLAG;
	} else {
		p->kind = PART_OPTION;
		*at = end = next_name(end, p->value, sizeof(p->value));
	}
	while (end > start && end[-1] == ' ')
		end--;
	p->many = end - start > 3 && strncmp(end - 3, "...", 3) == 0;
	return true;
}

static bool
find_option(const char *args, const char *name, size_t len, struct part *p)
{
	while (next_part(&args, p))
		if (p->kind != PART_WORD && strlen(p->name) == len
			&& memcmp(p->name, name, len) == 0)
			return true;
	return false;
}

/* ---- what a value may be ---- */

static bool
is_number(const char *text)
{
	char *end;

	errno = 0;
	(void)strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && *end == '\0' && errno == 0;
}

static bool
is_seconds(const char *text)
{
	char *end;
	double s = strtod(text, &end);

	return isdigit((unsigned char)*text) && *end == '\0' && s >= 0.01 && s <= 86400;
}

/* What the grammar calls a value that is a whole number. */
static bool
means_number(const char *name)
{
	static const char *const names[] = {"N", "SEQ", "SECONDS", "SZX"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Of a word as of an option's value: @name is what the grammar calls it. */
static int
check_path(const struct cli *c, const char *name, const char *text)
{
	if (strcmp(name, "PATH") != 0 || text[0] == '/')
		return 0;
	return cli_fail(c, CLI_USAGE, "%s: a path begins with '/', not \"%s\"",
		c->command->name, text);
}

static int
check_value(const struct cli *c, const struct part *p, const char *value)
{
	if (means_number(p->value) && !is_number(value))
		return cli_fail(c, CLI_USAGE, "%s: %s wants a number, not \"%s\"",
			c->command->name, p->name, value);
	if (strcmp(p->name, "--count") == 0 && strtoull(value, NULL, 10) == 0)
		return cli_fail(c, CLI_USAGE, "%s: --count: how many?", c->command->name);
	if (strcmp(p->value, "S") == 0 && !is_seconds(value))
		return cli_fail(c, CLI_USAGE,
			"%s: %s wants seconds (0.01 to 86400), not \"%s\"",
			c->command->name, p->name, value);
	return check_path(c, p->value, value);
}

/* ---- taking it apart ---- */

int
cli_take_common(struct cli *c, int argc, char **argv)
{
	if (strcmp(argv[0], "--json") == 0)
		return c->json = true, 1;
	if (strcmp(argv[0], "--help") == 0)
		return c->help = true, 1;
	if (strncmp(argv[0], "--socket=", 9) == 0)
		return c->socket = argv[0] + 9, 1;
	if (strcmp(argv[0], "--socket") == 0 && argc > 1)
		return c->socket = argv[1], 2;
	return 0;
}

static int
unknown_option(const struct cli *c, const char *name)
{
	struct ctl_nearest near = {.word = name, .within = CTL_TYPING_ERROR};
	const char *args = c->command->args;
	char offered[OFFERED_MAX][CLI_NAME_MAX];
	struct part p;
	unsigned n = 0;

	if (strcmp(name, "--socket")
		== 0) /* of every command, but nothing is behind it */
		return cli_fail(
			c, CLI_USAGE, "%s: --socket wants PATH", c->command->name);
	while (n < OFFERED_MAX && next_part(&args, &p))
		if (p.kind != PART_WORD) {
			memcpy(offered[n], p.name, sizeof(p.name));
			ctl_nearest_offer(&near, offered[n++]);
		}
	ctl_nearest_offer(&near, "--json");
	ctl_nearest_offer(&near, "--socket");
	return cli_fail(c, CLI_USAGE, "%s: there is no option \"%s\"%s%s%s",
		c->command->name, name, near.best != NULL ? "; did you mean \"" : "",
		near.best != NULL ? near.best : "", near.best != NULL ? "\"?" : "");
}

/* "--name", "--name VALUE", "--name=VALUE": how many of @argv's it took, or -CLI_USAGE.
 */
static int
take_option(struct cli *c, int argc, char **argv)
{
	const char *equals = argv[0][1] == '-' ? strchr(argv[0], '=') : NULL;
	size_t len = equals != NULL ? (size_t)(equals - argv[0]) : strlen(argv[0]);
	const char *value = equals != NULL ? equals + 1 : argc > 1 ? argv[1] : NULL;
	struct part p;

	if (!find_option(c->command->args, argv[0], len, &p))
		return -unknown_option(c, argv[0]);
	if (p.kind == PART_FLAG && equals != NULL)
		return -cli_fail(
			c, CLI_USAGE, "%s: %s takes no value", c->command->name, p.name);
	if (p.kind == PART_OPTION && value == NULL)
		return -cli_fail(c, CLI_USAGE, "%s: %s wants %s", c->command->name,
			p.name, p.value);
	if (p.kind == PART_OPTION && check_value(c, &p, value) != 0)
		return -CLI_USAGE;
	c->option[c->n_options].name = argv[0];
	if (equals != NULL)
		argv[0][len] = '\0';
	c->option[c->n_options++].value = p.kind == PART_OPTION ? value : NULL;
	return p.kind == PART_OPTION && equals == NULL ? 2 : 1;
}

/* Are the words as many as the grammar wants, and the options there that must be? */
static int
check_all(const struct cli *c)
{
	const char *args = c->command->args;
	unsigned most = 0, least = 0;
	struct part p;

	while (next_part(&args, &p)) {
		if (p.kind == PART_WORD) {
			least += p.needed;
			most = p.many ? c->n_words : most + 1;
		}
		if (p.kind == PART_WORD ? p.needed && c->n_words < least
					: p.needed && cli_option(c, p.name) == NULL)
			return cli_fail(c, CLI_USAGE, "%s: %s is missing; usage: %s %s",
				c->command->name, p.name, c->command->name,
				c->command->args);
	}
	if (c->n_words > most)
		return cli_fail(c, CLI_USAGE, "%s: \"%s\" is one word too many",
			c->command->name, c->word[most]);
	return 0;
}

static int
check_words(const struct cli *c)
{
	const char *args = c->command->args, *word;
	unsigned n = 0;
	struct part p;

	while ((word = cli_word(c, n)) != NULL && next_part(&args, &p)) {
		if (p.kind != PART_WORD)
			continue;
		if (check_path(c, p.name, word) != 0)
			return CLI_USAGE;
		n++;
	}
	return 0;
}

int
cli_parse(struct cli *c, int argc, char **argv)
{
	bool words_only = false;

	c->option = calloc((size_t)argc + 1, sizeof(*c->option));
	c->word = calloc((size_t)argc + 1, sizeof(*c->word));
	if (c->option == NULL || c->word == NULL)
		return cli_fail(c, CLI_FAILED, "out of memory");
	for (int i = 0, n = 1; i < argc; i += n, n = 1) {
		if (words_only || argv[i][0] != '-' || argv[i][1] == '\0') {
			c->word[c->n_words++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if ((n = cli_take_common(c, argc - i, argv + i)) == 0) {
			n = take_option(c, argc - i, argv + i);
			if (n < 0)
				return -n;
		}
	}
	if (c->help)
		return 0;
	return check_all(c) != 0 ? CLI_USAGE : check_words(c);
}

const char *
cli_option(const struct cli *c, const char *name)
{
	const char *value = NULL;

	for (unsigned i = 0; i < c->n_options; i++)
		if (strcmp(c->option[i].name, name) == 0)
			value = c->option[i].value;
	return value;
}

bool
cli_flag(const struct cli *c, const char *name)
{
	for (unsigned i = 0; i < c->n_options; i++)
		if (strcmp(c->option[i].name, name) == 0)
			return true;
	return false;
}

uint64_t
cli_number(const struct cli *c, const char *name, uint64_t absent)
{
	const char *text = cli_option(c, name);

	return text != NULL ? strtoull(text, NULL, 10) : absent;
}

const char *
cli_word(const struct cli *c, unsigned n)
{
	return n < c->n_words ? c->word[n] : NULL;
}

const char *
cli_word_name(const struct cli *c, unsigned n, char to[CLI_NAME_MAX])
{
	const char *args = c->command->args;
	struct part p = {.name = ""};

	while (next_part(&args, &p))
		if (p.kind == PART_WORD && (p.many || n-- == 0))
			break;
	for (unsigned i = 0; i < CLI_NAME_MAX; i++)
		to[i] = (char)tolower((unsigned char)p.name[i]);
	return to;
}
