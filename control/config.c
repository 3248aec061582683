/* From YAML to a ctl_config, by the table of keys. */
#include "control/config.h"

#include "control/config_value.h"
#include "control/nearest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define FILE_MAX_BYTES (1u << 20)
#define DEPTH_MAX 16 /* what is nested deeper is no configuration, and slow to read */

struct load {
	yaml_document_t doc;
	const char *file;
	char *err;
	size_t errlen;
	struct ctl_config *conf;
};

static bool __attribute__((format(printf, 3, 4)))
fail(struct load *l, const yaml_mark_t *at, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(
		l->err, l->errlen, "%s:%zu:%zu: ", l->file, at->line + 1, at->column + 1);

	va_start(ap, fmt);
	if (n > 0 && (size_t)n < l->errlen)
		vsnprintf(l->err + n, l->errlen - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- scalars ---- */

/* A scalar's text; NULL if @n is none, or holds a NUL. */
static const char *
text_of(const yaml_node_t *n)
{
	const char *text;

	if (n->type != YAML_SCALAR_NODE)
		return NULL;
	text = (const char *)n->data.scalar.value;
	return strlen(text) == n->data.scalar.length ? text : NULL;
}

/* What a driver's argument may hold: it is cut at commas, brackets and quotes. */
static bool
is_name(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr(",[]\"'=", *text) != NULL)
			return false;
	return true;
}

static bool
set_text(struct load *l, const yaml_mark_t *at, const struct ctl_key *k, const char *text,
	char *field)
{
	size_t len = strlen(text);

	if (len < k->min || len > k->max)
		return fail(l, at, "%s: must have %llu to %llu bytes", k->name,
			(unsigned long long)k->min, (unsigned long long)k->max);
	if (k->type == CTL_T_NAME && !is_name(text))
		return fail(l, at,
			"%s: \"%s\" may not hold blanks, commas, quotes, brackets "
			"or '='",
			k->name, text);
	memcpy(field, text, len + 1);
	return true;
}

/* One scalar into its field. */
static bool
set_scalar(struct load *l, const yaml_mark_t *at, const struct ctl_key *k,
	const char *text, uint8_t *base)
{
	enum ctl_reading rc;
	char why[256];
	uint64_t v;

	if (k->type == CTL_T_TEXT || k->type == CTL_T_NAME)
		return set_text(l, at, k, text, (char *)base + k->offset);
	rc = ctl_value_read(k, text, &v);
	if (rc != CTL_R_GOOD)
		return fail(l, at, "%s", ctl_value_fault(k, rc, text, why, sizeof(why)));
	ctl_field_set(k, base, v);
	return true;
}

/* ---- structure ---- */

static bool read_mapping(
	struct load *l, const yaml_node_t *n, const struct ctl_key *keys, uint8_t *base);

static const yaml_node_t *
node(struct load *l, int index)
{
	return yaml_document_get_node(&l->doc, index);
}

/* Remember where @field was given. */
static void
place(struct load *l, const yaml_mark_t *at, const uint8_t *field)
{
	struct ctl_config *c = l->conf;

	if (c->n_places < CTL_PLACES_MAX)
		c->places[c->n_places++] = (struct ctl_place){
			.field = (uint32_t)(field - (const uint8_t *)c),
			.line = (uint32_t)at->line + 1,
			.column = (uint32_t)at->column + 1,
		};
}

static void
set_presets(struct load *l, const struct ctl_key *keys, uint8_t *base)
{
	static const yaml_mark_t nowhere;

	for (; keys->name != NULL; keys++)
		if (keys->type == CTL_T_SECTION)
			set_presets(l, keys->keys, base);
		else if (keys->preset != NULL && strcmp(keys->preset, CTL_REQUIRED) != 0)
			(void)set_scalar(l, &nowhere, keys, keys->preset, base);
}

static bool
read_prefix(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *at)
{
	const char *text = text_of(n);
	const char *why = text == NULL ? "is not text"
				       : ctl_prefix_read(text, (struct dp_prefix *)at);

	return why == NULL
	       || fail(l, &n->start_mark, "%s: \"%s\" %s", k->name,
		       text != NULL ? text : "?", why);
}

static bool
read_format(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *at)
{
	const struct ctl_key one = {
		.name = k->name, .type = CTL_T_FORMATS, .size = 2, .max = 65534};
	const char *text = text_of(n);

	if (text == NULL)
		return fail(l, &n->start_mark, "%s: must be a number", k->name);
	return set_scalar(l, &n->start_mark, &one, text, at);
}

static bool
read_element(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *at)
{
	place(l, &n->start_mark, at);
	if (k->type == CTL_T_PREFIXES)
		return read_prefix(l, n, k, at);
	if (k->type == CTL_T_FORMATS)
		return read_format(l, n, k, at);
	set_presets(l, k->keys, at);
	return read_mapping(l, n, k->keys, at);
}

/* Room for one more of @k's elements, or NULL. */
static uint8_t *
next_element(
	struct load *l, const yaml_mark_t *mark, const struct ctl_key *k, uint8_t *base)
{
	uint32_t *count = (uint32_t *)(base + k->count_offset);

	if (*count < k->max)
		return base + k->offset + (*count)++ * ctl_key_element(k);
	fail(l, mark, "%s: at most %llu", k->name, (unsigned long long)k->max);
	return NULL;
}

static bool
read_list(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *base)
{
	if (n->type != YAML_SEQUENCE_NODE)
		return fail(l, &n->start_mark, "%s: must be a list", k->name);
	for (yaml_node_item_t *i = n->data.sequence.items.start;
		i < n->data.sequence.items.top; i++) {
		const yaml_node_t *item = node(l, *i);
		uint8_t *at = next_element(l, &item->start_mark, k, base);

		if (at == NULL || !read_element(l, item, k, at))
			return false;
	}
	return *(uint32_t *)(base + k->count_offset) >= k->min
	       || fail(l, &n->start_mark, "%s: at least one is needed", k->name);
}

/* The element's first member is its name. */
static bool
read_named(struct load *l, const yaml_node_t *name, const yaml_node_t *value,
	const struct ctl_key *k, uint8_t *base)
{
	uint32_t before = *(uint32_t *)(base + k->count_offset);
	uint8_t *at = next_element(l, &name->start_mark, k, base);
	const char *text = text_of(name);
	struct ctl_stream *s = (struct ctl_stream *)at;

	if (at == NULL)
		return false;
	if (text == NULL || *text == '\0' || strlen(text) >= sizeof(s->name))
		return fail(
			l, &name->start_mark, "%s: a name has 1 to 63 bytes", k->name);
	for (uint32_t i = 0; i < before; i++)
		if (strcmp((char *)base + k->offset + i * ctl_key_element(k), text) == 0)
			return fail(l, &name->start_mark, "%s: %s is there twice",
				k->name, text);
	memcpy(s->name, text, strlen(text) + 1);
	return read_element(l, value, k, at);
}

static bool
read_map(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *base)
{
	if (n->type != YAML_MAPPING_NODE)
		return fail(l, &n->start_mark, "%s: must be a mapping", k->name);
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start;
		p < n->data.mapping.pairs.top; p++)
		if (!read_named(l, node(l, p->key), node(l, p->value), k, base))
			return false;
	return true;
}

