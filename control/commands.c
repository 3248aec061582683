/* What the gateway answers to the operator, each command one function. */
#include "control/command_table.h"
#include "control/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <jemalloc/jemalloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIST_MAX 100000

static void __attribute__((format(printf, 3, 4)))
refuse(struct ctl_reply *r, const char *code, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
}

static void
set_uint(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

/* Text that may hold any bytes: what is not UTF-8 is shown byte by byte. */
static json_t *
text_json(const char *s, size_t len)
{
	json_t *j = json_stringn(s, len);
	char safe[2 * 256 + 1];
	size_t n = 0;

	if (j != NULL)
		return j;
	for (size_t i = 0; i < len && n + 2 < sizeof(safe); i++) {
		uint8_t c = (uint8_t)s[i];

		if (c < 0x80) {
			safe[n++] = (char)c;
		} else { /* the code point of the same number */
			safe[n++] = (char)(0xc0 | c >> 6);
			safe[n++] = (char)(0x80 | (c & 0x3f));
		}
	}
	return json_stringn(safe, n);
}

static json_t *
hex_json(const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * DP_VALUE_MAX + 1];

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	return json_stringn(text, 2 * len);
}

static void
endpoint_text(char *to, size_t cap, const uint8_t addr[16], uint16_t port)
{
	char ip[INET6_ADDRSTRLEN];
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(addr, mapped, 12) == 0) {
		inet_ntop(AF_INET, addr + 12, ip, sizeof(ip));
		snprintf(to, cap, "%s:%u", ip, port);
	} else {
		inet_ntop(AF_INET6, addr, ip, sizeof(ip));
		snprintf(to, cap, "[%s]:%u", ip, port);
	}
}

static const char *
string_arg(const json_t *args, const char *key)
{
	return json_string_value(json_object_get(args, key));
}

/* ---- counters -------------------------------------------------------------------------------- */

static void
counters_since(const struct ctl_gateway *g, unsigned worker, uint64_t out[DP_COUNTER_COUNT])
{
	dp_counters_read(g->dp, worker, out);
	for (unsigned i = 0; i < DP_COUNTER_COUNT && worker == DP_ALL; i++)
		if (i != DP_C_stall_max_ns)
			out[i] -= g->counters_base[i];
}

static struct ctl_pending
pending(const struct ctl_gateway *g)
{
	struct ctl_pending sum = {0};

	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++) {
		struct dp_worker_info info;

		dp_worker_read(g->dp, w, &info);
		sum.frames += info.pending_frames;
		sum.requests += info.pending_requests;
		sum.answers += info.pending_answers;
		sum.records += info.pending_records;
	}
	return sum;
}

static json_t *
counters_json(const uint64_t *c, const char *pattern, bool all)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		if ((pattern == NULL || fnmatch(pattern, dp_counter_defs[i].name, 0) == 0
			    || strstr(dp_counter_defs[i].name, pattern) != NULL)
			&& (all || c[i] != 0))
			set_uint(o, dp_counter_defs[i].name, c[i]);
	return o;
}

static void
cmd_stats(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *pattern = string_arg(args, "pattern");
	bool all = json_is_true(json_object_get(args, "all"));
	uint64_t c[DP_COUNTER_COUNT];
	json_t *cores;

	counters_since(g, DP_ALL, c);
	r->data = json_object();
	json_object_set_new(r->data, "counters", counters_json(c, pattern, all));
	if (!json_is_true(json_object_get(args, "per-core")))
		return;
	cores = json_array();
	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++) {
		dp_counters_read(g->dp, w, c);
		json_array_append_new(cores, counters_json(c, pattern, all));
	}
	json_object_set_new(r->data, "per_core", cores);
}

/* Do two samples show the same traffic? */
static bool
at_rest(const uint64_t *a, const uint64_t *b)
{
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		if (dp_counter_defs[i].account != DP_A_INFO && a[i] != b[i])
			return false;
	return true;
}

