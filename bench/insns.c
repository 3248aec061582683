/*
 * tidegate-bench insns: instructions a message of the handler, counted by callgrind.
 *
 * A count does not depend on the machine's mood: it is the figure by which a change is
 * held.  Each workload runs under valgrind in a process of its own; only the stages from
 * net to reply are counted, once every endpoint is known.  Valgrind is some fifty times
 * slower, so there are at most 65,536 endpoints: the tables are smaller, the instructions
 * the same.
 */
#include "bench/bench.h"
#include "bench/child.h"
#include "bench/handler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDPOINTS_MAX 65536
#define BLOCK_ENDPOINTS (4 * TRANSFERS) /* each with a body of many messages */
#define ROUNDS 64

/* ---- the child, under valgrind ---- */

/* What callgrind counts: the same burst as ever, but not while the tables are filled. */
static void __attribute__((noinline)) counted_burst(struct handler *h, unsigned k)
{
	handler_burst(h, k);
}

static int
count(const char *name)
{
	const struct workload *which = workload_find(name);
	/* It lives as long as the process.  Valgrind has no hugepages. */
	static struct handler h = {.small_pages = true};
	struct workload load;
	const char *fault;
	uint32_t most;
	char err[256] = "";

	if (which == NULL)
		return 2;
	load = *which;
	most = load.blocks > 0 ? BLOCK_ENDPOINTS : ENDPOINTS_MAX;
	if (load.endpoints > most)
		load.endpoints = most;
	if (handler_open(&h, &load, 0, err, sizeof(err)) < 0) {
		fprintf(stderr, "%s: %s\n", name, err);
		return 1;
	}
	handler_fill(&h);
	for (unsigned r = 0; r < ROUNDS; r++) {
		handler_prepare(&h);
		for (unsigned k = 0; k < ROUND_BURSTS; k++) {
			counted_burst(&h, k);
			handler_settle(&h);
		}
		handler_end_round(&h);
	}
	fault = handler_fault(&h);
	if (fault != NULL)
		fprintf(stderr, "%s: %s\n", name, fault);
	return fault != NULL;
}

/* ---- the parent ---- */

/* The file's "summary: N" or "totals: N", or 0. */
static uint64_t
read_total(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned long long n = 0;
	char line[512];

	while (f != NULL && n == 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "summary: %llu", &n) != 1)
			(void)sscanf(line, "totals: %llu", &n);
	if (f != NULL)
		fclose(f);
	return n;
}

/* Instructions a message, or a negative number. */
static double
under_valgrind(const char *dir, const char *name)
{
	char out[256], log[256], option[300], program[4096];
	char *argv[] = {"/usr/bin/valgrind", "--tool=callgrind",
		"--toggle-collect=counted_burst*", option, program, "insns", "--count",
		(char *)name, NULL};
	int status = -1;
	uint64_t total;
	pid_t pid;

	snprintf(out, sizeof(out), "%s/%s", dir, name);
	snprintf(log, sizeof(log), "%s/%s.log", dir, name);
	snprintf(option, sizeof(option), "--callgrind-out-file=%s", out);
	snprintf(program, sizeof(program), "%s", child_program(NULL));
	pid = child_start(argv, log);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr,
			"%s: valgrind ended with status %d; it said, in %s, why\n", name,
			status, log);
		return -1;
	}
	total = read_total(out);
	unlink(out);
	unlink(log);
	if (total == 0)
		fprintf(stderr, "%s: callgrind counted nothing\n", name);
	return total > 0 ? (double)total / (ROUNDS * ROUND) : -1;
}

int
bench_insns(int argc, char **argv)
{
	char dir[] = "/tmp/tidegate-insns-XXXXXX", rows[1024] = "";
	const char *only = NULL;
	bool json = false, failed = false;
	size_t len = 0;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--count") == 0 && i + 1 < argc)
			return count(argv[i + 1]);
		else if (strcmp(argv[i], "--workload") == 0 && i + 1 < argc)
			only = argv[++i];
		else
			return fputs("tidegate-bench insns [--json] [--workload NAME]\n",
				       stderr),
			       2;
	if (mkdtemp(dir) == NULL)
		return perror(dir), 1;
	for (unsigned i = 0; i < n_workloads; i++) {
		const char *name = workloads[i].name;
		double n;

		if (workloads[i].logged || (only != NULL && strcmp(only, name) != 0))
			continue;
		n = under_valgrind(dir, name);
		failed |= n < 0;
		printf("%-14s %7.1f instructions a message\n", name, n);
		fflush(stdout);
		len += (size_t)snprintf(rows + len, sizeof(rows) - len,
			"%s{\"workload\":\"%s\",\"instructions\":%.1f}",
			len > 0 ? "," : "", name, n);
	}
	rmdir(dir);
	if (json)
		printf("{\"rows\":[%s]}\n", rows);
	return failed;
}
