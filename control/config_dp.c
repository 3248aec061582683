/* From the configuration's values to what the data plane is made from. */
#include "coap/param.h"
#include "control/config.h"

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
}

/* Do all ports' frames come through the kernel, which wakes who sleeps? */
static bool
is_kernels(const struct ctl_config *c)
{
	for (unsigned i = 0; i < c->n_ports; i++)
		if (c->ports[i].driver < DP_DRV_AF_PACKET
			|| c->ports[i].driver > DP_DRV_TAP)
			return false;
	return true;
}

static void
set_idle(const struct ctl_config *c, struct dp_config *out)
{
	unsigned cpu[64];
	bool shared = out->workers >= cpus(cpu, 64);

	out->idle = c->idle == 2 || (c->idle == 0 && (shared || is_kernels(c)))
			    ? DP_IDLE_SLEEP
			    : DP_IDLE_POLL;
}

static void
set_port(const struct ctl_port *p, struct dp_port_config *out)
{
	const char *arg = p->driver <= DP_DRV_MEMIF ? p->socket
			  : p->driver == DP_DRV_PCI ? p->address
						    : p->interface;

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

#define STORE_BYTES ((uint64_t)1 << 20) /* at least */

#define BODY_MAX 16384 /* of routes that do not say */

static uint32_t
or_auto(uint32_t v, uint32_t fallback)
{
	return v != 0 ? v : fallback;
}

bool
ctl_config_wants_pages(const struct ctl_config *c)
{
	return c->hugepages == 1;
}

bool
ctl_config_dp(const struct ctl_config *c, struct dp_config *out, char *err, size_t errlen)
{
	*out = (struct dp_config){
		.peers_max = or_auto(c->peers_max, c->devices_max),
		.devices_max = c->devices_max,
		.store_max = or_auto(c->store_max, c->devices_max),
		.store_per_device = c->store_per_device,
		.replies_max = c->replies_max,
		.pending_max = c->pending_max,
		.outbound_max = c->outbound_max,
		.transfers_max = c->transfers_max,
		.transfers_bytes = c->transfers_bytes,
		.transfers_per_peer = c->transfers_per_peer,
		.observers_max = c->observers_max,
		.observers_per_peer = c->observers_per_peer,
		.lists_max = c->lists_max,
		.tokens_max = c->tokens_kept,
		.device_idle_s = c->device_idle_s,
		.logring_bytes = c->logring_bytes,
		.trace = c->trace_messages,
		.n_ports = c->n_ports,
	};
	set_cores(c, out);
	set_idle(c, out);
	/* A block for every twelfth peer; a fleet that speaks every second wants five
	 * each: dedup.extensions. */
	out->store_bytes = c->store_bytes != 0                ? c->store_bytes
			   : out->store_max > STORE_BYTES / 4 ? 4ull * out->store_max
							      : STORE_BYTES;
	out->dedup_extensions = or_auto(c->dedup_extensions,
		out->peers_max / 12 > 16384 ? out->peers_max / 12 : 16384);
	out->mbufs = or_auto(c->mbufs, 8192 * (out->n_ports > 2 ? out->n_ports : 2));
	out->memory_mib = or_auto(c->memory_mib, memory_need(out));
	out->hugepages =
		ctl_config_wants_pages(c)
		|| (c->hugepages == 0 && free_hugepages() * 2 >= memory_need(out));
	snprintf(out->prefix, sizeof(out->prefix), "tidegate-%d", (int)getpid());
	for (unsigned i = 0; i < c->n_ports; i++)
		set_port(&c->ports[i], &out->ports[i]);
	if (getrandom(out->hash_key, sizeof(out->hash_key), 0) != sizeof(out->hash_key)) {
		snprintf(err, errlen, "the kernel gives no random numbers");
		return false;
	}
	return true;
}

bool
ctl_config_pages(
	const struct ctl_config *c, const struct dp_config *cfg, char *err, size_t errlen)
{
	unsigned long pages = free_hugepages(), need = (memory_need(cfg) + 1) / 2;

	if (!ctl_config_wants_pages(c) || pages >= need)
		return true;
	snprintf(err, errlen,
		"hugepages: on, but %lu of %lu pages of 2 MiB are free: reserve more in "
		"/proc/sys/vm/nr_hugepages, or set hugepages: auto",
		pages, need);
	return false;
}

static const char *
or_null(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

/* Who gives less than a message for a limit means it of bodies, too. */
static uint32_t
max_body(const struct ctl_route *r)
{
	return or_auto(
		r->max_body, r->max_payload < DP_VALUE_MAX ? r->max_payload : BODY_MAX);
}

static void
set_spec(const struct ctl_route *r, const struct tg_param *param,
	struct dp_route_spec *out)
{
	*out = (struct dp_route_spec){
		.path = r->path,
		.kind = r->kind,
		.ack = r->ack,
		.stream = or_null(r->stream),
		.max_age = r->max_age,
		.stale = r->stale,
		.max_payload = (uint16_t)r->max_payload,
		.max_body = (uint16_t)max_body(r),
		.formats = r->formats,
		.n_formats = r->n_formats,
		.content = r->content,
		.content_len = (uint16_t)strlen(r->content),
		.content_format = r->content_format == UINT16_MAX ? DP_NO_FORMAT
								  : r->content_format,
		.answer_put = (uint8_t)r->put,
		.answer_post = (uint8_t)r->post,
		.answer_delete = (uint8_t)r->del,
		.location = or_null(r->location),
		.rt = or_null(r->rt),
		.ifd = or_null(r->ifd),
		.title = or_null(r->title),
		.notify_con = r->notify == 1,
		.period_ms = r->period_ms,
		.target = or_null(r->target),
		.hidden = r->hidden,
		.delay_ms = r->delay_ms,
		.param = param,
		.require_format = r->require_format,
		.changes = r->changes,
		.multicast = r->multicast,
		.echo_s = r->echo_s,
		.rate = r->rate,
	};
}

/* What a route says, or else what holds for all. */
static uint32_t
own(uint32_t its, uint32_t all)
{
	return its != UINT32_MAX ? its : all;
}

struct tg_param
ctl_config_param(const struct ctl_config *c, const struct ctl_route *r)
{
	const struct ctl_param *all = &c->coap, *its = r != NULL ? &r->coap : all;

	return (struct tg_param){
		.ack_timeout_ms = own(its->ack_timeout_ms, all->ack_timeout_ms),
		.ack_random_permille =
			10 * own(its->ack_random_percent, all->ack_random_percent),
		.max_retransmit = own(its->max_retransmit, all->max_retransmit),
		.nstart = own(its->nstart, all->nstart),
		.default_leisure_ms =
			own(its->default_leisure_ms, all->default_leisure_ms),
		.probing_rate_bytes_s =
			own(its->probing_rate_bytes_s, all->probing_rate_bytes_s),
		.max_latency_ms = 1000 * own(its->max_latency_s, all->max_latency_s),
		.processing_delay_ms =
			own(its->processing_delay_ms, all->processing_delay_ms),
	};
}

static void
longer(uint32_t *s, uint64_t ms)
{
	uint32_t whole = (uint32_t)((ms + 999) / 1000);

	if (whole > *s)
		*s = whole;
}

void
ctl_config_lifetimes(const struct ctl_config *c, uint32_t *con_s, uint32_t *non_s)
{
	*con_s = *non_s = 0;
	for (uint32_t i = 0; i <= c->n_routes; i++) {
		struct tg_param p =
			ctl_config_param(c, i < c->n_routes ? &c->routes[i] : NULL);

		longer(con_s, tg_param_exchange_lifetime_ms(&p));
		longer(non_s, tg_param_non_lifetime_ms(&p));
	}
}

static struct dp_snapshot *
snapshot(const struct ctl_config *c, const struct dp_route_spec *specs, unsigned n_routes,
	uint64_t version, char *why, size_t len)
{
	struct dp_settings s = {
		.routes = specs,
		.n_routes = n_routes,
		.error_rate = c->error_rate,
		.error_burst = c->error_burst,
		.full_max_age = c->full_max_age,
		.param = ctl_config_param(c, NULL),
		.ack_delay_ms = c->ack_delay_ms,
		.observe_con_every = (uint8_t)c->observe_con_every,
		.observe_min_ms = c->observe_min_ms,
		.token_max = (uint8_t)c->token_max,
		.version = version,
	};

	ctl_config_lifetimes(c, &s.con_lifetime_s, &s.non_lifetime_s);
	return dp_snapshot_new(&s, why, len);
}

/* The route that spoils a snapshot: the last of the fewest that cannot be made into one.
 */
static const struct ctl_route *
culprit(const struct ctl_config *c, const struct dp_route_spec *specs)
{
	unsigned good = 0, bad = c->n_routes;
	char why[256];

	while (bad - good > 1) {
		unsigned n = (good + bad) / 2;
		struct dp_snapshot *snap = snapshot(c, specs, n, 0, why, sizeof(why));

		*(snap != NULL ? &good : &bad) = n;
		dp_snapshot_free(snap);
	}
	return &c->routes[bad - 1];
}

struct dp_snapshot *
ctl_config_snapshot(
	const struct ctl_config *c, uint64_t version, char *err, size_t errlen)
{
	struct dp_route_spec *specs = calloc(c->n_routes, sizeof(*specs));
	struct tg_param *params = calloc(c->n_routes, sizeof(*params));
	struct dp_snapshot *snap = NULL;
	char why[256];
	int lost;

	if (specs == NULL || params == NULL) {
		snprintf(err, errlen, "out of memory");
		goto free_specs;
	}
	for (unsigned i = 0; i < c->n_routes; i++) {
		params[i] = ctl_config_param(c, &c->routes[i]);
		set_spec(&c->routes[i], &params[i], &specs[i]);
	}
	snap = snapshot(c, specs, c->n_routes, version, why, sizeof(why));
	if (snap == NULL) {
		ctl_config_fault(c, culprit(c, specs)->path, err, errlen, "%s", why);
	} else if ((lost = dp_snapshot_lost(snap)) >= 0) {
		const char *target = c->routes[lost].target;

		ctl_config_fault(
			c, target, err, errlen, "target: no store has %s", target);
		dp_snapshot_free(snap);
		snap = NULL;
	}

free_specs:
	free(params);
	free(specs);
	return snap;
}
