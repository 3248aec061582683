#include "coap/peer.h"

#include <assert.h>

void
tg_peer_sent(struct tg_peer *p, uint64_t now_ms, uint32_t octets)
{
	if (p->since_heard == 0)
		p->silent_ms = now_ms;
	p->since_heard += octets;
	p->sent.messages++;
	p->sent.octets += octets;
}

void
tg_peer_heard(struct tg_peer *p, uint64_t now_ms, uint32_t octets)
{
	p->received.messages++;
	p->received.octets += octets;
	p->since_heard = 0;
	p->heard_ms = now_ms;
	p->heard = true;
}

bool
tg_peer_begin(struct tg_peer *p, const struct tg_param *param)
{
	if (p->outstanding >= param->nstart)
		return false;
	p->outstanding++;
	return true;
}

void
tg_peer_end(struct tg_peer *p)
{
	assert(p->outstanding > 0);
	p->outstanding--;
}

uint64_t
tg_peer_may_send_ms(
	const struct tg_peer *p, const struct tg_param *param, uint64_t now_ms)
{
	uint64_t at_ms = p->silent_ms + tg_param_probing_ms(param, p->since_heard);

	return p->since_heard > 0 && at_ms > now_ms ? at_ms : now_ms;
}
