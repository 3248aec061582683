/*
 * Bounded message builder with a sticky overflow (RFC 7252, section 3).
 *
 * Parts are written in wire order: header, options by ascending number, payload.
 * What does not fit, or comes out of order, sets @overflow and writes nothing more;
 * it is checked once, by tg_write_end().
 *
 * Threads.  A writer belongs to its caller.   Memory.  The caller's buffer.
 */
#pragma once

#include "coap/msg.h"

#include <stdbool.h>

struct tg_writer {
	uint8_t *buf;    /* the datagram's first byte */
	uint16_t cap;    /* bytes that may be written */
	uint16_t len;    /* bytes written */
	uint16_t number; /* of the option written last */
	bool overflow;   /* sticky */
	bool payload;    /* the payload marker is out: no option may follow */
};

/*
 * Start a datagram in @buf: header and token of @tkl bytes.  More than TG_TOKEN_MAX are
 * written in the form of RFC 8974, which not every peer knows; more than
 * TG_TOKEN_EXTENDED_MAX overflow.  @token may stand in @buf, where it will stand.
 */
void tg_write_begin(struct tg_writer *w, uint8_t *buf, size_t cap, enum tg_type type,
	unsigned code, uint16_t mid, const uint8_t *token, unsigned tkl);
/* Add an option; @number must not be under the last one's. */
void tg_write_option(struct tg_writer *w, unsigned number, const void *value, size_t len);
/* The same in the shortest unsigned form (0 is no bytes). */
void tg_write_uint(struct tg_writer *w, unsigned number, uint32_t value);
/* Marker and bytes; nothing at all if @len is 0.  Called at most once. */
void tg_write_payload(struct tg_writer *w, const void *data, size_t len);
/*
 * Reserve @len bytes of payload and return where they go, or NULL on overflow;
 * @len must not be 0.
 */
uint8_t *tg_write_reserve(struct tg_writer *w, size_t len);
/* Bytes of the datagram, or 0 if anything overflowed. */
size_t tg_write_end(const struct tg_writer *w);
