/*
 * Endpoints (RFC 7252, 1.2): one side of an exchange, told apart by its address, its UDP
 * port and its security; and the envelope of a message, which says from whom to whom.
 *
 * Threads.  Pure functions.   Memory.  Plain values without padding or pointers: they may
 * be copied, and compared and hashed as bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tg_family { TG_NO_FAMILY, TG_IPV4 = 4, TG_IPV6 = 6 };

/* How messages are secured (RFC 7252, 9; RFC 8613). */
enum tg_security { TG_NO_SEC, TG_DTLS, TG_OSCORE };

struct tg_endpoint {
	uint8_t family;      /* enum tg_family; TG_NO_FAMILY: there is no endpoint */
	uint8_t security;    /* enum tg_security */
	uint16_t port;       /* host order */
	uint32_t zone;       /* interface of a link-local IPv6 address; else 0 */
	uint64_t context;    /* which security context; 0 without security */
	uint8_t address[16]; /* as on the wire; behind the four of IPv4 all zero */
};

/* Unsecured, at @address of 4 bytes. */
struct tg_endpoint tg_endpoint_ipv4(const uint8_t address[4], uint16_t port);
/*
 * The same at @address of 16.  A v4-mapped one is IPv4's, which a socket for both shows
 * so; and @zone counts only where the address is link-local, for unicast or multicast.
 */
struct tg_endpoint tg_endpoint_ipv6(
	const uint8_t address[16], uint16_t port, uint32_t zone);

/* Under 0, 0 or over 0: an order over all that tells endpoints apart. */
int tg_endpoint_compare(const struct tg_endpoint *a, const struct tg_endpoint *b);
/* Are they at one address, whatever port and security? */
bool tg_endpoint_same_host(const struct tg_endpoint *a, const struct tg_endpoint *b);
/* Is it a group (IPv4's broadcast among them): no source of any message (8)? */
bool tg_endpoint_is_multicast(const struct tg_endpoint *e);
/* For a table: equal endpoints have one hash; @key is secret, against aimed collisions.
 */
uint64_t tg_endpoint_hash(const struct tg_endpoint *e, const uint64_t key[2]);

#define TG_ENDPOINT_TEXT 64 /* "[" address "%" zone "]:" port and the end */

/* "198.18.0.1:5683", "[2001:db8::1]:5683", "[fe80::1%2]:5683"; NUL-terminated.  Security
 * is not shown.  Returns @text. */
char *tg_endpoint_print(char text[TG_ENDPOINT_TEXT], const struct tg_endpoint *e);
/*
 * The opposite: an unsecured endpoint from @text of @len characters.  Without ":port" it
 * has @port; the zone is a number.  False if it is none, and @e is as it was.
 */
bool tg_endpoint_parse(
	struct tg_endpoint *e, const char *text, size_t len, uint16_t port);

/* ---- envelope ---- */

/* Where a message is from and where it goes.  All zero: not known yet. */
struct tg_envelope {
	struct tg_endpoint source, destination;
};

/*
 * Write the source or the destination, once.  False if it is set to another endpoint
 * already, which then stays; to say the same again is no fault.
 */
bool tg_envelope_set_source(struct tg_envelope *v, const struct tg_endpoint *e);
bool tg_envelope_set_destination(struct tg_envelope *v, const struct tg_endpoint *e);
