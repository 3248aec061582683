/* The C shim over Google Benchmark; see gbench.h. */
#include "bench/gbench.h"

#include <benchmark/benchmark.h>

namespace {
/* One call of a C function times so many rounds: the call itself costs nothing then. */
constexpr uint64_t batch = 1024;
} // namespace

extern "C" void
gbench_add(const char *name, gbench_run run, void *arg)
{
	benchmark::RegisterBenchmark(name, [run, arg](benchmark::State &state) {
		while (state.KeepRunningBatch(batch))
			run(arg, batch);
		state.SetItemsProcessed(state.iterations());
	});
}

extern "C" int
gbench_main(int argc, char **argv)
{
	benchmark::Initialize(&argc, argv);
	if (benchmark::ReportUnrecognizedArguments(argc, argv))
		return 2;
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
