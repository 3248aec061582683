/* What the last run remembered, put back before the workers start. */
#include "coap/code.h"
#include "dataplane/answer.h"
#include "dataplane/dp_internal.h"
#include "dataplane/steer.h"

#include <rte_byteorder.h>

#include <string.h>

_Static_assert(DP_PORTS_MAX <= 16, "a record has four bits for the port's number");

static bool
serves(const struct dp_port_config *p, const struct dp_endpoint *local)
{
	for (unsigned a = 0; a < p->n_addrs; a++)
		if (memcmp(p->addrs[a].addr, local->addr, sizeof(local->addr)) == 0)
			return p->udp_port == local->port;
	return false;
}

/*
 * Index of the port that @r came in at, or -1.  Several may have the same address, and
 * the same endpoint behind another port is another device: its messages must not be taken
 * for this one's.  Where the ports have other numbers than they had, the only one that
 * serves the address is meant; of several none.
 */
static int
port_of(const struct dp_config *cfg, const struct dp_record *r)
{
	int only = -1;

	if (r->port < cfg->n_ports && serves(&cfg->ports[r->port], &r->local))
		return r->port;
	for (unsigned p = 0; p < cfg->n_ports; p++) {
		if (!serves(&cfg->ports[p], &r->local))
			continue;
		if (only >= 0)
			return -1;
		only = (int)p;
	}
	return only;
}

static uint32_t
then(uint32_t age_s)
{
	return age_s < DP_EPOCH_S ? DP_EPOCH_S - age_s : 0;
}

bool
dp_restore_heard(struct dp *dp, const struct dp_record *r, uint32_t age_s)
{
	int port = port_of(&dp->shared.cfg, r);
	struct dp_peer_key key = {.port_be = rte_cpu_to_be_16(r->source.port)};
	struct dp_side side = {
		.udp_be = rte_cpu_to_be_16(r->local.port),
		.vlan = r->vlan,
		.port = (uint8_t)port,
	};
	struct dp_worker *w;
	uint32_t peer;

	if (port < 0 || age_s >= DP_EPOCH_S)
		return false;
	memcpy(key.addr, r->source.addr, sizeof(key.addr));
	memcpy(side.addr, r->local.addr, sizeof(side.addr));
	w = dp->shared.worker[dp_home_of(dp->shared.worker[0], &key)];
	key.side = dp_net_side_of(w->net, &side);
	if (key.side == UINT16_MAX)
		return false;
	peer = dp_peers_get(w->peers, &key, dp_peers_hash(w->peers, &key), DP_NONE,
		then(age_s), &w->counters);
	if (peer == DP_NONE)
		return false;
	dp_peers_mark(w->peers, peer, r->mid,
		r->answer == DP_RECORD_SILENT ? DP_ACKED : r->answer, r->type == TG_CON,
		then(age_s), &w->counters);
	return true;
}

bool
dp_restore_value(struct dp *dp, const struct dp_record *r, uint32_t age_s)
{
	struct dp_worker *w = dp->shared.worker[0];
	struct dp_path path = {.bytes = r->path, .len = r->path_len};
	uint32_t slot, device = DP_NONE;
	uint64_t hash, device_hash;

	hash = dp_store_hash(w->store, &path);
	device_hash = dp_devices_hash(w->devices, r->device, r->device_len);
	w = dp->shared.worker[dp_home_of_hash(w, r->device_len > 0 ? device_hash : hash)];
	slot = dp_store_find(w->store, &path, hash, dp_store_locate(w->store, hash));
	if (r->code == TG_DELETE)
		return slot == DP_NONE || dp_store_del(w->store, slot);
	if (r->device_len > 0)
		device = dp_devices_get(w->devices, r->device, r->device_len, device_hash,
			dp_devices_locate(w->devices, device_hash), then(age_s),
			&w->device_events);
	return dp_store_put(w->store, &path, hash, slot, device, r->content_format,
		       r->payload, r->payload_len, DP_EPOCH_S - age_s, &slot)
	       != DP_STORE_FULL;
}
