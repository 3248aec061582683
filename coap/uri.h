/*
 * URIs of the schemes coap and coaps: into options (RFC 7252, 6.4) and back (6.5).
 * Their text becomes Net-Unicode (3.2; see nfc.h): two URIs that look the same are.
 *
 * Threads.  Pure functions.
 * Memory.   The caller's; a struct tg_uri points into itself, so it is not copied.
 */
#pragma once

#include "coap/option.h"

#include <stdbool.h>

#define TG_URI_MAX 4096         /* characters of a URI that can be taken apart */
#define TG_URI_OPTIONS_MAX 1024 /* more would not fit a datagram */
#define TG_URI_HOST_MAX 255

enum tg_host_kind { TG_HOST_NAME, TG_HOST_IPV4, TG_HOST_IPV6 };

/* Why a URI was refused. */
enum tg_uri_fault {
	TG_URI_OK,
	TG_URI_TOO_LONG,  /* over TG_URI_MAX characters, or TG_URI_OPTIONS_MAX options */
	TG_URI_CHARACTER, /* one that no URI may have at that place */
	TG_URI_SCHEME,    /* not absolute, or neither coap:// nor coaps:// */
	TG_URI_FRAGMENT,  /* there is one (6.4, step 4) */
	TG_URI_USERINFO,  /* "user@", which these schemes do not have */
	TG_URI_HOST,    /* empty, over 255 bytes, or a bad IP literal (zones are none) */
	TG_URI_PORT,    /* no number, 0, or over 65535 */
	TG_URI_PERCENT, /* "%" without two hexadecimal digits */
	TG_URI_SEGMENT, /* over 255 bytes, or "." or ".." hidden behind percent codes */
	TG_URI_QUERY,   /* an argument over 255 bytes */
	TG_URI_FAULTS,
};

/* One line for a person: "the host is empty, ...". */
const char *tg_uri_fault_text(enum tg_uri_fault f);

struct tg_uri {
	bool secure;       /* coaps */
	uint8_t host_kind; /* enum tg_host_kind */
	uint16_t port;     /* where the request goes; the scheme's if the URI has none */
	uint16_t count;    /* options */
	uint16_t used;     /* of bytes */
	char host[TG_URI_HOST_MAX + 1]; /* NUL-terminated, decoded, no brackets */
	struct tg_opt option[TG_URI_OPTIONS_MAX]; /* by ascending number */
	uint8_t bytes[TG_URI_MAX];
};

/*
 * Take @text of @len characters apart.  @dest_port is the UDP port that the request is
 * sent to, 0 for the URI's own: Uri-Port is there only if the two differ, and Uri-Host
 * only for a registered name, since an IP literal is taken for the destination (6.4,
 * steps 5 to 7).  On a fault @u is undefined.
 */
enum tg_uri_fault tg_uri_parse(
	struct tg_uri *u, const char *text, size_t len, uint16_t dest_port);

/* Where a request was sent, for what its options do not say. */
struct tg_uri_base {
	bool secure;
	uint16_t port;
	const char *host; /* "198.18.0.1" or "[2001:2::1]" (RFC 5952), or a name */
};

/*
 * The URI of request @m into @text of @cap bytes, NUL-terminated.  Returns its length, or
 * 0 if it does not fit or its Uri-Host cannot stand in a URI (6.5, step 2).
 */
size_t tg_uri_compose(
	char *text, size_t cap, const struct tg_msg *m, const struct tg_uri_base *base);
