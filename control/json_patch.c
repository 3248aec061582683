#include "control/json_patch.h"

#include "coap/code.h"
#include "control/json_value.h"
#include "control/pointer.h"

#include <string.h>

/* One operation, as its members say. */
struct op {
	struct ctl_pointer path, from;
	json_t *value; /* borrowed; NULL if there is none */
	size_t *work;  /* bytes of text that may still be put in */
};

/*
 * May @value be put in at @p?  Twenty copies of the whole into itself would make a
 * million of it, and each copy takes time though the next one stands in its place: so
 * what is put in is bounded, all together, and how deep it gets.
 */
static uint8_t
check_growth(const struct op *op, const json_t *value)
{
	size_t len;

	if (!ctl_json_is_shallow(value, op->path.n))
		return TG_UNPROCESSABLE;
	len = ctl_json_print(value, NULL, 0);
	if (len > *op->work)
		return TG_TOO_LARGE;
	*op->work -= len;
	return 0;
}

/* Put @value, whose reference is taken over, where nothing stands or what is there moves
 * on (RFC 6902, 4.1). */
static uint8_t
insert(json_t **root, const struct ctl_pointer *p, json_t *value)
{
	unsigned last = p->n - 1;
	json_t *parent = NULL;
	uint8_t code = 0;
	size_t at = 0;

	if (value == NULL)
		return TG_INTERNAL;
	if (p->n == 0) {
		json_decref(*root);
		*root = value;
		return 0;
	}
	code = ctl_pointer_find(p, last, *root, &parent);
	if (code == 0 && json_is_array(parent))
		code = ctl_pointer_index(p, last, json_array_size(parent), &at);
	else if (code == 0 && !json_is_object(parent))
		code = TG_UNPROCESSABLE;
	if (code != 0) {
		json_decref(value);
		return code;
	}
	if (json_is_array(parent))
		return json_array_insert_new(parent, at, value) == 0 ? 0 : TG_INTERNAL;
	return json_object_setn_new_nocheck(parent, p->text + p->token[last].at,
		       p->token[last].len,
		       value) == 0
		       ? 0
		       : TG_INTERNAL;
}

/* What stands at @p goes out, its reference to *out. */
static uint8_t
extract(json_t *root, const struct ctl_pointer *p, json_t **out)
{
	unsigned last = p->n - 1;
	json_t *parent;
	uint8_t code;
	size_t at;

	code = ctl_pointer_find(p, p->n, root, out);
	if (code != 0)
		return code;
	if (p->n == 0)
		return TG_UNPROCESSABLE; /* a value cannot be less than a value */
	json_incref(*out);
	(void)ctl_pointer_find(p, last, root, &parent);
	if (json_is_array(parent)) {
		(void)ctl_pointer_index(p, last, json_array_size(parent), &at);
		json_array_remove(parent, at);
	} else {
		json_object_deln(parent, p->text + p->token[last].at, p->token[last].len);
	}
	return 0;
}

static uint8_t
op_add(json_t **root, const struct op *op)
{
	uint8_t code = check_growth(op, op->value);

	return code == 0 ? insert(root, &op->path, json_incref(op->value)) : code;
}

static uint8_t
op_remove(json_t **root, const struct op *op)
{
	json_t *gone;
	uint8_t code = extract(*root, &op->path, &gone);

	if (code == 0)
		json_decref(gone);
	return code;
}

/* A member keeps its place among the others, so it is set and not removed and added. */
static uint8_t
op_replace(json_t **root, const struct op *op)
{
	json_t *old, *parent = NULL;
	uint8_t code = ctl_pointer_find(&op->path, op->path.n, *root, &old);
	size_t at;

	if (code != 0)
		return code;
	if (op->path.n > 0)
		(void)ctl_pointer_find(&op->path, op->path.n - 1, *root, &parent);
	if (!json_is_array(parent))
		return op_add(root, op);
	code = check_growth(op, op->value);
	if (code != 0)
		return code;
	(void)ctl_pointer_index(&op->path, op->path.n - 1, json_array_size(parent), &at);
	return json_array_set(parent, at, op->value) == 0 ? 0 : TG_INTERNAL;
}

static uint8_t
op_move(json_t **root, const struct op *op)
{
	json_t *moved;
	uint8_t code;

	if (ctl_pointer_is_inside(&op->path, &op->from))
		return TG_UNPROCESSABLE;
	if (op->from.n == 0)
		return op->path.n == 0 ? 0 : TG_UNPROCESSABLE;
	code = extract(*root, &op->from, &moved);
	if (code != 0)
		return code;
	if (ctl_json_is_shallow(moved, op->path.n))
		return insert(root, &op->path, moved);
	json_decref(moved);
	return TG_UNPROCESSABLE;
}

static uint8_t
op_copy(json_t **root, const struct op *op)
{
	json_t *from;
	uint8_t code = ctl_pointer_find(&op->from, op->from.n, *root, &from);

	if (code == 0)
		code = check_growth(op, from);
	return code == 0 ? insert(root, &op->path, json_deep_copy(from)) : code;
}

static uint8_t
op_test(json_t **root, const struct op *op)
{
	json_t *found;
	uint8_t code = ctl_pointer_find(&op->path, op->path.n, *root, &found);

	return code != 0 ? code : ctl_json_is_same(found, op->value) ? 0 : TG_CONFLICT;
}

static const struct kind {
	const char *name;
	uint8_t (*run)(json_t **root, const struct op *op);
	bool value, from; /* members that it must have, beside path */
} kinds[] = {
	{"add", op_add, .value = true},
	{"remove", op_remove},
	{"replace", op_replace, .value = true},
	{"move", op_move, .from = true},
	{"copy", op_copy, .from = true},
	{"test", op_test, .value = true},
};

static const struct kind *
kind_of(const json_t *member)
{
	const char *name = json_string_value(member);

	for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	return NULL;
}

/* A member that is a pointer. */
static uint8_t
read_pointer(const json_t *o, const char *name, struct ctl_pointer *p)
{
	const json_t *member = json_object_get(o, name);

	return json_is_string(member) ? ctl_pointer_parse(
		       p, json_string_value(member), json_string_length(member))
				      : TG_BAD_REQUEST;
}

static uint8_t
read_op(const json_t *o, struct op *op, const struct kind **kind)
{
	uint8_t code;

	*kind = kind_of(json_object_get(o, "op"));
	op->value = json_object_get(o, "value");
	if (*kind == NULL || ((*kind)->value && op->value == NULL))
		return TG_BAD_REQUEST;
	code = read_pointer(o, "path", &op->path);
	return code == 0 && (*kind)->from ? read_pointer(o, "from", &op->from) : code;
}

/* The whole patch is read before any of it is applied: 4.00 goes before 4.09. */
static uint8_t
check_ops(const json_t *patch)
{
	const struct kind *kind;
	uint8_t code = 0;
	struct op op;
	json_t *o;
	size_t i;

	if (!json_is_array(patch))
		return TG_BAD_REQUEST;
	json_array_foreach (patch, i, o)
		if ((code = read_op(o, &op, &kind)) != 0)
			break;
	return code;
}

uint8_t
ctl_json_patch(json_t **root, const json_t *patch)
{
	const struct kind *kind;
	uint8_t code = check_ops(patch);
	size_t work = CTL_PATCH_WORK;
	struct op op;

	op.work = &work;
	for (size_t i = 0; i < json_array_size(patch) && code == 0; i++) {
		code = read_op(json_array_get(patch, i), &op, &kind);
		if (code == 0)
			code = kind->run(root, &op);
	}
	return code;
}
