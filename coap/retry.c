#include "coap/retry.h"

void
tg_retry_start(
	struct tg_retry *r, const struct tg_param *p, uint64_t now_ms, uint32_t random)
{
	uint64_t longest = (uint64_t)p->ack_timeout_ms * p->ack_random_permille / 1000;
	uint64_t choices = longest - p->ack_timeout_ms + 1; /* both ends are in */
	uint64_t timeout = p->ack_timeout_ms + (choices * random >> 32);

	*r = (struct tg_retry){
		.due_ms = now_ms + timeout,
		.timeout_ms = timeout,
		.max = (uint8_t)p->max_retransmit,
		.running = true,
	};
}

enum tg_retry_step
tg_retry_next(struct tg_retry *r, uint64_t now_ms)
{
	if (!r->running || now_ms < r->due_ms)
		return TG_RETRY_WAIT;
	if (r->sent == r->max) {
		r->running = false;
		return TG_RETRY_GIVE_UP;
	}
	r->sent++;
	r->timeout_ms *= 2;
	r->due_ms = now_ms + r->timeout_ms;
	return TG_RETRY_SEND;
}

void
tg_retry_stop(struct tg_retry *r)
{
	r->running = false;
}
