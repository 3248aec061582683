/*
 * The workloads of `cycles`, `wire` and `insns`: what is asked, by how many endpoints,
 * and a maker of their frames that is cheap enough for a generator.
 *
 * An endpoint is one (address, UDP port) and one device.  A walk visits every endpoint
 * once a pass, in scattered order, with a Message ID that grows by one each pass: none is
 * used twice before 65,536 passes are over.
 *
 * Threads.  None shared.   Memory.  The caller's.
 */
#pragma once

#include "coap/block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_ROOM 256
#define FLEET_NET4                                                                       \
	0xc6130000u      /* 198.19.0.0/17: the fleet's addresses, host order; clear */
#define FLEET_BITS 15    /* of the network's broadcast address */
#define FLEET_PORT 20000 /* its first UDP port */

struct workload {
	const char *name;
	uint32_t endpoints;
	uint8_t method; /* of a CON */
	bool v6;
	const char *path;    /* segments between slashes; '*' is the device's name */
	const char *payload; /* '*' eight times is changed with every message */
	bool logged;         /* the answer waits for the disk: on the wire only */
	/* The endpoints observe the path: what counts is their notifications.  A multiple
	 * of ROUND of them. */
	bool observed;
	/* A body of so many blocks (RFC 7959), each of them a payload, is sent (not a
	 * GET) or asked for; 0: one message is all. */
	uint8_t blocks;
};

#define BLOCK_SZX 2 /* of 64 bytes: what a constrained network takes */
#define BLOCK_BYTES (16 << BLOCK_SZX)
extern const char blocks_text[]; /* of a block, but for the digits in it */

extern const struct workload workloads[];
extern const unsigned n_workloads;
const struct workload *workload_find(const char *name);

/* A frame with everything in place but what differs from message to message. */
struct maker {
	uint8_t frame[FRAME_ROOM];
	uint16_t len;
	uint16_t source, udp, coap; /* offsets: last four bytes of the address, headers */
	uint16_t name, change;      /* offsets of eight bytes each; 0: none */
	uint16_t payload;           /* offset; m->len: there is none */
	uint8_t name_turn,
		change_turn; /* 8 where that is odd: a sum's bytes are swapped */
	uint64_t sum;        /* UDP checksum's sum of what stays */
	bool v6;
};

void maker_init(struct maker *m, const struct workload *w, const uint8_t to[6],
	const uint8_t from[6]);
/* The same for block @num of a workload's body. */
void maker_init_block(struct maker *m, const struct workload *w, uint32_t num,
	const uint8_t to[6], const uint8_t from[6]);
/* Write endpoint @e's message @mid at @buf, m->len bytes, both checksums right; @token is
 * what comes back with the answer. */
void maker_write_as(
	const struct maker *m, uint8_t *buf, uint32_t e, uint16_t mid, uint32_t token);
/* The same; the token is @e. */
static inline void
maker_write(const struct maker *m, uint8_t *buf, uint32_t e, uint16_t mid)
{
	maker_write_as(m, buf, e, mid, e);
}
/* The payload alone of that message, at @buf; its length. */
uint16_t maker_payload(const struct maker *m, uint8_t *buf, uint32_t e, uint16_t mid);

struct walk {
	uint32_t endpoints, mask, at;
	uint32_t passes; /* finished */
	uint16_t mid;
};

void walk_init(struct walk *w, uint32_t endpoints, uint16_t first_mid);
/* The next endpoint; its Message ID is w->mid. */
uint32_t walk_next(struct walk *w);
