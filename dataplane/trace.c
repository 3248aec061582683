#include "dataplane/trace.h"

/* A worker enters fewer before it publishes them: two for each message of a burst. */
#define AHEAD 512u

size_t
dp_trace_size(uint32_t messages)
{
	if (messages < DP_TRACE_MIN || messages > DP_TRACE_MAX
		|| (messages & (messages - 1)) != 0)
		return 0;
	return sizeof(struct dp_trace) + messages * sizeof(uint64_t[DP_TRACE_WORDS]);
}

struct dp_trace *
dp_trace_init(void *block, uint32_t messages)
{
	struct dp_trace *t = block;

	if (dp_trace_size(messages) == 0)
		return NULL;
	t->mask = messages - 1;
	return t;
}

uint32_t
dp_trace_range(const struct dp_trace *t, uint32_t *from)
{
	uint32_t end = atomic_load_explicit(&t->published, memory_order_acquire);
	uint32_t kept = t->mask + 1 - AHEAD;

	*from = end > kept
				|| __atomic_load_n(
					   &t->entry[t->mask][0], __ATOMIC_RELAXED)
					   != 0
			? end - kept
			: 0;
	return end;
}

static uint64_t
word(const struct dp_trace *t, uint32_t at, unsigned i)
{
	return __atomic_load_n(&t->entry[at & t->mask][i], __ATOMIC_RELAXED);
}

static void
read_address(
	const struct dp_trace *t, uint32_t at, uint32_t v4, bool v6, uint8_t addr[16])
{
	const uint64_t mapped[2] = {0, (uint64_t)v4 << 32 | 0xffff0000u};
	const uint64_t whole[2] = {word(t, at + 1, 1), word(t, at + 1, 2)};

	memcpy(addr, v6 ? whole : mapped, 16);
}

/* Eight bytes from behind the header: a token of @tkl, the header's field, or the length
 * and the first bytes of a long one (RFC 8974, 2.1). */
static void
read_token(struct dp_traced *out, unsigned tkl, const uint8_t bytes[8])
{
	unsigned extra = tkl < 13 ? 0 : tkl - 12u;

	out->tkl = (uint16_t)(tkl < 13    ? tkl
			      : tkl == 13 ? 13u + bytes[0]
					  : 269u + ((unsigned)bytes[0] << 8 | bytes[1]));
	out->known = (uint8_t)(tkl < 8 ? tkl : 8 - extra);
	memcpy(out->token, bytes + extra, out->known);
}

bool
dp_trace_read(const struct dp_trace *t, uint32_t *at, struct dp_traced *out)
{
	uint32_t here = (*at)++;
	uint64_t time = word(t, here, DP_TRACE_TIME), peer = word(t, here, DP_TRACE_PEER);
	uint64_t token = word(t, here, DP_TRACE_TOKEN),
		 about = word(t, here, DP_TRACE_ABOUT);
	uint8_t first = (uint8_t)(peer >> 48), bytes[8];

	if (time == 0 || about >> 56 == DP_TRACE_MORE)
		return false;
	*out = (struct dp_traced){
		.tsc = time >> 16 << 8,
		.peer.port_be = (uint16_t)(peer >> 32),
		.key = (uint32_t)about,
		.tag = (uint16_t)(about >> 32),
		.mid = (uint16_t)time,
		.type = first >> 4 & 3,
		.code = (uint8_t)(peer >> 56),
		.answer = (uint8_t)(about >> 48),
		.verdict = (uint8_t)(about >> 56),
		.sent = first & DP_TRACE_SENT,
	};
	memcpy(bytes, &token, sizeof(bytes));
	read_token(out, first & 15, bytes);
	read_address(t, here, (uint32_t)peer, first & DP_TRACE_V6, out->peer.addr);
	if (first & DP_TRACE_V6)
		(*at)++;
	/* Acquire: what the worker has published by now it may have gone past by AHEAD.
	 */
	return atomic_load_explicit(&t->published, memory_order_acquire) - here
	       <= t->mask + 1 - AHEAD;
}
