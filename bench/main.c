/* tidegate-bench: the fleet simulator and load generator. */
#include "bench/bench.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: tidegate-bench run (--vhost SOCKET | --memif SOCKET | "
	"--connect ADDRESS[:PORT])\n"
	"           [--devices N] [--rate N | --window N] [--seconds N] [--grace N] "
	"[--gateway "
	"ADDRESS]\n"
	"           [--core N] [--seed N] [--hugepages] [--interval-json] [--json]\n"
	"       tidegate-bench cycles [--json] [--runs N] [--seconds N] [--core N]\n"
	"           [--workload NAME] [--traced off|other|all]\n"
	"       tidegate-bench insns [--json] [--workload NAME]\n"
	"       tidegate-bench stall [--json] [--observers N] [--changes N] [--core N]\n"
	"       tidegate-bench wire [--json] [--minutes N] [--limit N] [--workload "
	"NAME] [--window N]\n"
	"       tidegate-bench macswap --vhost SOCKET [--core N]\n";

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} modes[] = {{"run", bench_run}, {"cycles", bench_cycles}, {"insns", bench_insns},
		{"wire", bench_wire}, {"stall", bench_stall}, {"macswap", bench_macswap}};

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argc - 1, argv + 1);
	fputs(usage, stderr);
	return 2;
}
