/* Transmission parameters (RFC 7252, 4.8) while the gateway runs: of all, or of a route.
 */
#include "control/cmd.h"
#include "control/config_value.h"
#include "control/nearest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Whose parameters, and by which keys. */
struct scope {
	const struct ctl_key *keys;
	const struct ctl_route *route; /* NULL: of all that have none of their own */
	size_t at; /* where the keys' mapping stands in a ctl_config */
};

static bool
find_scope(const struct ctl_config *c, const char *path, struct scope *s)
{
	const struct ctl_key *routes = ctl_key_find(ctl_schema, "routes");

	*s = (struct scope){.keys = ctl_key_find(ctl_schema, "coap")->keys};
	if (path == NULL)
		return true;
	s->keys = ctl_key_find(routes->keys, "coap")->keys;
	for (uint32_t i = 0; i < c->n_routes; i++)
		if (strcmp(c->routes[i].path, path) == 0) {
			s->route = &c->routes[i];
			s->at = routes->offset + i * ctl_key_element(routes);
			return true;
		}
	return false;
}

/* ---- reading ---- */

static void
set_ms(json_t *o, const char *name, uint64_t ms)
{
	static const struct ctl_key key = {.type = CTL_T_MS};
	char text[32];

	json_object_set_new(
		o, name, json_string(ctl_value_text(&key, ms, text, sizeof(text))));
}

/* The five that follow (4.8.2). */
static const struct derived {
	const char *name;
	uint64_t (*ms)(const struct tg_param *p);
} all_derived[] = {
	{"max_transmit_span", tg_param_max_transmit_span_ms},
	{"max_transmit_wait", tg_param_max_transmit_wait_ms},
	{"max_rtt", tg_param_max_rtt_ms},
	{"exchange_lifetime", tg_param_exchange_lifetime_ms},
	{"non_lifetime", tg_param_non_lifetime_ms},
	{NULL, NULL},
};

static const struct derived *
find_derived(const char *name)
{
	for (const struct derived *d = all_derived; d->name != NULL; d++)
		if (strcasecmp(d->name, name) == 0)
			return d;
	return NULL;
}

static json_t *
derived_json(const struct tg_param *p)
{
	json_t *o = json_object();

	for (const struct derived *d = all_derived; d->name != NULL; d++)
		set_ms(o, d->name, d->ms(p));
	return o;
}

/* What is in force in @s: a route's own in place of what holds for all. */
static json_t *
scope_json(const struct ctl_config *c, const struct scope *s)
{
	struct tg_param p = ctl_config_param(c, s->route);
	json_t *o = ctl_keys_json(ctl_key_find(ctl_schema, "coap")->keys, c);

	if (s->route != NULL) {
		json_object_del(o, "ack_delay"); /* there is one for all */
		json_object_update_new(o, ctl_keys_json(s->keys, s->route));
	}
	json_object_set_new(o, "derived", derived_json(&p));
	return o;
}

/* ---- changing ---- */

/* A copy of @c with @text for @k; NULL with a sentence in @err. */
static struct ctl_config *
changed(const struct ctl_config *c, const struct scope *s, const struct ctl_key *k,
	const char *text, char *err, size_t errlen)
{
	struct ctl_config *next;
	enum ctl_reading rc;
	uint64_t v;

	rc = ctl_value_read(k, text, &v);
	if (rc != CTL_R_GOOD) {
		ctl_value_fault(k, rc, text, err, errlen);
		return NULL;
	}
	next = malloc(sizeof(*next));
	if (next == NULL) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	*next = *c;
	ctl_field_set(k, (uint8_t *)next + s->at, v);
	next->file[0] = '\0'; /* which is at no fault */
	if (ctl_config_check(next, err, errlen)) {
		memcpy(next->file, c->file, sizeof(next->file));
		return next;
	}
	ctl_config_free(next);
	return NULL;
}

/* False: refused, and all is as it was. */
static bool
change(struct ctl_gateway *g, const struct scope *s, const struct ctl_key *k,
	const char *text, struct ctl_reply *r)
{
	char err[sizeof(r->message)] = "";
	struct ctl_config *next = changed(g->conf, s, k, text, err, sizeof(err));

	if (next != NULL && ctl_gateway_adopt(g, next, err, sizeof(err)) == 0)
		return true;
	ctl_config_free(next);
	cmd_refuse(r, "failed", "%s", err);
	return false;
}

/* ---- the command ---- */

static void
no_such(const struct ctl_key *keys, const char *name, struct ctl_reply *r)
{
	struct ctl_nearest near = {.word = name, .within = CTL_TYPING_ERROR};

	for (; keys->name != NULL; keys++)
		ctl_nearest_offer(&near, keys->name);
	for (const struct derived *d = all_derived; d->name != NULL; d++)
		ctl_nearest_offer(&near, d->name);
	cmd_refuse(r, "not-found", "there is no parameter %s%s%s%s", name,
		near.best != NULL ? "; did you mean " : "",
		near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
}

/* The value of @name alone. */
static json_t *
only(const json_t *all, const char *name)
{
	json_t *one = json_object();

	json_object_set(one, name, json_object_get(all, name));
	return one;
}

static void
show_derived(const struct ctl_config *c, const struct scope *s, const struct derived *d,
	struct ctl_reply *r)
{
	struct tg_param p = ctl_config_param(c, s->route);

	r->data = json_object();
	set_ms(r->data, d->name, d->ms(&p));
}

void
cmd_param(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *path = cmd_string(args, "route"), *name = cmd_string(args, "name");
	const char *value = cmd_string(args, "value");
	const struct derived *d = name != NULL ? find_derived(name) : NULL;
	const struct ctl_key *k = NULL;
	json_t *all;
	struct scope s;

	if (!find_scope(g->conf, path, &s)) {
		cmd_refuse(r, "not-found", "there is no route %s", path);
		return;
	}
	if (d != NULL && value != NULL) {
		cmd_refuse(r, "failed",
			"%s follows from the others (RFC 7252, 4.8.2): set those",
			d->name);
		return;
	}
	if (d != NULL) {
		show_derived(g->conf, &s, d, r);
		return;
	}
	if (name != NULL && (k = ctl_key_find(s.keys, name)) == NULL) {
		no_such(s.keys, name, r);
		return;
	}
	if (k != NULL && value != NULL && !change(g, &s, k, value, r))
		return;
	find_scope(g->conf, path, &s); /* which a change has replaced */
	r->data = scope_json(g->conf, &s);
	if (k != NULL) {
		all = r->data;
		r->data = only(all, k->name);
		json_decref(all);
	}
}
