/* docs/configuration.md, made from the table of keys. */
#include "control/config.h"
#include "control/config_value.h"

#include <stdlib.h>
#include <string.h>

static const char intro[] = "# Configuration\n"
			    "\n"
			    "One YAML file, given by `tidegated -c FILE`. `tidegated -c "
			    "FILE -t` checks it and opens "
			    "nothing; so does\n"
			    "`tidegatectl conf check FILE`. A fault is one line, "
			    "`FILE:LINE:COLUMN: what is wrong`, "
			    "and exit code 78.\n"
			    "\n"
			    "SIGHUP or `tidegatectl conf reload` loads the file anew, "
			    "whole or not at all: with a "
			    "fault in it, or with\n"
			    "another value for a key that is *fixed*, the running "
			    "configuration stays as it is. "
			    "`tidegatectl conf show`\n"
			    "prints what is in force.\n"
			    "\n"
			    "This page is made by `tidegated --reference` from the table "
			    "that the parser uses.\n";

static const char example[] =
	"\n## Example\n"
	"\n"
	"```yaml\n"
	"workers: auto\n"
	"ports:\n"
	"  - {name: fleet0, driver: vhost, socket: /run/tidegate/fleet0.sock,\n"
	"     addresses: [198.18.0.1/15, \"2001:2::1/48\"]}\n"
	"devices: {max: 1000000, idle: 24h}\n"
	"streams:\n"
	"  telemetry: {ack: logged, when_full: reject}\n"
	"routes:\n"
	"  - {path: \"/t/{device}\", kind: stream, stream: telemetry}\n"
	"  - {path: \"/d/{device}/{resource*}\", kind: store}\n"
	"  - {path: /about, kind: static, content: Tidegate at your service}\n"
	"log: {dir: /var/lib/tidegate/log, commit: 1ms, segment: 256MiB, "
	"retain: {bytes: 8GiB, age: 24h}}\n"
	"control: {socket: /run/tidegate/control.sock}\n"
	"```\n";

static const char values[] =
	"\n## Values\n"
	"\n"
	"| value | looks like |\n"
	"|---|---|\n"
	"| number | `8`; no sign, no fraction |\n"
	"| boolean | `true`, `yes`, `on`; `false`, `no`, `off` |\n"
	"| time | `500ms`: a number and `ns`, `us`, `ms`, `s`, `m`, `h` or `d`; `0` |\n"
	"| size | `64KiB`: a number and `B`, `KiB`, `MiB`, `GiB`, `TiB` or nothing |\n"
	"| code | `2.04` |\n"
	"| name | text without blanks, commas, quotes, brackets and `=` |\n"
	"| address | `198.18.0.1/15`, `\"2001:2::1/48\"`; YAML wants quotes around the "
	"colons |\n";

static const char *
type_name(enum ctl_type t)
{
	static const char *const names[] = {[CTL_T_UINT] = "number",
		[CTL_T_BOOL] = "boolean",
		[CTL_T_TEXT] = "text",
		[CTL_T_NAME] = "name",
		[CTL_T_SECONDS] = "time",
		[CTL_T_MS] = "time",
		[CTL_T_NS] = "time",
		[CTL_T_BYTES] = "size",
		[CTL_T_POWER] = "size, a power of two",
		[CTL_T_ENUM] = "",
		[CTL_T_CODE] = "code",
		[CTL_T_FORMATS] = "list of numbers",
		[CTL_T_PREFIXES] = "list of addresses",
		[CTL_T_LIST] = "list of mappings",
		[CTL_T_MAP] = "mapping by name",
		[CTL_T_SECTION] = "mapping"};

	return names[t];
}

static void
print_names(FILE *out, const char *const *names, uint32_t which)
{
	const char *comma = "";

	for (unsigned i = 0; names[i] != NULL; i++)
		if (which & 1u << i) {
			fprintf(out, "%s`%s`", comma, names[i]);
			comma = ", ";
		}
}

