/* tidegated: the gateway's process. */
#include "control/gateway.h"
#include "control/restore.h"
#include "control/server.h"

#include <rte_telemetry.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EX_CONFIG 78
#define DRAIN_MS 5000
#define RETAIN_EVERY_S 10
#define CHECK_BYTES (1ull << 30) /* of the log at start: about a second's reading */

static struct ctl_gateway gateway;

static void __attribute__((format(printf, 1, 2)))
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("tidegated: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

int
ctl_gateway_reload(struct ctl_gateway *g, char *err, size_t errlen)
{
	struct ctl_config *conf = ctl_config_load(g->conf->file, err, errlen);
	struct dp_snapshot *snap;

	if (conf == NULL)
		goto failed;
	if (!ctl_config_follows(g->conf, conf, err, errlen))
		goto failed;
	snap = ctl_config_snapshot(conf, g->reloads + 1, err, errlen);
	if (snap == NULL)
		goto failed;
	g->reloads++;
	dp_publish(g->dp, snap);
	ctl_config_free(g->conf);
	g->conf = conf;
	g->last_reload[0] = '\0';
	return 0;

failed:
	ctl_config_free(conf);
	g->failed_reloads++;
	snprintf(g->last_reload, sizeof(g->last_reload), "%s", err);
	return -1;
}

/* ---- start --------------------------------------------------------------------------------------- */

/* Make the folders above @path. */
static void
make_parents(const char *path)
{
	char part[256];

	for (const char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		(void)mkdir(part, 0755);
	}
}

/* Two gateways must not write one log: the lock goes with the process. */
static int
lock_dir(int dir)
{
	int fd = openat(dir, "LOCK", O_CREAT | O_RDWR | O_CLOEXEC, 0640);

	return fd < 0 ? -errno : flock(fd, LOCK_EX | LOCK_NB) != 0 ? -errno : 0;
}

static int
open_log(struct ctl_gateway *g)
{
	const struct ctl_config *c = g->conf;
	struct ctl_log_options opt = {
		.segment_bytes = c->segment_bytes,
		.retain_bytes = c->retain_bytes,
		.retain_s = c->retain_s,
		.commit_ns = c->commit_ns,
		.check_bytes = CHECK_BYTES,
	};
	int rc;

	rc = ctl_io_posix_open(&g->io, c->log_dir, 1);
	if (rc < 0) {
		say("log directory %s: %s", c->log_dir, strerror(-rc));
		return -1;
	}
	rc = lock_dir(g->io.dir);
	if (rc < 0) {
		say("log directory %s: %s", c->log_dir,
			rc == -EWOULDBLOCK ? "another gateway writes it" : strerror(-rc));
		return -1;
	}
	rc = ctl_log_open(&g->log, &g->io.io, &opt, &g->log_report);
	if (rc < 0) {
		say("log directory %s: %s", c->log_dir, strerror(-rc));
		return -1;
	}
	if (g->log_report.text[0] != '\0')
		say("log: %s", g->log_report.text);
	return 0;
}

static int
start(struct ctl_gateway *g)
{
	struct dp_config cfg;
	struct dp_snapshot *snap;
	char err[512] = "";

	if (!ctl_config_dp(g->conf, &cfg, err, sizeof(err))
		|| (snap = ctl_config_snapshot(g->conf, 0, err, sizeof(err))) == NULL) {
		say("%s", err);
		return EX_CONFIG;
	}
	for (unsigned i = 0; i < cfg.n_ports; i++)
		if (cfg.ports[i].driver <= DP_DRV_MEMIF)
			make_parents(cfg.ports[i].arg);
	if (open_log(g) < 0) {
		dp_snapshot_free(snap);
		return 1;
	}
	g->dp = dp_open(&cfg, snap, err, sizeof(err));
	if (g->dp == NULL) {
		say("%s", err);
		return 1;
	}
	if (ctl_restore(g) < 0)
		say("log: could not be read to restore what the last run remembered");
	for (unsigned w = 0; w < cfg.workers; w++)
		g->rings[w] = dp_worker_logring(g->dp, w);
	if (ctl_logd_start(&g->logd, &g->log, g->rings, cfg.workers) < 0
		|| dp_start(g->dp) < 0) {
		say("a thread did not start");
		return 1;
	}
	g->started_s = (uint64_t)time(NULL);
	return 0;
}

static void
finish(struct ctl_gateway *g)
{
	bool empty = dp_drain(g->dp, DRAIN_MS);

	ctl_logd_stop(&g->logd);
	dp_drain(g->dp, 100); /* the last commits' answers */
	dp_stop(g->dp);
	ctl_log_close(&g->log);
	dp_close(g->dp);
	ctl_io_posix_close(&g->io);
	ctl_config_free(g->conf);
	say(empty ? "stopped" : "stopped; some answers were still pending");
}

/* ---- telemetry ------------------------------------------------------------------------------------ */

static int
telemetry_counters(const char *cmd, const char *params, struct rte_tel_data *d)
{
	uint64_t c[DP_COUNTER_COUNT];

	(void)cmd;
	(void)params;
	dp_counters_read(gateway.dp, DP_ALL, c);
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		rte_tel_data_add_dict_u64(d, dp_counter_defs[i].name, c[i]);
	return 0;
}

static int
telemetry_mem(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct dp_mem_row rows[16];
	unsigned n = dp_mem_read(gateway.dp, rows, 16);

	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < n; i++)
		rte_tel_data_add_dict_u64(d, rows[i].name, rows[i].bytes);
	return 0;
}

