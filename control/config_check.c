/* What keys of a configuration say about each other, and about the running one. */
#include "control/config.h"
#include "control/config_schema.h"

#include <stdarg.h>
#include <string.h>

bool
ctl_config_fault(const struct ctl_config *c, const void *field, char *err, size_t errlen,
	const char *fmt, ...)
{
	struct ctl_place at = {.line = 1, .column = 1};
	va_list ap;
	int n = 0;

	for (uint32_t i = 0; i < c->n_places; i++) /* the last one: the most exact */
		if ((const uint8_t *)c + c->places[i].field == field)
			at = c->places[i];
	if (c->file[0] != '\0')
		n = snprintf(err, errlen, "%s:%u:%u: ", c->file, at.line, at.column);
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < errlen)
		vsnprintf(err + n, errlen - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- ports ---- */

#define IPV6_MTU_MIN 1280 /* RFC 8200, 5 */

/* What the port's driver opens; the others are empty. */
static const char *
argument(const struct ctl_port *p)
{
	return p->socket[0] != '\0'	 ? p->socket
	       : p->interface[0] != '\0' ? p->interface
					 : p->address;
}

static bool
check_addresses(
	const struct ctl_config *c, const struct ctl_port *p, char *err, size_t errlen)
{
	for (uint32_t i = 0; i < p->n_addrs; i++)
		for (uint32_t j = 0; j < i; j++)
			if (memcmp(p->addrs[i].addr, p->addrs[j].addr, 16) == 0)
				return ctl_config_fault(c, &p->addrs[i], err, errlen,
					"addresses: this one is there twice");
	return true;
}

static bool
check_mtu(const struct ctl_config *c, const struct ctl_port *p, char *err, size_t errlen)
{
	for (uint32_t i = 0; i < p->n_addrs; i++)
		if (p->addrs[i].v6 && p->mtu < IPV6_MTU_MIN)
			return ctl_config_fault(c, &p->mtu, err, errlen,
				"mtu: %u is under %d, which IPv6 wants (RFC 8200): the "
				"port has an IPv6 address",
				p->mtu, IPV6_MTU_MIN);
	return true;
}

static bool
check_port(const struct ctl_config *c, uint32_t n, char *err, size_t errlen)
{
	const struct ctl_port *p = &c->ports[n];
	const char *arg = argument(p);

	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(c->ports[i].name, p->name) == 0)
			return ctl_config_fault(c, p->name, err, errlen,
				"name: another port is called %s", p->name);
		if (strcmp(argument(&c->ports[i]), arg) == 0)
			return ctl_config_fault(c, arg, err, errlen, "port %s has %s",
				c->ports[i].name, arg);
	}
	if (strcmp(arg, c->control_socket) == 0)
		return ctl_config_fault(
			c, arg, err, errlen, "%s is the control socket", arg);
	return check_addresses(c, p, err, errlen) && check_mtu(c, p, err, errlen);
}

/* ---- routes ---- */

static const struct ctl_stream *
find_stream(const struct ctl_config *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_streams; i++)
		if (strcmp(c->streams[i].name, name) == 0)
			return &c->streams[i];
	return NULL;
}

static bool
check_route(const struct ctl_config *c, struct ctl_route *r, char *err, size_t errlen)
{
	const struct ctl_stream *s;

	if (r->kind == DP_K_STORE && r->ack == DP_ACK_LOGGED && r->stream[0] == '\0')
		strcpy(r->stream, "store");
	s = find_stream(c, r->stream);
	if (r->kind == DP_K_STREAM && s == NULL)
		return ctl_config_fault(c, r->stream, err, errlen,
			"stream \"%s\" is not listed under streams", r->stream);
	if (r->kind == DP_K_STORE && s != NULL) /* else its records would become values */
		return ctl_config_fault(c, r->stream, err, errlen,
			"\"%s\" is a stream: a store's records need a name of their own",
			r->stream);
	if (r->max_body > c->transfers_bytes)
		return ctl_config_fault(c, &r->max_body, err, errlen,
			"max_body: %u is over blocks.bytes, %u", r->max_body,
			c->transfers_bytes);
	if (r->location[0] != '\0' && r->location[0] != '/' && r->location[0] != '?')
		return ctl_config_fault(c, r->location, err, errlen,
			"location: a path begins with '/', a query with '?'");
	if (r->kind == DP_K_STORE && strlen(r->content) > DP_VALUE_MAX)
		return ctl_config_fault(c, r->content, err, errlen,
			"content: a stored value has at most %d bytes", DP_VALUE_MAX);
	if (r->kind == DP_K_STREAM)
		r->ack = s->ack;
	return true;
}

/* ---- transmission parameters ---- */

