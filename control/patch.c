#include "control/patch.h"

#include "coap/code.h"
#include "control/json_patch.h"
#include "control/pointer.h"

/* A value as it is stored: that it cannot be read is no fault of the request. */
static uint8_t
load_stored(struct ctl_text t, json_t **out)
{
	return ctl_json_load(t, out) == 0 ? 0 : TG_UNPROCESSABLE;
}

static uint8_t
print_result(const json_t *v, struct ctl_room *out, uint8_t code)
{
	size_t len = ctl_json_print(v, out->to, out->cap);

	if (len == 0)
		return TG_INTERNAL;
	if (len > out->cap)
		return TG_TOO_LARGE;
	out->len = len;
	return code;
}

/* ---- FETCH ---- */

uint8_t
ctl_fetch(struct ctl_text pointer, struct ctl_text value, struct ctl_room *out)
{
	struct ctl_pointer p;
	json_t *root, *part;
	uint8_t code;

	code = ctl_pointer_parse(&p, pointer.bytes, pointer.len);
	if (code == 0)
		code = load_stored(value, &root);
	if (code != 0)
		return code;
	code = ctl_pointer_find(&p, p.n, root, &part) == 0
		       ? print_result(part, out, TG_CONTENT)
		       : TG_UNPROCESSABLE;
	json_decref(root);
	return code;
}

/* ---- merge patch ---- */

static json_t *merge(json_t *target, json_t *patch);

/* One member of a merge patch on @target, an object; false: out of memory. */
static bool
merge_member(json_t *target, const char *key, size_t len, json_t *value)
{
	if (json_is_null(value)) {
		json_object_deln(target, key, len);
		return true;
	}
	value = merge(json_object_getn(target, key, len), value);
	return json_object_setn_new_nocheck(target, key, len, value) == 0;
}

/* MergePatch of RFC 7396, 2: a new reference, to @target changed or to what stands in its
 * place. NULL: out of memory.  @target may be NULL. */
static json_t *
merge(json_t *target, json_t *patch)
{
	json_t *out, *value;
	const char *key;
	size_t len;

	if (!json_is_object(patch))
		return json_incref(patch);
	out = json_is_object(target) ? json_incref(target) : json_object();
	json_object_keylen_foreach (patch, key, len, value)
		if (!merge_member(out, key, len, value)) {
			json_decref(out);
			return NULL;
		}
	return out;
}

static uint8_t
apply_merge(json_t **root, json_t *patch)
{
	json_t *merged = merge(*root, patch);

	if (merged == NULL)
		return TG_INTERNAL;
	json_decref(*root);
	*root = merged;
	return 0;
}

/* ---- PATCH ---- */

uint8_t
ctl_patch(uint16_t format, struct ctl_text patch, struct ctl_text value,
	struct ctl_room *out)
{
	json_t *change, *root;
	uint8_t code;

	if (format != TG_CF_JSON_PATCH && format != TG_CF_MERGE_PATCH)
		return TG_UNSUPPORTED_FORMAT;
	code = ctl_json_load(patch, &change);
	if (code != 0)
		return code;
	code = load_stored(value, &root);
	if (code != 0)
		goto free_patch;
	code = format == TG_CF_MERGE_PATCH ? apply_merge(&root, change)
					   : ctl_json_patch(&root, change);
	if (code == 0)
		code = print_result(root, out, TG_CHANGED);
	json_decref(root);
free_patch:
	json_decref(change);
	return code;
}
