#include "coap/text.h"

#include <string.h>

static bool
is_sub_delim(uint8_t c)
{
	return c != '\0' && strchr("!$&'()*+,;=", c) != NULL;
}

static bool
is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	       || c == '-' || c == '.' || c == '_' || c == '~';
}

bool
tg_char_in(uint8_t c, unsigned sets)
{
	return ((sets & TG_CH_UNRESERVED) && is_unreserved(c))
	       || ((sets & TG_CH_SUB_DELIM) && is_sub_delim(c))
	       || ((sets & TG_CH_COLON_AT) && (c == ':' || c == '@'))
	       || ((sets & TG_CH_SLASH) && c == '/')
	       || ((sets & TG_CH_QUESTION) && c == '?')
	       || ((sets & TG_CH_HEX) && tg_hex_digit(c) >= 0);
}

int
tg_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

long
tg_hex_read(uint8_t *bytes, size_t cap, const char *text, size_t len)
{
	if (len % 2 != 0 || len / 2 > cap)
		return -1;
	for (size_t i = 0; i < len; i += 2) {
		int high = tg_hex_digit((uint8_t)text[i]);
		int low = tg_hex_digit((uint8_t)text[i + 1]);

		if (high < 0 || low < 0)
			return -1;
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	return (long)(len / 2);
}

char *
tg_hex_write(char *text, const void *bytes, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *from = bytes;

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digit[from[i] >> 4];
		text[2 * i + 1] = digit[from[i] & 0xf];
	}
	text[2 * len] = '\0';
	return text;
}

/* Bytes that follow lead byte @c, or -1; the first is in @low to @high. */
static int
utf8_tail(uint8_t c, uint8_t *low, uint8_t *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (c == 0xe0)
		*low = 0xa0; /* less is overlong */
	else if (c == 0xed)
		*high = 0x9f; /* more is a surrogate */
	else if (c == 0xf0)
		*low = 0x90; /* less is overlong */
	else if (c == 0xf4)
		*high = 0x8f; /* more is over U+10FFFF */
	if (c < 0x80)
		return 0;
	if (c >= 0xc2 && c <= 0xdf)
		return 1;
	if (c >= 0xe0 && c <= 0xef)
		return 2;
	return c >= 0xf0 && c <= 0xf4 ? 3 : -1;
}

bool
tg_utf8_valid(const uint8_t *bytes, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint8_t low, high;
		int tail = utf8_tail(bytes[i++], &low, &high);

		if (tail < 0 || len - i < (size_t)tail)
			return false;
		for (; tail > 0; tail--, i++) {
			if (bytes[i] < low || bytes[i] > high)
				return false;
			low = 0x80;
			high = 0xbf;
		}
	}
	return true;
}

void
tg_text_begin(struct tg_text *t, char *buf, size_t cap)
{
	*t = (struct tg_text){.buf = buf, .cap = cap};
}

void
tg_text_bytes(struct tg_text *t, const void *bytes, size_t len)
{
	if (t->overflow || len > t->cap - t->len) {
		t->overflow = true;
		return;
	}
	if (len > 0)
		memcpy(t->buf + t->len, bytes, len);
	t->len += len;
}

void
tg_text_char(struct tg_text *t, char c)
{
	tg_text_bytes(t, &c, 1);
}

void
tg_text_uint(struct tg_text *t, uint32_t value)
{
	char digits[10];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	tg_text_bytes(t, digits + at, sizeof(digits) - at);
}

void
tg_text_coded(
	struct tg_text *t, const uint8_t *bytes, size_t len, unsigned keep, char except)
{
	static const char digit[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		uint8_t c = bytes[i];
		const char coded[] = {'%', digit[c >> 4], digit[c & 0xf]};

		if (tg_char_in(c, keep) && c != (uint8_t)except)
			tg_text_char(t, (char)c);
		else
			tg_text_bytes(t, coded, sizeof(coded));
	}
}
