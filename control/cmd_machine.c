/* What the gateway is made of: itself, its workers, ports and memory. */
#include "control/cmd.h"
#include "control/now.h"

#include <jemalloc/jemalloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *
retention_json(const struct ctl_gateway *g)
{
	char text[CTL_LOG_WORDS];

	return ctl_gateway_retention(g, text, sizeof(text)) ? json_string(text)
							    : json_null();
}

static json_t *
log_json(const struct ctl_gateway *g)
{
	const struct ctl_log_report *r = &g->log_report;
	const struct ctl_log_stats *s = &g->log.stats;
	json_t *o = json_object();

	json_object_set_new(o, "dir", json_string(g->conf->log_dir));
	cmd_set(o, "records", atomic_load(&s->records));
	cmd_set(o, "bytes", atomic_load(&s->bytes));
	cmd_set(o, "commits", atomic_load(&s->commits));
	cmd_set(o, "failures", atomic_load(&s->failures));
	cmd_set(o, "segments", atomic_load(&s->segments));
	cmd_set(o, "trimmed", atomic_load(&s->trimmed));
	cmd_set(o, "cut_early", atomic_load(&s->cut_early));
	cmd_set(o, "kept", atomic_load(&s->kept));
	cmd_set(o, "values_bytes", atomic_load(&s->values_bytes));
	json_object_set_new(o, "retention", retention_json(g));
	cmd_set(o, "sync_us_max", atomic_load(&s->sync_ns_max) / 1000);
	cmd_set(o, "sync_us_mean",
		atomic_load(&s->commits) == 0
			? 0
			: atomic_load(&s->sync_ns_total) / atomic_load(&s->commits)
				  / 1000);
	json_object_set_new(o, "last_error",
		atomic_load(&s->last_error) == 0
			? json_null()
			: json_string(strerror(atomic_load(&s->last_error))));
	cmd_set(o, "cut_bytes", r->cut_bytes);
	cmd_set(o, "damages", r->damages);
	cmd_set(o, "unread_segments", r->unread);
	json_object_set_new(
		o, "recovery", json_string(r->damages > 0 ? r->damage : r->cut));
	return o;
}

static void
set_tables(const struct ctl_gateway *g, json_t *o)
{
	uint64_t devices = 0, values = 0, peers = 0;

	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++) {
		struct dp_worker_info info;

		dp_worker_read(g->dp, w, &info);
		devices += info.devices;
		values += info.values;
		peers += info.peers;
	}
	cmd_set(o, "devices", devices);
	cmd_set(o, "values", values);
	cmd_set(o, "peers", peers);
}

void
cmd_status(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const struct dp_config *cfg = dp_config(g->dp);
	json_t *o = r->data = json_object();
	struct ctl_pending p = cmd_pending(g);

	(void)args;
	json_object_set_new(o, "version", json_string(TIDEGATE_VERSION));
	cmd_set(o, "pid", (uint64_t)getpid());
	json_object_set_new(
		o, "state", json_string(g->draining ? "draining" : "running"));
	cmd_set(o, "uptime_s", (ctl_now_ns() - g->started_ns) / CTL_NS);
	json_object_set_new(o, "config", cmd_text(g->conf->file, strlen(g->conf->file)));
	cmd_set(o, "workers", cfg->workers);
	cmd_set(o, "ports", cfg->n_ports);
	json_object_set_new(o, "hugepages", json_boolean(cfg->hugepages));
	set_tables(g, o);
	cmd_set(o, "pending_answers", p.answers);
	cmd_set(o, "pending_records", p.records);
	cmd_set(o, "reloads", g->reloads);
	cmd_set(o, "failed_reloads", g->failed_reloads);
	json_object_set_new(
		o, "last_reload", cmd_text(g->last_reload, strlen(g->last_reload)));
	cmd_set(o, "restored", g->restored);
	cmd_set(o, "restored_values", g->restored_values);
	cmd_set(o, "restore_shortfall", g->shortfall);
	json_object_set_new(o, "log", log_json(g));
}

