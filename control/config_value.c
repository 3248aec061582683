#include "control/config_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* From the smallest up. */
static const struct unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000},
	{"s", 1000000000ull}, {"m", 60000000000ull}, {"h", 3600000000000ull},
	{"d", 86400000000000ull}, {NULL, 0}};
static const struct unit size_units[] = {{"B", 1}, {"KiB", 1ull << 10},
	{"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}, {NULL, 0}};

static bool
is_time(enum ctl_type t)
{
	return t == CTL_T_SECONDS || t == CTL_T_MS || t == CTL_T_NS;
}

static bool
is_size(enum ctl_type t)
{
	return t == CTL_T_BYTES || t == CTL_T_POWER;
}

/* Nanoseconds in the unit that a field of that type counts in. */
static uint64_t
scale_of(enum ctl_type t)
{
	return t == CTL_T_SECONDS ? 1000000000u : t == CTL_T_MS ? 1000000u : 1;
}

const char *
ctl_value_unit(enum ctl_type t)
{
	return t == CTL_T_SECONDS ? "s"
	       : t == CTL_T_MS    ? "ms"
	       : t == CTL_T_NS    ? "ns"
				  : "";
}

const char *
ctl_value_shape(enum ctl_type t)
{
	if (is_time(t))
		return "a time with its unit, such as 500ms, 30s or 24h";
	if (is_size(t))
		return "a size, such as 64KiB or 256MiB";
	if (t == CTL_T_UINT || t == CTL_T_FORMATS)
		return "a number";
	if (t == CTL_T_BOOL)
		return "true or false";
	if (t == CTL_T_CODE)
		return "a response code, such as 2.04";
	if (t == CTL_T_PREFIXES)
		return "an address with its prefix length, such as 198.18.0.1/15";
	return "text";
}

/* ---- reading ---- */

/* Digits at the start of @text, and what is behind them. */
static enum ctl_reading
read_digits(const char *text, uint64_t *out, char **end)
{
	if (*text < '0' || *text > '9')
		return CTL_R_SHAPE;
	errno = 0;
	*out = strtoull(text, end, 10);
	return errno != 0 ? CTL_R_RANGE : CTL_R_GOOD;
}

static enum ctl_reading
read_uint(const char *text, uint64_t *out)
{
	char *end;
	enum ctl_reading rc = read_digits(text, out, &end);

	return rc != CTL_R_SHAPE && *end != '\0' ? CTL_R_SHAPE : rc;
}

/* "<number><unit>"; a bare 0 needs no unit, and bytes need none either. */
static enum ctl_reading
read_unit(const char *text, const struct unit *units, uint64_t *out)
{
	char *end;
	enum ctl_reading rc = read_digits(text, out, &end);

	if (rc != CTL_R_SHAPE && *end == '\0' && (*out == 0 || units == size_units))
		return rc;
	for (; rc != CTL_R_SHAPE && units->name != NULL; units++)
		if (strcmp(end, units->name) == 0)
			return rc != CTL_R_GOOD
					       || __builtin_mul_overflow(
						       *out, units->factor, out)
				       ? CTL_R_RANGE
				       : CTL_R_GOOD;
	return CTL_R_SHAPE;
}

static enum ctl_reading
read_time(const struct ctl_key *k, const char *text, uint64_t *out)
{
	enum ctl_reading rc = read_unit(text, time_units, out);
	uint64_t scale = scale_of(k->type);

	if (rc == CTL_R_GOOD && *out % scale != 0)
		rc = CTL_R_COARSE;
	*out /= scale;
	return rc;
}

static enum ctl_reading
read_bool(const char *text, uint64_t *out)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	for (*out = 0; *out < sizeof(words) / sizeof(words[0]); (*out)++)
		if (strcmp(words[*out], text) == 0)
			return *out &= 1, CTL_R_GOOD;
	return CTL_R_SHAPE;
}

static enum ctl_reading
read_code(const char *text, uint64_t *out)
{
	if (strlen(text) != 4 || text[1] != '.' || text[0] < '2' || text[0] > '5'
		|| text[2] < '0' || text[2] > '3' || text[3] < '0' || text[3] > '9')
		return CTL_R_SHAPE;
	*out = (uint64_t)((text[2] - '0') * 10 + text[3] - '0');
	if (*out > 31)
		return CTL_R_SHAPE;
	*out |= (uint64_t)(text[0] - '0') << 5;
	return CTL_R_GOOD;
}

static enum ctl_reading
read_enum(const struct ctl_key *k, const char *text, uint64_t *out)
{
	for (*out = 0; k->names[*out] != NULL; (*out)++)
		if (strcmp(k->names[*out], text) == 0)
			return CTL_R_GOOD;
	return CTL_R_SHAPE;
}

static enum ctl_reading
read_plain(const struct ctl_key *k, const char *text, uint64_t *out)
{
	if (is_time(k->type))
		return read_time(k, text, out);
	if (is_size(k->type))
		return read_unit(text, size_units, out);
	if (k->type == CTL_T_BOOL)
		return read_bool(text, out);
	if (k->type == CTL_T_CODE)
		return read_code(text, out);
	if (k->type == CTL_T_ENUM)
		return read_enum(k, text, out);
	return read_uint(text, out);
}

static bool
is_word(const struct ctl_key *k, const char *word, const char *text)
{
	return k->preset != NULL && strcmp(k->preset, word) == 0
	       && strcmp(text, word) == 0;
}

enum ctl_reading
ctl_value_read(const struct ctl_key *k, const char *text, uint64_t *out)
{
	enum ctl_reading rc;

	if (is_word(k, CTL_AUTO, text))
		return *out = 0, CTL_R_GOOD;
	if (is_word(k, CTL_NONE, text) || is_word(k, CTL_INHERITED, text))
		return *out = UINT32_MAX, CTL_R_GOOD;
	rc = read_plain(k, text, out);
	if (rc == CTL_R_GOOD && (k->min != 0 || k->max != 0)
		&& (*out < k->min || *out > k->max))
		return CTL_R_RANGE;
	if (rc == CTL_R_GOOD && k->type == CTL_T_POWER && (*out & (*out - 1)) != 0)
		return CTL_R_POWER;
	return rc;
}

/* ---- writing ---- */

static const char *
unit_text(const struct unit *units, uint64_t v, char *to, size_t cap)
{
	unsigned u = 0;

	while (v != 0 && units[u + 1].name != NULL && v % units[u + 1].factor == 0)
		u++;
	snprintf(to, cap, "%" PRIu64 "%s", v / units[u].factor, units[u].name);
	return to;
}

const char *
ctl_value_text(const struct ctl_key *k, uint64_t v, char *to, size_t cap)
{
	if (v == 0 && is_word(k, CTL_AUTO, CTL_AUTO))
		return CTL_AUTO;
	if (v == UINT32_MAX && is_word(k, CTL_NONE, CTL_NONE))
		return CTL_NONE;
	if (v == UINT32_MAX && is_word(k, CTL_INHERITED, CTL_INHERITED))
		return CTL_INHERITED;
	if (k->type == CTL_T_ENUM)
		return k->names[v];
	if (k->type == CTL_T_BOOL)
		return v ? "true" : "false";
	if (is_time(k->type))
		return unit_text(time_units, v * scale_of(k->type), to, cap);
	if (is_size(k->type))
		return unit_text(size_units, v, to, cap);
	if (k->type == CTL_T_CODE)
		snprintf(to, cap, "%u.%02u", (unsigned)v >> 5, (unsigned)v & 31);
	else
		snprintf(to, cap, "%" PRIu64, v);
	return to;
}

/* ---- faults ---- */

static void
shape_fault(const struct ctl_key *k, const char *text, char *to, size_t cap)
{
	int n;

	if (k->type != CTL_T_ENUM) {
		snprintf(to, cap, "%s: \"%s\" is not %s", k->name, text,
			ctl_value_shape(k->type));
		return;
	}
	n = snprintf(to, cap, "%s: \"%s\" is none of ", k->name, text);
	for (unsigned i = 0; k->names[i] != NULL && n > 0 && (size_t)n < cap; i++)
		n += snprintf(
			to + n, cap - (size_t)n, "%s%s", i > 0 ? ", " : "", k->names[i]);
}

const char *
ctl_value_fault(const struct ctl_key *k, enum ctl_reading why, const char *text, char *to,
	size_t cap)
{
	char least[32], most[32];

	switch (why) {
	case CTL_R_GOOD:
	case CTL_R_SHAPE:
		shape_fault(k, text, to, cap);
		break;
	case CTL_R_RANGE:
		snprintf(to, cap, "%s: %s is out of range (%s to %s)", k->name, text,
			k->min == 0 ? "0"
				    : ctl_value_text(k, k->min, least, sizeof(least)),
			ctl_value_text(k, k->max, most, sizeof(most)));
		break;
	case CTL_R_COARSE:
		snprintf(to, cap, "%s: %s is no whole number of %s", k->name, text,
			ctl_value_unit(k->type));
		break;
	case CTL_R_POWER:
		snprintf(to, cap, "%s: %s is no power of two", k->name, text);
		break;
	}
	return to;
}

/* ---- fields ---- */

uint64_t
ctl_field_get(const struct ctl_key *k, const void *base)
{
	uint64_t v = 0;

	memcpy(&v, (const uint8_t *)base + k->offset, k->size); /* little-endian */
	return v;
}

void
ctl_field_set(const struct ctl_key *k, void *base, uint64_t v)
{
	memcpy((uint8_t *)base + k->offset, &v, k->size);
}

/* ---- addresses ---- */

static const char *
unfit4(const uint8_t *a, unsigned len)
{
	uint32_t ip =
		(uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
	uint32_t host = len >= 31 ? 1 : ip << len;

	if (len == 0 || len > 32)
		return "has no prefix length from 1 to 32";
	if (a[0] == 0 || a[0] == 127 || a[0] >= 224)
		return "is no address that a port can have";
	if (host == 0)
		return "is the network's own address";
	return len < 31 && host == UINT32_MAX << len ? "is the broadcast address" : NULL;
}

static const char *
unfit6(const uint8_t *a, unsigned len)
{
	static const uint8_t zero[15];

	if (len == 0 || len > 128)
		return "has no prefix length from 1 to 128";
	if (a[0] == 0xff || (memcmp(a, zero, 15) == 0 && a[15] < 2))
		return "is no address that a port can have";
	if (memcmp(a, zero, 10) == 0 && a[10] == 0xff && a[11] == 0xff)
		return "is an IPv4 address: write it as one";
	return NULL;
}

const char *
ctl_prefix_read(const char *text, struct dp_prefix *p)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : 0;
	uint64_t bits;

	if (len == 0 || len >= sizeof(addr) || read_uint(slash + 1, &bits) != CTL_R_GOOD)
		return "is not an address with its prefix length, such as 198.18.0.1/15";
	memcpy(addr, text, len);
	addr[len] = '\0';
	*p = (struct dp_prefix){.len = bits > 255 ? 255 : (uint8_t)bits};
	p->v6 = strchr(addr, ':') != NULL;
	p->addr[10] = p->addr[11] = p->v6 ? 0 : 0xff;
	if (inet_pton(p->v6 ? AF_INET6 : AF_INET, addr, p->addr + (p->v6 ? 0 : 12)) != 1)
		return "is not an address with its prefix length, such as 198.18.0.1/15";
	return p->v6 ? unfit6(p->addr, p->len) : unfit4(p->addr + 12, p->len);
}

const char *
ctl_prefix_text(const struct dp_prefix *p, char to[CTL_PREFIX_TEXT])
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(p->v6 ? AF_INET6 : AF_INET, p->addr + (p->v6 ? 0 : 12), addr,
		sizeof(addr));
	snprintf(to, CTL_PREFIX_TEXT, "%s/%u", addr, p->len);
	return to;
}
