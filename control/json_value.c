#include "control/json_value.h"

#include "coap/code.h"

#include <stdio.h>

/* ---- text to value and back ---- */

/* Known before the parser sees it, whose own limit is the stack's depth. */
static bool
is_too_deep(struct ctl_text t)
{
	const char *p = t.bytes;
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (in_string && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if ((p[i] == '[' || p[i] == '{') && ++depth > CTL_JSON_DEPTH)
			return true;
		else if ((p[i] == ']' || p[i] == '}') && depth > 0)
			depth--;
	}
	return false;
}

uint8_t
ctl_json_load(struct ctl_text t, json_t **out)
{
	if (is_too_deep(t))
		return TG_UNPROCESSABLE;
	*out = json_loadb(t.bytes, t.len,
		JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	return *out != NULL ? 0 : TG_BAD_REQUEST;
}

/* Significant digits, 15 to 17, in which @v is read back as what it is. */
static unsigned
digits_of_real(double v)
{
	char text[32];
	unsigned digits = 15;

	for (; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", (int)digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return digits;
}

/* The most that any number in @v needs. */
static unsigned
digits_of(const json_t *v)
{
	unsigned most = 15, digits;
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_real(v))
		return digits_of_real(json_real_value(v));
	json_array_foreach (v, i, child) {
		digits = digits_of(child);
		most = digits > most ? digits : most;
	}
	json_object_foreach ((json_t *)v, key, child) {
		digits = digits_of(child);
		most = digits > most ? digits : most;
	}
	return most;
}

size_t
ctl_json_print(const json_t *v, uint8_t *to, size_t cap)
{
	return json_dumpb(v, (char *)to, cap,
		JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits_of(v)));
}

/* ---- depth ---- */

bool
ctl_json_is_shallow(const json_t *v, unsigned under)
{
	const char *key;
	json_t *child;
	size_t i;

	if (!json_is_array(v) && !json_is_object(v))
		return true;
	if (under >= CTL_JSON_DEPTH)
		return false;
	json_array_foreach (v, i, child)
		if (!ctl_json_is_shallow(child, under + 1))
			return false;
	json_object_foreach ((json_t *)v, key, child)
		if (!ctl_json_is_shallow(child, under + 1))
			return false;
	return true;
}

/* ---- equality ---- */

/* Numbers are equal if their values are (RFC 6902, 4.6), however they are written. */
static bool
is_same_number(const json_t *a, const json_t *b)
{
	const json_t *integer = json_is_integer(a) ? a : b;
	double real = json_real_value(json_is_integer(a) ? b : a);

	if (json_typeof(a) == json_typeof(b))
		return json_equal(a, b);
	/* Both ways: not every integer is a double, nor every double an integer. */
	return real >= (double)INT64_MIN && real < -(double)INT64_MIN
	       && (json_int_t)real == json_integer_value(integer)
	       && (double)(json_int_t)real == real;
}

static bool
is_same_object(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *child;
	size_t len;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_keylen_foreach ((json_t *)a, key, len, child)
		if (!ctl_json_is_same(child, json_object_getn(b, key, len)))
			return false;
	return true;
}

static bool
is_same_array(const json_t *a, const json_t *b)
{
	json_t *child;
	size_t i;

	if (json_array_size(a) != json_array_size(b))
		return false;
	json_array_foreach (a, i, child)
		if (!ctl_json_is_same(child, json_array_get(b, i)))
			return false;
	return true;
}

bool
ctl_json_is_same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return is_same_number(a, b);
	if (json_is_object(a) && json_is_object(b))
		return is_same_object(a, b);
	if (json_is_array(a) && json_is_array(b))
		return is_same_array(a, b);
	return json_equal(a, b);
}
