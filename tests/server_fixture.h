/*
 * A control socket and its clients.  Requests are answered by a stand-in here: the server
 * does not look into them.  For a test's one file: the stand-in is defined in this one.
 */
#pragma once

#include "control/server.h"
#include "tests/rows.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BIG (8u << 20) /* more than any socket's buffer */

#define RUNS 4

static unsigned asked, runs, requests; /* requests: that are not freed yet */
static unsigned ended;                 /* sessions that held something */
static bool ready;                     /* may "wait" be answered? */

struct ctl_request {
	char *text;
	unsigned runs;
};

struct ctl_request *
ctl_request_new(const char *text, size_t len, struct ctl_session *session)
{
	struct ctl_request *q = calloc(1, sizeof(*q));

	assert_non_null(q);
	q->text = strndup(text, len);
	if (strcmp(q->text, "hold") == 0)
		session->held = &ended;
	asked++;
	requests++;
	return q;
}

/*
 * "big" is answered with BIG bytes, "late" at its RUNS-th run, "wait" when that is ready;
 * anything with itself in brackets.
 */
bool
ctl_request_run(struct ctl_gateway *g, struct ctl_request *q, char **reply)
{
	bool big = strcmp(q->text, "big") == 0;
	size_t n = big ? BIG : strlen(q->text) + 2;

	(void)g;
	runs++;
	if ((strcmp(q->text, "late") == 0 && ++q->runs < RUNS)
		|| (strcmp(q->text, "wait") == 0 && !ready))
		return false;
	*reply = malloc(n + 1);
	assert_non_null(*reply);
	memset(*reply, 'x', n);
	if (!big)
		snprintf(*reply, n + 1, "[%s]", q->text);
	(*reply)[n] = '\0';
	return true;
}

void
ctl_request_free(struct ctl_request *q)
{
	if (q == NULL)
		return;
	free(q->text);
	free(q);
	requests--;
}

void
ctl_session_end(struct ctl_gateway *g, struct ctl_session *s)
{
	(void)g;
	ended += s->held != NULL;
	s->held = NULL;
}

/* ---- the socket ---- */

struct fixture {
	char dir[32], path[64];
	int epoll;
	struct ctl_server *server;
};

static inline int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char err[256] = "";

	strcpy(f->dir, "/tmp/test_server.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/socket", f->dir);
	f->epoll = epoll_create1(0);
	f->server = ctl_server_open(f->path, NULL, f->epoll, err, sizeof(err));
	asked = runs = requests = ended = 0;
	ready = false;
	*state = f;
	return f->server != NULL ? 0 : -1;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	ctl_server_close(f->server);
	close(f->epoll);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return requests == 0 ? 0 : -1;
}

/* Work off one event; false if there is none. */
static inline bool
one_event(struct fixture *f)
{
	struct epoll_event e;

	if (epoll_wait(f->epoll, &e, 1, 0) != 1)
		return false;
	ctl_server_event(f->server, e.data.ptr);
	return true;
}

static inline void
all_events(struct fixture *f)
{
	unsigned n = 0;

	while (one_event(f))
		assert_true(++n < 100000); /* an event that never ends is a busy loop */
}

static inline struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	return at;
}

static inline int
try_connect(const char *path)
{
	struct sockaddr_un at = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Events until @n requests have been run in all. */
static inline void
until_runs(struct fixture *f, unsigned n)
{
	for (unsigned ms = 0; runs < n; ms++) {
		assert_true(ms < 5000);
		usleep(1000);
		all_events(f);
	}
}

static inline int
client(struct fixture *f)
{
	int fd = try_connect(f->path);

	assert_true(fd >= 0);
	all_events(f);
	return fd;
}

static inline void
say(struct fixture *f, int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	all_events(f);
}

static inline void
hears(int fd, const char *want)
{
	char got[512];
	ssize_t n = read(fd, got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, want);
}

static inline void
hears_nothing(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static inline void
is_closed(int fd)
{
	char c;
	ssize_t n = read(fd, &c, 1);

	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
