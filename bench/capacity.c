/*
 * tidegate-bench wire: what the gateway carries over vhost-user, as a share of what
 * macswap carries on the same wire.
 *
 * A workload is a process that starts both responders on one core and generates on the
 * other.  They take turns of some fifty milliseconds; whose turn it is not is stopped.
 * Between turns, with both stopped, a line is bounced between the cores: a turn counts as
 * near or far if the probes before and after it agree, and is left out if they do not.
 * Slices of a turn that were stolen are left out too (blast.h); a turn of which less than
 * a third is left is not used.  A ratio is the gateway's rate by the mean of the macswap
 * turns before and after, all three of one placement.
 */
#include "bench/bench.h"
#include "bench/blast.h"
#include "bench/child.h"
#include "bench/eal.h"
#include "bench/fanout.h"
#include "bench/gateway.h"
#include "bench/macswap.h"
#include "bench/options.h"
#include "bench/outcome.h"
#include "bench/probe.h"
#include "bench/script.h"
#include "bench/stats.h"

#include "coap/code.h"

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS_MAX 65536
#define WARM_S 0.005
#define TURN_S 0.05
#define FILL_S 60
#define LEAST_CLEAN 0.33
#define RATIOS 20 /* of a placement, for it to have come up */
#define MBUFS 8191
#define EAL_MIB 64
#define ALL_MIB 384 /* of hugepages, for the three processes */

enum who { MACSWAP, GATEWAY, RESPONDERS };

struct options {
	bool json, hugepages;
	double minutes, limit; /* of each workload: at least; if a placement is lacking */
	unsigned generator, worker; /* cores */
	uint32_t window;
	const char *only, *program;
};

struct turn {
	double mps;                 /* millions of answers a second; 0: not used */
	double rx, work, tx, total; /* cycles a message */
	uint8_t who, placement;
};

struct bench {
	const struct options *o;
	const struct workload *load;
	struct gateway gateway;
	pid_t pid[RESPONDERS];
	struct blast blast[RESPONDERS];
	struct script script;
	struct macswap_stats *stats;
	struct probe *probe;
	struct turn *turn;
	double *scratch;
	unsigned n;
	double trips[2][2]; /* sum and count of probes by placement */
	uint64_t refused, lost;
};

/* ---- set-up ---- */

static void *
map_file(const char *path, size_t size)
{
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	void *at = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0)
		at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static bool
start_macswap(struct bench *b, char *socket, size_t len)
{
	char core[16], stats[96], program[4096];
	char *argv[] = {program, "macswap", "--vhost", socket, "--core", core, "--stats",
		stats, "--hugepages", b->o->hugepages ? "on" : "off", NULL};

	snprintf(program, sizeof(program), "%s", child_program(NULL));
	snprintf(socket, len, "%s/macswap", b->gateway.dir);
	snprintf(stats, sizeof(stats), "%s/stats", b->gateway.dir);
	snprintf(core, sizeof(core), "%u", b->o->worker);
	b->stats = map_file(stats, sizeof(*b->stats));
	b->pid[MACSWAP] = b->stats != NULL ? child_start(argv, "/dev/null") : -1;
	for (unsigned i = 0; b->pid[MACSWAP] > 0 && i < 1000; i++) {
		if (access(socket, F_OK) == 0)
			return true;
		usleep(10000);
	}
	return false;
}

