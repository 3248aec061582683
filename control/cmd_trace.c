/* The flight recorders of all workers: the last messages heard and sent that match. */
#include "control/cmd.h"

#include "coap/code.h"
#include "coap/msg.h"
#include "coap/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 100
#define SHOWN_MAX 10000

/* What to show: each condition that is set must hold. */
struct filter {
	bool by_peer, by_device, by_token, by_path;
	struct dp_peer_key peer;   /* port_be 0: any */
	struct dp_peer_key device; /* where it is now; an address of zeros: nowhere */
	uint32_t device_key;
	uint8_t token[DP_TOKEN_LONGEST];
	unsigned tkl;
	uint16_t tag;
	uint32_t path_key;
	uint64_t since_ns;
};

/* A message, with what a reader wants beside the entry. */
struct item {
	struct dp_traced m;
	uint64_t time_ns;
	unsigned worker;
};

struct items {
	struct item *item;
	size_t n, cap;
};

/* ---- the filter ---- */

/* "198.18.0.2", "198.18.0.2:5683", "2001:2::2" or "[2001:2::2]:5683". */
bool
cmd_peer(const char *text, struct dp_peer_key *key)
{
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	bool has_port = bracket ? colon > strchr(text, ']') : colon == strchr(text, ':');
	char addr[INET6_ADDRSTRLEN + 2], *end;
	unsigned long port;
	size_t len;

	*key = (struct dp_peer_key){.addr = {[10] = 0xff, [11] = 0xff}};
	if (colon != NULL && has_port) {
		port = strtoul(colon + 1, &end, 10);
		if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
			return false;
		key->port_be = htons((uint16_t)port);
	}
	len = colon != NULL && has_port ? (size_t)(colon - text) : strlen(text);
	if (len >= sizeof(addr) || (bracket && text[len - 1] != ']'))
		return false;
	snprintf(addr, sizeof(addr), "%.*s", (int)(bracket ? len - 2 : len),
		text + bracket);
	return inet_pton(AF_INET, addr, key->addr + 12) == 1
	       || inet_pton(AF_INET6, addr, key->addr) == 1;
}

void
cmd_device_at(const struct ctl_gateway *g, const char *name, struct dp_peer_key *key)
{
	struct dp_device_info d;
	struct dp_peer_info p;
	unsigned worker;

	*key = (struct dp_peer_key){0};
	if (dp_device_get(g->dp, name, strlen(name), &d, &worker)
		&& dp_peer_get(g->dp, &d, &p))
		*key = p.key;
}

/* False if it has been refused. */
static bool
read_filter(const struct ctl_gateway *g, const json_t *args, struct filter *f,
	struct ctl_reply *r)
{
	const char *peer = cmd_string(args, "peer"), *device = cmd_string(args, "device");
	const char *token = cmd_string(args, "token"), *path = cmd_string(args, "path");
	uint64_t last_s = cmd_number(args, "last", UINT64_MAX);
	uint64_t now_ns = dp_wall_ns(g->dp);
	long tkl = token != NULL
			   ? tg_hex_read(f->token, sizeof(f->token), token, strlen(token))
			   : 0;

	f->by_peer = peer != NULL;
	f->by_device = device != NULL;
	f->by_token = token != NULL;
	f->by_path = path != NULL;
	f->tkl = (unsigned)tkl;
	f->since_ns = last_s < now_ns / 1000000000 ? now_ns - last_s * 1000000000 : 0;
	if (device != NULL) {
		f->device_key = dp_trace_device(g->dp, device, strlen(device));
		cmd_device_at(g, device, &f->device);
	}
	if (peer != NULL && !cmd_peer(peer, &f->peer))
		cmd_refuse(r, "usage", "--peer %s: an address, or ADDRESS:PORT", peer);
	else if (tkl < 0)
		cmd_refuse(r, "usage", "--token %s: up to %u bytes as hex", token,
			DP_TOKEN_LONGEST);
	else if (path != NULL && !dp_trace_path(g->dp, path, &f->tag, &f->path_key))
		cmd_refuse(r, "not-found", "no route serves %s", path);
	else
		return true;
	return false;
}

static bool
same_peer(const struct dp_peer_key *want, const struct dp_peer_key *is)
{
	return memcmp(want->addr, is->addr, sizeof(is->addr)) == 0
	       && (want->port_be == 0 || want->port_be == is->port_be);
}

/* Of a long token an entry has the length and the first bytes. */
static bool
same_token(const struct filter *f, const struct dp_traced *m)
{
	return m->tkl == f->tkl && memcmp(m->token, f->token, m->known) == 0;
}

static bool
passes(const struct filter *f, const struct dp_traced *m, uint64_t time_ns)
{
	if (time_ns < f->since_ns)
		return false;
	if (f->by_peer && !same_peer(&f->peer, &m->peer))
		return false;
	if (f->by_device && m->key != f->device_key && !same_peer(&f->device, &m->peer))
		return false;
	if (f->by_token && !same_token(f, m))
		return false;
	return !f->by_path || (m->tag == f->tag && m->key == f->path_key);
}

