/* What tidegatectl's files share. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

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

/* A command line, taken apart. */
struct cli {
	const char *socket;
	const char *command; /* of the table */
	bool json;
	int argc; /* what follows the command's words */
	char **argv;
};

/* Value of "--name VALUE" among the arguments, or NULL; @flag: is "--name" there? */
const char *cli_option(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name);
/* The @n-th argument that is no option, or NULL. */
const char *cli_word(const struct cli *c, int n);

/* Ask the gateway: its reply, or NULL and *status says why. */
json_t *cli_ask(const struct cli *c, const char *command, json_t *args, int *status);
/* Print data as text: an object as lines, a list of objects as a table. */
void cli_show(const json_t *data);
void cli_show_json(const json_t *data);

int cli_decode(const struct cli *c);
int cli_encode(const struct cli *c);
int cli_log(const struct cli *c);
int cli_top(const struct cli *c);
int cli_rate(const struct cli *c, const char *seconds);
