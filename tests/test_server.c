/*
 * The control socket: who may speak, and that neither a client nor a command holds up the
 * loop.  Requests are answered by a stand-in here: the server does not look into them.
 */
#include "control/server.h"
#include "tests/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
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

struct fixture {
	char dir[32], path[64];
	int epoll;
	struct ctl_server *server;
};

static int
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

static int
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
static bool
one_event(struct fixture *f)
{
	struct epoll_event e;

	if (epoll_wait(f->epoll, &e, 1, 0) != 1)
		return false;
	ctl_server_event(f->server, e.data.ptr);
	return true;
}

static void
all_events(struct fixture *f)
{
	unsigned n = 0;

	while (one_event(f))
		assert_true(++n < 100000); /* an event that never ends is a busy loop */
}

static struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	return at;
}

static int
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
static void
until_runs(struct fixture *f, unsigned n)
{
	for (unsigned ms = 0; runs < n; ms++) {
		assert_true(ms < 5000);
		usleep(1000);
		all_events(f);
	}
}

static int
client(struct fixture *f)
{
	int fd = try_connect(f->path);

	assert_true(fd >= 0);
	all_events(f);
	return fd;
}

static void
say(struct fixture *f, int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	all_events(f);
}

static void
hears(int fd, const char *want)
{
	char got[512];
	ssize_t n = read(fd, got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, want);
}

static void
hears_nothing(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static void
is_closed(int fd)
{
	char c;
	ssize_t n = read(fd, &c, 1);

	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

/* ---- requests ---- */

static void
answers_a_line(void **state)
{
	int fd = client(*state);

	say(*state, fd, "a\n");
	hears(fd, "[a]\n");
	close(fd);
}

/* What a connection holds is let go of when it ends, however it does. */
static void
a_session_ends_with_its_client(void **state)
{
	int fd = client(*state), other = client(*state);

	say(*state, fd, "hold\n");
	say(*state, other, "a\n");
	close(other);
	all_events(*state);
	assert_int_equal(ended, 0);
	close(fd);
	all_events(*state);
	assert_int_equal(ended, 1);
}

static void
a_session_ends_while_a_request_waits(void **state)
{
	int fd = client(*state);

	say(*state, fd, "hold\nwait\n");
	assert_int_equal(ended, 0);
	close(fd);
	all_events(*state);
	assert_int_equal(ended, 1);
}

static void
answers_lines_in_order(void **state)
{
	int fd = client(*state);

	say(*state, fd, "a\nb\n\nc\n");
	hears(fd, "[a]\n[b]\n[]\n[c]\n");
	close(fd);
}

static void
waits_for_the_rest(void **state)
{
	int fd = client(*state);

	say(*state, fd, "a\nhal");
	hears(fd, "[a]\n");
	say(*state, fd, "f");
	hears_nothing(fd);
	say(*state, fd, "\n");
	hears(fd, "[half]\n");
	close(fd);
}

static void
answers_who_has_done_writing(void **state)
{
	int fd = client(*state);

	assert_int_equal(write(fd, "a\nb\n", 4), 4);
	shutdown(fd, SHUT_WR);
	all_events(*state);
	hears(fd, "[a]\n[b]\n");
	is_closed(fd);
	close(fd);
}

static void
takes_the_longest_line(void **state)
{
	char *line = malloc(CTL_SERVER_LINE + 1);
	int fd = client(*state);

	memset(line, 'a', CTL_SERVER_LINE);
	line[CTL_SERVER_LINE - 1] = '\n';
	line[CTL_SERVER_LINE] = '\0';
	say(*state, fd, line);
	assert_int_equal(asked, 1);
	free(line);
	close(fd);
}

static void
refuses_a_longer_line(void **state)
{
	char *line = malloc(CTL_SERVER_LINE + 1);
	int fd = client(*state);

	memset(line, 'a', CTL_SERVER_LINE);
	line[CTL_SERVER_LINE] = '\0';
	say(*state, fd, line);
	assert_int_equal(asked, 0);
	hears(fd, "{\"ok\":false,\"error\":{\"code\":\"usage\",\"message\":\"a request "
		  "has less "
		  "than 65536 bytes\"}}\n");
	is_closed(fd);
	free(line);
	close(fd);
}

/* ---- what cannot be answered yet ---- */

static void
runs_again_what_cannot_be_answered_yet(void **state)
{
	int fd = client(*state);

	say(*state, fd, "late\n");
	hears_nothing(fd);
	until_runs(*state, RUNS);
	hears(fd, "[late]\n");
	assert_int_equal(asked, 1);
	close(fd);
}

static void
answers_others_meanwhile(void **state)
{
	struct fixture *f = *state;
	int waits = client(f), other = client(f);

	say(f, waits, "wait\n");
	say(f, other, "b\n");
	hears(other, "[b]\n");
	hears_nothing(waits);
	ready = true;
	until_runs(f, runs + 1);
	hears(waits, "[wait]\n");
	close(waits);
	close(other);
}

static void
keeps_order_behind_what_waits(void **state)
{
	int fd = client(*state);

	say(*state, fd, "late\nb\n");
	say(*state, fd, "c\n");
	hears_nothing(fd);
	until_runs(*state, RUNS + 2);
	hears(fd, "[late]\n[b]\n[c]\n");
	close(fd);
}

static void
rests_when_nothing_waits(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "late\n");
	until_runs(f, RUNS);
	usleep(4000 * CTL_WAIT_MS);
	assert_false(one_event(f));
	close(fd);
}

static void
forgets_who_hangs_up_while_waiting(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "wait\n");
	close(fd);
	all_events(f);
	assert_int_equal(requests, 0);
}

