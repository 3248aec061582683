/* Kernel sockets: one a endpoint, sendmmsg and recvmmsg. */
#include "bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX 4096
#define BATCH 64

struct socket_wire {
	struct wire w;
	int epoll;
	int fd[SOCKETS_MAX];
	uint32_t at; /* endpoint begun last */
	uint8_t buf[WIRE_MSG_MAX];
};

static uint8_t *
sock_begin(struct wire *w, uint32_t endpoint)
{
	struct socket_wire *s = (struct socket_wire *)w;

	s->at = endpoint;
	return s->buf;
}

static void
sock_send(struct wire *w, size_t len)
{
	struct socket_wire *s = (struct socket_wire *)w;

	(void)!send(s->fd[s->at], s->buf, len,
		MSG_DONTWAIT); /* lost is lost: counted as such */
}

static void
sock_flush(struct wire *w)
{
	(void)w;
}

/* All that one socket holds. */
static unsigned
drain(struct socket_wire *s, uint32_t endpoint,
	void (*take)(void *, uint32_t, const uint8_t *, size_t), void *arg)
{
	static uint8_t buf[BATCH][WIRE_MSG_MAX];
	struct mmsghdr m[BATCH];
	struct iovec v[BATCH];
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		v[i] = (struct iovec){buf[i], sizeof(buf[i])};
		m[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &v[i], .msg_iovlen = 1}};
	}
	n = recvmmsg(s->fd[endpoint], m, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(arg, endpoint, buf[i], m[i].msg_len);
	return n > 0 ? (unsigned)n : 0;
}

static unsigned
sock_receive(struct wire *w, void (*take)(void *, uint32_t, const uint8_t *, size_t),
	void *arg)
{
	struct socket_wire *s = (struct socket_wire *)w;
	struct epoll_event e[BATCH];
	int n = epoll_wait(s->epoll, e, BATCH, 0);
	unsigned got = 0;

	for (int i = 0; i < n; i++)
		got += drain(s, e[i].data.u32, take, arg);
	return got;
}

static void
sock_close(struct wire *w)
{
	struct socket_wire *s = (struct socket_wire *)w;

	for (uint32_t i = 0; i < w->endpoints; i++)
		close(s->fd[i]);
	close(s->epoll);
	free(s);
}

/* "198.18.0.1", "198.18.0.1:5683", "[2001:2::1]:5683". */
static bool
parse_address(const char *text, struct sockaddr_storage *at, socklen_t *len)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)at;
	struct sockaddr_in *four = (struct sockaddr_in *)at;
	char host[64];
	const char *end, *port = NULL;
	size_t n;

	if (*text == '[') {
		end = strchr(++text, ']');
		if (end == NULL)
			return false;
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		end = strchr(text, ':');
		if (end != NULL && strchr(end + 1, ':') == NULL)
			port = end + 1;
		else
			end = text + strlen(text);
	}
	n = (size_t)(end - text);
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	memset(at, 0, sizeof(*at));
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)(port ? atoi(port) : 5683));
		*len = sizeof(*four);
		return true;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)(port ? atoi(port) : 5683));
	*len = sizeof(*six);
	return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
}

static bool
open_socket(struct socket_wire *s, uint32_t i, const struct sockaddr_storage *at,
	socklen_t len)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
	int size = 1 << 20;

	s->fd[i] = socket(at->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd[i] < 0)
		return false;
	setsockopt(s->fd[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return connect(s->fd[i], (const struct sockaddr *)at, len) == 0
	       && epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->fd[i], &e) == 0;
}

struct wire *
wire_socket_open(const struct wire_options *o, char *err, size_t errlen)
{
	struct socket_wire *s = calloc(1, sizeof(*s));
	struct rlimit files = {SOCKETS_MAX + 64, SOCKETS_MAX + 64};
	struct sockaddr_storage at;
	socklen_t len;

	if (s == NULL || !parse_address(o->connect, &at, &len)) {
		snprintf(err, errlen, "%s is no address", o->connect);
		free(s);
		return NULL;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	s->w = (struct wire){
		.endpoints = o->endpoints < SOCKETS_MAX ? o->endpoints : SOCKETS_MAX,
		.begin = sock_begin,
		.send = sock_send,
		.flush = sock_flush,
		.receive = sock_receive,
		.close = sock_close,
		.name = "sockets",
	};
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (uint32_t i = 0; i < s->w.endpoints; i++)
		if (!open_socket(s, i, &at, len)) {
			snprintf(err, errlen, "socket %u: %s", i, strerror(errno));
			s->w.endpoints = i;
			sock_close(&s->w);
			return NULL;
		}
	return &s->w;
}
