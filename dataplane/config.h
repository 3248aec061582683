/*
 * What a data plane is made from: plain values, filled by control (or a test) before
 * dp_open(), constant afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_WORKERS_MAX 16
#define DP_LISTS_MAX 65536 /* of one worker */
#define DP_PORTS_MAX 16
#define DP_ADDRS_MAX 16
#define DP_BUCKETS 1024

enum dp_driver {
	DP_DRV_VHOST,     /* vhost-user server; arg: socket path */
	DP_DRV_MEMIF,     /* memif server; arg: socket path */
	DP_DRV_AF_PACKET, /* arg: interface */
	DP_DRV_AF_XDP,    /* arg: interface */
	DP_DRV_TAP,       /* arg: interface that is made */
	DP_DRV_PCI,       /* arg: PCI address */
	DP_DRV_GIVEN,     /* tests: an ethdev that exists already; arg: its name */
	DP_DRV_COUNT,
};

struct dp_prefix {
	uint8_t addr[16]; /* v4-mapped */
	uint8_t len;      /* prefix bits within the family: 0..32 or 0..128 */
	bool v6;
};

struct dp_port_config {
	char name[32];
	enum dp_driver driver;
	char arg[108];
	uint16_t udp_port; /* host order; 5683 */
	uint16_t queues;   /* asked for; what the driver has is what is used */
	uint16_t mtu;      /* 1500 */
	bool checksum_rx;  /* verify received UDP and IPv4 sums (off: the port's are not
			      real) */
	unsigned n_addrs;
	struct dp_prefix addrs[DP_ADDRS_MAX];
	/* filled by dp_ports_open() */
	uint16_t ethdev; /* ethdev id */
	uint16_t n_rxq, n_txq;
	uint8_t mac[6];
};

enum dp_idle { DP_IDLE_POLL, DP_IDLE_SLEEP };

struct dp_config {
	unsigned workers;               /* 1 .. DP_WORKERS_MAX */
	unsigned cores[DP_WORKERS_MAX]; /* CPU of each worker */
	unsigned main_core;             /* CPU of the control thread */
	enum dp_idle idle;              /* what a worker does when nothing came */
	char prefix[32];     /* EAL file prefix, also the telemetry socket's folder */
	bool hugepages;      /* false: --no-huge */
	unsigned memory_mib; /* EAL memory when without hugepages (-m) */
	unsigned n_ports;
	struct dp_port_config ports[DP_PORTS_MAX];
	uint32_t mbufs;                             /* packet buffers in all */
	uint32_t peers_max, devices_max, store_max; /* in all, shared out among workers */
	uint32_t dedup_extensions, replies_max, pending_max,
		outbound_max;                    /* per gateway */
	uint32_t transfers_max, transfers_bytes; /* block-wise, in all; bytes of each */
	uint32_t transfers_per_peer;             /* bodies coming at a time */
	uint32_t observers_max;                  /* relations, in all */
	uint32_t observers_per_peer;             /* of one endpoint */
	uint32_t lists_max;  /* lists of a device's values that are observed, in all */
	uint32_t tokens_max; /* of more than eight bytes, kept at a time, in all */
	uint32_t store_per_device; /* values of one device */
	uint64_t store_bytes;      /* for values that do not fit their slot, in all */
	uint32_t device_idle_s;
	uint32_t logring_bytes; /* per worker, a power of two */
	uint32_t trace; /* entries of the flight recorder per worker, a power of two */
	uint8_t hash_key[16]; /* random at each start */
};