static bool
read_value(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *base)
{
	if (k->type == CTL_T_SECTION)
		return read_mapping(l, n, k->keys, base);
	place(l, &n->start_mark, base + k->offset);
	if (k->type == CTL_T_MAP)
		return read_map(l, n, k, base);
	if (!ctl_key_is_scalar(k))
		return read_list(l, n, k, base);
	if (text_of(n) == NULL)
		return fail(l, &n->start_mark, "%s: must be %s", k->name,
			ctl_value_shape(k->type));
	return set_scalar(l, &n->start_mark, k, text_of(n), base);
}

static bool
unknown_key(struct load *l, const yaml_node_t *name, const struct ctl_key *keys)
{
	const char *text = text_of(name);
	struct ctl_nearest near = {.word = text, .within = CTL_TYPING_ERROR};

	if (text == NULL)
		return fail(l, &name->start_mark, "a key is text");
	for (; keys->name != NULL; keys++)
		ctl_nearest_offer(&near, keys->name);
	return near.best == NULL
		       ? fail(l, &name->start_mark, "there is no key \"%s\" here", text)
		       : fail(l, &name->start_mark,
			       "there is no key \"%s\" here; did you mean \"%s\"?", text,
			       near.best);
}

static bool
read_pair(struct load *l, const yaml_node_pair_t *p, const struct ctl_key *keys,
	uint8_t *base, const yaml_node_t **given)
{
	const yaml_node_t *name = node(l, p->key);
	const char *text = text_of(name);

	for (unsigned i = 0; keys[i].name != NULL && text != NULL; i++) {
		if (strcmp(keys[i].name, text) != 0)
			continue;
		if (given[i] != NULL)
			return fail(l, &name->start_mark, "%s is there twice", text);
		given[i] = name;
		return read_value(l, node(l, p->value), &keys[i], base);
	}
	return unknown_key(l, name, keys);
}

