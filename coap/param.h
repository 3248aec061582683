/*
 * CoAP's transmission parameters (RFC 7252, 4.8): eight that are set, five that
 * follow.
 *
 * Threads.  Plain values; who shares them says how.   Memory.  The caller's.
 * Time.     Milliseconds.
 */
#pragma once

#include <stdint.h>

struct tg_param {
	uint32_t ack_timeout_ms;
	uint32_t ack_random_permille; /* ACK_RANDOM_FACTOR; 1500 is 1.5 */
	uint32_t max_retransmit;
	uint32_t nstart;
	uint32_t default_leisure_ms;
	uint32_t probing_rate_bytes_s;
	uint32_t max_latency_ms;
	uint32_t processing_delay_ms;
};

/* Section 4.8: 2 s, 1.5, 4, 1, 5 s, 1 byte/s; 4.8.2: 100 s and ACK_TIMEOUT. */
#define TG_PARAM_DEFAULTS                                                                \
	((struct tg_param){                                                              \
		.ack_timeout_ms = 2000,                                                  \
		.ack_random_permille = 1500,                                             \
		.max_retransmit = 4,                                                     \
		.nstart = 1,                                                             \
		.default_leisure_ms = 5000,                                              \
		.probing_rate_bytes_s = 1,                                               \
		.max_latency_ms = 100000,                                                \
		.processing_delay_ms = 2000,                                             \
	})

/* Which parameter is out of range; the order is that of struct tg_param. */
enum tg_param_fault {
	TG_PARAM_OK,
	TG_PARAM_ACK_TIMEOUT,
	TG_PARAM_ACK_RANDOM_FACTOR,
	TG_PARAM_MAX_RETRANSMIT,
	TG_PARAM_NSTART,
	TG_PARAM_DEFAULT_LEISURE,
	TG_PARAM_PROBING_RATE,
	TG_PARAM_MAX_LATENCY,
	TG_PARAM_PROCESSING_DELAY,
	TG_PARAM_FAULTS,
};

/*
 * The first parameter out of range, or TG_PARAM_OK.  The derived values below are defined
 * only for parameters that pass, and then fit: none is over 2^44.
 */
enum tg_param_fault tg_param_check(const struct tg_param *p);
/* What must hold: "ACK_TIMEOUT must be 1000 to 600000 ms", ... */
const char *tg_param_fault_text(enum tg_param_fault f);

/* The five of section 4.8.2, rounded up to a millisecond. */
uint64_t tg_param_max_transmit_span_ms(const struct tg_param *p);
uint64_t tg_param_max_transmit_wait_ms(const struct tg_param *p);
uint64_t tg_param_max_rtt_ms(const struct tg_param *p);
uint64_t tg_param_exchange_lifetime_ms(const struct tg_param *p);
uint64_t tg_param_non_lifetime_ms(const struct tg_param *p);

/*
 * How long @octets take at PROBING_RATE, rounded up: so long nothing more may go to an
 * endpoint that has not answered them (4.7).
 */
uint64_t tg_param_probing_ms(const struct tg_param *p, uint64_t octets);