static int
start_generator(struct bench *b, const char *macswap)
{
	static const char form[] =
		"net_virtio_user%u,path=%s,queues=1,queue_size=1024,"
		"mrg_rxbuf=0,in_order=1,packed_vq=1,mac=02:00:00:00:00:0%u";
	char vdev[RESPONDERS][256];
	struct bench_eal eal = {.core = (int)b->o->generator,
		.hugepages = b->o->hugepages,
		.shared = true,
		.mib = EAL_MIB,
		.vdev = {vdev[MACSWAP], vdev[GATEWAY]}};
	struct rte_mempool *pool;

	snprintf(vdev[MACSWAP], sizeof(vdev[0]), form, 0, macswap, 1);
	snprintf(vdev[GATEWAY], sizeof(vdev[0]), form, 1, b->gateway.vhost, 2);
	if (bench_eal_start(&eal) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create(
		"blast", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return pool != NULL
			       && blast_open(&b->blast[MACSWAP], "net_virtio_user0", pool)
					  == 0
			       && blast_open(&b->blast[GATEWAY], "net_virtio_user1", pool)
					  == 0
		       ? 0
		       : -1;
}

static void
prepare(struct bench *b, enum who who)
{
	struct blast *g = &b->blast[who];

	/* A disk answers in bursts, a millisecond or some apart. */
	g->window = b->o->window * (who == GATEWAY && b->load->logged ? 16 : 1);
	g->silence_s = b->load->logged ? 0.05 : 0.001;
	g->polite = who == GATEWAY && b->load->logged;
}

/* What is said to each; false if the gateway does not take it. */
static bool
begin_script(struct bench *b)
{
	struct rte_ether_addr own[RESPONDERS];
	uint8_t mac[6];

	rte_eth_macaddr_get(b->blast[MACSWAP].port, &own[MACSWAP]);
	rte_eth_macaddr_get(b->blast[GATEWAY].port, &own[GATEWAY]);
	script_init(&b->script, b->load);
	if (!blast_find_gateway(&b->blast[GATEWAY], mac))
		return false;
	b->blast[MACSWAP].talk = script_echo(&b->script, own[MACSWAP].addr_bytes);
	b->blast[GATEWAY].talk = script_begin(
		&b->script, &b->blast[GATEWAY], mac, own[GATEWAY].addr_bytes);
	prepare(b, MACSWAP);
	prepare(b, GATEWAY);
	return b->blast[MACSWAP].talk != NULL && b->blast[GATEWAY].talk != NULL;
}

/* Every endpoint is heard once before anything is measured. */
static bool
fill(struct bench *b)
{
	struct blast_result r = {0};
	uint64_t end = rte_rdtsc() + FILL_S * rte_get_tsc_hz();

	child_resume(b->pid[GATEWAY]);
	while (b->script.walk.passes == 0 && rte_rdtsc() < end) {
		blast_run(&b->blast[GATEWAY], TURN_S, &r);
		blast_drain(&b->blast[GATEWAY], &r);
		gateway_rest(&b->gateway);
	}
	b->refused += r.refused;
	b->blast[GATEWAY].talk = script_go_on(&b->script);
	if (b->load->observed) /* a change is so many frames on their way, and more */
		b->blast[GATEWAY].window = UINT32_MAX;
	return b->script.walk.passes > 0 && r.answers > 0
	       && b->blast[GATEWAY].talk != NULL && child_pause(b->pid[GATEWAY]);
}

static bool
set_up(struct bench *b, char *err, unsigned errlen)
{
	struct gateway_options g = {
		.program = b->o->program,
		.devices = b->load->endpoints + CHANGERS,
		.extensions = b->load->endpoints / 4,
		.observers = b->load->observed ? b->load->endpoints : 64,
		.transfers = b->load->blocks > 0 ? 2 * TRANSFERS : 32,
		.bodies = (uint64_t)b->load->blocks * BLOCK_BYTES * b->load->endpoints,
		.hugepages = b->o->hugepages,
		.logged = b->load->logged,
	};
	char socket[128];

	if (!gateway_start(&b->gateway, &g, err, errlen))
		return false;
	b->pid[GATEWAY] = b->gateway.pid;
	snprintf(err, errlen, "macswap does not start");
	if (!start_macswap(b, socket, sizeof(socket)))
		return false;
	/* Before the log's thread, which is on the same core, unless it is waited for. */
	if (!b->load->logged)
		(void)setpriority(PRIO_PROCESS, 0, -20);
	snprintf(err, errlen, "the generator does not start");
	if (start_generator(b, socket) < 0)
		return false;
	snprintf(err, errlen, "nobody answers for 198.18.0.1 as the workload wants it");
	if (!begin_script(b))
		return false;
	snprintf(err, errlen, "the responders do not stop and go");
	if (!child_pause(b->pid[MACSWAP]) || !child_pause(b->pid[GATEWAY]))
		return false;
	snprintf(err, errlen, "the gateway does not hear all endpoints");
	if (!fill(b))
		return false;
	b->probe = probe_start(b->o->worker);
	b->turn = calloc(TURNS_MAX, sizeof(*b->turn));
	b->scratch = calloc(TURNS_MAX, sizeof(*b->scratch));
	snprintf(err, errlen, "out of memory");
	return b->probe != NULL && b->turn != NULL && b->scratch != NULL;
}

static void
tear_down(struct bench *b)
{
	child_end(b->pid[MACSWAP]);
	if (b->gateway.dir[0] != '\0')
		gateway_end(&b->gateway);
}

/* ---- turns ---- */

/* TSC cycles of turns of the poll loop that found work. */
struct spent {
	uint64_t rx, tx, busy;
};

static void
read_spent(struct bench *b, enum who who, struct spent *s)
{
	if (who == GATEWAY) {
		s->busy = gateway_core(&b->gateway, "busy_cycles");
		s->rx = gateway_core(&b->gateway, "rx_cycles");
		s->tx = gateway_core(&b->gateway, "tx_cycles");
		return;
	}
	s->rx = atomic_load(&b->stats->rx_cycles);
	s->tx = atomic_load(&b->stats->tx_cycles);
	s->busy = s->rx + s->tx + atomic_load(&b->stats->work_cycles);
}

/* One responder's turn; false if it is gone. */
static bool
take_turn(struct bench *b, enum who who, struct turn *t)
{
	struct blast *g = &b->blast[who];
	struct blast_result warm = {0}, r = {0};
	struct spent before, after;
	double n;

	child_resume(b->pid[who]);
	read_spent(b, who, &before);
	blast_run(g, WARM_S, &warm);
	blast_run(g, TURN_S, &r);
	n = (double)(warm.answers + r.answers);
	warm.answers = 0;
	blast_drain(g, &warm);
	n += (double)warm.answers;
	read_spent(b, who, &after);
	if (who == GATEWAY) {
		gateway_rest(&b->gateway);
		b->refused += warm.refused + r.refused;
		b->lost += warm.lost + r.lost;
	}
	t->who = (uint8_t)who;
	if (r.seconds >= LEAST_CLEAN * TURN_S && n > 0) {
		t->mps = (double)r.counted / r.seconds / 1e6;
		t->rx = (double)(after.rx - before.rx) / n;
		t->tx = (double)(after.tx - before.tx) / n;
		t->total = (double)(after.busy - before.busy) / n;
		t->work = t->total - t->rx - t->tx;
	}
	return child_pause(b->pid[who]);
}

static enum placement
placed(struct bench *b, double before, double after)
{
	enum placement p = before < PROBE_FAR ? NEAR : FAR;

	if (p != (after < PROBE_FAR ? NEAR : FAR))
		return MIXED;
	b->trips[p][0] += (before + after) / 2;
	b->trips[p][1] += 1;
	return p;
}

static size_t
ratios(struct bench *b, enum placement p)
{
	size_t n = 0;

	for (unsigned i = 1; i + 1 < b->n; i++) {
		const struct turn *t = &b->turn[i];

		if (t->who == GATEWAY && t[-1].placement == p && t->placement == p
			&& t[1].placement == p && t[-1].mps > 0 && t->mps > 0
			&& t[1].mps > 0)
			b->scratch[n++] = 2 * t->mps / (t[-1].mps + t[1].mps);
	}
	return n;
}

/* Is a placement still to come up?  Where cores lie changes most likely while they sleep.
 */
static bool
lacking(struct bench *b)
{
	bool lacks = ratios(b, NEAR) < RATIOS || ratios(b, FAR) < RATIOS;

	if (lacks && b->n % 32 == 0)
		usleep(200000);
	return lacks;
}

/* At least @seconds; for a placement that does not come up, up to @limit seconds. */
static bool
turns(struct bench *b, double seconds, double limit)
{
	uint64_t start = rte_rdtsc(),
		 end = start + (uint64_t)(seconds * (double)rte_get_tsc_hz());
	uint64_t last = start + (uint64_t)(limit * (double)rte_get_tsc_hz());
	double before = probe_take(b->probe), after;

	while (b->n < TURNS_MAX
		&& (rte_rdtsc() < end || (rte_rdtsc() < last && lacking(b)))) {
		struct turn *t = &b->turn[b->n];

		if (!take_turn(b, b->n % RESPONDERS, t))
			return false;
		after = probe_take(b->probe);
		t->placement = (uint8_t)placed(b, before, after);
		before = after;
		b->n++;
	}
	return true;
}

/* ---- what came of it ---- */

/* Median over the turns of @who at @p of the value @field bytes into a turn. */
static double
median(struct bench *b, enum who who, enum placement p, size_t field)
{
	size_t n = 0;

	for (unsigned i = 0; i < b->n; i++)
		if (b->turn[i].who == who && b->turn[i].placement == p
			&& b->turn[i].mps > 0)
			b->scratch[n++] = *(double *)((char *)&b->turn[i] + field);
	return quantile(b->scratch, n, 0.5);
}

static void
evaluate(struct bench *b, struct outcome *out)
{
	for (unsigned i = 0; i < b->n; i++) {
		out->mixed += b->turn[i].placement == MIXED;
		out->stolen += b->turn[i].mps <= 0;
	}
	out->turns = b->n;
	out->refused = b->refused;
	out->lost = b->lost;
	for (unsigned p = NEAR; p <= FAR; p++) {
		size_t n = ratios(b, p);

		out->at[p].turns = (uint32_t)n;
		out->at[p].ratio = quantile(b->scratch, n, 0.5);
		out->at[p].low = quantile(b->scratch, n, 0.1);
		out->at[p].high = quantile(b->scratch, n, 0.9);
		out->at[p].mps = median(b, GATEWAY, p, offsetof(struct turn, mps));
		out->at[p].macswap_mps =
			median(b, MACSWAP, p, offsetof(struct turn, mps));
		out->at[p].total = median(b, GATEWAY, p, offsetof(struct turn, total));
		out->at[p].rx = median(b, GATEWAY, p, offsetof(struct turn, rx));
		out->at[p].work = median(b, GATEWAY, p, offsetof(struct turn, work));
		out->at[p].tx = median(b, GATEWAY, p, offsetof(struct turn, tx));
		out->at[p].trip =
			b->trips[p][1] > 0 ? b->trips[p][0] / b->trips[p][1] : 0;
	}
}

/* Are the bodies there that were uploaded? */
static void
read_back(struct bench *b, struct outcome *out)
{
	child_resume(b->pid[GATEWAY]);
	out->bodies_wrong = script_check(&b->script, &b->blast[GATEWAY], &out->bodies);
	if (out->bodies_wrong > 0)
		snprintf(out->fault, sizeof(out->fault),
			"%u of %u bodies are not what was sent", out->bodies_wrong,
			out->bodies);
}

static void
measure(const struct options *o, const struct workload *load, struct outcome *out)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL)
		abort();
	b->o = o;
	b->load = load;
	b->gateway.fd = -1;
	out->hugepages = o->hugepages;
	if (set_up(b, out->fault, sizeof(out->fault))) {
		out->fault[0] = '\0';
		if (!turns(b, o->minutes * 60, o->limit * 60))
			snprintf(out->fault, sizeof(out->fault), "a responder died");
		else
			read_back(b, out);
		evaluate(b, out);
	}
	script_fini(&b->script);
	tear_down(b);
}

