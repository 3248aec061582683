/* The gateway's life: start, reload, finish. */
#include "control/gateway.h"
#include "control/now.h"
#include "control/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define DRAIN_MS 5000
#define CHECK_BYTES (1ull << 30) /* of the log at start: about a second's reading */

static int __attribute__((format(printf, 3, 4)))
fail(char *err, size_t errlen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, errlen, fmt, ap);
	va_end(ap);
	return CTL_EXIT_FAILED;
}

/* ---- start ---- */

void
ctl_make_parents(const char *path)
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
	const struct timespec pause = {.tv_nsec = 20000000};
	int fd = openat(dir, "LOCK", O_CREAT | O_RDWR | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	for (unsigned ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ms += 20) {
		if (errno != EWOULDBLOCK || ms >= CTL_GONE_WITHIN_MS)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* What to do about it. */
static const char *
advice(int error)
{
	return error == EWOULDBLOCK
		       ? ": another gateway writes it; stop that one, or set "
			 "log.dir to another"
	       : error == ENOSPC || error == EDQUOT
		       ? ": make room there, or set log.dir to another"
	       : error == EACCES || error == EPERM || error == EROFS
		       ? ": let this user write it, or set log.dir to another"
		       : ": set log.dir to a directory that can be written";
}

static int
open_log(struct ctl_gateway *g, char *err, size_t errlen)
{
	const struct ctl_config *c = g->conf;
	struct ctl_log_options opt = {
		.segment_bytes = c->segment_bytes,
		.retain_bytes = c->retain_bytes,
		.retain_s = c->retain_s,
		.commit_ns = c->commit_ns,
		.check_bytes = CHECK_BYTES,
	};
	char at[1 + CTL_LOG_NAME] = "";
	uint32_t con_s, non_s;
	int rc;

	ctl_config_lifetimes(c, &con_s, &non_s);
	opt.keep_s = con_s; /* a restart asks for them */
	rc = ctl_io_posix_open(&g->io, c->log_dir, 1);
	if (rc >= 0)
		rc = lock_dir(g->io.dir);
	if (rc >= 0)
		rc = ctl_log_open(&g->log, &g->io.io, &opt, &g->log_report);
	if (rc >= 0)
		return 0;
	if (g->log_report.failed != 0) {
		at[0] = '/';
		ctl_log_name(at + 1, g->log_report.failed);
	}
	return fail(err, errlen, "log directory %s%s: %s%s", c->log_dir, at,
		rc == -EWOULDBLOCK ? "in use" : strerror(-rc), advice(-rc));
}

/* The data plane, as the last run left it, and the log's thread. */
static int
open_plane(struct ctl_gateway *g, const struct dp_config *cfg, struct dp_snapshot *snap,
	char *err, size_t errlen)
{
	int rc;

	g->dp = dp_open(cfg, snap, err, errlen);
	if (g->dp == NULL)
		return errno == ENOMEM && cfg->hugepages
				       && !ctl_config_wants_pages(g->conf)
			       ? CTL_NO_HUGEPAGES
			       : CTL_EXIT_FAILED;
	rc = ctl_restore(g);
	if (rc < 0)
		return fail(err, errlen, "log directory %s: cannot be read: %s",
			g->conf->log_dir, strerror(-rc));
	if (!ctl_restore_firsts(g))
		return fail(err, errlen, "store.max: no room for what routes begin with");
	for (unsigned w = 0; w < cfg->workers; w++)
		g->rings[w] = dp_worker_logring(g->dp, w);
	rc = ctl_logd_start(&g->logd, &g->log, g->rings, cfg->workers,
		ctl_restore_wants_values(g->conf));
	if (rc == 0)
		rc = ctl_parser_start(&g->parser, g->dp);
	if (rc == 0)
		rc = dp_start(g->dp);
	if (rc < 0)
		return fail(err, errlen, "a thread did not start: %s", strerror(-rc));
	g->started_ns = ctl_now_ns();
	return 0;
}

int
ctl_gateway_start(struct ctl_gateway *g, char *err, size_t errlen)
{
	struct dp_snapshot *snap;
	struct dp_config cfg;
	int rc;

	if (!ctl_config_dp(g->conf, &cfg, err, errlen)
		|| !ctl_config_pages(g->conf, &cfg, err, errlen))
		return CTL_EXIT_FAILED;
	cfg.hugepages &= !g->no_hugepages;
	snap = ctl_config_snapshot(g->conf, 0, err, errlen);
	if (snap == NULL)
		return CTL_EXIT_CONFIG;
	for (unsigned i = 0; i < cfg.n_ports; i++)
		if (cfg.ports[i].driver <= DP_DRV_MEMIF)
			ctl_make_parents(cfg.ports[i].arg);
	rc = open_log(g, err, errlen);
	if (rc != 0) {
		dp_snapshot_free(snap);
		return rc;
	}
	return open_plane(g, &cfg, snap, err, errlen); /* which owns the snapshot */
}

bool
ctl_gateway_check(const struct ctl_config *c, char *err, size_t errlen)
{
	struct dp_snapshot *snap = ctl_config_snapshot(c, 0, err, errlen);
	struct dp_config cfg;

	dp_snapshot_free(snap);
	return snap != NULL && ctl_config_dp(c, &cfg, err, errlen);
}

int
ctl_gateway_adopt(
	struct ctl_gateway *g, struct ctl_config *conf, char *err, size_t errlen)
{
	struct dp_snapshot *snap = ctl_config_snapshot(conf, g->reloads + 1, err, errlen);

	if (snap == NULL)
		return -1;
	dp_publish(g->dp, snap);
	atomic_store(&g->logd.keep, ctl_restore_wants_values(conf));
	ctl_config_free(g->conf);
	g->conf = conf;
	return 0;
}

int
ctl_gateway_reload(struct ctl_gateway *g, char *err, size_t errlen)
{
	struct ctl_config *conf = ctl_config_load(g->conf->file, err, errlen);

	if (conf == NULL || !ctl_config_follows(g->conf, conf, err, errlen)
		|| ctl_gateway_adopt(g, conf, err, errlen) < 0) {
		ctl_config_free(conf);
		g->failed_reloads++;
		snprintf(g->last_reload, sizeof(g->last_reload), "%s", err);
		return -1;
	}
	g->reloads++;
	g->last_reload[0] = '\0';
	return 0;
}

bool
ctl_gateway_retention(const struct ctl_gateway *g, char *text, size_t len)
{
	uint64_t values = atomic_load(&g->log.stats.values_bytes);
	int error = atomic_load(&g->log.stats.keep_error);

	if (error == EBADMSG)
		snprintf(text, len,
			"nothing old is deleted: the header of the oldest segment cannot "
			"be read (log verify)");
	else if (error != 0)
		snprintf(text, len,
			"nothing old is deleted, for current values of stores could not "
			"be written again: %s",
			strerror(error));
	else if (g->conf->retain_bytes > 0 && values > g->conf->retain_bytes)
		snprintf(text, len,
			"current values of stores take %llu bytes, more than "
			"log.retain.bytes: the log is longer by them",
			(unsigned long long)values);
	else
		return false;
	return true;
}

bool
ctl_gateway_finish(struct ctl_gateway *g)
{
	bool empty = dp_drain(g->dp, DRAIN_MS);

	ctl_parser_stop(&g->parser);
	ctl_logd_stop(&g->logd);
	dp_drain(g->dp, 100); /* the last commits' answers */
	dp_stop(g->dp);
	ctl_log_close(&g->log);
	dp_close(g->dp);
	ctl_io_posix_close(&g->io);
	ctl_config_free(g->conf);
	return empty;
}
