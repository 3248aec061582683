/* Which frames a capture is about; see capture.h.  Only who asked for one pays for this.
 */
#include "dataplane/capture_internal.h"

#include "coap/code.h"
#include "coap/option.h"
#include "dataplane/hash.h"
#include "dataplane/request.h"
#include "dataplane/route.h"

#include <rte_ether.h>
#include <rte_ip.h>

#define EXTENSIONS_MAX 8 /* IPv6 headers between the first and UDP's */

/* What a frame says of itself. */
struct seen {
	bool ip, udp, coap; /* which of the rest is known */
	uint8_t remote[16];
	uint16_t port_be;
	struct tg_msg msg;
};

/* Bytes that are left of a frame. */
struct rest {
	const uint8_t *p;
	size_t len;
};

static unsigned
two(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* ---- layers: each false if the next is not to be read ---- */

static bool
skip(struct rest *r, size_t n)
{
	if (r->len < n)
		return false;
	r->p += n;
	r->len -= n;
	return true;
}

static bool
read_ipv4(struct seen *s, struct rest *r, bool sent)
{
	const uint8_t *p = r->p;
	size_t header, total;

	if (r->len < sizeof(struct rte_ipv4_hdr) || p[0] >> 4 != 4)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	total = two(p + 2);
	if (header < sizeof(struct rte_ipv4_hdr) || total < header || total > r->len)
		return false;
	memset(s->remote, 0, 10);
	memset(s->remote + 10, 0xff, 2);
	memcpy(s->remote + 12, sent ? p + 16 : p + 12, 4);
	s->ip = true;
	r->len = total;
	/* A fragment has not the whole message. */
	return p[9] == IPPROTO_UDP && (two(p + 6) & 0x3fff) == 0 && skip(r, header);
}

static bool
read_ipv6(struct seen *s, struct rest *r, bool sent)
{
	const uint8_t *p = r->p;
	size_t length, header;
	uint8_t next;

	if (r->len < sizeof(struct rte_ipv6_hdr) || p[0] >> 4 != 6)
		return false;
	length = two(p + 4);
	if (length > r->len - sizeof(struct rte_ipv6_hdr))
		return false;
	memcpy(s->remote, sent ? p + 24 : p + 8, 16);
	s->ip = true;
	next = p[6];
	r->len = sizeof(struct rte_ipv6_hdr) + length;
	(void)skip(r, sizeof(struct rte_ipv6_hdr));
	for (unsigned i = 0; i < EXTENSIONS_MAX && next != IPPROTO_UDP; i++) {
		if ((next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS) || r->len < 8)
			return false;
		next = r->p[0];
		header = ((size_t)r->p[1] + 1) * 8;
		if (!skip(r, header))
			return false;
	}
	return next == IPPROTO_UDP;
}

static void
read_udp(struct seen *s, struct rest *r, bool sent)
{
	size_t len;

	if (r->len < 8)
		return;
	s->port_be = rte_cpu_to_be_16((uint16_t)two(sent ? r->p + 2 : r->p));
	s->udp = true;
	len = two(r->p + 4);
	if (len < 8 || len > r->len)
		return;
	s->coap =
		tg_msg_parse(&s->msg, r->p + 8, len - 8, TG_TOKEN_EXTENDED_MAX) == TG_OK;
}

static void
look(struct seen *s, const uint8_t *frame, size_t len, bool sent)
{
	struct rest r = {frame, len};
	unsigned type;

	s->ip = s->udp = s->coap = false;
	if (!skip(&r, RTE_ETHER_HDR_LEN))
		return;
	type = two(r.p - 2);
	if (type == RTE_ETHER_TYPE_VLAN) {
		if (!skip(&r, sizeof(struct rte_vlan_hdr)))
			return;
		type = two(r.p - 2);
	}
	if (type == RTE_ETHER_TYPE_IPV4
			? read_ipv4(s, &r, sent)
			: type == RTE_ETHER_TYPE_IPV6 && read_ipv6(s, &r, sent))
		read_udp(s, &r, sent);
}

/* ---- what was matched is followed ---- */

/* An endpoint with @third of its own. */
static uint64_t
key_of(const struct dp_capture *c, const struct seen *s, uint64_t third)
{
	uint64_t addr[2];

	memcpy(addr, s->remote, sizeof(addr));
	return dp_hash_words(c->key, addr[0], addr[1], third) | 1; /* 0 is none */
}

/* The message's token. */
static uint64_t
token_key(const struct dp_capture *c, const struct seen *s)
{
	return key_of(c, s,
		dp_hash_bytes(c->key, tg_msg_token(&s->msg), s->msg.tkl) + s->port_be);
}

/* Its Message ID, which is @ours or the peer's. */
static uint64_t
mid_key(const struct dp_capture *c, const struct seen *s, bool ours)
{
	return key_of(
		c, s, (uint64_t)ours << 32 | (uint64_t)s->msg.mid << 16 | s->port_be);
}

/* The set that a key is in: its last ones, the latest first. */
static _Atomic uint64_t *
set_of(struct dp_capture *c, uint64_t key)
{
	return c->followed[(key >> 1) % DP_FOLLOWED];
}

/* Where it is, or NULL. */
static _Atomic uint64_t *
find(struct dp_capture *c, uint64_t key)
{
	_Atomic uint64_t *set = set_of(c, key);

	for (unsigned i = 0; i < DP_FOLLOWED_WAYS; i++)
		if (atomic_load_explicit(&set[i], memory_order_relaxed) == key)
			return &set[i];
	return NULL;
}

/* In front; the others move on, and the oldest goes.  Of two workers that do this to one
 * set at once one may undo the other's: an answer is then missing from the copies. */
static void
enter(struct dp_capture *c, uint64_t key)
{
	_Atomic uint64_t *set = set_of(c, key);
	uint64_t in = key;

	for (unsigned i = 0; i < DP_FOLLOWED_WAYS; i++) {
		uint64_t out = atomic_load_explicit(&set[i], memory_order_relaxed);

		atomic_store_explicit(&set[i], in, memory_order_relaxed);
		if (out == key || out == 0)
			return;
		in = out;
	}
}

static void
forget(struct dp_capture *c, uint64_t key)
{
	_Atomic uint64_t *at = find(c, key);

	if (at != NULL)
		atomic_store_explicit(at, 0, memory_order_relaxed);
}

static bool
is_request(const struct tg_msg *m)
{
	return m->code != 0 && m->code < 32;
}

/* What may follow a message that matches. */
static void
follow(struct dp_capture *c, const struct seen *s, bool sent)
{
	if (s->msg.type <= TG_NON)
		enter(c, mid_key(c, s, sent));
	if (is_request(&s->msg))
		enter(c, token_key(c, s));
}

/* Another message took over the Message ID or the token of one that was followed. */
static void
unfollow(struct dp_capture *c, const struct seen *s, bool sent)
{
	if (s->msg.type <= TG_NON)
		forget(c, mid_key(c, s, sent));
	if (is_request(&s->msg))
		forget(c, token_key(c, s));
}

static bool
follows(struct dp_capture *c, const struct seen *s, bool sent)
{
	if (s->msg.type > TG_NON)
		return find(c, mid_key(c, s, !sent)) != NULL;
	return tg_code_is_response(s->msg.code) && find(c, token_key(c, s)) != NULL;
}

/* ---- the filter ---- */

static bool
is_peer(const struct dp_peer_key *want, const struct seen *s)
{
	return s->ip && memcmp(want->addr, s->remote, sizeof(s->remote)) == 0
	       && (want->port_be == 0 || (s->udp && want->port_be == s->port_be));
}

static bool
has_token(const struct dp_capture_filter *f, const struct tg_msg *m)
{
	return m->tkl == f->tkl && memcmp(tg_msg_token(m), f->token, f->tkl) == 0;
}

/* Uri-Path against the canonical form: a length and so many bytes each. */
static bool
has_path(const struct dp_capture_filter *f, const struct tg_msg *m)
{
	struct tg_opt_iter it;
	struct tg_opt o;
	size_t at = 0;

	if (!is_request(m))
		return false;
	tg_opt_foreach (&it, &o, m) {
		if (o.number != TG_OPT_URI_PATH)
			continue;
		if (at + 1 + o.len > f->path_len || f->path[at] != o.len
			|| memcmp(f->path + at + 1, o.value, o.len) != 0)
			return false;
		at += 1u + o.len;
	}
	return at == f->path_len;
}

/* Does the route's {device} stand for ours in the request's path? */
static bool
names_device(const struct dp_capture_point *at, const struct tg_msg *m)
{
	const struct dp_capture_filter *f = &at->capture->filter;
	struct dp_request q;
	uint8_t arena[DP_PATH_ROOM], len;
	struct tg_msg again = *m;
	const uint8_t *name;

	if (!is_request(m) || m->len > DP_PATH_ROOM - 8) /* no port takes that much */
		return false;
	if (dp_request_read(&q, &again, arena) != TG_OK || (q.flags & DP_R_WRONG)
		|| dp_route_find(at->snap, &q) == NULL || q.device_at == DP_NO_SEGMENT)
		return false;
	name = dp_request_segment(&q, q.device_at, &len);
	return len == f->device_len && memcmp(name, f->device, len) == 0;
}

/* Does the frame say by itself that it matches? */
static bool
is_about(const struct dp_capture_point *at, const struct seen *s)
{
	const struct dp_capture_filter *f = &at->capture->filter;

	if (f->by_peer && !is_peer(&f->peer, s))
		return false;
	if (f->by_token && !(s->coap && has_token(f, &s->msg)))
		return false;
	if (f->by_path && !(s->coap && has_path(f, &s->msg)))
		return false;
	return !f->by_device || is_peer(&f->at, s)
	       || (s->coap && names_device(at, &s->msg));
}

bool
dp_capture_matches(const struct dp_capture_point *at, const uint8_t *frame, size_t len)
{
	struct dp_capture *c = at->capture;
	const struct dp_capture_filter *f = &c->filter;
	bool follow_up = f->by_device || f->by_token || f->by_path;
	bool matches;
	struct seen s;

	if (!follow_up && !f->by_peer)
		return true;
	look(&s, frame, len, at->sent);
	matches = is_about(at, &s);
	if (!follow_up || !s.coap)
		return matches;
	matches |= (!f->by_peer || is_peer(&f->peer, &s)) && follows(c, &s, at->sent);
	if (matches)
		follow(c, &s, at->sent);
	else
		unfollow(c, &s, at->sent);
	return matches;
}
