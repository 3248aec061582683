/*
 * CoAP codes and content-formats (RFC 7252, 12.1 and 12.3, and the RFCs that added to
 * those registries: 7959, 8132, 8323, 8516, 8768, ...).
 *
 * Threads.  Constant tables and pure functions.   Memory.  Names are static.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TG_CODE(class, detail) ((class) << 5 | (detail))

enum tg_code {
	TG_EMPTY = 0,

	TG_GET = TG_CODE(0, 1),
	TG_POST = TG_CODE(0, 2),
	TG_PUT = TG_CODE(0, 3),
	TG_DELETE = TG_CODE(0, 4),
	TG_FETCH = TG_CODE(0, 5),  /* RFC 8132 */
	TG_PATCH = TG_CODE(0, 6),  /* RFC 8132 */
	TG_IPATCH = TG_CODE(0, 7), /* RFC 8132 */

	TG_CREATED = TG_CODE(2, 1),
	TG_DELETED = TG_CODE(2, 2),
	TG_VALID = TG_CODE(2, 3),
	TG_CHANGED = TG_CODE(2, 4),
	TG_CONTENT = TG_CODE(2, 5),
	TG_CONTINUE = TG_CODE(2, 31), /* RFC 7959 */

	TG_BAD_REQUEST = TG_CODE(4, 0),
	TG_UNAUTHORIZED = TG_CODE(4, 1),
	TG_BAD_OPTION = TG_CODE(4, 2),
	TG_FORBIDDEN = TG_CODE(4, 3),
	TG_NOT_FOUND = TG_CODE(4, 4),
	TG_METHOD_NOT_ALLOWED = TG_CODE(4, 5),
	TG_NOT_ACCEPTABLE = TG_CODE(4, 6),
	TG_REQUEST_INCOMPLETE = TG_CODE(4, 8), /* RFC 7959 */
	TG_CONFLICT = TG_CODE(4, 9),           /* RFC 8132 */
	TG_PRECONDITION_FAILED = TG_CODE(4, 12),
	TG_TOO_LARGE = TG_CODE(4, 13),
	TG_UNSUPPORTED_FORMAT = TG_CODE(4, 15),
	TG_UNPROCESSABLE = TG_CODE(4, 22),     /* RFC 8132 */
	TG_TOO_MANY_REQUESTS = TG_CODE(4, 29), /* RFC 8516 */

	TG_INTERNAL = TG_CODE(5, 0),
	TG_NOT_IMPLEMENTED = TG_CODE(5, 1),
	TG_BAD_GATEWAY = TG_CODE(5, 2),
	TG_UNAVAILABLE = TG_CODE(5, 3),
	TG_GATEWAY_TIMEOUT = TG_CODE(5, 4),
	TG_NO_PROXYING = TG_CODE(5, 5),
	TG_HOP_LIMIT = TG_CODE(5, 8), /* RFC 8768 */

	/* Signalling, over reliable transports only (RFC 8323); over UDP reserved. */
	TG_CSM = TG_CODE(7, 1),
	TG_PING = TG_CODE(7, 2),
	TG_PONG = TG_CODE(7, 3),
	TG_RELEASE = TG_CODE(7, 4),
	TG_ABORT = TG_CODE(7, 5),
};

static inline unsigned
tg_code_class(unsigned code)
{
	return code >> 5 & 7;
}

static inline unsigned
tg_code_detail(unsigned code)
{
	return code & 0x1f;
}

/* 0.01 to 0.31: a method, known or not. */
static inline bool
tg_code_is_request(unsigned code)
{
	return code != TG_EMPTY && tg_code_class(code) == 0;
}

/* 2.00 to 5.31 (RFC 7252, 12.1): class 3 is a response's too, though none is defined. */
static inline bool
tg_code_is_response(unsigned code)
{
	unsigned class = tg_code_class(code);

	return class >= 2 && class <= 5;
}

/* Classes 1, 6 and 7: a message that bears one is rejected (RFC 7252, 4.2 and 4.3). */
static inline bool
tg_code_is_reserved(unsigned code)
{
	unsigned class = tg_code_class(code);

	return class == 1 || class >= 6;
}

#define TG_CODE_TEXT 5 /* "2.05" and its end */

/* "2.05" into @text, always four characters and a NUL; returns @text. */
char *tg_code_text(char text[TG_CODE_TEXT], unsigned code);

/*
 * "GET", "Content", "Not Found", ...  A code that nobody registered has the name of its
 * class ("Request", "Success", "Client Error", ...): so is it to be treated (5.8, 5.9).
 * Never NULL.
 */
const char *tg_code_name(unsigned code);

/* The method of that name, in either case; TG_EMPTY if there is none. */
unsigned tg_method_find(const char *name);

/* ---- content-formats ---- */

enum tg_content_format {
	TG_CF_TEXT = 0,
	TG_CF_LINK = 40,
	TG_CF_XML = 41,
	TG_CF_OCTETS = 42,
	TG_CF_EXI = 47,
	TG_CF_JSON = 50,
	TG_CF_JSON_PATCH = 51,
	TG_CF_MERGE_PATCH = 52,
	TG_CF_CBOR = 60,
	TG_CF_SENML_JSON = 110,
	TG_CF_SENML_CBOR = 112,
};

/*
 * The media type with its parameters, then its content coding in brackets if it has one;
 * NULL if the number is not known here.  O(log n).
 */
const char *tg_content_format_name(unsigned format);
