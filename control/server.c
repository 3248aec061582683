#include "control/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS 64
#define LINE 65536

struct client {
	int fd; /* -1: free */
	size_t len;
	char line[LINE];
};

struct ctl_server {
	struct ctl_gateway *g;
	int fd, epoll;
	char path[108];
	struct client client[CLIENTS];
};

static int
watch(int epoll, int fd, void *data)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = data};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

/* Is somebody listening there already? */
static bool
is_live(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool live = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;

	if (fd >= 0)
		close(fd);
	return live;
}

struct ctl_server *
ctl_server_open(const char *path, struct ctl_gateway *g, int epoll, char *err, size_t errlen)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct ctl_server *s = calloc(1, sizeof(*s));
	mode_t mask;

	if (s == NULL)
		return NULL;
	s->g = g;
	s->epoll = epoll;
	snprintf(s->path, sizeof(s->path), "%s", path);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	for (unsigned i = 0; i < CLIENTS; i++)
		s->client[i].fd = -1;
	if (is_live(&at)) {
		snprintf(err, errlen, "another gateway answers at %s", path);
		free(s);
		return NULL;
	}
	unlink(path);
	mask = umask(0117); /* 0660 from the start */
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0
		|| listen(s->fd, CLIENTS) != 0 || watch(epoll, s->fd, s) != 0) {
		snprintf(err, errlen, "control socket %s: %s", path, strerror(errno));
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		s = NULL;
	}
	umask(mask);
	return s;
}

/* root, our own user, or our group. */
static bool
may_speak(int fd)
{
	struct ucred c;
	socklen_t len = sizeof(c);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len) == 0
		&& (c.uid == 0 || c.uid == geteuid() || c.gid == getegid());
}

static void
take(struct ctl_server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < CLIENTS && may_speak(fd); i++)
		if (s->client[i].fd < 0) {
			s->client[i].fd = fd;
			s->client[i].len = 0;
			if (watch(s->epoll, fd, &s->client[i]) == 0)
				return;
			s->client[i].fd = -1;
			break;
		}
	close(fd);
}

static void
drop(struct client *c)
{
	close(c->fd);
	c->fd = -1;
}

/* A reply goes out whole within a second, or the client is closed. */
static bool
reply(struct client *c, const char *text)
{
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};
	size_t len = strlen(text), done = 0;

	while (done < len) {
		ssize_t n = send(c->fd, text + done, len - done, MSG_NOSIGNAL);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EAGAIN || poll(&p, 1, 1000) != 1)
			return false;
	}
	return true;
}

static void
hear(struct ctl_server *s, struct client *c)
{
	ssize_t n = read(c->fd, c->line + c->len, LINE - c->len);
	char *end;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			drop(c);
		return;
	}
	c->len += (size_t)n;
	while ((end = memchr(c->line, '\n', c->len)) != NULL) {
		char *text = ctl_rpc(s->g, c->line, (size_t)(end - c->line));
		bool ok = reply(c, text) && reply(c, "\n");
		size_t used = (size_t)(end + 1 - c->line);

		free(text);
		if (!ok) {
			drop(c);
			return;
		}
		c->len -= used;
		memmove(c->line, end + 1, c->len);
	}
	if (c->len == LINE)
		drop(c);
}

void
ctl_server_event(struct ctl_server *s, void *data)
{
	if (data == s)
		take(s);
	else
		hear(s, data);
}

void
ctl_server_close(struct ctl_server *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (s->client[i].fd >= 0)
			drop(&s->client[i]);
	close(s->fd);
	unlink(s->path);
	free(s);
}
