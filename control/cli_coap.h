/* A CoAP client on a UDP socket: what coap/client.h wants of the world. */
#pragma once

#include "coap/client.h"
#include "coap/uri.h"

struct cli_coap {
	int fd;
	struct tg_client client;
	struct tg_transaction transaction; /* one at a time */
	uint64_t mids[TG_MID_SPACE];
	uint8_t in[UINT16_MAX], out[UINT16_MAX];
};

/* Microseconds of a clock that never goes back. */
uint64_t cli_now_us(void);

/* A socket to where @u points; 0, or what is wrong, in words that stay. */
const char *cli_coap_open(struct cli_coap *c, const struct tg_uri *u);
void cli_coap_close(struct cli_coap *c);

/*
 * Wait for the next event, which borrows c->in: 1.  0 when @until_us has come or a signal
 * has; -errno if the socket says that nobody is there.
 */
int cli_coap_next(struct cli_coap *c, uint64_t until_us, struct tg_event *e);
