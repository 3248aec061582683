/* Normalizing: at most so many times as long, UTF-8 again, and then it stays as it is. */
#include "coap/nfc.h"
#include "coap/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* A buffer of exactly @size bytes. */
static uint8_t *
room(size_t size)
{
	uint8_t *p = malloc(size > 0 ? size : 1);

	require(p != NULL);
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cap = TG_NFC_GROWTH * size;
	uint8_t *once = room(cap), *twice;
	long n = tg_nfc(once, cap, data, size);

	if (n < 0) /* within the bound there is room for all that is UTF-8 */
		require(!tg_utf8_valid(data, size) || size > TG_NFC_MARKS);
	if (n >= 0) {
		require(tg_utf8_valid(once, (size_t)n));
		twice = room((size_t)n);
		require(tg_nfc(twice, (size_t)n, once, (size_t)n) == n);
		require(memcmp(once, twice, (size_t)n) == 0);
		free(twice);
	}
	free(once);
	return 0;
}
