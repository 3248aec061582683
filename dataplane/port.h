/*
 * Ports: the EAL's start and the drivers.  All EAL arguments are generated here from the
 * configuration; nobody types one.
 *
 * Threads.  Main thread only, before workers start and after they stop.
 */
#pragma once

#include "dataplane/config.h"

struct rte_mempool;

/*
 * Start the EAL and make every vdev that @cfg names.  0, or a negative errno (-ENOMEM:
 * too few hugepages, or too little memory) and one sentence in @err that says what to do.
 */
int dp_eal_start(const struct dp_config *cfg, char *err, size_t errlen);
/* Configure and start each port with one queue a worker where the driver can; fills the
 * "filled by" fields of @cfg->ports.  0, or a negative errno with a sentence in @err. */
int dp_ports_open(
	struct dp_config *cfg, struct rte_mempool *pool, char *err, size_t errlen);
void dp_ports_close(struct dp_config *cfg);
const char *dp_driver_name(enum dp_driver d);
/* The ethdev name of port @p: "net_vhost0". */
void dp_port_device(const struct dp_config *cfg, unsigned p, char *name, size_t len);

/* What the operator sees of a port; read by control at any time. */
struct dp_port_stats {
	bool link_up;
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;
	uint64_t rx_missed; /* dropped before we could read them (kernel's counter for
			       af_packet) */
	uint64_t rx_errors, tx_errors, rx_nombuf;
};
int dp_port_read_stats(const struct dp_port_config *port, struct dp_port_stats *out);
