/* Configurations as tests write them: small texts, each with one thing of interest. */
#pragma once

#include "control/config.h"
#include "tests/rows.h"

#define PORTS                                                                            \
	"ports: [{name: p, driver: tap, interface: t0, addresses: [198.18.0.1/15]}]\n"
#define ROUTES "routes: [{path: /x, kind: time}]\n"
#define TOP(text) PORTS ROUTES text "\n" /* @text is in line 3 */
#define PORT(text) "ports:\n  - {" text "}\n" ROUTES
#define TAP(text) PORT("name: p, driver: tap, interface: t0, addresses: [" text "]")
#define ROUTE(text) PORTS "streams: {s: {}}\nroutes:\n  - {" text "}\n"

/* From a buffer of its exact size. */
static inline struct ctl_config *
parse_config(const char *text, char *err, size_t errlen)
{
	size_t len = strlen(text);
	uint8_t *exact = exact_copy(text, len);
	struct ctl_config *c =
		ctl_config_parse("f", (const char *)exact, len, err, errlen);

	free(exact);
	return c;
}

/* Parse and make everything of it that a start would make. */
static inline bool
accept(const char *text, char *err, size_t errlen)
{
	struct ctl_config *c = parse_config(text, err, errlen);
	struct dp_snapshot *snap = NULL;
	struct dp_config cfg;
	bool ok = false;

	if (c != NULL && ctl_config_dp(c, &cfg, err, errlen)) {
		snap = ctl_config_snapshot(c, 0, err, errlen);
		ok = snap != NULL;
	}
	dp_snapshot_free(snap);
	ctl_config_free(c);
	return ok;
}
