/* FETCH, PATCH and iPATCH of texts, as the tests of control/patch.h run them. */
#pragma once

#include "coap/code.h"
#include "control/patch.h"
#include "tests/rows.h"

#define OUT_MAX 1024
#define MERGE TG_CF_MERGE_PATCH
#define OPS TG_CF_JSON_PATCH

/* The result and @want's text; an error leaves the room as it was. */
static void
expect(uint8_t code, const struct ctl_room *out, uint8_t want_code, const char *want)
{
	assert_int_equal(code, want_code);
	if (want == NULL) {
		assert_int_equal(out->len, 0);
		return;
	}
	assert_int_equal(out->len, strlen(want));
	assert_memory_equal(out->to, want, out->len);
}

/* Run with inputs and output in buffers of their exact sizes. */
static uint8_t
run(int format, const char *change, size_t change_len, const char *value,
	struct ctl_room *out)
{
	uint8_t *c = exact_copy(change, change_len);
	uint8_t *v = exact_copy(value, strlen(value));
	struct ctl_text text = {c, change_len}, stored = {v, strlen(value)};
	uint8_t code;

	code = format == 0 ? ctl_fetch(text, stored, out)
			   : ctl_patch((uint16_t)format, text, stored, out);
	free(c);
	free(v);
	return code;
}
