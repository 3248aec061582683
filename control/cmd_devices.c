/* Devices and stored values. */
#include "control/cmd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

static json_t *
hex_json(const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	static char text[2 * DP_BODY_MAX + 1];

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	return json_stringn(text, 2 * len);
}

/* ---- devices ---- */

static json_t *
device_json(const struct ctl_gateway *g, const struct dp_device_info *d, unsigned worker)
{
	struct dp_peer_info p;
	json_t *o = json_object();
	char at[TG_ENDPOINT_TEXT];

	json_object_set_new(o, "device", cmd_text(d->name, d->name_len));
	cmd_set(o, "heard_s_ago", dp_now_s(g->dp) - d->last_heard_s);
	cmd_set(o, "messages", d->messages);
	cmd_set(o, "bytes", d->bytes);
	cmd_set(o, "worker", worker);
	if (dp_peer_get(g->dp, d, &p)) {
		json_object_set_new(o, "endpoint",
			json_string(cmd_endpoint(at, p.key.addr, ntohs(p.key.port_be))));
	} else {
		json_object_set_new(o, "endpoint", json_null());
	}
	return o;
}

/* One worker counts for itself; of several, each may know a device that moved. */
void
cmd_devices_count(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	uint64_t cursor = cmd_number(args, "cursor", 0), n = 0;
	struct dp_worker_info only;
	struct dp_device_info d;
	unsigned worker;

	r->data = json_object();
	cmd_set(r->data, "max", dp_config(g->dp)->devices_max);
	if (dp_config(g->dp)->workers == 1) {
		dp_worker_read(g->dp, 0, &only);
		n = only.devices;
	} else {
		while (n < CMD_SCAN && dp_device_next(g->dp, &cursor, &d, &worker))
			n++;
		r->more = n == CMD_SCAN;
		r->next = cursor;
	}
	cmd_set(r->data, "devices", n);
}

/* How many items this page may have. */
static uint64_t
page_of(const json_t *args)
{
	uint64_t n = cmd_number(args, "limit", CMD_PAGE);

	return n == 0 || n > CMD_PAGE ? CMD_PAGE : n;
}

void
cmd_devices_list(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *pattern = cmd_string(args, "pattern");
	uint64_t page = page_of(args), seen = 0;
	struct dp_device_info d;
	unsigned worker;

	r->next = cmd_number(args, "cursor", 0);
	r->data = json_array();
	while ((r->more = dp_device_next(g->dp, &r->next, &d, &worker))) {
		if (pattern == NULL || fnmatch(pattern, d.name, 0) == 0)
			json_array_append_new(r->data, device_json(g, &d, worker));
		if (json_array_size(r->data) == page || ++seen == CMD_SCAN)
			break;
	}
}

void
cmd_devices_show(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *name = cmd_string(args, "device");
	struct dp_device_info d;
	unsigned worker;

	if (name == NULL)
		cmd_refuse(r, "usage", "devices show DEVICE");
	else if (!dp_device_get(g->dp, name, strlen(name), &d, &worker))
		cmd_refuse(r, "not-found", "there is no device %s", name);
	else
		r->data = device_json(g, &d, worker);
}

#define KICK_RUNS (1000 / CTL_WAIT_MS)

static void
let_kick_go(void *state)
{
	dp_kick_free(state);
}

/* The kick's state as of this run; -EINVAL: it has no device. */
static int
kick_device(const struct ctl_gateway *g, const char *name, struct ctl_reply *r)
{
	if (name == NULL)
		return -EINVAL;
	if (r->state == NULL) {
		r->state = dp_kick_new(g->dp, name, strlen(name));
		r->let_go = let_kick_go;
	}
	return r->state != NULL ? dp_kick_result(r->state) : -ENOMEM;
}

