#include "control/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define GROUPS_MAX 1024 /* supplementary groups of a peer that are looked at */

/*
 * A client hears (EPOLLIN), answers (EPOLLOUT) or waits (neither).  It answers as long as
 * a reply has not gone out whole or another request waits in its buffer, and one event is
 * one request at most: so nobody keeps the loop from the others, however much he asks or
 * little he reads.  It waits as long as its request cannot be answered yet; the timer
 * runs that again.
 */
struct client {
	int fd;                      /* -1: free */
	bool closing;                /* once the reply is out */
	uint64_t heard;              /* when: the server's count of events */
	size_t len;                  /* of line */
	struct ctl_request *request; /* NULL: none that waits */
	struct ctl_session session;
	char *reply; /* NULL: none on its way */
	size_t reply_len, sent;
	char line[CTL_SERVER_LINE];
};

struct ctl_server {
	struct ctl_gateway *g;
	int fd, epoll, timer;
	uint64_t events;
	char path[108];
	struct client client[CTL_SERVER_CLIENTS];
};

static int
watch(struct ctl_server *s, int op, int fd, uint32_t events, void *data)
{
	struct epoll_event e = {.events = events, .data.ptr = data};

	return epoll_ctl(s->epoll, op, fd, &e);
}

/* ---- listening ---- */

/* Does somebody listen there? */
static bool
is_live(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool live = fd >= 0
		    && (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0
			    || errno == EAGAIN); /* too many wait there already */

	if (fd >= 0)
		close(fd);
	return live;
}

/* Does somebody listen there for good?  One that was killed does not. */
static bool
stays_live(const struct sockaddr_un *at)
{
	const struct timespec pause = {.tv_nsec = 100000000};

	for (unsigned ms = 0; is_live(at); ms += 100) {
		if (ms >= CTL_GONE_WITHIN_MS)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Only a socket that nobody answers at is replaced. */
static bool
make_way(const struct sockaddr_un *at, char *err, size_t errlen)
{
	struct stat st;

	if (lstat(at->sun_path, &st) != 0)
		return true; /* bind() knows best what is wrong */
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(err, errlen,
			"control socket %s: something else is there: remove it, "
			"or set control.socket to another",
			at->sun_path);
		return false;
	}
	if (stays_live(at)) {
		snprintf(err, errlen,
			"control socket %s: another gateway answers there: stop "
			"it, or set control.socket to another",
			at->sun_path);
		return false;
	}
	unlink(at->sun_path);
	return true;
}

static int
listen_at(struct ctl_server *s, const struct sockaddr_un *at)
{
	mode_t mask = umask(0117); /* 0660 from the start */
	int rc = bind(s->fd, (const struct sockaddr *)at, sizeof(*at));

	umask(mask);
	if (rc != 0 || listen(s->fd, CTL_SERVER_CLIENTS) != 0)
		return -1;
	return watch(s, EPOLL_CTL_ADD, s->fd, EPOLLIN, s);
}

struct ctl_server *
ctl_server_open(
	const char *path, struct ctl_gateway *g, int epoll, char *err, size_t errlen)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct ctl_server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return snprintf(err, errlen, "out of memory"), NULL;
	s->g = g;
	s->epoll = epoll;
	snprintf(s->path, sizeof(s->path), "%s", path);
	memcpy(at.sun_path, s->path, sizeof(at.sun_path));
	for (unsigned i = 0; i < CTL_SERVER_CLIENTS; i++)
		s->client[i].fd = -1;
	if (!make_way(&at, err, errlen))
		goto free_server;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->fd >= 0 && s->timer >= 0 && listen_at(s, &at) == 0
		&& watch(s, EPOLL_CTL_ADD, s->timer, EPOLLIN, &s->timer) == 0)
		return s;
	snprintf(err, errlen,
		"control socket %s: %s: set control.socket to a path that this "
		"user can make",
		path, strerror(errno));
	if (s->fd >= 0)
		close(s->fd);
	if (s->timer >= 0)
		close(s->timer);
free_server:
	free(s);
	return NULL;
}

/* ---- clients ---- */

static void
drop(struct ctl_server *s, struct client *c)
{
	close(c->fd);
	free(c->reply);
	ctl_request_free(c->request);
	ctl_session_end(s->g, &c->session);
	c->reply = NULL;
	c->request = NULL;
	c->fd = -1;
}

/* Is our group among the peer's supplementary ones? */
static bool
is_of_group(int fd)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == getegid())
			return true;
	return false;
}

/* root, our own user, or our group. */
static bool
may_speak(int fd)
{
	struct ucred c;
	socklen_t len = sizeof(c);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len) == 0
	       && (c.uid == 0 || c.uid == geteuid() || c.gid == getegid()
		       || is_of_group(fd));
}

