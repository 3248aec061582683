#include "examples/loop.h"

#include "coap/code.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t
real_ms(const void *context)
{
	struct timespec t;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint32_t
dice(void *arg)
{
	uint32_t random = 0;

	(void)arg;
	(void)getrandom(&random, sizeof(random), 0);
	return random;
}

static int
open_socket(const struct tg_uri *u)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list, *a;
	char port[6];
	int fd = -1;

	snprintf(port, sizeof(port), "%u", u->port);
	if (getaddrinfo(u->host, port, &hints, &list) != 0)
		return -1;
	for (a = list; a != NULL && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd;
}

int
loop_open(struct loop *l, const char *uri)
{
	const struct tg_client_setup setup = {
		.param = TG_PARAM_DEFAULTS,
		.transactions = l->transactions,
		.n_transactions = sizeof(l->transactions) / sizeof(l->transactions[0]),
		.mids = l->mids,
		.n_mids = sizeof(l->mids) / sizeof(l->mids[0]),
		.random = dice,
	};
	enum tg_uri_fault fault = tg_uri_parse(&l->uri, uri, strlen(uri), 0);

	if (fault != TG_URI_OK)
		return fprintf(stderr, "%s: %s\n", uri, tg_uri_fault_text(fault)), -1;
	l->fd = open_socket(&l->uri);
	if (l->fd < 0)
		return fprintf(stderr, "%s: cannot be reached\n", uri), -1;
	l->clock = (struct tg_clock){real_ms, NULL};
	tg_client_init(&l->client, &setup);
	return 0;
}

void
loop_next(struct loop *l, struct tg_event *e)
{
	static uint8_t in[UINT16_MAX], out[1280];

	while (!tg_client_tick(&l->client, tg_clock_now(&l->clock), e)) {
		struct pollfd p = {.fd = l->fd, .events = POLLIN};
		uint64_t now = tg_clock_now(&l->clock), due;
		ssize_t n;

		while ((n = (ssize_t)tg_client_send(&l->client, now, out, sizeof(out)))
			> 0)
			(void)send(l->fd, out, (size_t)n, 0); /* lost is lost */
		due = tg_client_due(&l->client, now);
		if (poll(&p, 1, due - now < 60000 ? (int)(due - now) : 60000) <= 0)
			continue;
		n = recv(l->fd, in, sizeof(in), 0);
		if (n >= 0
			&& tg_client_receive(
				&l->client, tg_clock_now(&l->clock), in, (size_t)n, e))
			break;
	}
	/* An acknowledgement that is due leaves before the event is looked at. */
	for (size_t n; (n = tg_client_send(
				&l->client, tg_clock_now(&l->clock), out, sizeof(out)))
		       > 0;)
		(void)send(l->fd, out, n, 0);
}

int
loop_print(const struct tg_event *e)
{
	char code[TG_CODE_TEXT];

	if (!e->has_response) {
		fprintf(stderr, "%s\n", tg_outcome_name(e->outcome));
		return 1;
	}
	if (e->body_len > 0)
		fwrite(e->body, 1, e->body_len, stdout);
	fflush(stdout);
	fprintf(stderr, "%s %s\n", tg_code_text(code, e->response.code),
		tg_code_name(e->response.code));
	return tg_code_class(e->response.code) == 2 ? 0 : 1;
}