void
cmd_devices_kick(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *name = cmd_string(args, "device");
	int rc = kick_device(g, name, r);

	if (rc == -EINVAL)
		cmd_refuse(r, "usage", "devices kick DEVICE");
	else if (rc == -ENOENT)
		cmd_refuse(r, "not-found", "there is no device %s", name);
	else if ((rc == -EINPROGRESS || rc == -EBUSY) && r->runs < KICK_RUNS)
		r->wait = true;
	else if (rc == -EBUSY)
		cmd_refuse(r, "busy",
			"%s is forgotten, but not its endpoint: an answer to it is under "
			"way",
			name);
	else if (rc == -EINPROGRESS)
		cmd_refuse(r, "timeout", "a worker did not answer");
	else if (rc < 0)
		cmd_refuse(r, "failed", "%s", strerror(-rc));
	else
		r->data = json_pack("{s:s}", "device", name);
}

/* ---- values ---------------------------------------------------------------------------
 */

#define READS 8 /* of a value that is being written */

static json_t *
value_json(const struct ctl_gateway *g, const char *path, const struct dp_value *v)
{
	json_t *o = json_object();
	char etag[17];

	for (unsigned i = 0; i < 8; i++)
		snprintf(etag + (size_t)2 * i, 3, "%02x", ((const uint8_t *)&v->etag)[i]);
	json_object_set_new(o, "path", json_string(path));
	json_object_set_new(o, "content_format",
		v->content_format == DP_NO_FORMAT ? json_null()
						  : json_integer(v->content_format));
	json_object_set_new(o, "etag", json_string(etag));
	cmd_set(o, "size", v->len);
	cmd_set(o, "age_s", dp_value_age(v, (uint32_t)dp_now_s(g->dp)));
	return o;
}

/*
 * The whole of the value at @path to @payload, part by part, and @v is its first; 0, or
 * -ENOENT, or -EAGAIN: it was written meanwhile.
 */
static int
read_whole(const struct ctl_gateway *g, const char *path, struct dp_value *v,
	uint8_t payload[DP_BODY_MAX])
{
	struct dp_value part;

	if (!dp_value_get(g->dp, path, v))
		return -ENOENT;
	part = *v;
	for (uint32_t from = 0; from < v->len; from += part.n) {
		if (from > 0
			&& (!dp_value_get_from(g->dp, path, from, &part)
				|| part.etag != v->etag || part.n == 0))
			return -EAGAIN;
		memcpy(payload + from, part.payload, part.n);
	}
	return 0;
}

void
cmd_store_get(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *path = cmd_string(args, "path");
	static uint8_t payload[DP_BODY_MAX];
	struct dp_value v;
	int rc = -EAGAIN;

	for (unsigned i = 0; path != NULL && rc == -EAGAIN && i < READS; i++)
		rc = read_whole(g, path, &v, payload);
	if (path == NULL) {
		cmd_refuse(r, "usage", "store get PATH");
	} else if (rc == -ENOENT) {
		cmd_refuse(r, "not-found", "nothing is stored at %s", path);
	} else if (rc == -EAGAIN) {
		cmd_refuse(r, "busy", "%s changes all the time", path);
	} else {
		r->data = value_json(g, path, &v);
		json_object_set_new(r->data, "payload", hex_json(payload, v.len));
	}
}

static bool
path_matches(const char *pattern, const char *path)
{
	return pattern == NULL || fnmatch(pattern, path, 0) == 0
	       || strncmp(pattern, path, strlen(pattern)) == 0;
}

void
cmd_store_ls(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *pattern = cmd_string(args, "pattern");
	uint64_t page = page_of(args), seen = 0;
	char path[DP_PATH_TEXT_MAX];
	struct dp_value v;

	r->next = cmd_number(args, "cursor", 0);
	r->data = json_array();
	while ((r->more = dp_value_next(g->dp, &r->next, path, &v))) {
		if (path_matches(pattern, path))
			json_array_append_new(r->data, value_json(g, path, &v));
		if (json_array_size(r->data) == page || ++seen == CMD_SCAN)
			break;
	}
}
