/* From the configuration's values to what the data plane is made from. */
#include "coap/code.h"
#include "coap/param.h"
#include "control/config.h"
#include "control/config_schema.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* CPUs this process may use; how many. */
static unsigned
cpus(unsigned *list, unsigned max)
{
	unsigned n = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		CPU_SET(0, &set);
	for (unsigned c = 0; c < CPU_SETSIZE && n < max; c++)
		if (CPU_ISSET(c, &set))
			list[n++] = c;
	return n;
}

/* Control on the first CPU, workers from the last one down, the first one last. */
static void
set_cores(const struct ctl_config *c, struct dp_config *out)
{
	unsigned cpu[64], n = cpus(cpu, 64);

	out->workers = c->workers > 0 ? c->workers : n > 1 ? n - 1 : 1;
	if (out->workers > DP_WORKERS_MAX)
		out->workers = DP_WORKERS_MAX;
	out->main_core = cpu[0];
	for (unsigned w = 0; w < out->workers; w++)
		out->cores[w] = cpu[n - 1 - w % n];
	out->idle = c->idle == 2 ? DP_IDLE_SLEEP : DP_IDLE_POLL;
	if (c->idle == 0 && out->workers >= n)
		out->idle = DP_IDLE_SLEEP;
}

static bool
set_port(const struct ctl_config *c, unsigned i, struct dp_port_config *out, char *err, size_t errlen)
{
	static const char *const need[] = {
		"socket", "socket", "interface", "interface", "interface", "address"};
	const struct ctl_port *p = &c->ports[i];
	const char *arg = p->driver <= DP_DRV_MEMIF ? p->socket
		: p->driver == DP_DRV_PCI ? p->address : p->interface;

	if (arg[0] == '\0') {
		snprintf(err, errlen, "%s:1:1: port %s: driver %s needs \"%s\"", c->file, p->name,
			dp_driver_name(p->driver), need[p->driver]);
		return false;
	}
	*out = (struct dp_port_config){
		.driver = p->driver,
		.udp_port = (uint16_t)p->udp_port,
		.queues = (uint16_t)p->queues,
		.mtu = (uint16_t)p->mtu,
		.checksum_rx = p->checksum_rx,
		.n_addrs = p->n_addrs,
	};
	memcpy(out->name, p->name, sizeof(out->name));
	snprintf(out->arg, sizeof(out->arg), "%s", arg);
	memcpy(out->addrs, p->addrs, sizeof(out->addrs));
	return true;
}

static unsigned long
free_hugepages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	char text[32] = "0";

	if (f != NULL) {
		if (fgets(text, sizeof(text), f) == NULL)
			text[0] = '0';
		fclose(f);
	}
	return strtoul(text, NULL, 10);
}

/* Packets and rings, in MiB: a buffer is 2.5 KiB with its header and private area. */
static uint32_t
memory_need(const struct dp_config *d)
{
	return 48 + d->mbufs / 380 + 16 * d->n_ports + 8 * d->workers;
}

static uint32_t
or_auto(uint32_t v, uint32_t fallback)
{
	return v != 0 ? v : fallback;
}

bool
ctl_config_dp(const struct ctl_config *c, struct dp_config *out, char *err, size_t errlen)
{
	*out = (struct dp_config){
		.peers_max = or_auto(c->peers_max, c->devices_max),
		.devices_max = c->devices_max,
		.store_max = or_auto(c->store_max, c->devices_max),
		.replies_max = c->replies_max,
		.pending_max = c->pending_max,
		.device_idle_s = c->device_idle_s,
		.logring_bytes = c->logring_bytes,
		.n_ports = c->n_ports,
	};
	set_cores(c, out);
	/* A quarter block a peer; a fleet that speaks every second wants five: dedup.extensions. */
	out->dedup_extensions = or_auto(c->dedup_extensions,
		out->peers_max / 4 > 16384 ? out->peers_max / 4 : 16384);
	out->mbufs = or_auto(c->mbufs, 8192 * (out->n_ports > 2 ? out->n_ports : 2));
	out->memory_mib = or_auto(c->memory_mib, memory_need(out));
	out->hugepages = c->hugepages == 1
		|| (c->hugepages == 0 && free_hugepages() * 2 >= memory_need(out));
	snprintf(out->prefix, sizeof(out->prefix), "tidegate-%d", (int)getpid());
	for (unsigned i = 0; i < c->n_ports; i++)
		if (!set_port(c, i, &out->ports[i], err, errlen))
			return false;
	if (getrandom(out->hash_key, sizeof(out->hash_key), 0) != sizeof(out->hash_key)) {
		snprintf(err, errlen, "the kernel gives no random numbers");
		return false;
	}
	if (c->idle == 0) {
		bool kernel = true;

		for (unsigned i = 0; i < c->n_ports; i++)
			kernel &= c->ports[i].driver >= DP_DRV_AF_PACKET
				&& c->ports[i].driver <= DP_DRV_TAP;
		if (kernel)
			out->idle = DP_IDLE_SLEEP;
	}
	return true;
}