/* A free place, or that of the client who has been silent longest. */
static struct client *
make_room(struct ctl_server *s)
{
	struct client *silent = &s->client[0];

	for (struct client *c = s->client; c < s->client + CTL_SERVER_CLIENTS; c++) {
		if (c->fd < 0)
			return c;
		if (c->heard < silent->heard)
			silent = c;
	}
	drop(s, silent);
	return silent;
}

static void
take(struct ctl_server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0)
		return;
	if (!may_speak(fd)) {
		close(fd);
		return;
	}
	c = make_room(s);
	c->fd = fd;
	c->len = 0;
	c->closing = false;
	c->heard = s->events;
	if (watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, c) != 0)
		drop(s, c);
}

/* ---- requests ---- */

/* Own @text as the reply, its end replaced by a newline. */
static void
set_reply(struct client *c, char *text)
{
	c->reply = text;
	c->reply_len = text != NULL ? strlen(text) + 1 : 0;
	c->sent = 0;
	if (text != NULL)
		text[c->reply_len - 1] = '\n';
	else
		c->closing = true; /* out of memory */
}

/* Run the client's request; the timer comes to one that cannot be answered yet. */
static void
run_request(struct ctl_server *s, struct client *c)
{
	const struct itimerspec soon = {.it_value.tv_nsec = CTL_WAIT_MS * 1000000L};
	char *reply = NULL;

	if (c->request != NULL && !ctl_request_run(s->g, c->request, &reply)) {
		timerfd_settime(s->timer, 0, &soon, NULL);
		return;
	}
	set_reply(c, reply);
	ctl_request_free(c->request);
	c->request = NULL;
}

/* Run the first request in the buffer, if there is a whole one. */
static void
run_one(struct ctl_server *s, struct client *c)
{
	char *end = memchr(c->line, '\n', c->len);

	if (end != NULL) {
		c->request =
			ctl_request_new(c->line, (size_t)(end - c->line), &c->session);
		run_request(s, c);
		c->len -= (size_t)(end + 1 - c->line);
		memmove(c->line, end + 1, c->len);
	} else if (c->len == CTL_SERVER_LINE) {
		set_reply(c,
			strdup("{\"ok\":false,\"error\":{\"code\":\"usage\","
			       "\"message\":\"a request has less than 65536 bytes\"}}"));
		c->closing = true;
	}
}

/* Send what the socket takes; false if the client is gone. */
static bool
answer(struct client *c)
{
	ssize_t n;

	if (c->reply == NULL)
		return !c->closing;
	n = send(c->fd, c->reply + c->sent, c->reply_len - c->sent, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	if (c->sent < c->reply_len)
		return true;
	free(c->reply);
	c->reply = NULL;
	return !c->closing;
}

/* False if the client is gone. */
static bool
hear(struct client *c)
{
	ssize_t n = read(c->fd, c->line + c->len, CTL_SERVER_LINE - c->len);

	if (n > 0)
		c->len += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool
has_request(const struct client *c)
{
	return memchr(c->line, '\n', c->len) != NULL || c->len == CTL_SERVER_LINE;
}

/* What a client is to be woken by, beside his hanging up. */
static uint32_t
events_of(const struct client *c)
{
	return c->request != NULL                   ? 0
	       : c->reply != NULL || has_request(c) ? EPOLLOUT
						    : EPOLLIN;
}

static void
go_on(struct ctl_server *s, struct client *c)
{
	if (!answer(c) || watch(s, EPOLL_CTL_MOD, c->fd, events_of(c), c) != 0)
		drop(s, c);
}

static void
serve(struct ctl_server *s, struct client *c)
{
	c->heard = s->events;
	if (c->request != NULL) { /* it waits for nothing more: it hung up */
		drop(s, c);
		return;
	}
	if (c->reply == NULL && !has_request(c) && !hear(c)) {
		drop(s, c);
		return;
	}
	if (c->reply == NULL)
		run_one(s, c);
	go_on(s, c);
}

/* Run again what could not be answered yet. */
static void
run_waiting(struct ctl_server *s)
{
	uint64_t n;

	if (read(s->timer, &n, sizeof(n)) != sizeof(n))
		return;
	for (struct client *c = s->client; c < s->client + CTL_SERVER_CLIENTS; c++) {
		if (c->fd < 0 || c->request == NULL)
			continue;
		run_request(s, c);
		go_on(s, c);
	}
}

void
ctl_server_event(struct ctl_server *s, void *data)
{
	s->events++;
	if (data == s)
		take(s);
	else if (data == &s->timer)
		run_waiting(s);
	else if (((struct client *)data)->fd >= 0)
		serve(s, data);
}

void
ctl_server_close(struct ctl_server *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < CTL_SERVER_CLIENTS; i++)
		if (s->client[i].fd >= 0)
			drop(s, &s->client[i]);
	close(s->fd);
	close(s->timer);
	unlink(s->path);
	free(s);
}
