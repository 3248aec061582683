/*
 * trace --pcapng: whole frames, for a client that writes them down.
 *
 * The connection that arms a capture holds it: when that ends, for whatever reason,
 * nothing is copied any more.  There is one at a time; a client that has not asked for
 * frames for a while after its time was over gives way to another.
 */
#include "control/cmd.h"

#include "coap/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 3600
#define PAGE_FRAMES 1024
#define WAIT_RUNS (100 / CTL_WAIT_MS) /* for the first frame of a page */
#define GRACE_NS UINT64_C(5000000000) /* for a client to ask for the last */

struct ctl_tracing {
	struct dp_capture *capture;
	struct ctl_session *session; /* whose it is */
	uint64_t until_tsc;          /* nothing is copied from then on */
	uint64_t late_tsc;           /* another may take the place */
	uint64_t left;               /* frames that are still wanted */
	bool armed;
};

static void
disarm(struct ctl_gateway *g, struct ctl_tracing *t)
{
	if (t->armed)
		dp_capture_disarm(g->dp);
	t->armed = false;
}

static void
end_tracing(struct ctl_gateway *g, struct ctl_tracing *t)
{
	disarm(g, t);
	dp_capture_free(t->capture);
	t->session->held = NULL;
	g->tracing = NULL;
	free(t);
}

static void
let_go(struct ctl_gateway *g, void *held)
{
	end_tracing(g, held);
}

/* ---- arming ---- */

/* False if it has been refused. */
static bool
read_texts(const json_t *args, struct dp_capture_filter *f, struct ctl_reply *r)
{
	const char *peer = cmd_string(args, "peer"), *device = cmd_string(args, "device");
	const char *token = cmd_string(args, "token"), *path = cmd_string(args, "path");
	long tkl = token != NULL
			   ? tg_hex_read(f->token, sizeof(f->token), token, strlen(token))
			   : 0;

	f->by_peer = peer != NULL;
	f->by_device = device != NULL;
	f->by_token = token != NULL;
	f->by_path = path != NULL;
	f->tkl = (uint8_t)tkl;
	if (path != NULL)
		f->path_len = dp_path_parse(f->path, sizeof(f->path), path, strlen(path));
	if (peer != NULL && !cmd_peer(peer, &f->peer))
		cmd_refuse(r, "usage", "--peer %s: an address, or ADDRESS:PORT", peer);
	else if (device != NULL && strlen(device) > sizeof(f->device))
		cmd_refuse(r, "usage", "--device: a name has at most 255 bytes");
	else if (tkl < 0)
		cmd_refuse(r, "usage", "--token %s: up to %u bytes as hex", token,
			DP_TOKEN_LONGEST);
	else if (path != NULL && f->path_len == 0)
		cmd_refuse(r, "usage", "--path %s: a path begins with /", path);
	else
		return true;
	return false;
}

static bool
read_filter(struct ctl_gateway *g, const json_t *args, struct dp_capture_filter *f,
	struct ctl_reply *r)
{
	const char *seconds = cmd_string(args, "seconds");
	const char *device = cmd_string(args, "device");
	double s = seconds != NULL ? strtod(seconds, NULL) : SECONDS_MAX;

	if (!read_texts(args, f, r))
		return false;
	if (!(s > 0 && s <= SECONDS_MAX)) {
		cmd_refuse(r, "usage", "--seconds %s: an hour (%d) at most", seconds,
			SECONDS_MAX);
		return false;
	}
	f->until_tsc = dp_tsc_in(g->dp, (uint64_t)(s * 1e9));
	if (device != NULL) {
		f->device_len = (uint8_t)strlen(device);
		memcpy(f->device, device, f->device_len);
		cmd_device_at(g, device, &f->at);
	}
	return true;
}

/* 0, or -errno. */
static int
start(struct ctl_gateway *g, const struct dp_capture_filter *f, uint64_t frames,
	struct ctl_session *session)
{
	struct ctl_tracing *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (t == NULL)
		return rc;
	t->capture = dp_capture_new(f, dp_config(g->dp)->workers);
	if (t->capture != NULL)
		rc = dp_capture_arm(g->dp, t->capture);
	if (rc < 0) {
		dp_capture_free(t->capture);
		free(t);
		return rc;
	}
	t->armed = true;
	t->session = session;
	t->left = frames;
	t->until_tsc = f->until_tsc;
	t->late_tsc = f->until_tsc + dp_tsc_in(g->dp, GRACE_NS) - dp_tsc_in(g->dp, 0);
	g->tracing = t;
	*session = (struct ctl_session){.held = t, .let_go = let_go};
	return 0;
}

