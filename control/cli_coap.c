#include "control/cli_coap.h"

#include "control/now.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define POLL_MS_MAX 1000

uint64_t
cli_now_us(void)
{
	return ctl_now_ns() / 1000;
}

static uint64_t
now_ms(void)
{
	return cli_now_us() / 1000;
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
connected(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		a->ai_protocol);

	if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The first of the host's addresses that can be reached from here. */
static const char *
open_socket(int *fd, const struct tg_uri *u)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	char port[6];
	int rc;

	snprintf(port, sizeof(port), "%u", u->port);
	rc = getaddrinfo(u->host, port, &hints, &list);
	if (rc != 0)
		return gai_strerror(rc);
	*fd = -1;
	for (const struct addrinfo *a = list; a != NULL && *fd < 0; a = a->ai_next)
		*fd = connected(a);
	freeaddrinfo(list);
	return *fd < 0 ? strerror(errno) : NULL;
}

const char *
cli_coap_open(struct cli_coap *c, const struct tg_uri *u)
{
	const struct tg_client_setup setup = {
		.param = TG_PARAM_DEFAULTS,
		.transactions = &c->transaction,
		.n_transactions = 1,
		.mids = c->mids,
		.n_mids = TG_MID_SPACE,
		.random = dice,
	};

	tg_client_init(&c->client, &setup);
	return open_socket(&c->fd, u);
}

void
cli_coap_close(struct cli_coap *c)
{
	close(c->fd);
}

/* Send what there is to send; what the network has no room for is lost, and repeated. */
static int
flush(struct cli_coap *c)
{
	size_t n;

	while ((n = tg_client_send(&c->client, now_ms(), c->out, sizeof(c->out))) > 0)
		if (send(c->fd, c->out, n, 0) < 0 && errno == ECONNREFUSED)
			return -errno;
	return 0;
}

static int
wait_ms(const struct cli_coap *c, uint64_t until_us)
{
	uint64_t now_us = cli_now_us(), due = tg_client_due(&c->client, now_us / 1000);
	uint64_t ms = due - now_us / 1000;
	uint64_t left_ms = (until_us - now_us + 999) / 1000;

	if (until_us <= now_us)
		return 0;
	ms = ms < left_ms ? ms : left_ms;
	return ms < POLL_MS_MAX ? (int)ms : POLL_MS_MAX;
}

/* 1: an event; 0: none; -errno. */
static int
receive(struct cli_coap *c, struct tg_event *e)
{
	ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return tg_client_receive(&c->client, now_ms(), c->in, (size_t)n, e);
}

int
cli_coap_next(struct cli_coap *c, uint64_t until_us, struct tg_event *e)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int rc;

	while (!tg_client_tick(&c->client, now_ms(), e)) {
		rc = flush(c);
		if (rc < 0)
			return rc;
		rc = poll(&p, 1, wait_ms(c, until_us));
		if (rc < 0)
			return 0;
		rc = rc > 0 ? receive(c, e) : 0;
		if (rc < 0)
			return rc;
		if (rc > 0)
			break;
		if (cli_now_us() >= until_us)
			return 0;
	}
	(void)flush(c); /* an acknowledgement does not wait until the next call */
	return 1;
}
