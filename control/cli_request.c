#include "control/cli_request.h"

#include "coap/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int
add(const struct cli *c, struct cli_extra *e, unsigned number, size_t len)
{
	if (e->n == CLI_EXTRA_MAX)
		return cli_fail(c, CLI_USAGE, "%s: more than %d options",
			c->command->name, CLI_EXTRA_MAX);
	e->option[e->n++] = (struct tg_opt){
		.value = e->bytes + e->used,
		.len = (uint16_t)len,
		.number = (uint16_t)number,
	};
	e->used += len;
	return 0;
}

int
cli_extra_add(const struct cli *c, struct cli_extra *e, const char *text)
{
	char *comma;
	unsigned long number = strtoul(text, &comma, 10);
	long len = 0;

	if (!isdigit((unsigned char)*text) || number > UINT16_MAX
		|| (*comma != ',' && *comma != '\0'))
		return cli_fail(c, CLI_USAGE, "%s: -O wants NUM,HEX, not \"%s\"",
			c->command->name, text);
	if (*comma == ',')
		len = tg_hex_read(e->bytes + e->used, sizeof(e->bytes) - e->used,
			comma + 1, strlen(comma + 1));
	if (len < 0)
		return cli_fail(c, CLI_USAGE, "%s: -O wants its value in hex, not \"%s\"",
			c->command->name, comma + 1);
	return add(c, e, (unsigned)number, (size_t)len);
}

int
cli_extra_add_uint(
	const struct cli *c, struct cli_extra *e, unsigned number, uint32_t value)
{
	unsigned len = value > 0xffffff ? 4 : value > 0xffff ? 3 : value > 0xff ? 2 : 1;

	len = value == 0 ? 0 : len;
	if (len > sizeof(e->bytes) - e->used)
		return cli_fail(c, CLI_USAGE, "%s: options too long", c->command->name);
	for (unsigned i = 0; i < len; i++)
		e->bytes[e->used + i] = (uint8_t)(value >> 8 * (len - 1 - i));
	return add(c, e, number, len);
}

int
cli_extra_read(const struct cli *c, struct cli_extra *e)
{
	for (unsigned i = 0; i < c->n_options; i++)
		if (strcmp(c->option[i].name, "-O") == 0) {
			int status = cli_extra_add(c, e, c->option[i].value);

			if (status != 0)
				return status;
		}
	return 0;
}

int
cli_type_read(const struct cli *c, enum tg_type *type)
{
	const char *text = cli_option(c, "-t");

	*type = text != NULL && strcmp(text, "non") == 0 ? TG_NON : TG_CON;
	if (text == NULL || *type == TG_NON || strcmp(text, "con") == 0)
		return 0;
	return cli_fail(c, CLI_USAGE, "%s: a type is con or non, not \"%s\"",
		c->command->name, text);
}

int
cli_uri_read(const struct cli *c, struct tg_uri *u)
{
	const char *text = cli_word(c, 0);
	enum tg_uri_fault fault = tg_uri_parse(u, text, strlen(text), 0);

	return fault == TG_URI_OK ? 0
				  : cli_fail(c, CLI_USAGE, "%s: %s: %s", c->command->name,
					  text, tg_uri_fault_text(fault));
}

/* Behind all of no higher number. */
static void
insert(struct cli_options *to, const struct tg_opt *o)
{
	unsigned at = to->n++;

	for (; at > 0 && to->option[at - 1].number > o->number; at--)
		to->option[at] = to->option[at - 1];
	to->option[at] = *o;
}

void
cli_options_merge(
	struct cli_options *to, const struct tg_uri *u, const struct cli_extra *e)
{
	to->n = 0;
	for (unsigned i = 0; i < u->count; i++)
		insert(to, &u->option[i]);
	for (unsigned i = 0; i < e->n; i++)
		insert(to, &e->option[i]);
}
