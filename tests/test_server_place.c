/* The control socket: who may speak, and where it is. */
#include "tests/server_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(is_for_user_and_group),
		TEST(does_not_hear_strangers),
		TEST(leaves_a_live_socket),
		TEST(waits_for_one_that_goes),
		TEST(replaces_a_stale_socket),
		TEST(leaves_what_is_no_socket),
		TEST(says_what_cannot_be_made),
	};

	return cmocka_run_group_tests_name("server_place", tests, NULL, NULL);
}