/*
 * The identities hold when traffic rests; a worker's counters are not one moment's.  Samples
 * are taken until two in a row agree, for half a second at most.
 */
static void
cmd_check(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	uint64_t c[DP_COUNTER_COUNT], again[DP_COUNTER_COUNT];
	struct ctl_identity books[CTL_BOOKS];
	struct ctl_pending p;
	json_t *list = json_array();
	bool rest = false, closes = false;

	(void)args;
	dp_counters_read(g->dp, DP_ALL, c);
	for (unsigned i = 0; i < 100 && !(rest && closes); i++) {
		p = pending(g);
		nanosleep(&pause, NULL);
		dp_counters_read(g->dp, DP_ALL, again);
		rest = at_rest(c, again);
		closes = ctl_books(c, &p, books);
		if (!(rest && closes))
			memcpy(c, again, sizeof(c));
	}
	for (unsigned i = 0; i < CTL_BOOKS; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "account", json_string(books[i].name));
		json_object_set_new(o, "identity", json_string(books[i].text));
		set_uint(o, "left", books[i].left);
		set_uint(o, "right", books[i].right);
		json_object_set_new(o, "closes", json_boolean(books[i].closes));
		json_array_append_new(list, o);
	}
	r->data = json_object();
	json_object_set_new(r->data, "closes", json_boolean(closes));
	json_object_set_new(r->data, "at_rest", json_boolean(rest));
	set_uint(r->data, "pending_frames", p.frames);
	set_uint(r->data, "pending_requests", p.requests);
	set_uint(r->data, "pending_answers", p.answers);
	set_uint(r->data, "pending_records", p.records);
	json_object_set_new(r->data, "accounts", list);
}

static void
cmd_drops(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	uint64_t c[DP_COUNTER_COUNT];

	counters_since(g, DP_ALL, c);
	r->data = json_array();
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++) {
		enum dp_account a = dp_counter_defs[i].account;
		json_t *o;

		if ((a != DP_A_FDROP && a != DP_A_RDROP && a != DP_A_SUPPRESSED && a != DP_A_LOST
			    && a != DP_A_REFUSED && i != DP_C_tx_dropped)
			|| (c[i] == 0 && !json_is_true(json_object_get(args, "all"))))
			continue;
		o = json_object();
		json_object_set_new(o, "reason", json_string(dp_counter_defs[i].name));
		set_uint(o, "count", c[i]);
		json_object_set_new(o, "text", json_string(dp_counter_defs[i].text));
		json_array_append_new(r->data, o);
	}
}

static void
cmd_clear(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	dp_counters_read(g->dp, DP_ALL, g->counters_base);
	memset(&g->latency_base, 0, sizeof(g->latency_base));
	dp_latency_read(g->dp, DP_ALL, &g->latency_base);
	r->data = json_object();
}

static void
cmd_latency(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	struct dp_hist_copy *h = calloc(1, sizeof(*h));

	(void)args;
	if (h == NULL) {
		refuse(r, "failed", "out of memory");
		return;
	}
	dp_latency_read(g->dp, DP_ALL, h);
	for (unsigned i = 0; i < DP_HIST_BINS; i++)
		h->count[i] -= g->latency_base.count[i];
	h->total -= g->latency_base.total;
	r->data = json_object();
	set_uint(r->data, "answers", h->total);
	json_object_set_new(r->data, "mean_us", json_real(dp_hist_mean(h) / 1000));
	json_object_set_new(r->data, "p50_us", json_real((double)dp_hist_quantile(h, 0.5) / 1000));
	json_object_set_new(r->data, "p90_us", json_real((double)dp_hist_quantile(h, 0.9) / 1000));
	json_object_set_new(r->data, "p99_us", json_real((double)dp_hist_quantile(h, 0.99) / 1000));
	json_object_set_new(r->data, "p999_us", json_real((double)dp_hist_quantile(h, 0.999) / 1000));
	json_object_set_new(r->data, "max_us", json_real((double)dp_hist_max(h) / 1000));
	free(h);
}

