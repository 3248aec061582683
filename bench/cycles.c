/*
 * tidegate-bench cycles: TSC cycles per message of the handler, in process.
 *
 * Each run is a process of its own: tables and their pages are laid out anew.  In it
 * rounds of the workload alternate with rounds of a reference loop over the same frames:
 * macswap with both checksums made in full.  A window is one round of each; where the
 * reference runs more than 15 % over its best, a neighbour was busy and the window is
 * left out.  The figure is the 10th percentile over bursts of 64; of several runs, the
 * median.
 *
 * --traced: a trace to a file is armed, or not, and the frames' way into the port counts
 * as well: what is sent is copied there.
 */
#include "bench/bench.h"
#include "bench/handler.h"
#include "bench/options.h"
#include "bench/stats.h"

#include "dataplane/checksum.h"

#include <rte_cycles.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOWS_MAX 16384
#define RUNS_MAX 64
#define SLACK 1.15

struct options {
	bool json;
	unsigned runs;
	double seconds; /* of each run */
	int core;
	const char *only;
	enum handler_trace traced;
};

/* What a run's process tells its parent. */
struct run {
	double cycles, median, reference;
	uint32_t windows, left_out;
	uint64_t messages;
	bool hugepages;
	char fault[128]; /* "" if all went well */
};

struct window {
	double reference; /* median */
	float burst[ROUND_BURSTS];
};

/* ---- the reference ---- */

static inline void
swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t t[16];

	memcpy(t, a, len);
	memcpy(a, b, len);
	memcpy(b, t, len);
}

static inline void
turn(uint8_t *frame, bool v6)
{
	struct rte_ipv4_hdr *ip4 =
		(struct rte_ipv4_hdr *)(frame + sizeof(struct rte_ether_hdr));
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)ip4;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip4 + 1);
	uint64_t pseudo;
	uint16_t ulen;

	swap(frame, frame + 6, 6);
	if (v6) {
		udp = (struct rte_udp_hdr *)(ip6 + 1);
		ulen = rte_be_to_cpu_16(udp->dgram_len);
		swap(ip6->src_addr, ip6->dst_addr, 16);
		pseudo = dp_sum_pseudo(ip6->src_addr, 32, IPPROTO_UDP, ulen);
	} else {
		ulen = rte_be_to_cpu_16(udp->dgram_len);
		swap((uint8_t *)&ip4->src_addr, (uint8_t *)&ip4->dst_addr, 4);
		ip4->hdr_checksum = 0;
		ip4->hdr_checksum = dp_sum_finish(dp_sum(ip4, sizeof(*ip4), 0));
		pseudo = dp_sum_pseudo(&ip4->src_addr, 8, IPPROTO_UDP, ulen);
	}
	swap((uint8_t *)&udp->src_port, (uint8_t *)&udp->dst_port, 2);
	udp->dgram_cksum = 0;
	udp->dgram_cksum = dp_sum_finish(dp_sum(udp, ulen, pseudo));
}

static void __attribute__((noinline)) reference_burst(struct rte_mbuf **pkt, bool v6)
{
	for (unsigned i = 0; i < DP_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkt[i], const void *));
	for (unsigned i = 0; i < DP_BURST; i++) {
		if (i + DP_AHEAD < DP_BURST)
			rte_prefetch0(rte_pktmbuf_mtod(pkt[i + DP_AHEAD], const void *));
		turn(rte_pktmbuf_mtod(pkt[i], uint8_t *), v6);
	}
}

/* ---- a run ---- */

static double
reference_round(struct handler *h)
{
	double burst[ROUND_BURSTS];

	handler_load(h);
	for (unsigned k = 0; k < ROUND_BURSTS; k++) {
		uint64_t t = rte_rdtsc_precise();

		reference_burst(&h->pkt[(size_t)k * DP_BURST], h->load->v6);
		burst[k] = (double)(rte_rdtsc_precise() - t) / DP_BURST;
	}
	handler_unload(h);
	return quantile(burst, ROUND_BURSTS, 0.5);
}

