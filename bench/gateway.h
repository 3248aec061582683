/*
 * A gateway started for a benchmark: tidegated with a configuration made for it, in a
 * folder of its own that goes with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct gateway_options {
	const char *program; /* tidegated, or NULL: the one built beside us */
	const char *log_dir; /* folder to make the log's folder in, or NULL: memory
				(/dev/shm) */
	uint32_t devices, extensions, observers, transfers;
	uint64_t bodies; /* bytes that will be stored in long values */
	bool logged;     /* /t acknowledges what is on disk; otherwise what is received */
	bool hugepages;
};

struct gateway {
	pid_t pid;
	char dir[64], log[256], vhost[96], control[96];
	int fd; /* to its control socket, or -1 */
};

/* Start it and wait until it answers; false with a sentence in @err. */
bool gateway_start(
	struct gateway *g, const struct gateway_options *o, char *err, unsigned errlen);
void gateway_end(struct gateway *g);
/* A number of its first worker, as `cores` gives it; 0 if it does not answer. */
uint64_t gateway_core(struct gateway *g, const char *field);
/* Wait until its log has taken all that a worker put in the ring. */
void gateway_rest(struct gateway *g);