/* ---- the machine ------------------------------------------------------------------------------ */

static json_t *
log_json(const struct ctl_gateway *g)
{
	const struct ctl_log_stats *s = &g->log.stats;
	json_t *o = json_object();

	json_object_set_new(o, "dir", json_string(g->conf->log_dir));
	set_uint(o, "records", atomic_load(&s->records));
	set_uint(o, "bytes", atomic_load(&s->bytes));
	set_uint(o, "commits", atomic_load(&s->commits));
	set_uint(o, "failures", atomic_load(&s->failures));
	set_uint(o, "segments", atomic_load(&s->segments));
	set_uint(o, "trimmed", atomic_load(&s->trimmed));
	set_uint(o, "sync_us_max", atomic_load(&s->sync_ns_max) / 1000);
	set_uint(o, "sync_us_mean", atomic_load(&s->commits) == 0 ? 0
		: atomic_load(&s->sync_ns_total) / atomic_load(&s->commits) / 1000);
	json_object_set_new(o, "last_error", atomic_load(&s->last_error) == 0
		? json_null() : json_string(strerror(atomic_load(&s->last_error))));
	set_uint(o, "cut_bytes", g->log_report.cut_bytes);
	set_uint(o, "damages", g->log_report.damages);
	set_uint(o, "unread_segments", g->log_report.unread);
	json_object_set_new(o, "recovery", json_string(g->log_report.text));
	return o;
}

static void
cmd_status(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const struct dp_config *cfg = dp_config(g->dp);
	uint64_t devices = 0, values = 0, peers = 0;
	struct ctl_pending p = pending(g);

	(void)args;
	for (unsigned w = 0; w < cfg->workers; w++) {
		struct dp_worker_info info;

		dp_worker_read(g->dp, w, &info);
		devices += info.devices;
		values += info.values;
		peers += info.peers;
	}
	r->data = json_object();
	json_object_set_new(r->data, "version", json_string(TIDEGATE_VERSION));
	set_uint(r->data, "pid", (uint64_t)getpid());
	json_object_set_new(r->data, "state", json_string(g->draining ? "draining" : "running"));
	set_uint(r->data, "uptime_s", (uint64_t)time(NULL) - g->started_s);
	json_object_set_new(r->data, "config", json_string(g->conf->file));
	set_uint(r->data, "workers", cfg->workers);
	set_uint(r->data, "ports", cfg->n_ports);
	json_object_set_new(r->data, "hugepages", json_boolean(cfg->hugepages));
	set_uint(r->data, "devices", devices);
	set_uint(r->data, "values", values);
	set_uint(r->data, "peers", peers);
	set_uint(r->data, "pending_answers", p.answers);
	set_uint(r->data, "pending_records", p.records);
	set_uint(r->data, "reloads", g->reloads);
	set_uint(r->data, "failed_reloads", g->failed_reloads);
	json_object_set_new(r->data, "last_reload", json_string(g->last_reload));
	set_uint(r->data, "restored", g->restored);
	set_uint(r->data, "restored_values", g->restored_values);
	set_uint(r->data, "restore_shortfall", g->shortfall);
	json_object_set_new(r->data, "log", log_json(g));
}

static void
cmd_cores(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	r->data = json_array();
	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++) {
		struct dp_worker_info i;
		json_t *o = json_object();

		dp_worker_read(g->dp, w, &i);
		set_uint(o, "worker", w);
		set_uint(o, "core", i.core);
		set_uint(o, "loops", i.loops);
		set_uint(o, "busy_loops", i.busy_loops);
		set_uint(o, "cycles", i.cycles);
		set_uint(o, "busy_cycles", i.busy_cycles);
		set_uint(o, "rx_cycles", i.rx_cycles);
		set_uint(o, "tx_cycles", i.tx_cycles);
		json_object_set_new(o, "busy", json_real(i.cycles == 0 ? 0
			: (double)i.busy_cycles / (double)i.cycles));
		set_uint(o, "peers", i.peers);
		set_uint(o, "devices", i.devices);
		set_uint(o, "values", i.values);
		set_uint(o, "dedup_extensions", i.extensions);
		set_uint(o, "pending_answers", i.pending_answers);
		set_uint(o, "pending_records", i.pending_records);
		set_uint(o, "logring_used", i.logring_used);
		set_uint(o, "logring_size", i.logring_size);
		json_array_append_new(r->data, o);
	}
}

