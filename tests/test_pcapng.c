/* A pcapng file's blocks, byte for byte (on a little-endian machine). */
#include "control/pcapng.h"
#include "tests/rows.h"

#include <stdlib.h>
#include <string.h>

static FILE *f;
static char *got;
static size_t got_len;

static int
setup(void **state)
{
	(void)state;
	f = open_memstream(&got, &got_len);
	return f != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	free(got);
	return 0;
}

#define WRITTEN(literal) is_written(literal, sizeof(literal) - 1)

static void
is_written(const char *want, size_t len)
{
	assert_int_equal(fclose(f), 0);
	assert_int_equal(got_len, len);
	assert_memory_equal(got, want, len);
}

static void
a_section(void **state)
{
	(void)state;
	ctl_pcapng_section(f, "a 1.0");
	WRITTEN("\x0a\x0d\x0d\x0a\x2c\0\0\0"       /* type, length */
		"\x4d\x3c\x2b\x1a\x01\0\0\0"       /* byte order, version 1.0 */
		"\xff\xff\xff\xff\xff\xff\xff\xff" /* length unknown */
		"\x04\0\x05\0"
		"a 1.0\0\0\0"  /* shb_userappl */
		"\0\0\0\0"     /* opt_endofopt */
		"\x2c\0\0\0"); /* length */
}

static void
an_interface(void **state)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	(void)state;
	ctl_pcapng_interface(f, "lan0", mac);
	WRITTEN("\x01\0\0\0\x34\0\0\0"
		"\x01\0\0\0\0\0\0\0"               /* Ethernet, whole packets */
		"\x02\0\x04\0lan0"                 /* if_name */
		"\x06\0\x06\0\x02\0\0\0\0\x01\0\0" /* if_MACaddr */
		"\x09\0\x01\0\x09\0\0\0"           /* if_tsresol: 10^-9 */
		"\0\0\0\0"
		"\x34\0\0\0");
}

/* One of each length modulo four: the padding is no part of the packet. */
static void
a_packet_of_five_bytes(void **state)
{
	const struct ctl_pcapng_packet p = {.interface = 3,
		.time_ns = 0x0123456789abcdef,
		.len = 5,
		.bytes = (const uint8_t *)"hello"};

	(void)state;
	ctl_pcapng_packet(f, &p);
	WRITTEN("\x06\0\0\0\x34\0\0\0"
		"\x03\0\0\0\x67\x45\x23\x01\xef\xcd\xab\x89" /* interface, time */
		"\x05\0\0\0\x05\0\0\0"
		"hello\0\0\0"
		"\x02\0\x04\0\x01\0\0\0" /* epb_flags: inbound */
		"\0\0\0\0"
		"\x34\0\0\0");
}

static void
a_packet_of_four_bytes_that_was_sent(void **state)
{
	const struct ctl_pcapng_packet p = {
		.sent = true, .len = 4, .bytes = (const uint8_t *)"four"};

	(void)state;
	ctl_pcapng_packet(f, &p);
	WRITTEN("\x06\0\0\0\x30\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0"
		"\x04\0\0\0\x04\0\0\0"
		"four"
		"\x02\0\x04\0\x02\0\0\0" /* outbound */
		"\0\0\0\0"
		"\x30\0\0\0");
}

static void
a_packet_too_long_is_cut(void **state)
{
	static uint8_t bytes[CTL_PCAPNG_PACKET_MAX + 2];
	const struct ctl_pcapng_packet p = {.len = sizeof(bytes), .bytes = bytes};
	uint32_t lengths[2];

	(void)state;
	ctl_pcapng_packet(f, &p);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(got_len, 44 + CTL_PCAPNG_PACKET_MAX + 1);
	memcpy(lengths, got + 20, sizeof(lengths));
	assert_int_equal(lengths[0], CTL_PCAPNG_PACKET_MAX);
	assert_int_equal(lengths[1], sizeof(bytes));
}

static void
statistics(void **state)
{
	const struct ctl_pcapng_statistics s = {
		.interface = 1, .time_ns = 2, .accepted = 10, .dropped = 3};

	(void)state;
	ctl_pcapng_statistics(f, &s);
	WRITTEN("\x05\0\0\0\x34\0\0\0"
		"\x01\0\0\0\0\0\0\0\x02\0\0\0"
		"\x05\0\x08\0\x03\0\0\0\0\0\0\0" /* isb_ifdrop */
		"\x06\0\x08\0\x0a\0\0\0\0\0\0\0" /* isb_filteraccept */
		"\0\0\0\0"
		"\x34\0\0\0");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_section),
		TEST(an_interface),
		TEST(a_packet_of_five_bytes),
		TEST(a_packet_of_four_bytes_that_was_sent),
		TEST(a_packet_too_long_is_cut),
		TEST(statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
