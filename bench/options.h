/* A mode's own arguments: "--name VALUE", and "--json", which has none. */
#pragma once

#include <stdbool.h>

struct bench_options {
	int argc, at; /* at: the last one that was read */
	char **argv;
	bool json;
	const char *name, *value; /* of the option that was read */
};

static inline struct bench_options
bench_options(int argc, char **argv)
{
	return (struct bench_options){.argc = argc, .argv = argv};
}

/* 1: an option with its value; 0: there is no more; -1: its value is missing. */
int bench_option(struct bench_options *o);
/* The calling thread stays on @core. */
void bench_pin(int core);
