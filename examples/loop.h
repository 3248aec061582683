/*
 * What a client needs besides coap/: a socket, a clock and dice.
 *
 * Threads.  One.   Memory.  A datagram of each direction, static.
 */
#pragma once

#include "coap/client.h"
#include "coap/clock.h"
#include "coap/uri.h"

/* A URI taken apart, a UDP socket connected to where it points, and a client on it. */
struct loop {
	int fd;
	struct tg_clock clock; /* the real one */
	struct tg_uri uri;
	struct tg_client client;
	struct tg_transaction transactions[4];
	uint64_t mids[4096];
};

/* 0, or -1 and it has been said on standard error. */
int loop_open(struct loop *l, const char *uri);
/* The next event; it borrows the datagram until the next call. */
void loop_next(struct loop *l, struct tg_event *e);
/* Write the body of @e to standard output, or else its code or its outcome to standard
 * error: 0 for a success, else 1. */
int loop_print(const struct tg_event *e);