static void
measure_apart(const struct options *o, const struct workload *load, struct outcome *out)
{
	ssize_t got = 0;
	int fd[2];
	pid_t pid;

	memset(out, 0, sizeof(*out));
	if (pipe(fd) == 0 && (pid = fork()) >= 0) {
		if (pid == 0) {
			measure(o, load, out);
			_exit(write(fd[1], out, sizeof(*out)) != sizeof(*out));
		}
		close(fd[1]);
		got = read(fd[0], out, sizeof(*out));
		close(fd[0]);
		waitpid(pid, NULL, 0);
	}
	if (got != sizeof(*out))
		snprintf(out->fault, sizeof(out->fault), "the generator died");
}

/* ---- command line ---- */

static int
parse(struct options *o, int argc, char **argv)
{
	struct bench_options in = bench_options(argc, argv);
	int rc;

	while ((rc = bench_option(&in)) > 0) {
		if (strcmp(in.name, "--minutes") == 0)
			o->minutes = atof(in.value);
		else if (strcmp(in.name, "--limit") == 0)
			o->limit = atof(in.value);
		else if (strcmp(in.name, "--workload") == 0)
			o->only = in.value;
		else if (strcmp(in.name, "--window") == 0)
			o->window = (uint32_t)strtoul(in.value, NULL, 10);
		else if (strcmp(in.name, "--gateway-program") == 0)
			o->program = in.value;
		else
			return -1;
	}
	o->json = in.json;
	return rc == 0 && o->minutes > 0 && o->minutes <= 24 && o->window >= BLAST_BURST
			       && o->window <= 1024
			       && (o->only == NULL || workload_find(o->only) != NULL)
		       ? 0
		       : -1;
}

