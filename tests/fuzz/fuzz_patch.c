/*
 * JSON values in part: a digit (0 FETCH, 1 merge patch, 2 JSON patch), the pointer or
 * patch up to a zero, the value.  Whatever succeeds fits its room, can be read again, and
 * is then printed as the same bytes.
 */
#include "coap/code.h"
#include "control/patch.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define VALUE_MAX 1024

static bool
is_error(uint8_t code)
{
	return code == TG_BAD_REQUEST || code == TG_CONFLICT || code == TG_TOO_LARGE
	       || code == TG_UNPROCESSABLE;
}

static void
require_fixed_point(const struct ctl_room *result)
{
	struct ctl_text text = {result->to, result->len}, all = {"", 0};
	uint8_t to[VALUE_MAX];
	struct ctl_room again = {.to = to, .cap = sizeof(to)};
	uint8_t code = ctl_fetch(all, text, &again);

	if (code == TG_UNPROCESSABLE)
		return; /* a number that it can print and not read */
	require(code == TG_CONTENT && again.len == result->len);
	require(memcmp(again.to, result->to, result->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = memchr(data, 0, size);
	struct ctl_text change, value;
	uint8_t to[VALUE_MAX], code;
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	if (size == 0 || zero == NULL || zero == data)
		return 0;
	change = (struct ctl_text){data + 1, (size_t)(zero - data - 1)};
	value = (struct ctl_text){zero + 1, (size_t)(data + size - zero - 1)};
	if (data[0] == '0')
		code = ctl_fetch(change, value, &out);
	else
		code = ctl_patch(data[0] == '1' ? TG_CF_MERGE_PATCH : TG_CF_JSON_PATCH,
			change, value, &out);
	if (is_error(code)) {
		require(out.len == 0);
		return 0;
	}
	require(code == (data[0] == '0' ? TG_CONTENT : TG_CHANGED));
	require(out.len > 0 && out.len <= sizeof(to));
	require_fixed_point(&out);
	return 0;
}
