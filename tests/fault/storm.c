/*
 * storm: confirmable POSTs through a gateway that stops and comes back.
 *
 *   storm ADDRESS FILE NAME PORT
 *
 * Many sockets post numbered readings, NAME in each, and retransmit each every 300 ms
 * with the same Message ID until it is answered, by an ACK or a CON; for every 2.04 the
 * payload it answers is written to FILE, in hex.  Ends on SIGTERM.
 */
#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/text.h"
#include "coap/write.h"
#include "tests/smoke/udp.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SOCKETS 64
#define AGAIN_MS 300

struct poster {
	int fd;
	unsigned id;
	const char *name;
	uint16_t mid;
	unsigned number;  /* of the reading in flight */
	uint64_t sent_ms; /* last */
	char payload[64];
};

static volatile sig_atomic_t stopped;

static void
on_term(int sig)
{
	(void)sig;
	stopped = 1;
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
transmit(struct poster *p)
{
	uint8_t buf[256], token[2] = {(uint8_t)p->number, (uint8_t)(p->number >> 8)};
	char device[16];
	struct tg_writer w;
	int len = snprintf(device, sizeof(device), "storm%u", p->id);

	snprintf(p->payload, sizeof(p->payload), "%s-%u-%u", p->name, p->id, p->number);
	tg_write_begin(
		&w, buf, sizeof(buf), TG_CON, TG_POST, p->mid, token, sizeof(token));
	tg_write_option(&w, TG_OPT_URI_PATH, "t", 1);
	tg_write_option(&w, TG_OPT_URI_PATH, device, (size_t)len);
	tg_write_payload(&w, p->payload, strlen(p->payload));
	(void)!send(p->fd, buf, tg_write_end(&w), MSG_DONTWAIT);
	p->sent_ms = now_ms();
}

static void
next(struct poster *p)
{
	p->number++;
	p->mid++;
	transmit(p);
}

/* Is it the answer to what is in flight, in its ACK or by itself? */
static bool
is_answer(const struct poster *p, const struct tg_msg *m)
{
	const uint8_t *token = tg_msg_token(m);

	return tg_code_is_response(m->code) && m->tkl == 2
	       && token[0] == (uint8_t)p->number && token[1] == (uint8_t)(p->number >> 8);
}

static void
acknowledge(const struct poster *p, uint16_t mid)
{
	const uint8_t ack[] = {0x60, 0, (uint8_t)(mid >> 8), (uint8_t)mid};

	(void)!send(p->fd, ack, sizeof(ack), MSG_DONTWAIT);
}

/* The answer to what is in flight, or anything else.  An empty ACK is none: what it
 * promises may end with the gateway. */
static void
take(struct poster *p, FILE *acknowledged)
{
	uint8_t buf[1500];
	char hex[2 * sizeof(p->payload) + 1];
	ssize_t n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
	struct tg_msg m;

	if (n < 0 || tg_msg_parse(&m, buf, (size_t)n, TG_TOKEN_MAX) != TG_OK)
		return;
	if (m.type == TG_CON)
		acknowledge(p, m.mid);
	if (!is_answer(p, &m))
		return;
	if (m.code == TG_CHANGED)
		fprintf(acknowledged, "%s\n",
			tg_hex_write(hex, p->payload, strlen(p->payload)));
	next(p);
}

static void
rage(struct poster *poster, struct pollfd *fds, FILE *acknowledged)
{
	while (!stopped) {
		poll(fds, SOCKETS, 20);
		for (unsigned i = 0; i < SOCKETS; i++)
			if (fds[i].revents != 0)
				take(&poster[i], acknowledged);
			else if (now_ms() - poster[i].sent_ms > AGAIN_MS)
				transmit(&poster[i]);
	}
}

int
main(int argc, char **argv)
{
	static struct poster poster[SOCKETS];
	struct pollfd fds[SOCKETS];
	FILE *out = argc == 5 ? fopen(argv[2], "w") : NULL;

	if (out == NULL) {
		fputs("usage: storm ADDRESS FILE NAME PORT\n", stderr);
		return 2;
	}
	signal(SIGTERM, on_term);
	for (unsigned i = 0; i < SOCKETS; i++) {
		poster[i] = (struct poster){
			.fd = udp_open(argv[1], 5683,
				(uint16_t)(strtoul(argv[4], NULL, 10) + i)),
			.id = i,
			.name = argv[3],
			.mid = (uint16_t)(i * 997)};
		if (poster[i].fd < 0) {
			perror(argv[1]);
			return 1;
		}
		fds[i] = (struct pollfd){.fd = poster[i].fd, .events = POLLIN};
		next(&poster[i]);
	}
	rage(poster, fds, out);
	return fclose(out) == 0 ? 0 : 1;
}
