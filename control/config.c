#include "control/config.h"

#include "control/config_schema.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct load {
	yaml_document_t doc;
	const char *file;
	char *err;
	size_t errlen;
	struct ctl_config *conf;
};

static bool __attribute__((format(printf, 3, 4)))
fail(struct load *l, const yaml_node_t *at, const char *fmt, ...)
{
	size_t line = at != NULL ? at->start_mark.line + 1 : 1;
	size_t column = at != NULL ? at->start_mark.column + 1 : 1;
	int n = snprintf(l->err, l->errlen, "%s:%zu:%zu: ", l->file, line, column);
	va_list ap;

	va_start(ap, fmt);
	if (n > 0 && (size_t)n < l->errlen)
		vsnprintf(l->err + n, l->errlen - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- nearest key -------------------------------------------------------------------------- */

static unsigned
distance(const char *a, const char *b)
{
	unsigned row[64], n = (unsigned)strlen(b);

	if (n >= 63 || strlen(a) >= 63)
		return UINT32_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; *a != '\0'; a++, i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned keep = row[j], best = corner + (*a != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = keep;
		}
	}
	return row[n];
}

static const char *
nearest_key(const struct ctl_key *keys, const char *name)
{
	const char *best = NULL;
	unsigned least = 4;

	for (; keys->name != NULL; keys++)
		if (distance(name, keys->name) < least) {
			least = distance(name, keys->name);
			best = keys->name;
		}
	return best;
}

/* ---- scalars ------------------------------------------------------------------------------- */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000},
	{"s", 1000000000ull}, {"m", 60000000000ull}, {"h", 3600000000000ull},
	{"d", 86400000000000ull}, {NULL, 0}};
