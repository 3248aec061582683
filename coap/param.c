#include "coap/param.h"

#include <stddef.h>

/*
 * RFC 7252, 4.8.1: ACK_RANDOM_FACTOR must not be under 1.0; an ACK_TIMEOUT under a second
 * needs congestion control that is not here.  The upper bounds only keep sums in their
 * range and typing errors out.
 */
static const struct range {
	size_t at;
	uint32_t min, max;
	const char *text;
} ranges[TG_PARAM_FAULTS] = {
	[TG_PARAM_OK] = {0, 0, UINT32_MAX, "in range"},
	[TG_PARAM_ACK_TIMEOUT] = {offsetof(struct tg_param, ack_timeout_ms), 1000, 600000,
		"ACK_TIMEOUT must be 1000 to 600000 ms"},
	[TG_PARAM_ACK_RANDOM_FACTOR] = {offsetof(struct tg_param, ack_random_permille),
		1000, 10000, "ACK_RANDOM_FACTOR must be 1.0 to 10.0"},
	[TG_PARAM_MAX_RETRANSMIT] = {offsetof(struct tg_param, max_retransmit), 0, 20,
		"MAX_RETRANSMIT must be 0 to 20"},
	[TG_PARAM_NSTART] = {offsetof(struct tg_param, nstart), 1, 1024,
		"NSTART must be 1 to 1024"},
	[TG_PARAM_DEFAULT_LEISURE] = {offsetof(struct tg_param, default_leisure_ms), 0,
		3600000, "DEFAULT_LEISURE must be 0 to 3600000 ms"},
	[TG_PARAM_PROBING_RATE] = {offsetof(struct tg_param, probing_rate_bytes_s), 1,
		1000000000, "PROBING_RATE must be 1 to 1000000000 bytes/s"},
	[TG_PARAM_MAX_LATENCY] = {offsetof(struct tg_param, max_latency_ms), 1, 3600000,
		"MAX_LATENCY must be 1 to 3600000 ms"},
	[TG_PARAM_PROCESSING_DELAY] = {offsetof(struct tg_param, processing_delay_ms), 0,
		3600000, "PROCESSING_DELAY must be 0 to 3600000 ms"},
};

enum tg_param_fault
tg_param_check(const struct tg_param *p)
{
	for (unsigned f = TG_PARAM_OK + 1; f < TG_PARAM_FAULTS; f++) {
		const struct range *r = &ranges[f];
		uint32_t value = *(const uint32_t *)((const char *)p + r->at);

		if (value < r->min || value > r->max)
			return (enum tg_param_fault)f;
	}
	return TG_PARAM_OK;
}

const char *
tg_param_fault_text(enum tg_param_fault f)
{
	return f < TG_PARAM_FAULTS ? ranges[f].text : "unknown";
}

/* ACK_TIMEOUT * (2^doublings - 1) * ACK_RANDOM_FACTOR */
static uint64_t
timeouts_ms(const struct tg_param *p, uint32_t doublings)
{
	uint64_t sum = p->ack_timeout_ms * ((UINT64_C(1) << doublings) - 1);

	return (sum * p->ack_random_permille + 999) / 1000;
}

uint64_t
tg_param_max_transmit_span_ms(const struct tg_param *p)
{
	return timeouts_ms(p, p->max_retransmit);
}

uint64_t
tg_param_max_transmit_wait_ms(const struct tg_param *p)
{
	return timeouts_ms(p, p->max_retransmit + 1);
}

uint64_t
tg_param_max_rtt_ms(const struct tg_param *p)
{
	return 2 * (uint64_t)p->max_latency_ms + p->processing_delay_ms;
}

uint64_t
tg_param_exchange_lifetime_ms(const struct tg_param *p)
{
	return tg_param_max_transmit_span_ms(p) + tg_param_max_rtt_ms(p);
}

uint64_t
tg_param_non_lifetime_ms(const struct tg_param *p)
{
	return tg_param_max_transmit_span_ms(p) + p->max_latency_ms;
}

uint64_t
tg_param_probing_ms(const struct tg_param *p, uint64_t octets)
{
	return (octets * 1000 + p->probing_rate_bytes_s - 1) / p->probing_rate_bytes_s;
}
