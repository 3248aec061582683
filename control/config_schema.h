/* The table of keys: see config.h. */
#pragma once

#include "control/config.h"

enum ctl_type {
	CTL_T_UINT,    /* uint32_t */
	CTL_T_BOOL,    /* uint32_t 0 or 1 */
	CTL_T_TEXT,    /* char[size]: min to max bytes */
	CTL_T_NAME,    /* the same, of characters that a driver's argument may have */
	CTL_T_SECONDS, /* uint32_t or uint64_t: "300s", "5m", "24h" */
	CTL_T_MS,      /* uint32_t: "2s", "500ms" */
	CTL_T_NS,      /* uint64_t */
	CTL_T_BYTES,   /* uint64_t: "256MiB" */
	CTL_T_POWER,   /* uint32_t: a size that is a power of two */
	CTL_T_ENUM,    /* uint32_t: index into names */
	CTL_T_CODE,    /* uint32_t: "2.04"; 0 if it was not given */
	/* of elements; their number is a uint32_t at count_offset */
	CTL_T_FORMATS,  /* list of Content-Formats: uint16_t[max] */
	CTL_T_PREFIXES, /* list of addresses with prefix length: struct dp_prefix[max] */
	CTL_T_LIST,     /* list of mappings */
	CTL_T_MAP,     /* mapping from a name, the element's first member, to a mapping */
	CTL_T_SECTION, /* a mapping whose keys live in the structure around it */
};

/* Defaults with a meaning of their own. */
#define CTL_REQUIRED "!"          /* there is none: the key must be given */
#define CTL_AUTO "auto"           /* 0 */
#define CTL_NONE "none"           /* UINT32_MAX */
#define CTL_INHERITED "inherited" /* UINT32_MAX: as the key of that name at the top */

struct ctl_key {
	const char *name;
	enum ctl_type type;
	size_t offset, size;
	uint64_t min, max;  /* in the field's own unit; 0, 0: the type's own range */
	const char *preset; /* default as text; NULL: nothing is set */
	const char *help;
	const char *const *names;   /* enum */
	const struct ctl_key *keys; /* section, list, map */
	size_t count_offset;
	bool fixed; /* cannot change while running */
	/* In a list's mapping one enum chooses which of the other keys make sense.  A bit
	 * for each of its values: */
	bool chooses;
	uint32_t only;   /* where the key may stand; 0: everywhere */
	uint32_t needed; /* where it must */
};

extern const struct ctl_key ctl_schema[];

/* The key called @name, upper case or lower; or NULL. */
const struct ctl_key *ctl_key_find(const struct ctl_key *keys, const char *name);
/* What the mapping at @base, whose keys are @keys, says. */
json_t *ctl_keys_json(const struct ctl_key *keys, const void *base);

/* Does the key hold other keys or elements? */
static inline bool
ctl_key_is_scalar(const struct ctl_key *k)
{
	return k->type < CTL_T_FORMATS;
}

/* Bytes of one element of a list or map. */
static inline size_t
ctl_key_element(const struct ctl_key *k)
{
	return k->size / k->max;
}

/* The key among @keys that chooses, or NULL. */
const struct ctl_key *ctl_key_chooser(const struct ctl_key *keys);
/* May @k stand in the mapping at @base, whose keys are @keys?  Must it? */
bool ctl_key_fits(const struct ctl_key *k, const struct ctl_key *keys, const void *base);
bool ctl_key_is_needed(
	const struct ctl_key *k, const struct ctl_key *keys, const void *base);
