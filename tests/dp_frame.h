/*
 * Frames for the dataplane's tests, built byte by byte.
 *
 * Nothing of dataplane/ is used to make or to check one: sums are added up two bytes at a
 * time, as RFC 1071 says it.
 *
 * Memory.  The caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 2040
#define ETH 14 /* bytes before the IP header of an untagged frame */
#define IP4 20
#define IP6 40
#define UDP 8

enum { P_ICMP = 1, P_TCP = 6, P_UDP = 17, P_FRAGMENT = 44, P_ICMP6 = 58, P_OPTIONS = 60 };

struct frame {
	uint16_t len;
	uint8_t byte[FRAME_MAX];
};

/* Some bytes that stand elsewhere: of a message, an option, a field. */
struct bytes {
	const void *at;
	size_t len;
};
#define B(literal)                                                                       \
	{                                                                                \
		(literal), sizeof(literal) - 1                                           \
	}
#define BYTES_OF(literal) (struct bytes) B(literal)

/* Who sends what to whom: all that stands in front of a datagram's payload. */
struct flow {
	bool v6;
	uint16_t tag; /* VLAN tag control information; 0: untagged */
	uint8_t src_mac[6], dst_mac[6];
	uint8_t src[16], dst[16]; /* IPv4: the first four */
	uint16_t sport, dport;
	uint8_t ttl;
	uint16_t id, frag;   /* IPv4: flags and offset, as in the header */
	struct bytes extra;  /* IPv4 options, or IPv6 extension headers */
	uint8_t extra_proto; /* IPv6: what the first of them is */
};

enum {
	T_CON = 0x40,
	T_NON = 0x50,
	T_ACK = 0x60,
	T_RST = 0x70
}; /* first byte, no token */

/* A CoAP message without a token; it lasts until the fourth call after this one. */
struct bytes coap(uint8_t first, uint8_t code, uint16_t mid, struct bytes rest);

/* Uri-Path options of /d/devx/ and four segments: three of 255 bytes and one of @last, 13
 * at least.  As a length and its bytes each, all segments take 776 + @last bytes. */
size_t long_path_write(uint8_t *to, unsigned last);

/* The flow of the answer: both sides swapped, no options, as the gateway sends it. */
struct flow flow_back(const struct flow *w);

/* Ethernet header, tag and @len bytes of anything. */
void frame_raw(struct frame *f, const struct flow *w, uint16_t type, const void *data,
	size_t len);
/* An IP packet of protocol @proto around @len bytes. */
void frame_ip(struct frame *f, const struct flow *w, uint8_t proto, const void *data,
	size_t len);
/* UDP header and payload at @to, its checksum made; how many bytes. */
size_t udp_write(uint8_t *to, const struct flow *w, const void *data, size_t len);
/* ICMP or ICMPv6 message at @to from @len bytes whose checksum is still to be made. */
size_t icmp_write(uint8_t *to, const struct flow *w, const void *data, size_t len);
/* A whole datagram. */
void frame_udp(struct frame *f, const struct flow *w, const void *data, size_t len);
/* A whole ICMP or ICMPv6 message. */
void frame_icmp(struct frame *f, const struct flow *w, const void *data, size_t len);
/* Make the sums of an untagged frame without options anew, after an edit. */
void frame_sums(struct frame *f);
