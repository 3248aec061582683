/* The EAL's start: every argument is generated from the configuration. */
#include "dataplane/port.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS_MAX (32 + 2 * DP_PORTS_MAX)
#define ARG_LEN 256

struct args {
	unsigned n;
	char *v[ARGS_MAX];
	char text[ARGS_MAX][ARG_LEN];
};

static void __attribute__((format(printf, 2, 3)))
add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->text[a->n], ARG_LEN, fmt, ap);
	va_end(ap);
	a->v[a->n] = a->text[a->n];
	a->n++;
}

const char *
dp_driver_name(enum dp_driver d)
{
	static const char *const names[DP_DRV_COUNT] = {
		"vhost", "memif", "af_packet", "af_xdp", "tap", "pci", "given"};

	return names[d];
}

void
dp_port_device(const struct dp_config *cfg, unsigned p, char *name, size_t len)
{
	static const char *const vdev[DP_DRV_COUNT] = {"net_vhost", "net_memif",
		"eth_af_packet", "net_af_xdp", "net_tap", "", ""};
	const struct dp_port_config *port = &cfg->ports[p];

	if (port->driver == DP_DRV_PCI || port->driver == DP_DRV_GIVEN)
		snprintf(name, len, "%s", port->arg);
	else
		snprintf(name, len, "%s%u", vdev[port->driver], p);
}

static void
add_port(struct args *a, const struct dp_config *cfg, unsigned p)
{
	const struct dp_port_config *port = &cfg->ports[p];
	char name[64];

	if (port->driver == DP_DRV_GIVEN)
		return;
	dp_port_device(cfg, p, name, sizeof(name));
	add(a, port->driver == DP_DRV_PCI ? "-a" : "--vdev");
	switch (port->driver) {
	case DP_DRV_VHOST:
		add(a, "%s,iface=%s,queues=%u", name, port->arg, port->queues);
		break;
	case DP_DRV_MEMIF:
		add(a, "%s,role=server,socket=%s,socket-abstract=no,rsize=11", name,
			port->arg);
		break;
	case DP_DRV_AF_PACKET: /* a small ring that is never waited on: the queue's
				  discipline is bypassed */
		add(a,
			"%s,iface=%s,blocksz=4096,framesz=2048,framecnt=4096,qpairs=1,"
			"qdisc_bypass=1",
			name, port->arg);
		break;
	case DP_DRV_AF_XDP:
		add(a, "%s,iface=%s,start_queue=0,queue_count=%u", name, port->arg,
			port->queues);
		break;
	case DP_DRV_TAP:
		add(a, "%s,iface=%s", name, port->arg);
		break;
	case DP_DRV_PCI:
	case DP_DRV_GIVEN:
	case DP_DRV_COUNT:
		add(a, "%s", port->arg);
		break;
	}
}

static void
add_cores(struct args *a, const struct dp_config *cfg)
{
	char text[ARG_LEN];
	size_t at = (size_t)snprintf(text, sizeof(text), "0@%u", cfg->main_core);

	for (unsigned w = 0; w < cfg->workers && at < sizeof(text); w++)
		at += (size_t)snprintf(
			text + at, sizeof(text) - at, ",%u@%u", w + 1, cfg->cores[w]);
	add(a, "--lcores");
	add(a, "%s", text);
	add(a, "--main-lcore");
	add(a, "0");
}

static void
fill(struct args *a, const struct dp_config *cfg)
{
	bool pci = false;

	for (unsigned p = 0; p < cfg->n_ports; p++)
		pci |= cfg->ports[p].driver == DP_DRV_PCI;
	add(a, "tidegated");
	add_cores(a, cfg);
	add(a, "--file-prefix");
	add(a, "%s", cfg->prefix);
	add(a, "--log-level");
	add(a, "error");
	if (!pci)
		add(a, "--no-pci");
	if (cfg->hugepages) {
		add(a, "--in-memory");
	} else {
		add(a, "--no-huge");
		add(a, "--no-shconf"); /* no files: nobody attaches to us */
		add(a, "-m");
		add(a, "%u", cfg->memory_mib);
	}
	for (unsigned p = 0; p < cfg->n_ports; p++)
		add_port(a, cfg, p);
}

/* That of a gateway that was killed is in the way. */
static int
remove_socket(const struct dp_port_config *p, char *err, size_t errlen)
{
	struct stat st;
	bool there = lstat(p->arg, &st) == 0;
	int rc;

	if (there && !S_ISSOCK(st.st_mode)) {
		snprintf(err, errlen, "port %s: %s is there, and is no socket", p->name,
			p->arg);
		return -EEXIST;
	}
	if (!there || unlink(p->arg) == 0)
		return 0;
	rc = -errno;
	snprintf(err, errlen, "port %s: cannot replace the socket %s: %s", p->name,
		p->arg, strerror(-rc));
	return rc;
}

/* What can be seen to be wrong before the EAL says it in its own words. */
static int
check_port(const struct dp_port_config *p, char *err, size_t errlen)
{
	bool kernel = p->driver == DP_DRV_AF_PACKET || p->driver == DP_DRV_AF_XDP;
	bool socket = p->driver == DP_DRV_VHOST || p->driver == DP_DRV_MEMIF;

	if (kernel && if_nametoindex(p->arg) == 0) {
		snprintf(err, errlen,
			"port %s: there is no interface %s in this network namespace",
			p->name, p->arg);
		return -ENODEV;
	}
	if ((kernel || p->driver == DP_DRV_TAP) && geteuid() != 0) {
		snprintf(err, errlen,
			"port %s: driver %s needs root (CAP_NET_RAW, CAP_NET_ADMIN)",
			p->name, dp_driver_name(p->driver));
		return -EPERM;
	}
	return socket ? remove_socket(p, err, errlen) : 0;
}

/* After the telemetry's socket in there, whose own exit handler was made later. */
static void
remove_runtime_dir(void)
{
	const char *dir = rte_eal_get_runtime_dir();

	if (dir != NULL)
		(void)rmdir(dir);
}

int
dp_eal_start(const struct dp_config *cfg, char *err, size_t errlen)
{
	static struct args a; /* the EAL keeps pointers into it */
	char name[64];
	uint16_t id;
	int rc = 0;

	for (unsigned p = 0; p < cfg->n_ports && rc == 0; p++)
		rc = check_port(&cfg->ports[p], err, errlen);
	if (rc < 0)
		return rc;
	if (cfg->n_ports == 0 || cfg->ports[0].driver != DP_DRV_GIVEN) {
		fill(&a, cfg);
		(void)atexit(remove_runtime_dir);
		if (rte_eal_init((int)a.n, a.v) < 0) {
			snprintf(err, errlen, "the EAL did not start: %s%s",
				rte_strerror(rte_errno),
				geteuid() != 0   ? " (is this root?)"
				: cfg->hugepages ? " (try hugepages: off)"
						 : "");
			/* EACCES: it found no page at all. */
			return rte_errno == EACCES ? -ENOMEM
			       : rte_errno > 0     ? -rte_errno
						   : -EIO;
		}
	}
	/* A vdev that could not be made is no error to the EAL. */
	for (unsigned p = 0; p < cfg->n_ports; p++) {
		dp_port_device(cfg, p, name, sizeof(name));
		if (rte_eth_dev_get_port_by_name(name, &id) != 0) {
			snprintf(err, errlen,
				"port %s: driver %s could not open %s: is its PMD "
				"installed and "
				"its argument right?",
				cfg->ports[p].name, dp_driver_name(cfg->ports[p].driver),
				cfg->ports[p].arg);
			return -ENODEV;
		}
	}
	return 0;
}