static void
print_range(FILE *out, const struct ctl_key *k)
{
	char least[32], most[32];

	if (k->type == CTL_T_TEXT || k->type == CTL_T_NAME)
		fprintf(out, ", %llu to %llu bytes", (unsigned long long)k->min,
			(unsigned long long)k->max);
	else if (!ctl_key_is_scalar(k) && k->max > 0)
		fprintf(out, ", %llu to %llu", (unsigned long long)k->min,
			(unsigned long long)k->max);
	else if (k->max > 0 && k->type != CTL_T_BOOL)
		fprintf(out, ", %s to %s",
			k->min == 0 ? "0"
				    : ctl_value_text(k, k->min, least, sizeof(least)),
			ctl_value_text(k, k->max, most, sizeof(most)));
}

static void
print_default(FILE *out, const struct ctl_key *k, const struct ctl_key *by)
{
	if (by != NULL && k->needed != 0) {
		fputs("**required** by ", out);
		print_names(out, by->names, k->needed);
	} else if (k->preset != NULL && strcmp(k->preset, CTL_REQUIRED) == 0) {
		fputs("**required**", out);
	} else if (k->preset != NULL && k->preset[0] != '\0') {
		fprintf(out, "`%s`", k->preset);
	}
}

static void
print_row(
	FILE *out, const struct ctl_key *k, const struct ctl_key *by, const char *prefix)
{
	fprintf(out, "| `%s%s` | %s", prefix, k->name, type_name(k->type));
	if (k->names != NULL)
		print_names(out, k->names, UINT32_MAX);
	print_range(out, k);
	fputs(" | ", out);
	print_default(out, k, by);
	fputs(" | ", out);
	if (by != NULL && k->only != 0) {
		print_names(out, by->names, k->only);
		fputs(": ", out);
	}
	fprintf(out, "%s%s |\n", k->help, k->fixed ? " *(fixed)*" : "");
}

/* The keys in one table; mappings within mappings by a dotted name. */
static void
print_rows(FILE *out, const struct ctl_key *keys, const char *prefix)
{
	const struct ctl_key *by = ctl_key_chooser(keys);
	char *inner;

	for (; keys->name != NULL; keys++) {
		if (keys->type != CTL_T_SECTION) {
			print_row(out, keys, by, prefix);
			continue;
		}
		if (asprintf(&inner, "%s%s.", prefix, keys->name) < 0)
			abort(); /* a reference that lacks keys is worse than none */
		print_rows(out, keys->keys, inner);
		free(inner);
	}
}

static void
print_table(FILE *out, const char *title, const char *help, const struct ctl_key *keys,
	const char *prefix)
{
	fprintf(out,
		"\n## %s\n\n%s.\n\n| key | value | default | meaning "
		"|\n|---|---|---|---|\n",
		title, help);
	print_rows(out, keys, prefix);
}

static void
print_section(FILE *out, const struct ctl_key *k)
{
	char title[64], prefix[64];

	snprintf(title, sizeof(title), "`%s`", k->name);
	snprintf(prefix, sizeof(prefix), "%s%s.", k->name,
		k->type == CTL_T_LIST  ? "[]"
		: k->type == CTL_T_MAP ? ".NAME"
				       : "");
	print_table(out, title, k->help, k->keys, prefix);
}

void
ctl_config_reference(FILE *out)
{
	fputs(intro, out);
	fputs(example, out);
	fputs(values, out);
	fputs("\n## At the top\n\n| key | value | default | meaning "
	      "|\n|---|---|---|---|\n",
		out);
	for (const struct ctl_key *k = ctl_schema; k->name != NULL; k++)
		if (k->type != CTL_T_SECTION)
			print_row(out, k, NULL, "");
	for (const struct ctl_key *k = ctl_schema; k->name != NULL; k++)
		if (k->keys != NULL)
			print_section(out, k);
}