/* ---- collecting ---- */

static bool
add(struct items *all, const struct item *one)
{
	struct item *more;

	if (all->n == all->cap) {
		all->cap = all->cap == 0 ? 1024 : 2 * all->cap;
		more = realloc(all->item, all->cap * sizeof(*more));
		if (more == NULL)
			return false;
		all->item = more;
	}
	all->item[all->n++] = *one;
	return true;
}

static bool
collect(const struct ctl_gateway *g, const struct filter *f, struct items *all)
{
	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++) {
		const struct dp_trace *t = dp_worker_trace(g->dp, w);
		uint32_t at, end = dp_trace_range(t, &at);
		struct item one = {.worker = w};

		while ((int32_t)(end - at) > 0) {
			if (!dp_trace_read(t, &at, &one.m))
				continue;
			one.time_ns = dp_wall_ns_at(g->dp, one.m.tsc);
			if (passes(f, &one.m, one.time_ns) && !add(all, &one))
				return false;
		}
	}
	return true;
}

/* By the TSC: the wall clock may have been set back meanwhile. */
static int
by_time(const void *a, const void *b)
{
	uint64_t x = ((const struct item *)a)->m.tsc, y = ((const struct item *)b)->m.tsc;

	return x < y ? -1 : x > y;
}

/* ---- showing ---- */

static const char *
code_name(uint8_t code, char text[8])
{
	snprintf(text, 8, "%u.%02u", code >> 5 & 7u, code & 31u);
	return text;
}

/* How a message ended: its answer's code, why it got none, or that it has not yet. */
static const char *
verdict_name(const struct dp_traced *m, char text[8])
{
	if (m->sent)
		return "sent";
	if (m->verdict != 0)
		return dp_counter_defs[m->verdict].name;
	return m->answer != 0 ? code_name(m->answer, text) : "later";
}

static json_t *
item_json(const struct item *it)
{
	const struct dp_traced *m = &it->m;
	json_t *o = json_object();
	char text[TG_ENDPOINT_TEXT];

	cmd_set(o, "time_ns", it->time_ns);
	cmd_set(o, "worker", it->worker);
	json_object_set_new(o, "verb", json_string(m->sent ? "sent" : "heard"));
	json_object_set_new(o, "peer",
		json_string(cmd_endpoint(text, m->peer.addr, ntohs(m->peer.port_be))));
	json_object_set_new(o, "type", json_string(tg_type_name((enum tg_type)m->type)));
	json_object_set_new(o, "code", json_string(code_name(m->code, text)));
	cmd_set(o, "mid", m->mid);
	json_object_set_new(
		o, "token", json_string(tg_hex_write(text, m->token, m->known)));
	cmd_set(o, "token_bytes", m->tkl);
	json_object_set_new(o, "verdict", json_string(verdict_name(m, text)));
	return o;
}

/* False if it has been refused. */
static bool
check_extent(const json_t *args, uint64_t count, struct ctl_reply *r)
{
	if (count == 0)
		cmd_refuse(r, "usage", "-c: how many messages?");
	else if (json_object_get(args, "last") != NULL
		 && cmd_number(args, "last", 0) == 0)
		cmd_refuse(r, "usage", "--last: how many seconds?");
	else if (json_object_get(args, "seconds") != NULL)
		cmd_refuse(r, "usage",
			"--seconds is about what comes, with --pcapng; of what was it is "
			"--last");
	else
		return true;
	return false;
}

static void
show_recorded(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	bool last = json_object_get(args, "last") != NULL;
	uint64_t count = json_object_get(args, "c") != NULL ? cmd_number(args, "c", 0)
			 : last                             ? SHOWN_MAX
							    : SHOWN;
	struct filter f = {0};
	struct items all = {0};
	size_t first;

	if (!check_extent(args, count, r) || !read_filter(g, args, &f, r))
		return;
	if (count > SHOWN_MAX)
		count = SHOWN_MAX;
	if (!collect(g, &f, &all)) {
		cmd_refuse(r, "failed", "out of memory");
	} else {
		if (all.n > 0)
			qsort(all.item, all.n, sizeof(*all.item), by_time);
		first = all.n > count ? all.n - count : 0;
		r->data = json_array();
		for (size_t i = first; i < all.n; i++)
			json_array_append_new(r->data, item_json(&all.item[i]));
	}
	free(all.item);
}

/* With "arm" or "frames" whole frames (cmd_capture.c), else what is recorded. */
void
cmd_trace(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	if (cmd_flag(args, "arm"))
		cmd_capture_arm(g, args, r);
	else if (cmd_flag(args, "frames"))
		cmd_capture_frames(g, args, r);
	else
		show_recorded(g, args, r);
}
