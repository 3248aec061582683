/*
 * A row of a smoke table: what is sent, and what must come back.
 *
 *   NAME: SEND -> WANT
 *
 *   SEND  HEX                        these bytes
 *         again                      the bytes sent last
 *         ack                        the empty acknowledgement of what was received last
 *         nothing                    one more message is waited for
 *         TYPE METHOD [PATH] [PART]  a message with the next Message ID
 *   WANT  HEX                        exactly these bytes
 *         same                       the bytes received last
 *         RST                        the reset of what was sent
 *         ACK                        its empty acknowledgement
 *         silence
 *         TYPE CODE [PART]           an answer to what was sent: its token, an ACK's
 *                                    Message ID, and each PART
 *   PART  NUMBER=VALUE               an option: HEX, COUNT*HEX, or $etag, the last one
 *         !NUMBER                    no such option
 *         "TEXT", 'TEXT', COUNT*CHARACTER, - the payload; - for none
 *
 * PATH is /SEGMENT/SEGMENT?QUERY&QUERY.  There may be several parts.  A $n is a text of
 * the caller's, new in every run.  METHOD and CODE are names or like 0.25.  A wanted
 * answer may have options and a payload that the row does not name.
 *
 * Memory.  A row owns its bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_NAME 64
#define ROW_OPTIONS 16
#define ROW_BYTES 2048

struct row_option {
	unsigned number;
	size_t len;
	uint8_t value[256];
	bool etag;   /* the value is the ETag received last */
	bool absent; /* want: there is none */
};

/* A message in its parts. */
struct row_message {
	unsigned type, code, n_options;
	struct row_option option[ROW_OPTIONS];
	bool has_payload; /* the row says what it is, be it none */
	size_t payload_len;
	uint8_t payload[ROW_BYTES];
};

enum row_kind {
	ROW_BYTES_GIVEN,
	ROW_LAST,
	ROW_RST,
	ROW_ACK,
	ROW_SILENCE,
	ROW_MESSAGE,
};

struct row_side {
	enum row_kind kind;
	size_t len; /* ROW_BYTES_GIVEN */
	uint8_t bytes[ROW_BYTES];
	struct row_message m;
};

struct row {
	char name[ROW_NAME];
	struct row_side send, want;
};

/* Read @line with @n for each $n.  NULL, or a word about what is wrong with it. */
const char *row_read(struct row *r, const char *line, const char *n);