static const char *
or_null(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

static void
set_spec(const struct ctl_route *r, struct dp_route_spec *out)
{
	*out = (struct dp_route_spec){
		.path = r->path,
		.kind = r->kind,
		.ack = r->ack,
		.stream = or_null(r->stream),
		.max_age = r->max_age,
		.max_payload = (uint16_t)r->max_payload,
		.formats = r->formats,
		.n_formats = r->n_formats,
		.content = r->content,
		.content_len = (uint16_t)strlen(r->content),
		.content_format = (uint16_t)r->content_format,
		.answer_put = (uint8_t)r->put,
		.answer_post = (uint8_t)r->post,
		.answer_delete = (uint8_t)r->del,
		.location = or_null(r->location),
		.rt = or_null(r->rt),
		.ifd = or_null(r->ifd),
		.title = or_null(r->title),
		.hidden = r->hidden,
	};
	if (r->kind == DP_K_STORE && r->ack == DP_ACK_LOGGED && out->stream == NULL)
		out->stream = "store";
}

void
ctl_config_lifetimes(const struct ctl_config *c, uint32_t *con_s, uint32_t *non_s)
{
	uint64_t span = (uint64_t)c->ack_timeout_ms * ((1u << c->max_retransmit) - 1)
		* c->ack_random_percent / 100;
	uint64_t latency = (uint64_t)c->max_latency_s * 1000;

	*non_s = (uint32_t)((span + latency + 999) / 1000);
	*con_s = (uint32_t)((span + 2 * latency + c->processing_delay_ms + 999) / 1000);
}

struct dp_snapshot *
ctl_config_snapshot(const struct ctl_config *c, uint64_t version, char *err, size_t errlen)
{
	struct dp_route_spec *specs = calloc(c->n_routes, sizeof(*specs));
	struct dp_settings s = {
		.routes = specs,
		.n_routes = c->n_routes,
		.error_rate = c->error_rate,
		.error_burst = c->error_burst,
		.full_max_age = c->full_max_age,
		.version = version,
	};
	struct dp_snapshot *snap = NULL;
	char why[256] = "out of memory";

	if (specs != NULL) {
		for (unsigned i = 0; i < c->n_routes; i++)
			set_spec(&c->routes[i], &specs[i]);
		ctl_config_lifetimes(c, &s.con_lifetime_s, &s.non_lifetime_s);
		snap = dp_snapshot_new(&s, why, sizeof(why));
	}
	if (snap == NULL)
		snprintf(err, errlen, "%s:1:1: %s", c->file, why);
	free(specs);
	return snap;
}

/* ---- comparing, describing ------------------------------------------------------------------------ */

static const char *
difference(const struct ctl_key *keys, const uint8_t *a, const uint8_t *b)
{
	for (; keys->name != NULL; keys++) {
		const char *inner = NULL;

		if (keys->type == CTL_T_SECTION)
			inner = difference(keys->keys, a, b);
		else if (keys->fixed && memcmp(a + keys->offset, b + keys->offset, keys->size) != 0)
			inner = keys->name;
		if (inner != NULL)
			return inner;
	}
	return NULL;
}

static unsigned
port_line(struct ctl_config *c, unsigned i)
{
	unsigned line = c->ports[i].line;

	c->ports[i].line = 0;
	return line;
}

const char *
ctl_config_fixed_difference(const struct ctl_config *a, const struct ctl_config *b)
{
	for (unsigned i = 0; i < DP_PORTS_MAX; i++) { /* where a port stands makes no difference */
		port_line((struct ctl_config *)a, i);
		port_line((struct ctl_config *)b, i);
	}
	return difference(ctl_schema, (const uint8_t *)a, (const uint8_t *)b);
}

static const char *
type_name(enum ctl_type t)
{
	static const char *const names[] = {"number", "boolean", "text", "time", "time", "time",
		"time", "size", "size", "one of", "code", "list of numbers", "list of addresses",
		"mapping", "list", "mapping by name"};

	return names[t];
}

static void
describe(FILE *out, const struct ctl_key *keys, const char *prefix)
{
	char inner[128];

	for (; keys->name != NULL; keys++) {
		fprintf(out, "| `%s%s` | %s", prefix, keys->name, type_name(keys->type));
		for (unsigned i = 0; keys->names != NULL && keys->names[i] != NULL; i++)
			fprintf(out, "%s `%s`", i ? "," : "", keys->names[i]);
		fprintf(out, " | %s | %s%s |\n",
			keys->preset == NULL ? "" : strcmp(keys->preset, "!") == 0 ? "required"
			: keys->preset[0] == '\0' ? "" : keys->preset,
			keys->help, keys->fixed ? " (fixed while running)" : "");
		if (keys->keys == NULL)
			continue;
		snprintf(inner, sizeof(inner), "%s%s%s.", prefix, keys->name,
			keys->type == CTL_T_LIST ? "[]" : keys->type == CTL_T_MAP ? ".NAME" : "");
		describe(out, keys->keys, inner);
	}
}

void
ctl_config_reference(FILE *out)
{
	fprintf(out, "# Configuration\n\n"
		     "One YAML file, given by `tidegated -c FILE`; `tidegated -c FILE -t` checks it.\n"
		     "This page is made from the table that the parser uses: "
		     "`tidegated --reference`.\n\n"
		     "| key | value | default | meaning |\n|---|---|---|---|\n");
	describe(out, ctl_schema, "");
}