static void
cmd_ports(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const struct dp_config *cfg = dp_config(g->dp);

	(void)args;
	r->data = json_array();
	for (unsigned p = 0; p < cfg->n_ports; p++) {
		const struct dp_port_config *port = &cfg->ports[p];
		struct dp_port_stats s = {0};
		json_t *o = json_object();
		char mac[18];

		dp_port_read_stats(port, &s);
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", port->mac[0],
			port->mac[1], port->mac[2], port->mac[3], port->mac[4], port->mac[5]);
		json_object_set_new(o, "name", json_string(port->name));
		json_object_set_new(o, "driver", json_string(dp_driver_name(port->driver)));
		json_object_set_new(o, "at", json_string(port->arg));
		json_object_set_new(o, "mac", json_string(mac));
		json_object_set_new(o, "up", json_boolean(s.link_up));
		set_uint(o, "rx_queues", port->n_rxq);
		set_uint(o, "tx_queues", port->n_txq);
		set_uint(o, "rx_packets", s.rx_packets);
		set_uint(o, "tx_packets", s.tx_packets);
		set_uint(o, "rx_bytes", s.rx_bytes);
		set_uint(o, "tx_bytes", s.tx_bytes);
		set_uint(o, "rx_missed", s.rx_missed);
		set_uint(o, "rx_errors", s.rx_errors);
		set_uint(o, "tx_errors", s.tx_errors);
		set_uint(o, "rx_no_buffer", s.rx_nombuf);
		json_array_append_new(r->data, o);
	}
}

/* A line of /proc/self/status in bytes. */
static uint64_t
proc_status(const char *key)
{
	FILE *f = fopen("/proc/self/status", "r");
	uint64_t kib = 0;
	char line[256];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtoull(line + strlen(key) + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kib * 1024;
}

static uint64_t
malloc_stat(const char *name)
{
	size_t v = 0, len = sizeof(v);
	uint64_t epoch = 1;

	mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	mallctl(name, &v, &len, NULL, 0);
	return v;
}

static void
cmd_mem(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	struct dp_mem_row rows[16];
	unsigned n = dp_mem_read(g->dp, rows, 16);
	uint64_t tables = 0, max = dp_config(g->dp)->devices_max;
	json_t *list = json_array();

	(void)args;
	for (unsigned i = 0; i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "table", json_string(rows[i].name));
		set_uint(o, "bytes", rows[i].bytes);
		set_uint(o, "entries", rows[i].entries);
		set_uint(o, "used", rows[i].used);
		json_array_append_new(list, o);
		if (strcmp(rows[i].name, "mbufs") != 0)
			tables += rows[i].bytes;
	}
	r->data = json_object();
	json_object_set_new(r->data, "tables", list);
	set_uint(r->data, "tables_bytes", tables);
	set_uint(r->data, "devices_max", max);
	json_object_set_new(r->data, "bytes_per_device", json_real((double)tables / (double)max));
	set_uint(r->data, "rss_bytes", proc_status("VmRSS:"));
	set_uint(r->data, "hugetlb_bytes", proc_status("HugetlbPages:"));
	set_uint(r->data, "malloc_allocated", malloc_stat("stats.allocated"));
	set_uint(r->data, "malloc_resident", malloc_stat("stats.resident"));
}

/* ---- devices and values --------------------------------------------------------------------------- */