/* ---- who does not behave ---- */

static void
runs_one_request_an_event(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(write(fd, "a\n", 2), 2);
	for (unsigned i = 1; i <= 100; i++) {
		assert_true(one_event(f));
		assert_int_equal(asked, i);
		hears(fd, "[a]\n");
	}
	close(fd);
}

static void
takes_turns(void **state)
{
	struct fixture *f = *state;
	int greedy = client(f), other = client(f);

	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(write(greedy, "a\n", 2), 2);
	assert_int_equal(write(other, "b\n", 2), 2);
	for (unsigned i = 0; i < 4; i++)
		assert_true(one_event(f));
	hears(other, "[b]\n");
	close(greedy);
	close(other);
}

static void
leaves_who_never_reads(void **state)
{
	struct fixture *f = *state;
	int deaf = client(f), other = client(f);

	say(f, deaf, "big\nbig\n");
	assert_int_equal(asked, 1); /* the second waits for the first to be read */
	say(f, other, "b\n");
	hears(other, "[b]\n");
	close(deaf);
	close(other);
	all_events(f);
}

static void
sends_a_long_reply_as_it_is_read(void **state)
{
	struct fixture *f = *state;
	static char buf[1 << 16];
	int fd = client(f);
	size_t got = 0;

	say(f, fd, "big\na\n");
	for (unsigned turns = 0; got < BIG + 1; turns++) {
		ssize_t n = read(fd, buf,
			BIG + 1 - got < sizeof(buf) ? BIG + 1 - got : sizeof(buf));

		assert_true(turns < 100000);
		got += n > 0 ? (size_t)n : 0;
		all_events(f);
	}
	assert_int_equal(buf[0], 'x');
	hears(fd, "[a]\n");
	close(fd);
}

static void
forgets_who_hangs_up(void **state)
{
	struct fixture *f = *state;
	int fd = client(f), other;

	say(f, fd, "big\n");
	close(fd);
	all_events(f);
	other = client(f);
	say(f, other, "b\n");
	hears(other, "[b]\n");
	close(other);
}

static void
makes_room_for_one_more(void **state)
{
	struct fixture *f = *state;
	int fd[CTL_SERVER_CLIENTS], more;

	for (unsigned i = 0; i < CTL_SERVER_CLIENTS; i++)
		fd[i] = client(f);
	say(f, fd[0], "a\n"); /* so the second is the one silent longest */
	hears(fd[0], "[a]\n");
	more = client(f);
	say(f, more, "m\n");
	hears(more, "[m]\n");
	is_closed(fd[1]);
	hears_nothing(fd[0]);
	hears_nothing(fd[2]);
	for (unsigned i = 0; i < CTL_SERVER_CLIENTS; i++)
		close(fd[i]);
	close(more);
}

/* ---- who may ---- */

