/* The control socket: that neither a client nor a command holds up the loop. */
#include "tests/server_fixture.h"

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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
