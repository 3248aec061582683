#include "bench/options.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

int
bench_option(struct bench_options *o)
{
	while (++o->at < o->argc && strcmp(o->argv[o->at], "--json") == 0)
		o->json = true;
	if (o->at >= o->argc)
		return 0;
	o->name = o->argv[o->at++];
	o->value = o->at < o->argc ? o->argv[o->at] : NULL;
	return o->value != NULL ? 1 : -1;
}

void
bench_pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned)core, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}