/* Is all there that must be, and nothing that does not go with what was chosen? */
static bool
check_given(struct load *l, const yaml_node_t *n, const struct ctl_key *keys,
	const uint8_t *base, const yaml_node_t *const *given)
{
	const struct ctl_key *by = ctl_key_chooser(keys);
	char chosen[32];

	for (unsigned i = 0; keys[i].name != NULL; i++) {
		if (given[i] == NULL && ctl_key_is_needed(&keys[i], keys, base))
			return fail(l, &n->start_mark, "\"%s\" is missing", keys[i].name);
		if (given[i] != NULL && !ctl_key_fits(&keys[i], keys, base))
			return fail(l, &given[i]->start_mark,
				"\"%s\" does not go with %s %s", keys[i].name, by->name,
				ctl_value_text(by, ctl_field_get(by, base), chosen,
					sizeof(chosen)));
	}
	return true;
}

#define KEYS_MAX 32 /* in one mapping */

static bool
read_mapping(
	struct load *l, const yaml_node_t *n, const struct ctl_key *keys, uint8_t *base)
{
	const yaml_node_t *given[KEYS_MAX] = {NULL};
	bool absent = n->type == YAML_SCALAR_NODE && n->data.scalar.length == 0;

	if (n->type != YAML_MAPPING_NODE
		&& !absent) /* absent: "streams: {telemetry: }" */
		return fail(
			l, &n->start_mark, "a mapping of keys to values is wanted here");
	if (!absent)
		for (yaml_node_pair_t *p = n->data.mapping.pairs.start;
			p < n->data.mapping.pairs.top; p++)
			if (!read_pair(l, p, keys, base, given))
				return false;
	return check_given(l, n, keys, base, given);
}

/* ---- loading ---- */

/* Where @offset is: libyaml's marks tell nothing of bytes that make no characters. */
static yaml_mark_t
mark_at(const char *text, size_t offset)
{
	yaml_mark_t at = {0};

	for (size_t i = 0; i < offset; i++) {
		at.column += (text[i] & 0xc0) != 0x80; /* no trailing octet of UTF-8 */
		if (text[i] == '\n') {
			at.line++;
			at.column = 0;
		}
	}
	return at;
}

static bool
syntax_fault(struct load *l, const yaml_parser_t *p, const char *text, size_t len)
{
	yaml_mark_t at = p->problem_mark;

	if (p->error == YAML_READER_ERROR)
		at = mark_at(text, p->problem_offset < len ? p->problem_offset : len);
	return fail(l, &at, "%s%s%s", p->context != NULL ? p->context : "",
		p->context != NULL ? ", " : "",
		p->problem != NULL ? p->problem : "not YAML");
}

