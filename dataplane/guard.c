#include "dataplane/guard.h"

#include "coap/code.h"
#include "coap/option.h"
#include "coap/siphash.h"
#include "dataplane/answer.h"

#include <string.h>

#define ECHO_LEN 12

/* The value that was, or would have been, made for @key at @made_s. */
static void
make_echo(const struct dp_worker *w, const struct dp_peer_key *key, uint32_t made_s,
	uint8_t echo[ECHO_LEN])
{
	uint8_t text[sizeof(key->addr) + sizeof(key->port_be) + sizeof(made_s)];
	uint64_t secret[2], proof;

	memcpy(secret, w->shared->cfg.hash_key, sizeof(secret));
	memcpy(text, key->addr, sizeof(key->addr));
	memcpy(text + 16, &key->port_be, sizeof(key->port_be));
	memcpy(text + 18, &made_s, sizeof(made_s));
	proof = tg_siphash(secret, text, sizeof(text));
	memcpy(echo, &made_s, sizeof(made_s));
	memcpy(echo + 4, &proof, sizeof(proof));
}

void
dp_echo_write(
	const struct dp_worker *w, const struct dp_peer_key *key, struct tg_writer *out)
{
	uint8_t echo[ECHO_LEN];

	make_echo(w, key, w->now_s, echo);
	tg_write_option(out, TG_OPT_ECHO, echo, sizeof(echo));
}

/* Whoever made it may be a second ahead. */
static bool
is_recent(const struct dp_worker *w, const struct dp_route *r, uint32_t made_s)
{
	return w->now_s + 1 - made_s <= r->echo_s + 1;
}

static bool
is_fresh(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	uint8_t echo[ECHO_LEN];
	uint32_t made_s;
	struct tg_opt o;

	if (!tg_opt_get(&b->msg[i], TG_OPT_ECHO, &o) || o.len != sizeof(echo))
		return false;
	memcpy(&made_s, o.value, sizeof(made_s));
	make_echo(w, &b->key[i], made_s, echo);
	if (memcmp(o.value, echo, sizeof(echo)) != 0)
		return false;
	return is_recent(w, b->route[i], made_s);
}

/* A device's requests to the route are counted together, or those of a source address if
 * the path names none. */
static bool
is_too_many(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	const struct dp_route *r = b->route[i];
	const uint8_t *name;
	uint64_t who;
	uint8_t len;

	if (q->device_at == DP_NO_SEGMENT) {
		who = dp_source_hash(w, &b->key[i]);
	} else {
		name = dp_request_segment(q, q->device_at, &len);
		who = dp_devices_hash(w->devices, name, len);
	}
	return !dp_limit_take(w->rates, who ^ ((uint64_t)r->tag << 32 | r->tag), r->rate,
		r->rate, (uint32_t)w->now_ms);
}

uint8_t
dp_guard_echo(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	return b->route[i]->echo_s != 0 && !is_fresh(w, b, i) ? TG_UNAUTHORIZED : 0;
}

static uint8_t
guard_rate(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	return b->route[i]->rate != 0 && is_too_many(w, b, i) ? TG_TOO_MANY_REQUESTS : 0;
}

uint8_t
dp_guard(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	uint8_t code = dp_guard_echo(w, b, i);

	return code != 0 ? code : guard_rate(w, b, i);
}

uint8_t
dp_guard_more(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint32_t made_s)
{
	return is_recent(w, b->route[i], made_s) ? guard_rate(w, b, i)
						 : dp_guard(w, b, i);
}