static const struct unit size_units[] = {{"", 1}, {"B", 1}, {"KiB", 1ull << 10},
	{"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}, {NULL, 0}};

/* "<number><unit>"; a bare 0 needs no unit. */
static bool
read_unit(const char *text, const struct unit *units, uint64_t *out)
{
	char *end;
	uint64_t n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0)
		return false;
	if (n == 0 && *end == '\0') {
		*out = 0;
		return true;
	}
	for (; units->name != NULL; units++)
		if (strcmp(end, units->name) == 0 && n <= UINT64_MAX / units->factor) {
			*out = n * units->factor;
			return true;
		}
	return false;
}

static bool
read_uint(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static bool
read_bool(const char *text, uint64_t *out)
{
	*out = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "on") == 0;
	return *out || strcmp(text, "false") == 0 || strcmp(text, "no") == 0
		|| strcmp(text, "off") == 0;
}

static bool
read_code(const char *text, uint64_t *out)
{
	if (strlen(text) != 4 || text[1] != '.' || text[0] < '2' || text[0] > '5' || text[2] < '0'
		|| text[2] > '3' || text[3] < '0' || text[3] > '9')
		return false;
	*out = (uint64_t)(text[0] - '0') << 5 | (uint64_t)((text[2] - '0') * 10 + text[3] - '0');
	return true;
}

static bool
read_enum(const struct ctl_key *k, const char *text, uint64_t *out)
{
	for (*out = 0; k->names[*out] != NULL; (*out)++)
		if (strcmp(k->names[*out], text) == 0)
			return true;
	return false;
}

bool ctl_prefix_parse(const char *text, struct dp_prefix *p);

bool
ctl_prefix_parse(const char *text, struct dp_prefix *p)
{
	char addr[64];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : 0;
	uint64_t bits;

	if (len == 0 || len >= sizeof(addr) || !read_uint(slash + 1, &bits))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	*p = (struct dp_prefix){.len = (uint8_t)bits, .v6 = strchr(addr, ':') != NULL};
	if (p->v6)
		return bits <= 128 && inet_pton(AF_INET6, addr, p->addr) == 1;
	p->addr[10] = p->addr[11] = 0xff;
	return bits <= 32 && inet_pton(AF_INET, addr, p->addr + 12) == 1;
}

/* What a value of that type looks like. */
static const char *
shape_of(enum ctl_type t)
{
	switch (t) {
	case CTL_T_UINT:
	case CTL_T_FORMATS:
		return "a number";
	case CTL_T_BOOL:
		return "true or false";
	case CTL_T_SECONDS:
	case CTL_T_SECONDS64:
	case CTL_T_MS:
	case CTL_T_NS:
		return "a time with its unit, such as 500ms, 30s or 24h";
	case CTL_T_BYTES:
	case CTL_T_BYTES32:
		return "a size, such as 64KiB or 256MiB";
	case CTL_T_CODE:
		return "a response code, such as 2.04";
	case CTL_T_PREFIXES:
		return "an address with its prefix length, such as 198.18.0.1/15";
	case CTL_T_STRING:
	case CTL_T_ENUM:
	case CTL_T_SECTION:
	case CTL_T_LIST:
	case CTL_T_MAP:
		break;
	}
	return "text";
}

static uint64_t
scale_of(enum ctl_type t)
{
	return t == CTL_T_SECONDS || t == CTL_T_SECONDS64 ? 1000000000u : t == CTL_T_MS ? 1000000u : 1;
}

static bool
read_number(const struct ctl_key *k, const char *text, uint64_t *out)
{
	switch (k->type) {
	case CTL_T_UINT:
		if (k->preset != NULL && strcmp(k->preset, "auto") == 0 && strcmp(text, "auto") == 0)
			return *out = 0, true;
		return read_uint(text, out);
	case CTL_T_BOOL:
		return read_bool(text, out);
	case CTL_T_SECONDS:
	case CTL_T_SECONDS64:
	case CTL_T_MS:
	case CTL_T_NS:
		if (!read_unit(text, time_units, out))
			return false;
		*out /= scale_of(k->type);
		return true;
	case CTL_T_BYTES:
	case CTL_T_BYTES32:
		return read_unit(text, size_units, out);
	case CTL_T_CODE:
		return read_code(text, out);
	case CTL_T_ENUM:
		return read_enum(k, text, out);
	case CTL_T_STRING:
	case CTL_T_FORMATS:
	case CTL_T_PREFIXES:
	case CTL_T_SECTION:
	case CTL_T_LIST:
	case CTL_T_MAP:
		break;
	}
	return false;
}

static bool
in_range(const struct ctl_key *k, const char *text, uint64_t v)
{
	if (k->min == 0 && k->max == 0)
		return true;
	if (v == 0 && k->preset != NULL && strcmp(k->preset, "auto") == 0 && strcmp(text, "auto") == 0)
		return true;
	return v >= k->min && v <= k->max;
}

static bool
enum_fault(struct load *l, const yaml_node_t *at, const struct ctl_key *k, const char *text)
{
	char list[128] = "";

	for (unsigned i = 0; k->names[i] != NULL; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
			k->names[i]);
	return fail(l, at, "%s: \"%s\" is none of %s", k->name, text, list);
}

/* One scalar into its field. */
static bool
set_scalar(struct load *l, const yaml_node_t *at, const struct ctl_key *k, const char *text,
	uint8_t *base)
{
	uint8_t *field = base + k->offset;
	uint64_t v;

	if (k->type == CTL_T_STRING) {
		size_t len = strlen(text);

		if (len < k->min || len > k->max)
			return fail(l, at, "%s: must have %llu to %llu characters", k->name,
				(unsigned long long)k->min, (unsigned long long)k->max);
		memcpy(field, text, len + 1);
		return true;
	}
	if (!read_number(k, text, &v))
		return k->type == CTL_T_ENUM
			? enum_fault(l, at, k, text)
			: fail(l, at, "%s: \"%s\" is not %s", k->name, text, shape_of(k->type));
	if (!in_range(k, text, v))
		return fail(l, at, "%s: %s is out of range (%llu to %llu)", k->name, text,
			(unsigned long long)k->min, (unsigned long long)k->max);
	if (k->size == sizeof(uint64_t))
		memcpy(field, &v, sizeof(v));
	else if (k->size == sizeof(uint32_t))
		*(uint32_t *)field = (uint32_t)v;
	return true;
}

/* ---- structure --------------------------------------------------------------------------------- */

static bool read_mapping(struct load *l, const yaml_node_t *n, const struct ctl_key *keys, uint8_t *base);

static const char *
text_of(const yaml_node_t *n)
{
	return n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

static void
set_presets(struct load *l, const struct ctl_key *keys, uint8_t *base)
{
	for (; keys->name != NULL; keys++)
		if (keys->type == CTL_T_SECTION)
			set_presets(l, keys->keys, base);
		else if (keys->preset != NULL && strcmp(keys->preset, "!") != 0)
			(void)set_scalar(l, NULL, keys, keys->preset, base);
}

static size_t
element_size(const struct ctl_key *k)
{
	return k->keys == NULL ? 0 : k->size / k->max;
}

/* The list's formats and prefixes: their count stands right before the array. */
static bool
read_values(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *base)
{
	uint32_t *count = k->type == CTL_T_FORMATS
		? &((struct ctl_route *)base)->n_formats
		: &((struct ctl_port *)base)->n_addrs;

	if (n->type != YAML_SEQUENCE_NODE)
		return fail(l, n, "%s: must be a list", k->name);
	*count = 0;
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&l->doc, *i);
		const char *text = text_of(item);
		uint64_t v = 0; /* stays so for a prefix */

		if (*count == k->max)
			return fail(l, item, "%s: at most %llu", k->name, (unsigned long long)k->max);
		if (k->type == CTL_T_PREFIXES
				? text == NULL
					|| !ctl_prefix_parse(
						text, &((struct ctl_port *)base)->addrs[*count])
				: text == NULL || !read_uint(text, &v) || v > 65534)
			return fail(l, item, "%s: \"%s\" is not %s", k->name, text ? text : "?",
				shape_of(k->type));
		if (k->type == CTL_T_FORMATS)
			((struct ctl_route *)base)->formats[*count] = (uint16_t)v;
		(*count)++;
	}
	return *count >= k->min || fail(l, n, "%s: at least one is needed", k->name);
}

