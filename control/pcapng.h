/*
 * A pcapng file (draft-ietf-opsawg-pcapng), block by block, in the machine's byte order:
 * a section, its interfaces, packets as they come, statistics at the end.  Timestamps are
 * nanoseconds.
 *
 * Threads, Memory.  The caller's stream; nothing is kept.
 * Errors.   The stream's own, which stick: ferror(), once, at the end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CTL_PCAPNG_PACKET_MAX 65535 /* bytes; what is longer is cut, and says so */

/* Begin the one section; @application wrote it. */
void ctl_pcapng_section(FILE *f, const char *application);
/* The next interface, an Ethernet; the first is number 0. */
void ctl_pcapng_interface(FILE *f, const char *name, const uint8_t mac[6]);

struct ctl_pcapng_packet {
	uint32_t interface; /* its number */
	bool sent;          /* outbound; or inbound */
	uint64_t time_ns;   /* UNIX epoch */
	uint32_t len;       /* bytes */
	const uint8_t *bytes;
};
void ctl_pcapng_packet(FILE *f, const struct ctl_pcapng_packet *p);

/* What an interface's packets came to at @time_ns. */
struct ctl_pcapng_statistics {
	uint32_t interface;
	uint64_t time_ns;
	uint64_t accepted; /* by the filter */
	uint64_t dropped;  /* of them, for want of room */
};
void ctl_pcapng_statistics(FILE *f, const struct ctl_pcapng_statistics *s);
