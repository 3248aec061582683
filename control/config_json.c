/* The configuration in force as JSON, which as YAML is a configuration again. */
#include "control/config.h"
#include "control/config_value.h"

#include <string.h>

static json_t *
scalar(const struct ctl_key *k, const uint8_t *base)
{
	uint64_t v = k->type == CTL_T_TEXT || k->type == CTL_T_NAME
			     ? 0
			     : ctl_field_get(k, base);
	char text[64];

	if (k->type == CTL_T_TEXT || k->type == CTL_T_NAME)
		return json_string((const char *)base + k->offset);
	if (k->type == CTL_T_BOOL)
		return json_boolean(v);
	if (k->type == CTL_T_UINT && !(v == 0 && k->min > 0))
		return json_integer((json_int_t)v);
	return json_string(ctl_value_text(k, v, text, sizeof(text)));
}

static json_t *
element(const struct ctl_key *k, const uint8_t *at)
{
	char text[CTL_PREFIX_TEXT];
	uint16_t format;

	if (k->type == CTL_T_PREFIXES)
		return json_string(ctl_prefix_text((const struct dp_prefix *)at, text));
	if (k->type != CTL_T_FORMATS)
		return ctl_keys_json(k->keys, at);
	memcpy(&format, at, sizeof(format));
	return json_integer(format);
}

static json_t *
elements(const struct ctl_key *k, const uint8_t *base)
{
	uint32_t n = *(const uint32_t *)(base + k->count_offset);
	json_t *all = k->type == CTL_T_MAP ? json_object() : json_array();

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *at = base + k->offset + i * ctl_key_element(k);

		if (k->type == CTL_T_MAP)
			json_object_set_new(all, (const char *)at, element(k, at));
		else
			json_array_append_new(all, element(k, at));
	}
	return all;
}

/* Does the key say nothing of its own? */
static bool
is_inherited(const struct ctl_key *k, const uint8_t *base)
{
	return k->preset != NULL && strcmp(k->preset, CTL_INHERITED) == 0
	       && ctl_field_get(k, base) == UINT32_MAX;
}

/* Is there nothing to say?  A text or code that was not given, an empty list. */
static bool
is_absent(const struct ctl_key *k, const uint8_t *base)
{
	if (is_inherited(k, base))
		return true;
	if (k->type == CTL_T_TEXT || k->type == CTL_T_NAME)
		return base[k->offset] == '\0';
	if (k->type == CTL_T_CODE)
		return ctl_field_get(k, base) == 0;
	return !ctl_key_is_scalar(k) && k->type != CTL_T_SECTION
	       && *(const uint32_t *)(base + k->count_offset) == 0;
}

json_t *
ctl_keys_json(const struct ctl_key *keys, const void *base)
{
	json_t *o = json_object();

	for (const struct ctl_key *k = keys; k->name != NULL; k++) {
		json_t *v;

		if (is_absent(k, base) || !ctl_key_fits(k, keys, base))
			continue;
		v = k->type == CTL_T_SECTION ? ctl_keys_json(k->keys, base)
		    : ctl_key_is_scalar(k)   ? scalar(k, base)
					     : elements(k, base);
		if (k->type != CTL_T_SECTION || json_object_size(v) > 0)
			json_object_set_new(o, k->name, v);
		else
			json_decref(v);
	}
	return o;
}

json_t *
ctl_config_json(const struct ctl_config *c)
{
	return ctl_keys_json(ctl_schema, c);
}
