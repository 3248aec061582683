/*
 * References: what one means has no dot segment left and so means itself from then on;
 * unless it has no path and takes the base's as it is.
 *
 * Input: a base, a NUL, a reference.
 */
#include "coap/uri_join.h"
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A string of exactly @len bytes and its end. */
static char *
string(const void *bytes, size_t len)
{
	char *s = malloc(len + 1);

	require(s != NULL);
	memcpy(s, bytes, len);
	s[len] = '\0';
	return s;
}

/* Once resolved, @text means itself wherever it is said. */
static void
require_final(const char *text)
{
	size_t cap = 2 * strlen(text) + 2;
	char *again = malloc(cap);

	require(again != NULL);
	require(tg_uri_join(again, cap, text, text) == strlen(text));
	require(strcmp(text, again) == 0);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *all = string(data, size), *to;
	size_t base_len = strlen(all), cap = 2 * (size + 1);
	char *base = string(all, base_len);
	const char *reference = base_len < size ? all + base_len + 1 : all;

	to = malloc(cap);
	require(to != NULL);
	if (tg_uri_join(to, cap, base, base) > 0)
		require_final(to);
	if (*reference != '\0' && tg_uri_join(to, cap, base, reference) > 0
		&& *reference != '?' && *reference != '#')
		require_final(to);
	free(all);
	free(base);
	free(to);
	return 0;
}
