/* The flight recorder: a worker enters messages while others read: never half of one. */
#include "dataplane/trace.h"

#include "tests/stress.h"

#define ENTRIES 300000u

/* Each message says its number three times: as tick, as key, and as Message ID. */
static void
write_entries(void *arg)
{
	struct dp_peer_key key = {0};
	struct dp_trace *t = arg;

	for (uint32_t i = 1; i <= ENTRIES; i++) {
		const struct tg_msg m = {.mid = (uint16_t)i, .type = TG_CON};
		uint64_t token = i % 2 ? (uint64_t)i * i : 0, address = (uint64_t)i * i;
		uint8_t coap[TG_HDR_LEN + sizeof(token)] = {0x48};

		memcpy(coap + TG_HDR_LEN, &token, sizeof(token));
		memcpy(key.addr, &address, sizeof(address));
		dp_trace_put(t, (uint64_t)i << 8, &key, &m, coap, i % 5 ? 0 : DP_TRACE_V6,
			dp_trace_about(1, i));
		if (i % 32 == 0)
			dp_trace_publish(t);
	}
}

static void
read_entries(void *arg, struct dice *d)
{
	const struct dp_trace *t = arg;
	uint32_t at, end = dp_trace_range(t, &at);
	struct dp_traced m;

	(void)d;
	while ((int32_t)(end - at) > 0) {
		uint64_t token, address;

		if (!dp_trace_read(t, &at, &m))
			continue;
		memcpy(&token, m.token, sizeof(token));
		memcpy(&address, m.peer.addr, sizeof(address));
		require(m.tsc >> 8 == m.key, "time of another", m.key);
		require(m.mid == (uint16_t)m.key, "Message ID of another", m.key);
		require(token == (m.key % 2 ? (uint64_t)m.key * m.key : 0),
			"token of another", m.key);
		require(m.key % 5 || address == (uint64_t)m.key * m.key,
			"address of another", m.key);
	}
}

int
main(void)
{
	void *block = new_block(dp_trace_size(DP_TRACE_MIN));
	uint64_t looks = stress_run(
		write_entries, read_entries, dp_trace_init(block, DP_TRACE_MIN));

	printf("%llu looks\n", (unsigned long long)looks);
	free(block);
	return looks == 0;
}