static bool
read_list(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *base)
{
	unsigned *count = (unsigned *)(base + k->count_offset);

	if (n->type != YAML_SEQUENCE_NODE)
		return fail(l, n, "%s: must be a list", k->name);
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&l->doc, *i);
		uint8_t *at = base + k->offset + *count * element_size(k);

		if (*count == k->max)
			return fail(l, item, "%s: at most %llu", k->name, (unsigned long long)k->max);
		if (strcmp(k->name, "routes") == 0) {
			((struct ctl_route *)at)->max_age = UINT32_MAX;
			((struct ctl_route *)at)->line = (unsigned)item->start_mark.line + 1;
		}
		set_presets(l, k->keys, at);
		if (!read_mapping(l, item, k->keys, at))
			return false;
		(*count)++;
	}
	return *count >= k->min || fail(l, n, "%s: at least one is needed", k->name);
}

static bool
read_map(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *base)
{
	unsigned *count = (unsigned *)(base + k->count_offset);

	if (n->type != YAML_MAPPING_NODE)
		return fail(l, n, "%s: must be a mapping", k->name);
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *name = yaml_document_get_node(&l->doc, p->key);
		struct ctl_stream *s = (struct ctl_stream *)(base + k->offset) + *count;

		if (*count == k->max)
			return fail(l, name, "%s: at most %llu", k->name, (unsigned long long)k->max);
		if (text_of(name) == NULL || strlen(text_of(name)) >= sizeof(s->name)
			|| *text_of(name) == '\0')
			return fail(l, name, "%s: a name has 1 to 63 characters", k->name);
		for (unsigned i = 0; i < *count; i++)
			if (strcmp(s[-1 - (int)i].name, text_of(name)) == 0)
				return fail(l, name, "%s: %s is there twice", k->name, text_of(name));
		snprintf(s->name, sizeof(s->name), "%s", text_of(name));
		set_presets(l, k->keys, (uint8_t *)s);
		if (!read_mapping(l, yaml_document_get_node(&l->doc, p->value), k->keys, (uint8_t *)s))
			return false;
		(*count)++;
	}
	return true;
}

static bool
read_value(struct load *l, const yaml_node_t *n, const struct ctl_key *k, uint8_t *base)
{
	switch (k->type) {
	case CTL_T_SECTION:
		return read_mapping(l, n, k->keys, base);
	case CTL_T_LIST:
		return read_list(l, n, k, base);
	case CTL_T_MAP:
		return read_map(l, n, k, base);
	case CTL_T_FORMATS:
	case CTL_T_PREFIXES:
		return read_values(l, n, k, base);
	case CTL_T_UINT:
	case CTL_T_BOOL:
	case CTL_T_STRING:
	case CTL_T_SECONDS:
	case CTL_T_SECONDS64:
	case CTL_T_MS:
	case CTL_T_NS:
	case CTL_T_BYTES:
	case CTL_T_BYTES32:
	case CTL_T_ENUM:
	case CTL_T_CODE:
		break;
	}
	if (text_of(n) == NULL)
		return fail(l, n, "%s: must be %s", k->name, shape_of(k->type));
	return set_scalar(l, n, k, text_of(n), base);
}

