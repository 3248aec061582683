/* Data as text: objects as lines, lists of objects as tables, quantities with their
 * units. */
#include "control/cli.h"

#include <inttypes.h>
#include <string.h>

#define COLUMNS_MAX 24
#define CELL 1100 /* a name of 255 bytes, four letters each */

/* ---- quantities ---- */

static bool
ends_with(const char *key, const char *tail)
{
	size_t n = strlen(key), t = strlen(tail);

	return n >= t && strcmp(key + n - t, tail) == 0;
}

static void
bytes_text(double v, char *to, size_t cap)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned u = 0;

	for (; v >= 1024 && u + 1 < sizeof(units) / sizeof(units[0]); u++)
		v /= 1024;
	snprintf(to, cap, u == 0 ? "%.0f %s" : "%.1f %s", v, units[u]);
}

static void
seconds_text(uint64_t s, char *to, size_t cap)
{
	if (s >= 86400)
		snprintf(to, cap, "%" PRIu64 "d %" PRIu64 "h", s / 86400,
			s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(to, cap, "%" PRIu64 "h %" PRIu64 "m", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(to, cap, "%" PRIu64 "m %" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(to, cap, "%" PRIu64 "s", s);
}

const char *
cli_quantity(const char *key, const json_t *v, char *to, size_t cap)
{
	double n = json_number_value(v);

	if (ends_with(key, "bytes"))
		bytes_text(n, to, cap);
	else if (ends_with(key, "_us"))
		snprintf(to, cap, n >= 10000 ? "%.1f ms" : "%.1f us",
			n >= 10000 ? n / 1000 : n);
	else if (ends_with(key, "_s") || ends_with(key, "_s_ago"))
		seconds_text((uint64_t)n, to, cap);
	else if (strcmp(key, "busy") == 0)
		snprintf(to, cap, "%.1f %%", n * 100);
	else if (json_is_integer(v))
		snprintf(to, cap, "%lld", (long long)json_integer_value(v));
	else
		snprintf(to, cap, "%.1f", n);
	return to;
}

/* Bytes of the control character (C0, DEL, C1) at @s, which would reach the terminal; 0:
 * it is none. */
static size_t
control_len(const char *s, size_t left)
{
	const uint8_t *p = (const uint8_t *)s;

	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	return left > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

static bool
has_control(const char *s, size_t left)
{
	while (left > 0 && control_len(s, left) == 0)
		s++, left--;
	return left > 0;
}

/* What a device calls itself is its own choice.  Such a name is copied, and fits; all
 * else is printed as it is, however long. */
static const char *
harmless(const json_t *v, char *to, size_t cap)
{
	const char *s = json_string_value(v);
	size_t left = json_string_length(v), n = 0;

	if (!has_control(s, left))
		return s;
	for (size_t len; left > 0 && n + 5 < cap; s += len, left -= len) {
		len = control_len(s, left);
		if (len > 0)
			n += (size_t)snprintf(
				to + n, cap - n, "\\x%02x", (uint8_t)s[len - 1]);
		else
			to[n++] = *s;
		len += len == 0;
	}
	to[n] = '\0';
	return to;
}

static const char *
cell_text(const char *key, const json_t *v, char *to, size_t cap)
{
	if (json_is_string(v))
		return harmless(v, to, cap);
	if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	return json_is_number(v) ? cli_quantity(key, v, to, cap) : "-";
}

/* ---- tables ---- */

/* Terminal columns of a UTF-8 text, each character one. */
static int
columns_of(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void
measure(const json_t *list, int width[COLUMNS_MAX])
{
	char cell[CELL];
	const char *key;
	json_t *v, *row;
	size_t i;

	json_array_foreach (list, i, row) {
		int col = 0;

		json_object_foreach (row, key, v) {
			int head = columns_of(key);
			int n = columns_of(cell_text(key, v, cell, sizeof(cell)));

			if (col == COLUMNS_MAX)
				break;
			width[col] = head > width[col] ? head : width[col];
			width[col] = n > width[col] ? n : width[col];
			col++;
		}
	}
}

/* A cell: numbers to the right, text to the left, the last one without a tail. */
static void
print_cell(const char *text, int width, bool right, bool last)
{
	int pad = width - columns_of(text);

	printf("%*s%s%*s", right ? pad : 0, "", text, right || last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", stdout);
}

static void
print_row(const json_t *row, const int width[COLUMNS_MAX], bool head)
{
	size_t n = json_object_size(row), col = 0;
	char cell[CELL];
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)row, key, v) {
		if (col == COLUMNS_MAX)
			break;
		print_cell(head ? key : cell_text(key, v, cell, sizeof(cell)), width[col],
			json_is_number(v), col + 1 == n || col + 1 == COLUMNS_MAX);
		col++;
	}
}

static void
show_table(const json_t *list)
{
	int width[COLUMNS_MAX] = {0};
	const json_t *row;
	size_t i;

	measure(list, width);
	print_row(json_array_get(list, 0), width, true);
	json_array_foreach (list, i, row)
		print_row(row, width, false);
}

/* ---- objects ---- */

static void
show_object(const json_t *o, const char *prefix)
{
	char inner[128], cell[CELL];
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)o, key, v) {
		if (json_is_object(v)) {
			snprintf(inner, sizeof(inner), "%s%s.", prefix, key);
			show_object(v, inner);
		} else if (json_is_array(v)) {
			printf("%s%s:\n", prefix, key);
			cli_show(v);
		} else {
			printf("%s%-*s %s\n", prefix, 26 - (int)strlen(prefix), key,
				cell_text(key, v, cell, sizeof(cell)));
		}
	}
}

void
cli_show(const json_t *data)
{
	if (json_is_object(data))
		show_object(data, "");
	else if (json_array_size(data) > 0)
		show_table(data);
	else
		puts("none");
}

/* ---- commands with a view of their own ---- */

void
cli_head_cores(const json_t *cores, const char *unit)
{
	printf("%-24s %16s%*s", "", "all", (int)strlen(unit), "");
	for (size_t i = 0; i < json_array_size(cores); i++)
		printf("         worker %-2zu", i);
	putchar('\n');
}

/* A counter a line: the sum, and each worker's. */
static void
show_stats(const json_t *data)
{
	json_t *counters = json_object_get(data, "counters"), *v, *core;
	json_t *cores = json_object_get(data, "per_core");
	const char *key;
	size_t i;

	if (counters == NULL) { /* --check */
		cli_show(data);
		return;
	}
	if (cores != NULL)
		cli_head_cores(cores, "");
	json_object_foreach (counters, key, v) {
		printf("%-24s %16lld", key, (long long)json_integer_value(v));
		json_array_foreach (cores, i, core)
			printf("  %16lld", (long long)json_integer_value(
						   json_object_get(core, key)));
		putchar('\n');
	}
}

static double
share(const json_t *row, const char *part, const char *of)
{
	double all = json_number_value(json_object_get(row, of));

	return all > 0 ? 100 * json_number_value(json_object_get(row, part)) / all : 0;
}

static void
show_cores(const json_t *data)
{
	static const char *const same[] = {"worker", "core", "peers", "devices", "values",
		"pending_answers", "pending_records"};
	const json_t *row;
	json_t *list = json_array();
	size_t i;

	json_array_foreach (data, i, row) {
		json_t *o = json_object();

		for (size_t k = 0; k < sizeof(same) / sizeof(same[0]); k++)
			json_object_set(o, same[k], json_object_get(row, same[k]));
		json_object_set_new(
			o, "busy_%", json_real(share(row, "busy_cycles", "cycles")));
		json_object_set_new(
			o, "rx_%", json_real(share(row, "rx_cycles", "cycles")));
		json_object_set_new(
			o, "tx_%", json_real(share(row, "tx_cycles", "cycles")));
		json_object_set_new(o, "logring_%",
			json_real(share(row, "logring_used", "logring_size")));
		json_array_append_new(list, o);
	}
	cli_show(list);
	json_decref(list);
}

/* Back to YAML: its top level in lines, what is inside as JSON, which YAML reads. */
static void
show_conf(const json_t *data)
{
	json_t *v, *item;
	const char *key;
	size_t i;

	printf("# %s\n", json_string_value(json_object_get(data, "file")));
	json_object_foreach (json_object_get(data, "config"), key, v) {
		printf("%s:%s", key, json_is_array(v) ? "\n" : " ");
		json_array_foreach (v, i, item) {
			fputs("  - ", stdout);
			json_dumpf(item, stdout, JSON_ENSURE_ASCII);
			putchar('\n');
		}
		if (!json_is_array(v)) {
			json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
			putchar('\n');
		}
	}
}

static const struct view {
	const char *command;
	void (*show)(const json_t *data);
} views[] = {
	{"stats", show_stats},
	{"cores", show_cores},
	{"conf show", show_conf},
};

void
cli_print(const struct cli *c, const json_t *data)
{
	void (*show)(const json_t *) = cli_show;

	if (c->json) {
		json_dumpf(data, stdout, JSON_COMPACT | JSON_ENCODE_ANY | CTL_JSON_REAL);
		putchar('\n');
		fflush(stdout);
		return;
	}
	for (size_t i = 0; c->command != NULL && i < sizeof(views) / sizeof(views[0]);
		i++)
		if (strcmp(views[i].command, c->command->name) == 0)
			show = views[i].show;
	show(data);
}
