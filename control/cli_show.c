/* Data as text: objects as lines, lists of objects as tables; and the live views. */
#include "control/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS_MAX 24
#define CELL 64

static void
cell_text(const json_t *v, char *to, size_t cap)
{
	if (json_is_string(v))
		snprintf(to, cap, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(to, cap, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(to, cap, "%.3f", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(to, cap, "%s", json_is_true(v) ? "yes" : "no");
	else
		snprintf(to, cap, "-");
}

static void
show_table(const json_t *list)
{
	int width[COLUMNS_MAX] = {0};
	char cell[CELL];
	const char *key;
	json_t *v, *row;
	size_t i;
	int col;

	json_array_foreach(list, i, row) {
		col = 0;
		json_object_foreach((json_t *)row, key, v) {
			cell_text(v, cell, sizeof(cell));
			if (col == COLUMNS_MAX)
				break;
			if (i == 0)
				width[col] = (int)strlen(key);
			if ((int)strlen(cell) > width[col])
				width[col] = (int)strlen(cell);
			col++;
		}
	}
	json_array_foreach(list, i, row) {
		col = 0;
		if (i == 0) {
			json_object_foreach((json_t *)row, key, v)
				if (col < COLUMNS_MAX)
					printf("%-*s  ", width[col], key), col++;
			putchar('\n');
			col = 0;
		}
		json_object_foreach((json_t *)row, key, v) {
			cell_text(v, cell, sizeof(cell));
			if (col < COLUMNS_MAX)
				printf("%-*s  ", width[col], cell), col++;
		}
		putchar('\n');
	}
}

static void
show_object(const json_t *o, const char *prefix)
{
	char inner[128], cell[1024];
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		if (json_is_object(v)) {
			snprintf(inner, sizeof(inner), "%s%s.", prefix, key);
			show_object(v, inner);
		} else if (json_is_array(v)) {
			printf("%s%s:\n", prefix, key);
			cli_show(v);
		} else if (json_is_string(v) && strcmp(key, "text") == 0) {
			fputs(json_string_value(v), stdout);
		} else {
			cell_text(v, cell, sizeof(cell));
			printf("%s%-*s %s\n", prefix, 26 - (int)strlen(prefix), key, cell);
		}
	}
}

void
cli_show(const json_t *data)
{
	if (json_is_object(data))
		show_object(data, "");
	else if (json_is_array(data) && json_is_object(json_array_get(data, 0)))
		show_table(data);
	else if (json_is_array(data))
		for (size_t i = 0; i < json_array_size(data); i++)
			cli_show(json_array_get(data, i));
}

void
cli_show_json(const json_t *data)
{
	json_dumpf(data, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	putchar('\n');
	fflush(stdout);
}

/* ---- live -------------------------------------------------------------------------------------- */

static json_t *
counters(const struct cli *c, int *status)
{
	json_t *args = json_object(), *data, *o;

	json_object_set_new(args, "all", json_true());
	data = cli_ask(c, "stats", args, status);
	o = json_incref(json_object_get(data, "counters"));
	json_decref(data);
	return o;
}

/* What changed from @a to @b, a second. */
static json_t *
rates(const json_t *a, const json_t *b, double seconds)
{
	json_t *o = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)b, key, v) {
		double d = (double)(json_integer_value(v)
			- json_integer_value(json_object_get(a, key)));

		if (d != 0 && strcmp(key, "stall_max_ns") != 0)
			json_object_set_new(o, key, json_real(d / seconds));
	}
	return o;
}

static void
wait_s(double s)
{
	struct timespec ts = {.tv_sec = (time_t)s, .tv_nsec = (long)((s - floor(s)) * 1e9)};

	nanosleep(&ts, NULL);
}

int
cli_rate(const struct cli *c, const char *seconds)
{
	double s = atof(seconds);
	int status = CLI_DONE;
	json_t *a, *b, *o;

	if (s <= 0 || s > 3600) {
		fputs("stats: --rate takes seconds\n", stderr);
		return CLI_USAGE;
	}
	a = counters(c, &status);
	if (a == NULL)
		return status;
	wait_s(s);
	b = counters(c, &status);
	if (b != NULL) {
		o = rates(a, b, s);
		if (c->json)
			cli_show_json(o);
		else
			cli_show(o);
		json_decref(o);
	}
	json_decref(a);
	json_decref(b);
	return status;
}

static int
top_once(const struct cli *c, json_t **before, double s)
{
	int status = CLI_DONE;
	json_t *now = counters(c, &status), *latency, *all;

	if (now == NULL)
		return status;
	latency = cli_ask(c, "latency", NULL, &status);
	all = json_object();
	json_object_set_new(all, "rates", rates(*before, now, s));
	json_object_set_new(all, "latency", latency);
	json_object_set_new(all, "cores", cli_ask(c, "cores", NULL, &status));
	if (c->json) {
		cli_show_json(all);
	} else {
		fputs("\033[H\033[2J", stdout);
		cli_show(all);
		fflush(stdout);
	}
	json_decref(all);
	json_decref(*before);
	*before = now;
	return status;
}

int
cli_top(const struct cli *c)
{
	const char *count = cli_option(c, "--count");
	long n = count != NULL ? atol(count) : c->json ? 1 : -1;
	int status = CLI_DONE;
	json_t *before = counters(c, &status);

	if (before == NULL)
		return status;
	for (; n != 0 && status == CLI_DONE; n -= n > 0) {
		wait_s(1);
		status = top_once(c, &before, 1);
	}
	json_decref(before);
	return status;
}