/* What there is of each port: the frames say its place in this list. */
static json_t *
ports_json(const struct ctl_gateway *g, const struct dp_capture *c)
{
	const struct dp_config *cfg = dp_config(g->dp);
	json_t *list = json_array();

	for (unsigned p = 0; p < cfg->n_ports; p++) {
		struct dp_capture_count n = dp_capture_count(c, p);
		char mac[2 * 6 + 1];
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(cfg->ports[p].name));
		json_object_set_new(
			o, "mac", json_string(tg_hex_write(mac, cfg->ports[p].mac, 6)));
		cmd_set(o, "matched", n.matched);
		cmd_set(o, "lost", n.lost);
		json_array_append_new(list, o);
	}
	return list;
}

void
cmd_capture_arm(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	uint64_t frames = cmd_number(args, "c", UINT64_MAX);
	struct dp_capture_filter f = {0};
	int rc;

	if (r->session == NULL || frames == 0) {
		cmd_refuse(r, "usage", "-c 0: how many frames?");
		return;
	}
	if (!read_filter(g, args, &f, r))
		return;
	if (g->tracing != NULL && dp_tsc_in(g->dp, 0) >= g->tracing->late_tsc)
		end_tracing(g, g->tracing);
	rc = g->tracing == NULL ? start(g, &f, frames, r->session) : -EBUSY;
	if (rc == -EBUSY) {
		cmd_refuse(r, "failed", "another client traces to a file: one at a time");
	} else if (rc < 0) {
		cmd_refuse(r, "failed", "%s", strerror(-rc));
	} else {
		r->data = json_object();
		json_object_set_new(r->data, "ports", ports_json(g, g->tracing->capture));
	}
}

/* ---- frames ---- */

struct page {
	unsigned n;
	bool more; /* a ring may have some that are not here */
	struct dp_captured frame[PAGE_FRAMES];
};

static int
by_time(const void *a, const void *b)
{
	const struct dp_captured *x = a, *y = b;

	return x->tsc < y->tsc ? -1 : x->tsc > y->tsc;
}

/* As many of each worker: no one keeps the others' waiting. */
static void
collect(struct dp_capture *c, unsigned workers, struct page *p)
{
	p->n = 0;
	p->more = false;
	for (unsigned w = 0; w < workers; w++) {
		unsigned share = PAGE_FRAMES / workers;

		while (share > 0 && dp_capture_next(c, w, &p->frame[p->n])) {
			p->n++;
			share--;
		}
		p->more |= share == 0;
	}
	qsort(p->frame, p->n, sizeof(p->frame[0]), by_time);
}

static json_t *
frame_json(const struct ctl_gateway *g, const struct dp_captured *f)
{
	static char text[2 * DP_CAPTURE_FRAME_MAX + 1]; /* under the gateway's lock */
	json_t *o = json_object();

	cmd_set(o, "time_ns", dp_wall_ns_at(g->dp, f->tsc));
	cmd_set(o, "port", f->port);
	json_object_set_new(o, "sent", json_boolean(f->sent));
	json_object_set_new(
		o, "data", json_string_nocheck(tg_hex_write(text, f->bytes, f->len)));
	return o;
}

static json_t *
frames_json(const struct ctl_gateway *g, struct ctl_tracing *t, const struct page *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->n && t->left > 0; i++, t->left--)
		json_array_append_new(list, frame_json(g, &p->frame[i]));
	return list;
}

void
cmd_capture_frames(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	unsigned workers = dp_config(g->dp)->workers;
	struct ctl_tracing *t = g->tracing;
	static struct page page; /* under the gateway's lock */
	bool done;

	if (t == NULL || t->session != r->session) {
		cmd_refuse(r, "failed", "this client's trace is over");
		return;
	}
	if (cmd_flag(args, "stop") || dp_tsc_in(g->dp, 0) >= t->until_tsc)
		disarm(g, t);
	collect(t->capture, workers, &page);
	if (page.n == 0 && t->armed && r->runs < WAIT_RUNS) {
		r->wait = true;
		return;
	}
	r->data = json_object();
	json_object_set_new(r->data, "frames", frames_json(g, t, &page));
	for (unsigned w = 0; w < workers; w++)
		dp_capture_release(t->capture, w);
	done = t->left == 0 || (!t->armed && !page.more);
	if (done)
		disarm(g, t); /* its counts are then the last */
	json_object_set_new(r->data, "ports", ports_json(g, t->capture));
	json_object_set_new(r->data, "done", json_boolean(done));
	if (done)
		end_tracing(g, t);
}
