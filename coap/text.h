/*
 * Text: characters by their class in a URI (RFC 3986), hexadecimal, and UTF-8.
 *
 * Threads.  Pure functions.   Memory.  The caller's; nothing is terminated unless said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets of characters; a byte over 0x7f is in none. */
enum tg_char_set {
	TG_CH_UNRESERVED = 1, /* ALPHA DIGIT - . _ ~ */
	TG_CH_SUB_DELIM = 2,  /* ! $ & ' ( ) * + , ; = */
	TG_CH_COLON_AT = 4,   /* : @ */
	TG_CH_SLASH = 8,
	TG_CH_QUESTION = 16,
	TG_CH_HEX = 32,
	TG_CH_PCHAR = TG_CH_UNRESERVED | TG_CH_SUB_DELIM | TG_CH_COLON_AT,
};

/* Is @c in one of @sets? */
bool tg_char_in(uint8_t c, unsigned sets);

/* The value of a hexadecimal digit of either case, or -1. */
int tg_hex_digit(uint8_t c);
/*
 * Read hexadecimal text into @bytes of @cap: how many bytes, or -1 for an odd digit, a
 * character that is none, or too many.
 */
long tg_hex_read(uint8_t *bytes, size_t cap, const char *text, size_t len);
/* Write 2 * @len lower-case digits and a NUL to @text. */
char *tg_hex_write(char *text, const void *bytes, size_t len);

/* RFC 3629, strictly: no overlong form, no surrogate, nothing over U+10FFFF. */
bool tg_utf8_valid(const uint8_t *bytes, size_t len);

/*
 * A bounded writer of text with a sticky overflow.  What does not fit sets @overflow and
 * nothing more is written; it is checked once, at the end.
 */
struct tg_text {
	char *buf;
	size_t cap, len;
	bool overflow;
};

void tg_text_begin(struct tg_text *t, char *buf, size_t cap);
void tg_text_char(struct tg_text *t, char c);
void tg_text_bytes(struct tg_text *t, const void *bytes, size_t len);
void tg_text_uint(struct tg_text *t, uint32_t value);
/* Bytes as they are if in @keep and not @except, else as %XX (upper case). */
void tg_text_coded(
	struct tg_text *t, const uint8_t *bytes, size_t len, unsigned keep, char except);
