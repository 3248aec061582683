/*
 * The wire between a fleet and a gateway: datagrams of numbered endpoints.
 *
 * Threads.  One.   Memory.  The wire's own buffers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MSG_MAX 1472

struct wire {
	uint32_t endpoints; /* each with an address and port of its own */
	/* Room for a message from @endpoint, or NULL: flush and try again. */
	uint8_t *(*begin)(struct wire *w, uint32_t endpoint);
	/* The message begun last has @len bytes. */
	void (*send)(struct wire *w, size_t len);
	void (*flush)(struct wire *w);
	/* Hand every message that has come in to @take; how many. */
	unsigned (*receive)(struct wire *w,
		void (*take)(
			void *arg, uint32_t endpoint, const uint8_t *msg, size_t len),
		void *arg);
	void (*close)(struct wire *w);
	const char *name;
};

struct wire_options {
	const char *vhost;   /* socket of a vhost-user port, or NULL */
	const char *memif;   /* socket of a memif port, or NULL */
	const char *connect; /* "ADDRESS[:PORT]" for kernel sockets, or NULL */
	const char *gateway; /* vhost, memif: the gateway's IPv4 address */
	uint32_t endpoints;
	int core; /* -1: anywhere */
	bool hugepages;
};

/* NULL with a sentence in @err. */
struct wire *wire_virtio_open(const struct wire_options *o, char *err, size_t errlen);
struct wire *wire_socket_open(const struct wire_options *o, char *err, size_t errlen);
