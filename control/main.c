/* tidegated: the gateway's process. */
#include "control/gateway.h"
#include "control/now.h"
#include "control/server.h"
#include "control/watch.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define RETAIN_EVERY_S 10

static struct ctl_gateway gateway = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("tidegated: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* ---- the loop ---- */

/* What the control thread waits for. */
struct loop {
	struct ctl_gateway *g;
	struct ctl_server *server;
	int epoll, signals, timer;
	uint64_t seconds; /* since the last pass of retention */
	struct ctl_watch watch;
};

static void
signalled(struct loop *l)
{
	struct signalfd_siginfo s;
	char err[512];

	if (read(l->signals, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo != SIGHUP) {
		l->g->stopping = true;
		return;
	}
	pthread_mutex_lock(&l->g->lock);
	(void)ctl_gateway_reload(l->g, err, sizeof(err));
	pthread_mutex_unlock(&l->g->lock);
}

static void
every_second(struct loop *l)
{
	uint64_t n;

	if (read(l->timer, &n, sizeof(n)) != sizeof(n))
		return;
	pthread_mutex_lock(&l->g->lock);
	dp_tick(l->g->dp);
	pthread_mutex_unlock(&l->g->lock);
	l->seconds += n; /* more than one if this thread was late */
	if (l->seconds >= RETAIN_EVERY_S) {
		l->seconds = 0;
		atomic_store(&l->g->logd.due, true);
	}
}

/* The event's data is a pointer: the server's own, or where we keep the descriptor. */
static int
add_fd(int epoll, int *fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = fd};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, *fd, &e);
}

/* The control socket first: it tells of another gateway before anything is touched. */
static bool
loop_open(struct loop *l, char *err, size_t errlen)
{
	const struct itimerspec second = {{.tv_sec = 1}, {.tv_sec = 1}};

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (l->epoll < 0 || l->timer < 0
		|| timerfd_settime(l->timer, 0, &second, NULL) != 0
		|| add_fd(l->epoll, &l->timer) != 0
		|| add_fd(l->epoll, &l->signals) != 0) {
		snprintf(err, errlen, "the control thread's events: %s", strerror(errno));
		return false;
	}
	ctl_make_parents(l->g->conf->control_socket);
	l->server =
		ctl_server_open(l->g->conf->control_socket, l->g, l->epoll, err, errlen);
	return l->server != NULL;
}

static void
loop_close(struct loop *l)
{
	ctl_server_close(l->server);
	close(l->timer);
	close(l->epoll);
}

static void
loop_run(struct loop *l)
{
	while (!l->g->stopping) {
		struct epoll_event e;

		if (epoll_wait(l->epoll, &e, 1, -1) != 1)
			continue;
		if (e.data.ptr == &l->signals)
			signalled(l);
		else if (e.data.ptr == &l->timer)
			every_second(l);
		else
			ctl_server_event(l->server, e.data.ptr);
		ctl_watch_look(&l->watch, l->g, ctl_now_ns());
	}
}

/* Blocked before the EAL makes threads, so that they all inherit it. */
static int
take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Hugepages that were free have gone meanwhile: another process in place of this. */
static int
start_without_hugepages(struct ctl_gateway *g)
{
	char self[256],
		*argv[] = {"tidegated", "-c", g->conf->file, "--no-hugepages", NULL};
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	say("the hugepages that were free are taken: going on without");
	self[len > 0 ? len : 0] = '\0';
	/* Not now: the workers, which end with this image, wait on some of them. */
	close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	execv(self, argv);
	say("%s: %s", self, strerror(errno));
	return CTL_EXIT_FAILED;
}

static void
say_recovery(const struct ctl_log_report *r)
{
	if (r->damages > 0)
		say("log: %s", r->damage);
	if (r->damages > 1)
		say("log: %llu damaged places in all: tidegatectl log verify names them",
			(unsigned long long)r->damages);
	if (r->cut_segments > 0)
		say("log: %s", r->cut);
}

static int
serve(struct ctl_gateway *g)
{
	struct loop l = {.g = g, .signals = take_signals()};
	char err[512] = "";
	int status = CTL_EXIT_FAILED;
	bool empty;

	if (!loop_open(&l, err, sizeof(err))
		|| (status = ctl_gateway_start(g, err, sizeof(err))) != 0) {
		ctl_server_close(l.server);
		if (status == CTL_NO_HUGEPAGES)
			return start_without_hugepages(g);
		say("%s", err);
		return status;
	}
	say_recovery(&g->log_report);
	if (ctl_telemetry_register(g) != 0)
		say("the telemetry socket does not answer for /tidegate");
	say("ready: pid %d, %u workers, control socket %s", (int)getpid(),
		dp_config(g->dp)->workers, g->conf->control_socket);
	ctl_watch_begin(&l.watch, g, say);
	loop_run(&l);
	loop_close(&l);
	ctl_telemetry_forget();
	empty = ctl_gateway_finish(g);
	say(empty ? "stopped"
		  : "stopped; some answers, or ACKs of them, were still pending");
	return 0;
}

/* ---- the command line ---- */

static int
usage(FILE *to, int status)
{
	fprintf(to, "usage: tidegated -c FILE [-t]\n"
		    "  -c FILE      configuration\n"
		    "  -t           check it and end: 0, or 78 with what is wrong\n"
		    "  --no-hugepages  whatever the configuration says\n"
		    "  --reference  print the reference of every key\n"
		    "  --counters   print the reference of every counter\n"
		    "  --version\n"
		    "SIGHUP reloads the configuration, whole or not at all; SIGTERM "
		    "drains and "
		    "ends.\n"
		    "exit: 0 ended as asked, 1 could not start, 2 usage, 78 bad "
		    "configuration\n");
	return status;
}

static int
run(const char *file, bool check)
{
	char err[512];

	gateway.conf = ctl_config_load(file, err, sizeof(err));
	if (gateway.conf == NULL || !ctl_gateway_check(gateway.conf, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		ctl_config_free(gateway.conf);
		return CTL_EXIT_CONFIG;
	}
	if (!check)
		return serve(&gateway);
	printf("%s: good\n", file);
	ctl_config_free(gateway.conf);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *file = NULL;
	bool check = false;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			file = argv[++i];
		else if (strcmp(argv[i], "-t") == 0)
			check = true;
		else if (strcmp(argv[i], "--no-hugepages") == 0)
			gateway.no_hugepages = true;
		else if (strcmp(argv[i], "--version") == 0)
			return puts("tidegated " TIDEGATE_VERSION), 0;
		else if (strcmp(argv[i], "--reference") == 0)
			return ctl_config_reference(stdout), 0;
		else if (strcmp(argv[i], "--counters") == 0)
			return ctl_books_reference(stdout), 0;
		else if (strcmp(argv[i], "--help") == 0)
			return usage(stdout, 0);
		else
			return usage(stderr, 2);
	return file != NULL ? run(file, check) : usage(stderr, 2);
}
