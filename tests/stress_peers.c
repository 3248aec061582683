/*
 * Peers under their home and onlookers: a peer that is read is one peer, with its own
 * port, side and link address, and its counts are never more nor less than it had at some
 * moment of the reading.
 */
#include "dataplane/peers.h"

#include "tests/stress.h"

#define MAX 64
#define STEADY                                                                           \
	60 /* peers that are held; all others share the few slots that are left          \
	    */
#define KEYS 1000
#define TURNS 150000u
#define OCTETS 1000

struct shared {
	struct dp_peers *peers;
	struct dp_counters counters;
	_Atomic uint64_t begun, ended; /* messages of slot 0, a steady peer */
	_Atomic uint64_t read;
};

/* Everything of a peer follows from its number; every third speaks IPv6. */
static void
make_key(struct dp_peer_key *key, uint32_t number)
{
	*key = (struct dp_peer_key){
		.port_be = (uint16_t)(number * 257), .side = (uint16_t)number};
	if (number % 3 == 0) {
		memset(key->addr, (int)number, sizeof(key->addr));
	} else {
		key->addr[10] = key->addr[11] = 0xff;
		memset(key->addr + 12, (int)number, 4);
	}
}

static void
make_mac(uint8_t mac[6], uint32_t number)
{
	memset(mac, (int)(number + 1), 6);
}

static uint32_t
get(struct shared *s, uint32_t number, uint32_t now)
{
	struct dp_peer_key key;
	uint64_t hash;

	make_key(&key, number);
	hash = dp_peers_hash(s->peers, &key);
	return dp_peers_get(
		s->peers, &key, hash, dp_peers_locate(s->peers, hash), now, &s->counters);
}

static void
account_steady(struct shared *s)
{
	atomic_fetch_add(&s->begun, 1);
	dp_peers_account(s->peers, 0, OCTETS);
	atomic_fetch_add(&s->ended, 1);
}

static void
write_all(void *arg)
{
	struct shared *s = arg;
	struct dice d = {.state = 1};

	for (uint32_t turn = 0; turn < TURNS; turn++) {
		uint32_t number = STEADY + roll_below(&d, KEYS),
			 peer = get(s, number, 1000);
		uint8_t mac[6];

		require(peer != DP_NONE && peer >= STEADY, "no room", number);
		make_mac(mac, number);
		dp_peers_set_link(s->peers, peer, mac);
		dp_peers_mark(
			s->peers, peer, (uint16_t)turn, 68, true, 1000, &s->counters);
		if (roll_below(&d, 8) == 0)
			require(dp_peers_del(s->peers, peer), "cannot be deleted",
				number);
		account_steady(s);
	}
}

static void
check_peer(const struct dp_peer_info *p)
{
	static const uint8_t none[6];
	struct dp_peer_key key;
	uint8_t mac[6];

	make_key(&key, p->key.side);
	make_mac(mac, p->key.side);
	require(memcmp(&key, &p->key, sizeof(key)) == 0, "parts of two keys",
		p->key.side);
	require(memcmp(p->mac, mac, 6) == 0 || memcmp(p->mac, none, 6) == 0,
		"another peer's link address", p->key.side);
	require(p->last_heard_s == 1000, "another time", p->last_heard_s);
	require(p->live_mids <= 8, "too many Message IDs", p->live_mids);
}

static void
look_at_steady(struct shared *s)
{
	uint64_t least = atomic_load(&s->ended), most;
	struct dp_peer_info p;

	require(dp_peers_info(s->peers, 0, 1000, &p), "the steady peer is gone", 0);
	most = atomic_load(&s->begun);
	require(p.messages >= least && p.messages <= most, "messages it never had",
		p.messages);
	require(p.bytes >= least * OCTETS && p.bytes <= most * OCTETS,
		"bytes it never had", p.bytes);
}

static void
look(void *arg, struct dice *d)
{
	struct shared *s = arg;
	uint32_t peer = STEADY + roll_below(d, MAX - STEADY);
	struct dp_peer_info p;

	look_at_steady(s);
	require(dp_peers_count(s->peers) <= MAX, "too many", MAX);
	if (!dp_peers_info(s->peers, peer, 1000, &p))
		return;
	atomic_fetch_add(&s->read, 1);
	check_peer(&p);
}

int
main(void)
{
	const struct dp_peers_config cfg = {
		.max = MAX,
		.extensions = 100,
		.con_lifetime_s = 247,
		.non_lifetime_s = 145,
		.hash_key = {1},
	};
	struct shared *s = new_block((sizeof(*s) + 63) & ~(size_t)63);
	uint64_t looks;

	s->peers = dp_peers_init(new_block(dp_peers_size(&cfg)), &cfg);
	require(s->peers != NULL, "no peers", 0);
	for (uint32_t i = 0; i < STEADY; i++) {
		require(get(s, i, 1000) == i, "another slot", i);
		dp_peers_hold(s->peers, i);
	}
	looks = stress_run(write_all, look, s);
	printf("%u messages, %llu peers evicted; %llu looks, %llu read\n", TURNS,
		(unsigned long long)dp_counter_get(&s->counters, DP_C_peers_evicted),
		(unsigned long long)looks, (unsigned long long)s->read);
	require(s->read > 1000, "the readers hardly read", s->read);
	require(dp_counter_get(&s->counters, DP_C_peers_evicted) > 0, "never full", 0);
	free(s->peers);
	free(s);
	return 0;
}
