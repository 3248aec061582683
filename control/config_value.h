/*
 * Scalars of the configuration: from text to a field's value and back.
 *
 * Threads.  Pure functions.
 */
#pragma once

#include "control/config_schema.h"

enum ctl_reading {
	CTL_R_GOOD,
	CTL_R_SHAPE,  /* not what that type looks like */
	CTL_R_RANGE,  /* under the least or over the most */
	CTL_R_COARSE, /* the field counts in a larger unit: "1500ms" in seconds */
	CTL_R_POWER,  /* not a power of two */
};

/* A number, boolean, time, size, enum or code. */
enum ctl_reading ctl_value_read(const struct ctl_key *k, const char *text, uint64_t *out);
/* The value as ctl_value_read() takes it; returns @to. */
const char *ctl_value_text(const struct ctl_key *k, uint64_t v, char *to, size_t cap);
/* What @text is not: "NAME: 999ms is out of range (1s to 10m)"; returns @to. */
const char *ctl_value_fault(const struct ctl_key *k, enum ctl_reading why,
	const char *text, char *to, size_t cap);
/* "a number", "a size, such as 64KiB or 256MiB", ... */
const char *ctl_value_shape(enum ctl_type t);
/* The unit a field of that type counts in: "s", "ms", ... or "". */
const char *ctl_value_unit(enum ctl_type t);

/* A field of @k, of four or eight bytes or none. */
uint64_t ctl_field_get(const struct ctl_key *k, const void *base);
void ctl_field_set(const struct ctl_key *k, void *base, uint64_t v);

#define CTL_PREFIX_TEXT 52 /* an IPv6 address, "/128" and the end */
/* "198.18.0.1/15": NULL, or what is wrong with it. */
const char *ctl_prefix_read(const char *text, struct dp_prefix *p);
const char *ctl_prefix_text(const struct dp_prefix *p, char to[CTL_PREFIX_TEXT]);
