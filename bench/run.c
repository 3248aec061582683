/* tidegate-bench run: a fleet at a planned rate, or as many requests in flight as asked.
 */
#include "bench/bench.h"
#include "bench/fleet.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ull
#define BURST 256 /* requests between two looks at the wire */

struct options {
	struct wire_options wire;
	uint32_t devices, window;
	double rate, seconds, grace;
	uint64_t seed;
	bool json, interval;
};

static volatile sig_atomic_t interrupted;

static void
on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static int
parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i], *v = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(name, "--json") == 0) {
			o->json = true;
			continue;
		} else if (strcmp(name, "--interval-json") == 0) {
			o->interval = true;
			continue;
		} else if (strcmp(name, "--hugepages") == 0) {
			o->wire.hugepages = true;
			continue;
		}
		if (v == NULL)
			return -1;
		i++;
		if (strcmp(name, "--vhost") == 0)
			o->wire.vhost = v;
		else if (strcmp(name, "--memif") == 0)
			o->wire.memif = v;
		else if (strcmp(name, "--connect") == 0)
			o->wire.connect = v;
		else if (strcmp(name, "--gateway") == 0)
			o->wire.gateway = v;
		else if (strcmp(name, "--devices") == 0)
			o->devices = (uint32_t)strtoul(v, NULL, 10);
		else if (strcmp(name, "--rate") == 0)
			o->rate = atof(v);
		else if (strcmp(name, "--window") == 0)
			o->window = (uint32_t)strtoul(v, NULL, 10);
		else if (strcmp(name, "--seconds") == 0)
			o->seconds = atof(v);
		else if (strcmp(name, "--grace") == 0)
			o->grace = atof(v);
		else if (strcmp(name, "--core") == 0)
			o->wire.core = atoi(v);
		else if (strcmp(name, "--seed") == 0)
			o->seed = strtoull(v, NULL, 10);
		else
			return -1;
	}
	return (o->wire.vhost != NULL) + (o->wire.memif != NULL)
					       + (o->wire.connect != NULL)
				       == 1
			       && o->devices > 0 && o->devices <= 1u << 24 && o->rate > 0
		       ? 0
		       : -1;
}

static double
quantile_us(const struct fleet *f, double q)
{
	static struct dp_hist_copy copy;

	memset(&copy, 0, sizeof(copy));
	dp_hist_merge(&copy, fleet_latency(f));
	return (double)dp_hist_quantile(&copy, q) / 1000;
}

static void
print_json(
	const struct fleet *f, const struct options *o, double seconds, const char *kind)
{
	const struct fleet_counts *c = fleet_counts(f);

	printf("{\"%s\":true,\"devices\":%u,\"seconds\":%.3f,\"sent\":%llu,\"answered\":%"
	       "llu,"
	       "\"refused\":%llu,\"lost\":%llu,\"in_flight\":%u,\"rate\":%.1f,\"p50_us\":"
	       "%.1f,"
	       "\"p99_us\":%.1f,\"retransmitted\":%llu,\"late\":%llu,\"wrong\":%llu}\n",
		kind, o->devices, seconds, (unsigned long long)c->sent,
		(unsigned long long)c->answered, (unsigned long long)c->refused,
		(unsigned long long)c->lost, fleet_in_flight(f),
		seconds > 0 ? (double)c->answered / seconds : 0, quantile_us(f, 0.5),
		quantile_us(f, 0.99), (unsigned long long)c->retransmitted,
		(unsigned long long)c->late, (unsigned long long)c->wrong);
	fflush(stdout);
}

static void
print_line(const struct fleet *f, double seconds, uint64_t answered)
{
	const struct fleet_counts *c = fleet_counts(f);

	printf("%6.1f s  %9llu/s answered  sent %llu  refused %llu  lost %llu  in flight "
	       "%u  "
	       "p50 %.0f us  p99 %.0f us\n",
		seconds, (unsigned long long)answered, (unsigned long long)c->sent,
		(unsigned long long)c->refused, (unsigned long long)c->lost,
		fleet_in_flight(f), quantile_us(f, 0.5), quantile_us(f, 0.99));
	fflush(stdout);
}

/* Send what is planned up to @now; how many requests are planned in all by then. */
static void
send_due(struct fleet *f, const struct options *o, uint64_t start, uint64_t now,
	uint64_t *planned)
{
	double each = (double)SECOND / o->rate;

	for (unsigned n = 0; n < BURST; n++) {
		uint64_t at = start + (uint64_t)((double)*planned * each);

		if (o->window > 0 ? fleet_in_flight(f) >= o->window : at > now)
			return;
		if (!fleet_request(f, o->window > 0 ? now : at))
			return;
		(*planned)++;
	}
}

static void
tell(const struct fleet *f, const struct options *o, double seconds, uint64_t *answered)
{
	uint64_t all = fleet_counts(f)->answered;

	if (o->interval)
		print_json(f, o, seconds, "interval");
	else if (!o->json)
		print_line(f, seconds, all - *answered);
	*answered = all;
}

static void
drive(struct fleet *f, const struct options *o, double *seconds)
{
	const struct timespec nap = {.tv_nsec = 20000};
	uint64_t start = now_ns(), now, next = start + SECOND, planned = 0, answered = 0;
	uint64_t end = start + (uint64_t)(o->seconds * (double)SECOND), give_up;

	while ((now = now_ns()) < end && !interrupted) {
		uint64_t before = planned;

		fleet_turn(f, now);
		send_due(f, o, start, now, &planned);
		if (planned == before && o->window == 0)
			nanosleep(&nap, NULL); /* ahead of the plan */
		if (now >= next) {
			tell(f, o, (double)(now - start) / (double)SECOND, &answered);
			next += SECOND;
		}
	}
	*seconds = (double)(now - start) / (double)SECOND;
	give_up = now + (uint64_t)(o->grace * (double)SECOND);
	while (fleet_in_flight(f) > 0 && (now = now_ns()) < give_up) {
		fleet_turn(f, now);
		nanosleep(&nap, NULL);
	}
	fleet_give_up(f);
}

int
bench_run(int argc, char **argv)
{
	struct options o = {
		.wire = {.gateway = "198.18.0.1", .core = -1},
		.devices = 100000,
		.rate = 20000,
		.seconds = 20,
		.grace = 12,
		.seed = now_ns(), /* a fleet that went before may have used the same
				     Message IDs */
	};
	char err[256] = "out of memory";
	struct wire *wire;
	struct fleet *f;
	double seconds;

	if (parse(&o, argc, argv) < 0) {
		fputs("tidegate-bench run: give --vhost or --memif SOCKET or --connect "
		      "ADDRESS; see "
		      "tidegate-bench\n",
			stderr);
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	o.wire.endpoints = o.devices;
	wire = o.wire.connect != NULL ? wire_socket_open(&o.wire, err, sizeof(err))
				      : wire_virtio_open(&o.wire, err, sizeof(err));
	f = wire != NULL ? fleet_new(wire, o.devices, o.seed) : NULL;
	if (f == NULL) {
		fprintf(stderr, "tidegate-bench: %s\n", err);
		return 1;
	}
	drive(f, &o, &seconds);
	if (!o.json)
		print_line(f, seconds, 0);
	print_json(f, &o, seconds, "summary");
	wire->close(wire);
	fleet_free(f);
	return 0;
}
