/* What a request is made of on a command line: shared by encode and by what asks devices.
 */
#pragma once

#include "coap/uri.h"
#include "control/cli.h"

#define CLI_EXTRA_MAX 64 /* options of -O */

/* Options added to a URI's. */
struct cli_extra {
	unsigned n;
	struct tg_opt option[CLI_EXTRA_MAX];
	size_t used;
	uint8_t bytes[UINT16_MAX];
};

/* A URI's options and others, as many as there may be of both. */
struct cli_options {
	unsigned n;
	struct tg_opt option[TG_URI_OPTIONS_MAX + CLI_EXTRA_MAX];
};

/* These return 0, or CLI_USAGE and it has been said. */

/* "NUM,HEX"; the value may be empty, with the comma or without. */
int cli_extra_add(const struct cli *c, struct cli_extra *e, const char *text);
/* One that is an unsigned integer. */
int cli_extra_add_uint(
	const struct cli *c, struct cli_extra *e, unsigned number, uint32_t value);
/* All -O of the command line. */
int cli_extra_read(const struct cli *c, struct cli_extra *e);
/* -t con or non; a CON if it is not there. */
int cli_type_read(const struct cli *c, enum tg_type *type);
int cli_uri_read(const struct cli *c, struct tg_uri *u);

/* By ascending number; those of one number stay in order, the URI's first. */
void cli_options_merge(
	struct cli_options *to, const struct tg_uri *u, const struct cli_extra *e);

/* The options of a message as a list of objects. */
void cli_print_options(const struct tg_msg *m);