static void
workload_round(struct handler *h, struct window *win)
{
	handler_prepare(h);
	for (unsigned k = 0; k < ROUND_BURSTS; k++) {
		uint64_t t = rte_rdtsc_precise();

		handler_burst(h, k);
		if (h->traced != HANDLER_UNTRACED) /* frames sent are copied there */
			dp_net_flush(h->w->net);
		win->burst[k] = (float)(rte_rdtsc_precise() - t) / DP_BURST;
		handler_settle(h);
	}
	handler_end_round(h);
}

static void
evaluate(const struct window *win, unsigned n, struct run *r)
{
	double *all = malloc(sizeof(*all) * WINDOWS_MAX * ROUND_BURSTS);
	double best;
	size_t kept = 0;

	if (all == NULL)
		abort();
	for (unsigned i = 0; i < n; i++)
		all[i] = win[i].reference;
	best = quantile(all, n, 0);
	r->reference = quantile(all, n, 0.1);
	r->windows = n;
	for (unsigned i = 0; i < n; i++) {
		if (win[i].reference > best * SLACK) {
			r->left_out++;
			continue;
		}
		for (unsigned k = 0; k < ROUND_BURSTS; k++)
			all[kept++] = (double)win[i].burst[k];
	}
	r->cycles = quantile(all, kept, 0.1);
	r->median = quantile(all, kept, 0.5);
	free(all);
}

static void
run(const struct options *o, const struct workload *load, struct run *r)
{
	struct window *win = calloc(WINDOWS_MAX, sizeof(*win));
	struct handler *h = calloc(1, sizeof(*h));
	const char *fault;
	uint64_t end;
	unsigned n = 0;

	if (h != NULL)
		h->traced = o->traced;
	if (win == NULL || h == NULL
		|| handler_open(h, load, o->core, r->fault, sizeof(r->fault)) < 0) {
		if (r->fault[0] == '\0')
			snprintf(r->fault, sizeof(r->fault), "out of memory");
		return;
	}
	r->hugepages = dp_config(h->dp)->hugepages;
	handler_fill(h);
	end = rte_rdtsc() + (uint64_t)(o->seconds * (double)rte_get_tsc_hz());
	while (n < WINDOWS_MAX && rte_rdtsc() < end) {
		win[n].reference = reference_round(h);
		workload_round(h, &win[n++]);
	}
	evaluate(win, n, r);
	r->messages = h->messages;
	fault = handler_fault(h);
	if (fault != NULL)
		snprintf(r->fault, sizeof(r->fault), "%s", fault);
}

/* In a process of its own; false if that did not end well. */
static bool
run_apart(const struct options *o, const struct workload *load, struct run *r)
{
	int fd[2], status = 0;
	ssize_t got;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	if (pipe(fd) != 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0) {
		close(fd[0]);
		run(o, load, r);
		if (write(fd[1], r, sizeof(*r)) != sizeof(*r))
			_exit(1);
		_exit(0);
	}
	close(fd[1]);
	got = read(fd[0], r, sizeof(*r));
	close(fd[0]);
	waitpid(pid, &status, 0);
	if (got != sizeof(*r))
		snprintf(r->fault, sizeof(r->fault), "the run ended early (status %d)",
			status);
	return r->fault[0] == '\0';
}

/* ---- all runs ---- */

struct row {
	const struct workload *load;
	double cycles[RUNS_MAX], reference[RUNS_MAX], median[RUNS_MAX];
	unsigned n;
	uint32_t windows, left_out;
	bool hugepages;
};

