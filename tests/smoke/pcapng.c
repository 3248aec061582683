/*
 * pcapng: reads such a file back, block by block, and says what is in it or what is
 * wrong.
 *
 *   pcapng [FILE]
 *
 *   section APPLICATION
 *   interface NAME MAC
 *   heard|sent INTERFACE NANOSECONDS HEX
 *   statistics INTERFACE ACCEPTED DROPPED
 *
 * Written from the format's description (draft-ietf-opsawg-pcapng) and nothing of the
 * program's, so that what both get wrong has to be read wrong twice.  Exit 1: the file is
 * none.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64u << 20)
#define INTERFACES_MAX 64

static uint8_t file[FILE_MAX];
static unsigned sections, interfaces;

static void
fail(size_t at, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "pcapng: at byte %zu: %s\n", at, why);
	exit(1);
}

static uint32_t
word(size_t at)
{
	uint32_t v;

	memcpy(&v, file + at, sizeof(v));
	return v;
}

static unsigned
half(size_t at)
{
	uint16_t v;

	memcpy(&v, file + at, sizeof(v));
	return v;
}

/* Where an option's value is and *@len, or 0; all of them are looked at. */
static size_t
option(size_t at, size_t end, unsigned code, size_t *len)
{
	size_t found = 0;

	while (at < end) {
		size_t value = at + 4, n;

		if (end - at < 4)
			fail(at, "half an option");
		n = half(at + 2);
		if (half(at) == 0) {
			if (n != 0 || value != end)
				fail(at, "the end of options is not the last");
			return found;
		}
		if (n > end - value)
			fail(at, "an option runs past its block");
		if (half(at) == code) {
			found = value;
			*len = n;
		}
		at = value + (n + 3) / 4 * 4;
	}
	if (at > end)
		fail(at, "an option's padding runs past its block");
	return found;
}

static void
section(size_t at, size_t end)
{
	size_t len = 0, name;

	if (end - at < 16 || word(at) != 0x1a2b3c4d)
		fail(at, "another byte order");
	if (half(at + 4) != 1 || half(at + 6) != 0)
		fail(at, "another version");
	name = option(at + 16, end, 4, &len);
	printf("section %.*s\n", (int)len, (const char *)file + name);
	sections++;
}

static void
interface(size_t at, size_t end)
{
	size_t name_len = 0, mac_len = 0, res_len = 0, name, mac, res;

	if (end - at < 8 || half(at) != 1 || half(at + 2) != 0)
		fail(at, "no Ethernet");
	if (word(at + 4) != 0)
		fail(at, "packets are cut");
	name = option(at + 8, end, 2, &name_len);
	mac = option(at + 8, end, 6, &mac_len);
	res = option(at + 8, end, 9, &res_len);
	if (res_len != 1 || file[res] != 9)
		fail(at, "no nanoseconds");
	if (mac_len != 6 || name_len == 0)
		fail(at, "no address or no name");
	printf("interface %.*s ", (int)name_len, (const char *)file + name);
	for (unsigned i = 0; i < 6; i++)
		printf("%02x", file[mac + i]);
	puts("");
	if (++interfaces > INTERFACES_MAX)
		fail(at, "too many interfaces");
}

static void
packet(size_t at, size_t end)
{
	size_t len, flags_len = 0, flags;
	uint64_t ns;

	if (end - at < 20 || word(at) >= interfaces)
		fail(at, "no interface like that");
	ns = (uint64_t)word(at + 4) << 32 | word(at + 8);
	len = word(at + 12);
	if (len != word(at + 16))
		fail(at, "a packet was cut");
	if (len > end - at - 20)
		fail(at, "a packet runs past its block");
	flags = option(at + 20 + (len + 3) / 4 * 4, end, 2, &flags_len);
	if (flags_len != 4 || (word(flags) & 3) == 0 || (word(flags) & 3) == 3)
		fail(at, "no direction");
	printf("%s %u %" PRIu64 " ", (word(flags) & 3) == 1 ? "heard" : "sent", word(at),
		ns);
	for (size_t i = 0; i < len; i++)
		printf("%02x", file[at + 20 + i]);
	puts("");
}

static uint64_t
count(size_t at, size_t end, unsigned code)
{
	size_t len = 0, value = option(at + 12, end, code, &len);
	uint64_t n;

	if (len != sizeof(n))
		fail(at, "a count that is none");
	memcpy(&n, file + value, sizeof(n));
	return n;
}

static void
statistics(size_t at, size_t end)
{
	if (end - at < 12 || word(at) >= interfaces)
		fail(at, "no interface like that");
	printf("statistics %u %" PRIu64 " %" PRIu64 "\n", word(at), count(at, end, 6),
		count(at, end, 5));
}

static size_t
block(size_t at, size_t size)
{
	size_t len = size - at >= 12 ? word(at + 4) : 0, end;

	if (len < 12 || len % 4 != 0 || len > size - at)
		fail(at, "a block's length is wrong");
	end = at + len - 4;
	if (word(end) != len)
		fail(at, "a block's two lengths differ");
	if (sections == 0 && word(at) != 0x0a0d0d0a)
		fail(at, "no section");
	switch (word(at)) {
	case 0x0a0d0d0a:
		section(at + 8, end);
		break;
	case 1:
		interface(at + 8, end);
		break;
	case 5:
		statistics(at + 8, end);
		break;
	case 6:
		packet(at + 8, end);
		break;
	default:
		fail(at, "a block of another type");
	}
	return at + len;
}

int
main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[1], "rb") : stdin;
	size_t size, at = 0;

	if (f == NULL) {
		perror(argv[1]);
		return 1;
	}
	size = fread(file, 1, sizeof(file), f);
	if (size == 0 || size == sizeof(file))
		fail(size, size == 0 ? "nothing" : "too much for this reader");
	while (at < size)
		at = block(at, size);
	return 0;
}