/* One event of the survey; false ends it. */
static bool
survey_event(struct load *l, const yaml_event_t *e, int *depth, unsigned *documents)
{
	if (e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT)
		++*depth;
	else if (e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT)
		--*depth;
	if (e->type == YAML_DOCUMENT_START_EVENT && ++*documents > 1)
		return fail(l, &e->start_mark, "a second document begins: one is wanted");
	return *depth <= DEPTH_MAX
	       || fail(l, &e->start_mark, "nested deeper than %d", DEPTH_MAX);
}

/*
 * Look it over before it is loaded: libyaml's loader takes quadratic time over brackets,
 * and leaves a second document unread.
 */
static bool
survey(struct load *l, const char *text, size_t len)
{
	unsigned documents = 0;
	bool ok = true, end = false;
	yaml_parser_t p;
	int depth = 0;

	if (!yaml_parser_initialize(&p))
		return snprintf(l->err, l->errlen, "out of memory"), false;
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	while (ok && !end) {
		yaml_event_t e;

		if (!yaml_parser_parse(&p, &e)) {
			ok = syntax_fault(l, &p, text, len);
			break;
		}
		ok = survey_event(l, &e, &depth, &documents);
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	return ok;
}

static bool
read_document(struct load *l)
{
	static const yaml_mark_t start;
	const yaml_node_t *root = yaml_document_get_root_node(&l->doc);
	uint8_t *base = (uint8_t *)l->conf;

	set_presets(l, ctl_schema, base);
	if (root == NULL)
		return fail(l, &start, "the file is empty");
	return read_mapping(l, root, ctl_schema, base)
	       && ctl_config_check(l->conf, l->err, l->errlen);
}

static bool
load(struct load *l, const char *text, size_t len)
{
	yaml_parser_t p;
	bool ok;

	if (!yaml_parser_initialize(&p))
		return snprintf(l->err, l->errlen, "out of memory"), false;
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	ok = yaml_parser_load(&p, &l->doc);
	if (ok) {
		ok = read_document(l);
		yaml_document_delete(&l->doc);
	} else {
		syntax_fault(l, &p, text, len);
	}
	yaml_parser_delete(&p);
	return ok;
}

struct ctl_config *
ctl_config_parse(const char *name, const char *text, size_t len, char *err, size_t errlen)
{
	struct load l = {.file = name, .err = err, .errlen = errlen};

	l.conf = calloc(1, sizeof(*l.conf));
	if (l.conf == NULL) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	snprintf(l.conf->file, sizeof(l.conf->file), "%s", name);
	if (survey(&l, text, len) && load(&l, text, len))
		return l.conf;
	free(l.conf);
	return NULL;
}

struct ctl_config *
ctl_config_load(const char *path, char *err, size_t errlen)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(FILE_MAX_BYTES + 1);
	struct ctl_config *c = NULL;
	size_t len = 0;

	errno = f == NULL || text == NULL ? errno : 0;
	if (errno == 0)
		len = fread(text, 1, FILE_MAX_BYTES + 1, f);
	if (errno != 0 || ferror(f))
		snprintf(err, errlen, "%s: cannot be read: %s", path, strerror(errno));
	else if (len > FILE_MAX_BYTES)
		snprintf(err, errlen, "%s: longer than %u bytes", path, FILE_MAX_BYTES);
	else if (strlen(path) >= sizeof(c->file))
		snprintf(err, errlen, "%s: its path is too long", path);
	else
		c = ctl_config_parse(path, text, len, err, errlen);
	free(text);
	if (f != NULL)
		fclose(f);
	return c;
}

void
ctl_config_free(struct ctl_config *c)
{
	free(c);
}
