/* The table of keys: see config.h. */
#pragma once

#include "control/config.h"

enum ctl_type {
	CTL_T_UINT,     /* uint32_t; "auto" is 0 where min is 0 and the default says auto */
	CTL_T_BOOL,     /* uint32_t 0 or 1 */
	CTL_T_STRING,   /* char[size] */
	CTL_T_SECONDS,  /* uint32_t: "300s", "5m", "24h" */
	CTL_T_SECONDS64,
	CTL_T_MS,       /* uint32_t ms: "2s", "500ms" */
	CTL_T_NS,       /* uint64_t ns */
	CTL_T_BYTES,    /* uint64_t: "256MiB" */
	CTL_T_BYTES32,
	CTL_T_ENUM,     /* uint32_t: index into names */
	CTL_T_CODE,     /* uint32_t: "2.04" */
	CTL_T_FORMATS,  /* list of Content-Formats: uint16_t formats[], uint32_t n before */
	CTL_T_PREFIXES, /* list of addresses with prefix length */
	CTL_T_SECTION,  /* mapping with keys of its own */
	CTL_T_LIST,     /* list of mappings */
	CTL_T_MAP,      /* mapping from a name to a mapping */
};

struct ctl_key {
	const char *name;
	enum ctl_type type;
	size_t offset, size;
	uint64_t min, max;
	const char *preset; /* default as text; NULL: none; "!": must be given */
	const char *help;
	const char *const *names; /* CTL_T_ENUM */
	const struct ctl_key *keys; /* section, list, map */
	size_t count_offset; /* list, map: unsigned n */
	bool fixed; /* cannot change while running */
};

extern const struct ctl_key ctl_schema[];
