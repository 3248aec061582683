/* What tidegatectl's files share. */
#pragma once

#include "control/command_table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes. */
enum {
	CLI_DONE = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NO_GATEWAY = 3,
	CLI_TIMEOUT = 4,
	CLI_UNHEALTHY = 5,
	CLI_CONFIG = 78,
};

struct cli;

struct cli_command {
	const char *name, *args, *help, *fields;
	int (*run)(const struct cli *c); /* an exit code */
};

/* Every command; the last has no name. */
extern const struct cli_command cli_commands[];

struct cli_option {
	const char *name;  /* "--rate" */
	const char *value; /* NULL: a flag */
};

/* A command line, taken apart. */
struct cli {
	char **line; /* all of it */
	const char *socket;
	bool json, help;
	const struct cli_command *command;
	unsigned n_options, n_words;
	struct cli_option *option;
	const char **word; /* what is no option */
};

/* Take @argv apart after the command's own words; 0, or CLI_USAGE and it has been said.
 */
int cli_parse(struct cli *c, int argc, char **argv);
/* Is @text an option that goes with every command?  How many of @argv's it takes, or 0.
 */
int cli_take_common(struct cli *c, int argc, char **argv);
/* Value of the last such option, or NULL; @flag: is it there? */
const char *cli_option(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name);
/* The number it has, which the parser has checked; @absent if it is not there. */
uint64_t cli_number(const struct cli *c, const char *name, uint64_t absent);
/* The @n-th word, or NULL. */
const char *cli_word(const struct cli *c, unsigned n);
#define CLI_NAME_MAX 24
/* What the command's grammar calls it, in lower case: "device"; returns @to. */
const char *cli_word_name(const struct cli *c, unsigned n, char to[CLI_NAME_MAX]);

/*
 * Say on standard error why it ends, as a sentence or with --json as the object
 * {"error": {"code", "message"}}; returns @status.
 */
int cli_fail(const struct cli *c, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Ask the gateway: its reply's data, or NULL and *@status says why.  Owns @args, which
 * may be NULL.  A long list is asked for page by page: up to "limit" in @args (0: all),
 * and
 * *@more (may be NULL) says whether there is more.
 */
json_t *cli_ask(
	const struct cli *c, const char *command, json_t *args, bool *more, int *status);

/* The same in steps, for who asks more than once: a connection, or NULL and *@status says
 * why; and an answer over it, each request as it is. */
FILE *cli_open(const struct cli *c, int *status);
json_t *cli_ask_on(
	const struct cli *c, FILE *f, const char *command, json_t *args, int *status);
/* The arguments as the gateway wants them: by name, and words by what the grammar calls
 * them. */
json_t *cli_gather(const struct cli *c);

/* Print data as text: an object as lines, a list of objects as a table. */
void cli_show(const json_t *data);
/* The head of a table of counters: all, and each of @cores; @unit is behind a number. */
void cli_head_cores(const json_t *cores, const char *unit);
/* A quantity as a person reads it, by its key: "rx_bytes", "p50_us", "uptime_s". */
const char *cli_quantity(const char *key, const json_t *v, char *to, size_t cap);
/* The same as text or as one line of JSON, as asked for; @data by the command's own view.
 */
void cli_print(const struct cli *c, const json_t *data);

/* What begins with those words, or all; false if nothing does. */
bool cli_help_on(const struct cli *c, const char *words);
/* "there is no command X; did you mean Y?", or which there are that begin with X */
int cli_unknown(const struct cli *c, int argc, char **argv);

/* What the table's commands do. */
#define CLI_REMOTE(name_, args_, help_, fields_, handler_)
#define CLI_LOCAL(name_, args_, help_, fields_, function_)                               \
	int function_(const struct cli *c);
CTL_COMMANDS(CLI_REMOTE, CLI_LOCAL)
#undef CLI_REMOTE
#undef CLI_LOCAL
int cli_remote(const struct cli *c);
int cli_rate(const struct cli *c);
int cli_pcapng(const struct cli *c);   /* with --pcapng */
int cli_log_trim(const struct cli *c); /* with --dir */
