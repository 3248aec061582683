#include "coap/siphash.h"
#include "tests/rows.h"

/* The reference implementation's vectors_sip64: key 00 to 0f, input 00, 01, 02, ... */
static const struct row {
	const char *name;
	size_t len;
	uint64_t want;
} rows[] = {
	{"nothing", 0, 0x726fdb47dd0e0e31},
	{"one byte", 1, 0x74f839c593dc67fd},
	{"seven bytes", 7, 0xab0200f58b01d137},
	{"eight bytes: one word", 8, 0x93f5f5799a932462},
	{"fifteen bytes: the paper's", 15, 0xa129ca6149be45e5},
};

static void
vector(void **state)
{
	const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	const struct row *r = *state;
	uint8_t bytes[16], *exact;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	exact = exact_copy(bytes, r->len);
	assert_true(tg_siphash(key, exact, r->len) == r->want);
	free(exact);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows)] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, vector);
	return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