/* ---- the loop --------------------------------------------------------------------------------------- */

static void
signalled(struct ctl_gateway *g, int fd)
{
	struct signalfd_siginfo s;
	char err[512];

	if (read(fd, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo != SIGHUP) {
		g->stopping = true;
	} else if (ctl_gateway_reload(g, err, sizeof(err)) < 0) {
		say("reload refused: %s", err);
	} else {
		say("reloaded %s", g->conf->file);
	}
}

static void
every_second(struct ctl_gateway *g, int fd, uint64_t *seconds)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		return;
	dp_tick(g->dp);
	*seconds += n;
	if (*seconds % RETAIN_EVERY_S == 0)
		atomic_store(&g->logd.retain, true);
}

/* The event's data is a pointer: the server's own, or where we keep the descriptor. */
static int
add_fd(int epoll, int *fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = fd};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, *fd, &e);
}

static int
run(struct ctl_gateway *g, int signals)
{
	const struct itimerspec second = {{.tv_sec = 1}, {.tv_sec = 1}};
	int epoll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct ctl_server *server;
	uint64_t seconds = 0;
	char err[512] = "";

	make_parents(g->conf->control_socket);
	server = ctl_server_open(g->conf->control_socket, g, epoll, err, sizeof(err));
	if (server == NULL || timerfd_settime(timer, 0, &second, NULL) != 0
		|| add_fd(epoll, &timer) != 0 || add_fd(epoll, &signals) != 0) {
		say("%s", err[0] != '\0' ? err : strerror(errno));
		return 1;
	}
	say("ready: pid %d, %u workers, control socket %s", (int)getpid(),
		dp_config(g->dp)->workers, g->conf->control_socket);
	while (!g->stopping) {
		struct epoll_event e;

		if (epoll_wait(epoll, &e, 1, -1) != 1)
			continue;
		if (e.data.ptr == &signals)
			signalled(g, signals);
		else if (e.data.ptr == &timer)
			every_second(g, timer, &seconds);
		else
			ctl_server_event(server, e.data.ptr);
	}
	ctl_server_close(server);
	close(timer);
	close(epoll);
	return 0;
}

static int
usage(FILE *to, int status)
{
	fprintf(to, "usage: tidegated -c FILE [-t]\n"
		    "  -c FILE      configuration\n"
		    "  -t           check it and end: 0, or 78 with what is wrong\n"
		    "  --reference  print the reference of every key\n"
		    "  --version\n"
		    "SIGHUP reloads the configuration, whole or not at all; SIGTERM drains and ends.\n");
	return status;
}

static int
check_only(const struct ctl_config *c)
{
	struct dp_config cfg;
	char err[512];
	struct dp_snapshot *snap = ctl_config_snapshot(c, 0, err, sizeof(err));

	if (snap == NULL || !ctl_config_dp(c, &cfg, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return EX_CONFIG;
	}
	dp_snapshot_free(snap);
	printf("%s: good\n", c->file);
	return 0;
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

int
main(int argc, char **argv)
{
	const char *file = NULL;
	bool check = false;
	int signals, status;
	char err[512];

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			file = argv[++i];
		else if (strcmp(argv[i], "-t") == 0)
			check = true;
		else if (strcmp(argv[i], "--version") == 0)
			return puts("tidegated " TIDEGATE_VERSION), 0;
		else if (strcmp(argv[i], "--reference") == 0)
			return ctl_config_reference(stdout), 0;
		else
			return usage(strcmp(argv[i], "--help") == 0 ? stdout : stderr,
				strcmp(argv[i], "--help") == 0 ? 0 : 2);
	if (file == NULL)
		return usage(stderr, 2);
	gateway.conf = ctl_config_load(file, err, sizeof(err));
	if (gateway.conf == NULL) {
		fprintf(stderr, "%s\n", err);
		return EX_CONFIG;
	}
	if (check)
		return check_only(gateway.conf);
	signals = take_signals();
	status = start(&gateway);
	if (status != 0)
		return status;
	rte_telemetry_register_cmd("/tidegate/counters", telemetry_counters, "Counters, summed over workers.");
	rte_telemetry_register_cmd("/tidegate/mem", telemetry_mem, "Bytes of each table.");
	status = run(&gateway, signals);
	finish(&gateway);
	return status;
}