static void
print_row(struct row *row, bool json, bool first)
{
	double low = quantile(row->cycles, row->n, 0),
	       high = quantile(row->cycles, row->n, 1);
	double mid = quantile(row->cycles, row->n, 0.5);
	double reference = quantile(row->reference, row->n, 0.5);

	if (json)
		printf("%s{\"workload\":\"%s\",\"cycles\":%.1f,\"cycles_min\":%.1f,"
		       "\"cycles_max\":%.1f,\"spread\":%.1f,\"median\":%.1f,"
		       "\"reference\":%.1f,"
		       "\"runs\":%u,\"windows\":%u,\"left_out\":%u,\"endpoints\":%u,"
		       "\"hugepages\":%s}",
			first ? "" : ",", row->load->name, mid, low, high, high - low,
			quantile(row->median, row->n, 0.5), reference, row->n,
			row->windows, row->left_out, row->load->endpoints,
			row->hugepages ? "true" : "false");
	else
		printf("%-14s %7.1f cycles a message (%.1f to %.1f in %u runs)  "
		       "reference %.1f  "
		       "windows left out %u of %u\n",
			row->load->name, mid, low, high, row->n, reference, row->left_out,
			row->windows);
}

/* What --traced says. */
static const char *const traces[] = {
	[HANDLER_UNTRACED] = "",
	[HANDLER_OFF] = "off",
	[HANDLER_OTHER] = "other",
	[HANDLER_ALL] = "all",
};
#define TRACES (sizeof(traces) / sizeof(*traces))

static enum handler_trace
trace_find(const char *name)
{
	unsigned i = HANDLER_OFF;

	while (i < TRACES && strcmp(traces[i], name) != 0)
		i++;
	return (enum handler_trace)i;
}

static int
parse(struct options *o, int argc, char **argv)
{
	struct bench_options in = bench_options(argc, argv);
	int rc;

	while ((rc = bench_option(&in)) > 0) {
		if (strcmp(in.name, "--runs") == 0)
			o->runs = (unsigned)strtoul(in.value, NULL, 10);
		else if (strcmp(in.name, "--seconds") == 0)
			o->seconds = atof(in.value);
		else if (strcmp(in.name, "--core") == 0)
			o->core = atoi(in.value);
		else if (strcmp(in.name, "--workload") == 0)
			o->only = in.value;
		else if (strcmp(in.name, "--traced") == 0)
			o->traced = trace_find(in.value);
		else
			return -1;
	}
	o->json = in.json;
	return rc == 0 && o->runs > 0 && o->runs <= RUNS_MAX && o->seconds > 0
			       && o->traced < TRACES
			       && (o->only == NULL || workload_find(o->only) != NULL)
		       ? 0
		       : -1;
}

int
bench_cycles(int argc, char **argv)
{
	struct options o = {
		.runs = 5, .seconds = 2, .core = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1};
	static struct row rows[16];
	struct run r;
	bool failed = false, first = true;

	if (parse(&o, argc, argv) < 0) {
		fputs("tidegate-bench cycles [--json] [--runs N] [--seconds N] [--core "
		      "N] "
		      "[--workload NAME] [--traced off|other|all]\n",
			stderr);
		return 2;
	}
	bench_pin(o.core);
	for (unsigned k = 0; k < o.runs; k++)
		for (unsigned i = 0; i < n_workloads; i++) {
			struct row *row = &rows[i];

			row->load = &workloads[i];
			if (row->load->logged
				|| (o.only != NULL
					&& strcmp(o.only, row->load->name) != 0))
				continue;
			if (!run_apart(&o, row->load, &r)) {
				fprintf(stderr, "%s: %s\n", row->load->name, r.fault);
				failed = true;
				continue;
			}
			row->cycles[row->n] = r.cycles;
			row->median[row->n] = r.median;
			row->reference[row->n++] = r.reference;
			row->windows += r.windows;
			row->left_out += r.left_out;
			row->hugepages = r.hugepages;
		}
	for (unsigned i = 0; i < n_workloads; i++)
		if (rows[i].n > 0)
			print_row(&rows[i], false, false);
	if (o.json)
		printf("{\"rows\":[");
	for (unsigned i = 0; i < n_workloads && o.json; i++)
		if (rows[i].n > 0) {
			print_row(&rows[i], true, first);
			first = false;
		}
	if (o.json)
		printf("]}\n");
	return failed;
}