static bool
read_pair(struct load *l, const yaml_node_t *name, const yaml_node_t *value,
	const struct ctl_key *keys, uint8_t *base, uint64_t *seen)
{
	const char *text = text_of(name), *near;

	for (unsigned i = 0; keys[i].name != NULL && text != NULL; i++) {
		if (strcmp(keys[i].name, text) != 0)
			continue;
		if (*seen & 1ull << i)
			return fail(l, name, "%s is there twice", text);
		*seen |= 1ull << i;
		return read_value(l, value, &keys[i], base);
	}
	near = text != NULL ? nearest_key(keys, text) : NULL;
	return near != NULL
		? fail(l, name, "there is no key \"%s\" here; did you mean \"%s\"?", text, near)
		: fail(l, name, "there is no key \"%s\" here", text != NULL ? text : "?");
}

static bool
read_mapping(struct load *l, const yaml_node_t *n, const struct ctl_key *keys, uint8_t *base)
{
	uint64_t seen = 0;

	if (n->type == YAML_SCALAR_NODE && n->data.scalar.length == 0)
		return true; /* "streams: {telemetry: }" */
	if (n->type != YAML_MAPPING_NODE)
		return fail(l, n, "a mapping of keys to values is wanted here");
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++)
		if (!read_pair(l, yaml_document_get_node(&l->doc, p->key),
			    yaml_document_get_node(&l->doc, p->value), keys, base, &seen))
			return false;
	for (unsigned i = 0; keys[i].name != NULL; i++)
		if (keys[i].preset != NULL && strcmp(keys[i].preset, "!") == 0
			&& !(seen & 1ull << i))
			return fail(l, n, "\"%s\" is missing", keys[i].name);
	return true;
}

/* ---- loading ------------------------------------------------------------------------------------ */

/* What keys say about each other. */
static bool
check(struct load *l)
{
	struct ctl_config *c = l->conf;

	for (unsigned i = 0; i < c->n_routes; i++) {
		struct ctl_route *r = &c->routes[i];
		bool known = false;

		if (r->kind != DP_K_STREAM)
			continue;
		for (unsigned s = 0; s < c->n_streams; s++)
			if (strcmp(c->streams[s].name, r->stream) == 0) {
				r->ack = c->streams[s].ack;
				known = true;
			}
		if (!known) {
			snprintf(l->err, l->errlen,
				"%s:%u:1: route %s: stream \"%s\" is not listed under streams",
				l->file, r->line, r->path, r->stream);
			return false;
		}
	}
	if (c->logring_bytes & (c->logring_bytes - 1)) {
		snprintf(l->err, l->errlen, "%s:1:1: log.ring: must be a power of two", l->file);
		return false;
	}
	return true;
}

static bool
parse(struct load *l, yaml_parser_t *p)
{
	const yaml_node_t *root;
	bool ok;

	if (!yaml_parser_load(p, &l->doc)) {
		snprintf(l->err, l->errlen, "%s:%zu:%zu: %s", l->file, p->problem_mark.line + 1,
			p->problem_mark.column + 1, p->problem != NULL ? p->problem : "not YAML");
		return false;
	}
	root = yaml_document_get_root_node(&l->doc);
	set_presets(l, ctl_schema, (uint8_t *)l->conf);
	ok = root == NULL ? fail(l, NULL, "the file is empty")
			  : read_mapping(l, root, ctl_schema, (uint8_t *)l->conf) && check(l);
	yaml_document_delete(&l->doc);
	return ok;
}

struct ctl_config *
ctl_config_parse(const char *name, const char *text, size_t len, char *err, size_t errlen)
{
	struct load l = {.file = name, .err = err, .errlen = errlen};
	yaml_parser_t p;
	bool ok;

	l.conf = calloc(1, sizeof(*l.conf));
	if (l.conf == NULL || !yaml_parser_initialize(&p)) {
		snprintf(err, errlen, "out of memory");
		free(l.conf);
		return NULL;
	}
	snprintf(l.conf->file, sizeof(l.conf->file), "%s", name);
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	ok = parse(&l, &p);
	yaml_parser_delete(&p);
	if (ok)
		return l.conf;
	free(l.conf);
	return NULL;
}

#define FILE_MAX_BYTES (1u << 20)

struct ctl_config *
ctl_config_load(const char *path, char *err, size_t errlen)
{
	FILE *f = fopen(path, "rb");
	struct ctl_config *c = NULL;
	char *text = malloc(FILE_MAX_BYTES);
	size_t len;

	if (f == NULL || text == NULL) {
		snprintf(err, errlen, "%s:1:1: cannot be read: %s", path, strerror(errno));
	} else {
		len = fread(text, 1, FILE_MAX_BYTES, f);
		if (len == FILE_MAX_BYTES)
			snprintf(err, errlen, "%s:1:1: longer than %u bytes", path, FILE_MAX_BYTES);
		else
			c = ctl_config_parse(path, text, len, err, errlen);
	}
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
