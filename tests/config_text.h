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
