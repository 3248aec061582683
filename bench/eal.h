/* The EAL's start for the bench's own processes. */
#pragma once

#include <stdbool.h>

struct bench_eal {
	int core; /* -1: the first */
	bool hugepages;
	bool shared;         /* a vhost peer maps the memory: few, large files */
	unsigned mib;        /* without hugepages */
	const char *vdev[2]; /* or NULL */
};

/* 0, or -1 with rte_errno set. */
int bench_eal_start(const struct bench_eal *e);
/* So many MiB of free 2 MiB pages? */
bool bench_hugepages(unsigned mib);
