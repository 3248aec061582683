/* Paths as text and in the store's canonical form (RFC 7252, 6.4 and 6.5). */
#include "dataplane/path.h"

#include <string.h>

/* Bytes that stand in a path as they are (RFC 3986: unreserved, sub-delims, ':' and '@').
 */
static bool
is_plain(uint8_t c)
{
	static const char plain[] = "-._~!$&'()*+,;=:@";

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	       || (c != 0 && strchr(plain, c) != NULL);
}

uint16_t
dp_path_text(char *to, size_t cap, const struct dp_path *path)
{
	static const char hex[] = "0123456789ABCDEF";
	const uint8_t *p = path->bytes, *end = p + path->len;
	size_t n = 0;

	while (p < end) {
		const uint8_t *seg_end = p + 1 + *p;

		if (seg_end > end || n + 2 > cap)
			return 0;
		to[n++] = '/';
		for (p++; p < seg_end; p++) {
			if (n + (is_plain(*p) ? 2 : 4) > cap)
				return 0;
			if (is_plain(*p)) {
				to[n++] = (char)*p;
			} else {
				to[n++] = '%';
				to[n++] = hex[*p >> 4];
				to[n++] = hex[*p & 15];
			}
		}
	}
	to[n] = '\0';
	return (uint16_t)n;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One segment's bytes to @to; its length, or -1. */
static int
parse_segment(uint8_t *to, size_t cap, const char *p, const char *end)
{
	size_t n = 0;

	while (p < end) {
		int c = (uint8_t)*p++;

		if (c == '%') {
			int hi = end - p >= 2 ? hex_digit(p[0]) : -1;
			int lo = end - p >= 2 ? hex_digit(p[1]) : -1;

			if (hi < 0 || lo < 0)
				return -1;
			c = hi << 4 | lo;
			p += 2;
		}
		if (n == 255 || n == cap)
			return -1;
		to[n++] = (uint8_t)c;
	}
	return (int)n;
}

uint16_t
dp_path_parse(uint8_t *to, size_t cap, const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	size_t n = 0;

	while (p < end && *p == '/') {
		const char *seg = ++p;
		int got;

		while (p < end && *p != '/')
			p++;
		if (n + 1 > cap
			|| (got = parse_segment(to + n + 1, cap - n - 1, seg, p)) < 0)
			return 0;
		to[n] = (uint8_t)got;
		n += 1 + (size_t)got;
	}
	return p == end ? (uint16_t)n : 0;
}