static json_t *
device_json(const struct ctl_gateway *g, const struct dp_device_info *d, unsigned worker)
{
	struct dp_peer_info p;
	json_t *o = json_object();
	char at[64];

	json_object_set_new(o, "device", text_json(d->name, d->name_len));
	set_uint(o, "heard_s_ago", dp_now_s(g->dp) - d->last_heard_s);
	set_uint(o, "messages", d->messages);
	set_uint(o, "bytes", d->bytes);
	set_uint(o, "worker", worker);
	if (dp_peer_get(g->dp, worker, d->peer, &p)) {
		endpoint_text(at, sizeof(at), p.key.addr, ntohs(p.key.port_be));
		json_object_set_new(o, "endpoint", json_string(at));
	} else {
		json_object_set_new(o, "endpoint", json_null());
	}
	return o;
}

static void
cmd_devices_count(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	struct dp_device_info d;
	uint64_t cursor = 0, n = 0;
	unsigned worker;

	(void)args;
	while (dp_device_next(g->dp, &cursor, &d, &worker))
		n++;
	r->data = json_object();
	set_uint(r->data, "devices", n);
	set_uint(r->data, "max", dp_config(g->dp)->devices_max);
}

static uint64_t
limit_of(const json_t *args)
{
	const char *text = string_arg(args, "limit");
	uint64_t n = text != NULL ? strtoull(text, NULL, 10) : 100;

	return n < LIST_MAX ? n : LIST_MAX;
}

static void
cmd_devices_list(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *pattern = string_arg(args, "pattern");
	uint64_t cursor = 0, limit = limit_of(args);
	struct dp_device_info d;
	unsigned worker;

	r->data = json_array();
	while (json_array_size(r->data) < limit && dp_device_next(g->dp, &cursor, &d, &worker))
		if (pattern == NULL || fnmatch(pattern, d.name, 0) == 0)
			json_array_append_new(r->data, device_json(g, &d, worker));
}

static void
cmd_devices_show(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *name = string_arg(args, "device");
	struct dp_device_info d;
	unsigned worker;

	if (name == NULL)
		refuse(r, "usage", "devices show DEVICE");
	else if (!dp_device_get(g->dp, name, strlen(name), &d, &worker))
		refuse(r, "not-found", "there is no device %s", name);
	else
		r->data = device_json(g, &d, worker);
}

static void
cmd_devices_kick(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *name = string_arg(args, "device");
	int rc = name == NULL ? -EINVAL : dp_device_kick(g->dp, name, strlen(name));

	if (rc == -EINVAL)
		refuse(r, "usage", "devices kick DEVICE");
	else if (rc == -ENOENT)
		refuse(r, "not-found", "there is no device %s", name);
	else if (rc < 0)
		refuse(r, "timeout", "the worker did not answer: %s", strerror(-rc));
	else
		r->data = json_object();
}

static json_t *
value_json(const struct ctl_gateway *g, const char *path, const struct dp_value *v, bool payload)
{
	json_t *o = json_object();
	char etag[17];

	for (unsigned i = 0; i < 8; i++)
		snprintf(etag + 2 * i, 3, "%02x", ((const uint8_t *)&v->etag)[i]);
	json_object_set_new(o, "path", json_string(path));
	json_object_set_new(o, "content_format",
		v->content_format == DP_NO_FORMAT ? json_null() : json_integer(v->content_format));
	json_object_set_new(o, "etag", json_string(etag));
	set_uint(o, "size", v->len);
	set_uint(o, "age_s", dp_now_s(g->dp) - v->written_s);
	if (payload)
		json_object_set_new(o, "payload", hex_json(v->payload, v->len));
	return o;
}

static void
cmd_store_get(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *path = string_arg(args, "path");
	struct dp_value v;

	if (path == NULL)
		refuse(r, "usage", "store get PATH");
	else if (!dp_value_get(g->dp, path, &v))
		refuse(r, "not-found", "nothing is stored at %s", path);
	else
		r->data = value_json(g, path, &v, true);
}

