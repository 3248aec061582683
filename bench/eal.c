#include "bench/eal.h"

#include <rte_eal.h>

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct args {
	int n;
	char *v[20];
	char text[20][256];
};

static void __attribute__((format(printf, 2, 3)))
add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->text[a->n], sizeof(a->text[0]), fmt, ap);
	va_end(ap);
	a->v[a->n] = a->text[a->n];
	a->n++;
}

int
bench_eal_start(const struct bench_eal *e)
{
	static struct args a; /* the EAL keeps pointers into it */

	add(&a, "tidegate-bench");
	add(&a, "--no-pci");
	add(&a, "--no-telemetry");
	add(&a, "--log-level");
	add(&a, "error");
	add(&a, "--file-prefix");
	add(&a, "tidegate-bench-%d", (int)getpid());
	add(&a, "--lcores");
	add(&a, "0@%d", e->core < 0 ? 0 : e->core);
	if (e->hugepages) {
		add(&a, "--in-memory");
		if (e->shared)
			add(&a, "--single-file-segments");
	} else {
		add(&a, "--no-huge");
		add(&a, "--no-shconf"); /* no files: nobody attaches to us */
		add(&a, "-m");
		add(&a, "%u", e->mib);
	}
	for (unsigned i = 0; i < 2 && e->vdev[i] != NULL; i++) {
		add(&a, "--vdev");
		add(&a, "%s", e->vdev[i]);
	}
	if (rte_eal_init(a.n, a.v) < 0)
		return -1;
	(void)rmdir(rte_eal_get_runtime_dir()); /* nothing comes into it */
	return 0;
}

bool
bench_hugepages(unsigned mib)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	unsigned long pages = 0;

	if (f == NULL)
		return false;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * 2 >= mib;
}
