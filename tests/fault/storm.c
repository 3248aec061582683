/*
 * storm: confirmable POSTs through a gateway that is killed and comes back.
 *
 *   storm ADDRESS SECONDS FILE
 *
 * Many sockets post numbered readings, retransmitting each every 300 ms with the same Message
 * ID until it is answered; every 2.04 seen is written to FILE as the payload it answers.
 */
#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/write.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SOCKETS 64
#define AGAIN_MS 300

struct poster {
	int fd;
	uint16_t mid;
	unsigned number;   /* of the reading in flight */
	uint64_t sent_ms;  /* last */
	char payload[32];
};

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
transmit(struct poster *p, unsigned id)
{
	uint8_t buf[256], token[2] = {(uint8_t)p->number, (uint8_t)(p->number >> 8)};
	char device[16];
	struct tg_writer w;
	int len = snprintf(device, sizeof(device), "storm%u", id);

	snprintf(p->payload, sizeof(p->payload), "s%u-%u", id, p->number);
	tg_write_begin(&w, buf, sizeof(buf), TG_CON, TG_POST, p->mid, token, sizeof(token));
	tg_write_option(&w, TG_OPT_URI_PATH, "t", 1);
	tg_write_option(&w, TG_OPT_URI_PATH, device, (size_t)len);
	tg_write_payload(&w, p->payload, strlen(p->payload));
	(void)!send(p->fd, buf, tg_write_end(&w), MSG_DONTWAIT);
	p->sent_ms = now_ms();
}

static void
next(struct poster *p, unsigned id)
{
	p->number++;
	p->mid++;
	transmit(p, id);
}

/* The answer to what is in flight, or anything else. */
static void
take(struct poster *p, unsigned id, FILE *acknowledged)
{
	uint8_t buf[1500];
	ssize_t n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
	struct tg_msg m;

	if (n < 0 || tg_msg_parse(&m, buf, (size_t)n, TG_TOKEN_MAX) != TG_OK || m.type != TG_ACK
		|| m.mid != p->mid)
		return;
	if (m.code == TG_CHANGED)
		fprintf(acknowledged, "%s\n", p->payload);
	next(p, id);
}

int
main(int argc, char **argv)
{
	static struct poster poster[SOCKETS];
	struct pollfd fds[SOCKETS];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5683)};
	uint64_t end;
	FILE *out;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1
		|| (out = fopen(argv[3], "w")) == NULL) {
		fputs("usage: storm ADDRESS SECONDS FILE\n", stderr);
		return 2;
	}
	end = now_ms() + strtoull(argv[2], NULL, 10) * 1000;
	for (unsigned i = 0; i < SOCKETS; i++) {
		poster[i].fd = socket(AF_INET, SOCK_DGRAM, 0);
		poster[i].mid = (uint16_t)(i * 997);
		if (connect(poster[i].fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
			perror("connect");
			return 1;
		}
		fds[i] = (struct pollfd){.fd = poster[i].fd, .events = POLLIN};
		next(&poster[i], i);
	}
	while (now_ms() < end) {
		poll(fds, SOCKETS, 20);
		for (unsigned i = 0; i < SOCKETS; i++)
			if (fds[i].revents != 0)
				take(&poster[i], i, out);
			else if (now_ms() - poster[i].sent_ms > AGAIN_MS)
				transmit(&poster[i], i);
	}
	return fclose(out) == 0 ? 0 : 1;
}