static void
cmd_store_ls(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *pattern = string_arg(args, "pattern");
	uint64_t cursor = 0, limit = limit_of(args);
	char path[DP_PATH_TEXT_MAX];
	struct dp_value v;

	r->data = json_array();
	while (json_array_size(r->data) < limit && dp_value_next(g->dp, &cursor, path, &v))
		if (pattern == NULL || fnmatch(pattern, path, 0) == 0
			|| strncmp(pattern, path, strlen(pattern)) == 0)
			json_array_append_new(r->data, value_json(g, path, &v, false));
}

/* ---- life ---------------------------------------------------------------------------------------- */

static void
cmd_log_trim(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *before = string_arg(args, "before");
	int n = before == NULL ? -EINVAL
			       : ctl_log_trim(&g->io.io, strtoull(before, NULL, 10));

	if (n == -EINVAL) {
		refuse(r, "usage", "log trim --before SEQ");
	} else if (n < 0) {
		refuse(r, "failed", "%s", strerror(-n));
	} else {
		r->data = json_object();
		set_uint(r->data, "segments", (uint64_t)n);
	}
}

static void
cmd_conf_show(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	char *text = malloc(1u << 20);
	FILE *f = fopen(g->conf->file, "r");
	size_t len = 0;

	(void)args;
	if (f == NULL || text == NULL) {
		refuse(r, "failed", "%s: %s", g->conf->file, strerror(errno));
	} else {
		len = fread(text, 1, 1u << 20, f);
		r->data = json_object();
		json_object_set_new(r->data, "file", json_string(g->conf->file));
		json_object_set_new(r->data, "text", text_json(text, len));
		set_uint(r->data, "routes", g->conf->n_routes);
	}
	if (f != NULL)
		fclose(f);
	free(text);
}

static void
cmd_conf_reload(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	char err[480];

	(void)args;
	if (ctl_gateway_reload(g, err, sizeof(err)) < 0)
		refuse(r, "config", "%s", err);
	else
		r->data = json_object();
}

static void
cmd_drain(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	g->draining = true;
	r->data = json_object();
	json_object_set_new(r->data, "drained", json_boolean(dp_drain(g->dp, 2000)));
}

static void
cmd_stop(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	g->stopping = true;
	r->data = json_object();
}

const struct ctl_command ctl_commands[] = {
#define CTL_COMMAND(name, args, help, handler) {name, handler},
#define CTL_LOCAL(name, args, help)
	CTL_COMMANDS(CTL_COMMAND, CTL_LOCAL)
#undef CTL_COMMAND
#undef CTL_LOCAL
	{0}};

char *
ctl_rpc(struct ctl_gateway *g, const char *text, size_t len)
{
	json_t *request = json_loadb(text, len, 0, NULL), *reply = json_object(), *e;
	const char *name = json_string_value(json_object_get(request, "command"));
	const struct ctl_command *c = ctl_commands;
	struct ctl_reply r = {0};
	char *out;

	while (name != NULL && c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	if (name == NULL)
		refuse(&r, "usage", "a request is an object with \"command\"");
	else if (c->name == NULL)
		refuse(&r, "unknown", "there is no command %s", name);
	else
		c->run(g, json_object_get(request, "args"), &r);
	json_object_set_new(reply, "ok", json_boolean(r.code == NULL));
	if (r.code == NULL) {
		json_object_set_new(reply, "data", r.data);
	} else {
		json_decref(r.data);
		e = json_object();
		json_object_set_new(e, "code", json_string(r.code));
		json_object_set_new(e, "message", json_string(r.message));
		json_object_set_new(reply, "error", e);
	}
	out = json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	json_decref(request);
	return out != NULL ? out : strdup("{\"ok\":false,\"error\":{\"code\":\"failed\",\"message\":\"out of memory\"}}");
}