/* The first of the lifetime's parameters in @p that the file gives. */
static const void *
given_parameter(const struct ctl_config *c, const struct ctl_param *p)
{
	const uint32_t *const all[] = {&p->max_retransmit, &p->ack_timeout_ms,
		&p->ack_random_percent, &p->max_latency_s, &p->processing_delay_ms};

	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		for (uint32_t i = 0; i < c->n_places; i++)
			if ((const uint8_t *)c + c->places[i].field
				== (const uint8_t *)all[k])
				return all[k];
	return all[0];
}

/* @r: NULL for what holds for all. */
static bool
check_param(
	const struct ctl_config *c, const struct ctl_route *r, char *err, size_t errlen)
{
	const struct ctl_param *own = r != NULL ? &r->coap : &c->coap;
	struct tg_param p = ctl_config_param(c, r);
	uint64_t lifetime_ms = tg_param_exchange_lifetime_ms(&p);

	if (lifetime_ms > DP_LIFETIME_MAX_S * 1000ull)
		return ctl_config_fault(c, given_parameter(c, own), err, errlen,
			"coap: EXCHANGE_LIFETIME would be %llu s, over %d",
			(unsigned long long)(lifetime_ms + 999) / 1000,
			DP_LIFETIME_MAX_S);
	return c->ack_delay_ms < p.ack_timeout_ms
	       || ctl_config_fault(c, r != NULL ? &own->ack_timeout_ms : &c->ack_delay_ms,
		       err, errlen,
		       "coap.ack_delay: must be under ack_timeout, %u ms: the other "
		       "side sends again then",
		       p.ack_timeout_ms);
}

bool
ctl_config_check(struct ctl_config *c, char *err, size_t errlen)
{
	for (uint32_t i = 0; i < c->n_ports; i++)
		if (!check_port(c, i, err, errlen))
			return false;
	for (uint32_t i = 0; i < c->n_routes; i++)
		if (!check_route(c, &c->routes[i], err, errlen))
			return false;
	if (!check_param(c, NULL, err, errlen))
		return false;
	for (uint32_t i = 0; i < c->n_routes; i++)
		if (!check_param(c, &c->routes[i], err, errlen))
			return false;
	return true;
}

/* ---- reload ---- */

static bool same_keys(const struct ctl_key *keys, const uint8_t *a, const uint8_t *b);

/* By key, so that neither padding nor what an unused element holds makes a difference. */
static bool
same_value(const struct ctl_key *k, const uint8_t *a, const uint8_t *b)
{
	uint32_t n;

	if (k->type == CTL_T_SECTION)
		return same_keys(k->keys, a, b);
	if (k->type == CTL_T_TEXT || k->type == CTL_T_NAME)
		return strcmp((const char *)a + k->offset, (const char *)b + k->offset)
		       == 0;
	if (ctl_key_is_scalar(k))
		return memcmp(a + k->offset, b + k->offset, k->size) == 0;
	n = *(const uint32_t *)(a + k->count_offset);
	if (n != *(const uint32_t *)(b + k->count_offset))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		size_t at = k->offset + i * ctl_key_element(k);

		if (k->keys != NULL ? !same_keys(k->keys, a + at, b + at)
				    : memcmp(a + at, b + at, ctl_key_element(k)) != 0)
			return false;
	}
	return true;
}

static bool
same_keys(const struct ctl_key *keys, const uint8_t *a, const uint8_t *b)
{
	for (; keys->name != NULL; keys++)
		if (!same_value(keys, a, b))
			return false;
	return true;
}

/* The first fixed key that differs, its whole name in @name; or NULL. */
static const struct ctl_key *
fixed_difference(const struct ctl_key *keys, const struct ctl_config *now,
	const struct ctl_config *next, char *name, size_t cap)
{
	size_t len = strlen(name);

	for (; keys->name != NULL; keys++) {
		const struct ctl_key *found = NULL;

		snprintf(name + len, cap - len, "%s%s", len > 0 ? "." : "", keys->name);
		if (keys->type == CTL_T_SECTION)
			found = fixed_difference(keys->keys, now, next, name, cap);
		else if (keys->fixed
			 && !same_value(
				 keys, (const uint8_t *)now, (const uint8_t *)next))
			found = keys;
		if (found != NULL)
			return found;
	}
	return NULL;
}

bool
ctl_config_follows(const struct ctl_config *now, const struct ctl_config *next, char *err,
	size_t errlen)
{
	char name[128] = "";
	const struct ctl_key *k =
		fixed_difference(ctl_schema, now, next, name, sizeof(name));

	return k == NULL
	       || ctl_config_fault(next, (const uint8_t *)next + k->offset, err, errlen,
		       "\"%s\" cannot change while running: restart", name);
}
