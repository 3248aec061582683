/*
 * Table tests: a row per case, each its own named test.
 *
 * A row is a struct whose first member is its name; the test function gets it as *state.
 * Several tables and plain tests may fill one array of tests.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Add a test for each row of table @rows to the array @tests, whose first *@n are taken
 * and whose others are zero.  An array that has no room, or is filled otherwise than *@n
 * says, ends the program: a test written over, or never reached, would not be missed. */
#define ADD_ROWS(tests, n, rows, func)                                                   \
	add_rows(tests, COUNT(tests), n, rows, sizeof((rows)[0]), COUNT(rows), func)

static inline void
add_rows(struct CMUnitTest *tests, size_t room, size_t *n, const void *rows, size_t size,
	size_t count, CMUnitTestFunction func)
{
	if (count > room || *n > room - count
		|| (*n > 0 && tests[*n - 1].test_func == NULL)) {
		print_error("%zu tests counted, and there are fewer, or no room for %zu "
			    "more\n",
			*n, count);
		abort();
	}
	for (size_t i = 0; i < count; i++) {
		const char *row = (const char *)rows + i * size;
		const char *name;

		memcpy(&name, row, sizeof(name));
		if (tests[*n].test_func != NULL) {
			print_error("\"%s\" is not counted\n", tests[*n].name);
			abort();
		}
		tests[(*n)++] = (struct CMUnitTest){
			.name = name,
			.test_func = func,
			.initial_state = (void *)row,
		};
	}
}

/* A copy with no slack: the sanitizer sees a read or write one past its end. */
static inline uint8_t *
exact_copy(const void *bytes, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, bytes, len);
	return exact;
}