static void
is_for_user_and_group(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

/* As user and group 65534 with @groups: does it get an answer? */
static bool
stranger_is_heard(struct fixture *f, const gid_t *groups, size_t n)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int fd;
		char c;

		if (setgroups(n, groups) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		fd = try_connect(f->path);
		if (fd < 0)
			_exit(3);
		fcntl(fd, F_SETFL, 0);
		_exit(write(fd, "a\n", 2) == 2 && read(fd, &c, 1) == 1 ? 0 : 1);
	}
	for (unsigned i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
		assert_true(i < 10000);
		all_events(f);
		usleep(1000);
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

/* Even where the socket's mode would let it in. */
static void
does_not_hear_strangers(void **state)
{
	struct fixture *f = *state;
	const gid_t ours = getegid();

	if (geteuid() != 0)
		skip(); /* only root can be somebody else */
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_false(stranger_is_heard(f, NULL, 0));
	assert_int_equal(asked, 0);
	assert_true(stranger_is_heard(f, &ours, 1)); /* by a supplementary group */
}

/* ---- the place ---- */

static void
refuses_place(const char *path, int epoll, const char *want)
{
	char err[256] = "";

	assert_null(ctl_server_open(path, NULL, epoll, err, sizeof(err)));
	if (strstr(err, want) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err, want);
}

static void
leaves_a_live_socket(void **state)
{
	struct fixture *f = *state;
	int fd;

	refuses_place(f->path, f->epoll, "another gateway answers there");
	all_events(f);
	fd = client(f);
	say(f, fd, "a\n");
	hears(fd, "[a]\n");
	close(fd);
}

/* A gateway that was killed: its socket is there a while longer. */
static void
waits_for_one_that_goes(void **state)
{
	struct fixture *f = *state;
	char path[96], err[256] = "";
	struct sockaddr_un at;
	struct ctl_server *s;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/going", f->dir);
	at = address(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	pid = fork();
	if (pid == 0) {
		usleep(300000);
		_exit(0);
	}
	close(fd);
	s = ctl_server_open(path, NULL, f->epoll, err, sizeof(err));
	assert_string_equal(err, "");
	ctl_server_close(s);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
replaces_a_stale_socket(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un at;
	char path[96], err[256] = "";
	struct ctl_server *s;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(path, sizeof(path), "%s/stale", f->dir);
	at = address(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	s = ctl_server_open(path, NULL, f->epoll, err, sizeof(err));
	assert_non_null(s);
	ctl_server_close(s);
	assert_int_equal(access(path, F_OK), -1);
}

static void
leaves_what_is_no_socket(void **state)
{
	struct fixture *f = *state;
	char path[96];

	snprintf(path, sizeof(path), "%s/file", f->dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	refuses_place(path, f->epoll, "something else is there");
	assert_int_equal(unlink(path), 0);
}

static void
says_what_cannot_be_made(void **state)
{
	struct fixture *f = *state;
	char path[96];

	snprintf(path, sizeof(path), "%s/no/socket", f->dir);
	refuses_place(path, f->epoll, "No such file or directory: set control.socket");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_a_line),
		TEST(a_session_ends_with_its_client),
		TEST(a_session_ends_while_a_request_waits),
		TEST(answers_lines_in_order),
		TEST(waits_for_the_rest),
		TEST(answers_who_has_done_writing),
		TEST(takes_the_longest_line),
		TEST(refuses_a_longer_line),
		TEST(runs_again_what_cannot_be_answered_yet),
		TEST(answers_others_meanwhile),
		TEST(keeps_order_behind_what_waits),
		TEST(rests_when_nothing_waits),
		TEST(forgets_who_hangs_up_while_waiting),
		TEST(runs_one_request_an_event),
		TEST(takes_turns),
		TEST(leaves_who_never_reads),
		TEST(sends_a_long_reply_as_it_is_read),
		TEST(forgets_who_hangs_up),
		TEST(makes_room_for_one_more),
		TEST(is_for_user_and_group),
		TEST(does_not_hear_strangers),
		TEST(leaves_a_live_socket),
		TEST(waits_for_one_that_goes),
		TEST(replaces_a_stale_socket),
		TEST(leaves_what_is_no_socket),
		TEST(says_what_cannot_be_made),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
