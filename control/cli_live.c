/* The live views: what grows, a second. */
#include "control/cli.h"
#include "control/now.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void
interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* Ctrl-C ends a live view, and that is no failure. */
static void
catch_interrupt(void)
{
	struct sigaction a = {.sa_handler = interrupt};

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

static double
now_s(void)
{
	return (double)ctl_now_ns() / 1e9;
}

static void
wait_s(double s)
{
	struct timespec ts = {
		.tv_sec = (time_t)s, .tv_nsec = (long)((s - (time_t)s) * 1e9)};

	nanosleep(&ts, NULL);
}

/* How many samples: --count, else one as JSON, else without end. */
static uint64_t
samples(const struct cli *c)
{
	return cli_number(c, "--count", c->json ? 1 : UINT64_MAX);
}

/* ---- rates ---- */

/* Counters at a moment. */
struct sample {
	json_t *counters;
	json_t *cores; /* an array of each worker's; without --per-core NULL */
	double at;
};

static void
discard(const struct sample *s)
{
	json_decref(s->counters);
	json_decref(s->cores);
}

static bool
take(const struct cli *c, struct sample *s, int *status)
{
	const char *pattern =
		strcmp(c->command->name, "stats") == 0 ? cli_word(c, 0) : NULL;
	json_t *args = json_pack("{s:b}", "all", 1), *data;

	if (pattern != NULL)
		json_object_set_new(args, "pattern", json_string(pattern));
	if (cli_flag(c, "--per-core"))
		json_object_set_new(args, "per-core", json_true());
	data = cli_ask(c, "stats", args, NULL, status);
	s->counters = json_incref(json_object_get(data, "counters"));
	s->cores = json_incref(json_object_get(data, "per_core"));
	s->at = now_s();
	json_decref(data);
	return s->counters != NULL;
}

/* What grew from counters @old to @new in @s seconds, a second; all of it if @all. */
static json_t *
grown(const json_t *old, json_t *new, double s, bool all)
{
	json_t *o = json_object(), *v;
	const char *key;

	json_object_foreach (new, key, v) {
		double more = (double)(json_integer_value(v)
				       - json_integer_value(json_object_get(old, key)));

		if (strcmp(key, "stall_max_ns") != 0 && (all || more != 0))
			json_object_set_new(o, key, json_real(more / s));
	}
	return o;
}

static json_t *
rates(const struct sample *a, const struct sample *b, bool all)
{
	return grown(a->counters, b->counters, b->at - a->at, all);
}

/* The same of each worker, or NULL if it was not asked for. */
static json_t *
core_rates(const struct sample *a, const struct sample *b, bool all)
{
	json_t *cores = b->cores != NULL ? json_array() : NULL, *core;
	size_t i;

	json_array_foreach (b->cores, i, core)
		json_array_append_new(cores,
			grown(json_array_get(a->cores, i), core, b->at - a->at, all));
	return cores;
}

/* A counter a line: of all, and of each of @cores, which may be NULL. */
static void
show_rates(const json_t *o, const json_t *cores)
{
	const char *key;
	json_t *v, *core;
	size_t i;

	if (cores != NULL)
		cli_head_cores(cores, " /s");
	json_object_foreach ((json_t *)o, key, v) {
		printf("%-24s %16.1f /s", key, json_real_value(v));
		json_array_foreach (cores, i, core)
			printf("  %16.1f", json_number_value(json_object_get(core, key)));
		putchar('\n');
	}
}

/* Takes @o and @cores. */
static void
print_rates(const struct cli *c, json_t *o, json_t *cores)
{
	if (!c->json) {
		show_rates(o, cores);
		puts("");
		fflush(stdout);
		json_decref(cores);
	} else {
		if (cores != NULL)
			o = json_pack("{s:o, s:o}", "rates", o, "per_core", cores);
		cli_print(c, o);
	}
	json_decref(o);
}

int
cli_rate(const struct cli *c)
{
	double s = atof(cli_option(c, "--rate"));
	bool all = cli_flag(c, "--all") || cli_word(c, 0) != NULL;
	int status = CLI_DONE;
	struct sample a, b;

	catch_interrupt();
	if (!take(c, &a, &status))
		return status;
	for (uint64_t n = samples(c); n > 0 && status == CLI_DONE; n--) {
		wait_s(s);
		if (interrupted || !take(c, &b, &status))
			break;
		print_rates(c, rates(&a, &b, all), core_rates(&a, &b, all));
		discard(&a);
		a = b;
	}
	discard(&a);
	return status;
}

/* ---- top ---- */

static double
rate_of(const json_t *o, const char *key)
{
	return json_real_value(json_object_get(json_object_get(o, "rates"), key));
}

static void
show_head(const json_t *o)
{
	const json_t *s = json_object_get(o, "status"), *log = json_object_get(s, "log");
	char up[32];

	printf("tidegate %s, %s, up %s; %lld devices, %lld values, %lld peers\n",
		json_string_value(json_object_get(s, "version")),
		json_string_value(json_object_get(s, "state")),
		cli_quantity("uptime_s", json_object_get(s, "uptime_s"), up, sizeof(up)),
		(long long)json_integer_value(json_object_get(s, "devices")),
		(long long)json_integer_value(json_object_get(s, "values")),
		(long long)json_integer_value(json_object_get(s, "peers")));
	printf("requests %.0f/s  executed %.0f/s  answered %.0f/s  records %.0f/s\n",
		rate_of(o, "requests"), rate_of(o, "executed"), rate_of(o, "answered"),
		rate_of(o, "records_delivered"));
	printf("log %s in %lld segments, %lld failures, sync %lld us mean\n",
		cli_quantity("bytes", json_object_get(log, "bytes"), up, sizeof(up)),
		(long long)json_integer_value(json_object_get(log, "segments")),
		(long long)json_integer_value(json_object_get(log, "failures")),
		(long long)json_integer_value(json_object_get(log, "sync_us_mean")));
}

static void
show_latency(const json_t *l)
{
	static const char *const keys[] = {
		"p50_us", "p90_us", "p99_us", "p999_us", "max_us"};
	char text[32];

	fputs("latency", stdout);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		printf("  %.*s %s", (int)(strlen(keys[i]) - 3), keys[i],
			cli_quantity(keys[i], json_object_get(l, keys[i]), text,
				sizeof(text)));
	puts("\n");
}

/* A page: on a terminal from the top, and nothing of the last one left behind it. */
static void
show_top(const struct cli *c, const json_t *o)
{
	struct cli cores = *c;
	const struct cli_command as_cores = {.name = "cores"};

	cores.command = &as_cores;
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	show_head(o);
	show_latency(json_object_get(o, "latency"));
	cli_print(&cores, json_object_get(o, "cores"));
	puts("");
	show_rates(json_object_get(o, "rates"), NULL);
	fflush(stdout);
}

/* One page's data, or NULL and *@status says why. */
static json_t *
top_data(const struct cli *c, const struct sample *a, const struct sample *b, int *status)
{
	static const char *const parts[] = {"status", "latency", "cores"};
	json_t *o = json_pack("{s:o}", "rates", rates(a, b, false));

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_t *part = cli_ask(c, parts[i], NULL, NULL, status);

		if (part == NULL) {
			json_decref(o);
			return NULL;
		}
		json_object_set_new(o, parts[i], part);
	}
	return o;
}

int
cli_top(const struct cli *c)
{
	int status = CLI_DONE;
	struct sample a, b;

	catch_interrupt();
	if (!take(c, &a, &status))
		return status;
	for (uint64_t n = samples(c); n > 0; n--) {
		json_t *o;

		wait_s(1);
		if (interrupted || !take(c, &b, &status))
			break;
		o = top_data(c, &a, &b, &status);
		json_decref(a.counters);
		a = b;
		if (o == NULL)
			break;
		if (c->json)
			cli_print(c, o);
		else
			show_top(c, o);
		json_decref(o);
	}
	json_decref(a.counters);
	return status;
}