static json_t *
core_json(const struct ctl_gateway *g, unsigned w)
{
	struct dp_worker_info i;
	json_t *o = json_object();

	dp_worker_read(g->dp, w, &i);
	cmd_set(o, "worker", w);
	cmd_set(o, "core", i.core);
	json_object_set_new(o, "busy",
		json_real(i.cycles == 0 ? 0 : (double)i.busy_cycles / (double)i.cycles));
	cmd_set(o, "loops", i.loops);
	cmd_set(o, "busy_loops", i.busy_loops);
	cmd_set(o, "cycles", i.cycles);
	cmd_set(o, "busy_cycles", i.busy_cycles);
	cmd_set(o, "rx_cycles", i.rx_cycles);
	cmd_set(o, "tx_cycles", i.tx_cycles);
	cmd_set(o, "peers", i.peers);
	cmd_set(o, "devices", i.devices);
	cmd_set(o, "values", i.values);
	cmd_set(o, "dedup_extensions", i.extensions);
	cmd_set(o, "pending_answers", i.pending_answers);
	cmd_set(o, "pending_records", i.pending_records);
	cmd_set(o, "logring_used", i.logring_used);
	cmd_set(o, "logring_size", i.logring_size);
	return o;
}

void
cmd_cores(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	r->data = json_array();
	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++)
		json_array_append_new(r->data, core_json(g, w));
}

static json_t *
port_json(const struct dp_port_config *port)
{
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
	cmd_set(o, "rx_queues", port->n_rxq);
	cmd_set(o, "tx_queues", port->n_txq);
	cmd_set(o, "rx_packets", s.rx_packets);
	cmd_set(o, "tx_packets", s.tx_packets);
	cmd_set(o, "rx_bytes", s.rx_bytes);
	cmd_set(o, "tx_bytes", s.tx_bytes);
	cmd_set(o, "rx_missed", s.rx_missed);
	cmd_set(o, "rx_errors", s.rx_errors);
	cmd_set(o, "tx_errors", s.tx_errors);
	cmd_set(o, "rx_no_buffer", s.rx_nombuf);
	return o;
}

void
cmd_ports(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const struct dp_config *cfg = dp_config(g->dp);

	(void)args;
	r->data = json_array();
	for (unsigned p = 0; p < cfg->n_ports; p++)
		json_array_append_new(r->data, port_json(&cfg->ports[p]));
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

static json_t *
allocator(void)
{
	const char *version = "";
	size_t len = sizeof(void *);

	mallctl("version", &version, &len, NULL, 0);
	return json_sprintf("jemalloc %s", version);
}

/* Tables in @list; the bytes of those that grow with the fleet. */
static uint64_t
list_tables(const struct ctl_gateway *g, json_t *list)
{
	struct dp_mem_row rows[24];
	unsigned n = dp_mem_read(g->dp, rows, 24);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "table", json_string(rows[i].name));
		cmd_set(o, "bytes", rows[i].bytes);
		cmd_set(o, "entries", rows[i].entries);
		cmd_set(o, "used", rows[i].used);
		json_array_append_new(list, o);
		if (strcmp(rows[i].name, "mbufs") != 0)
			bytes += rows[i].bytes;
	}
	return bytes;
}

void
cmd_mem(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	uint64_t max = dp_config(g->dp)->devices_max;
	json_t *o = r->data = json_object(), *list = json_array();
	uint64_t tables = list_tables(g, list);

	(void)args;
	json_object_set_new(o, "tables", list);
	cmd_set(o, "tables_bytes", tables);
	cmd_set(o, "devices_max", max);
	json_object_set_new(
		o, "bytes_per_device", json_real((double)tables / (double)max));
	cmd_set(o, "rss_bytes", proc_status("VmRSS:"));
	cmd_set(o, "hugetlb_bytes", proc_status("HugetlbPages:"));
	json_object_set_new(o, "allocator", allocator());
	cmd_set(o, "malloc_allocated_bytes", malloc_stat("stats.allocated"));
	cmd_set(o, "malloc_resident_bytes", malloc_stat("stats.resident"));
}