/* IPv6 is asked for by name only. */
static bool
chosen(const struct options *o, const struct workload *load)
{
	return o->only != NULL ? strcmp(o->only, load->name) == 0 : !load->v6;
}

int
bench_wire(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct options o = {.minutes = 4,
		.limit = 20,
		.window = 512,
		.worker = (unsigned)cpus - 1,
		.hugepages = bench_hugepages(ALL_MIB)};
	static struct outcome out[16];
	bool failed = false, first = true;
	unsigned n = 0;

	if (parse(&o, argc, argv) < 0) {
		fputs("tidegate-bench wire [--json] [--minutes N] [--limit N] "
		      "[--workload NAME] "
		      "[--window N] "
		      "[--gateway-program FILE]\n",
			stderr);
		return 2;
	}
	if (cpus < 2) {
		fputs("tidegate-bench wire: two cores are needed, there is one\n",
			stderr);
		return 1;
	}
	for (unsigned i = 0; i < n_workloads; i++)
		n += chosen(&o, &workloads[i]);
	o.minutes /= n;
	o.limit = o.limit / n > o.minutes ? o.limit / n : o.minutes;
	for (unsigned i = 0; i < n_workloads; i++) {
		if (!chosen(&o, &workloads[i]))
			continue;
		measure_apart(&o, &workloads[i], &out[i]);
		if (out[i].fault[0] != '\0') {
			fprintf(stderr, "%s: %s\n", workloads[i].name, out[i].fault);
			failed = true;
		}
		outcome_print(&workloads[i], &out[i]);
	}
	if (o.json)
		printf("{\"rows\":[");
	for (unsigned i = 0; i < n_workloads && o.json; i++)
		if (chosen(&o, &workloads[i])) {
			outcome_print_json(&workloads[i], &out[i], first);
			first = false;
		}
	if (o.json)
		printf("]}\n");
	return failed;
}
