#include "bench/gateway.h"
#include "bench/child.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define STORE_BYTES (1u << 20) /* whatever is stored */

static bool
write_config(const struct gateway *g, const struct gateway_options *o, const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return false;
	fprintf(f,
		"workers: 1\n"
		"idle: poll\n"
		"hugepages: %s\n"
		"ports:\n"
		"  - {name: fleet0, driver: vhost, socket: %s,"
		" addresses: [198.18.0.1/15, \"2001:2::1/48\"]}\n"
		"devices: {max: %u, idle: 24h}\n"
		"dedup: {extensions: %u}\n"
		"store: {bytes: %" PRIu64 "}\n"
		"blocks: {max: %u}\n"
		"observers: {max: %u}\n"
		"observe: {min_interval: 0, con_every: 255}\n"
		"streams:\n"
		"  telemetry: {ack: %s, when_full: reject}\n"
		"routes:\n"
		"  - {path: /hello, kind: static, content: Hello}\n"
		"  - {path: \"/t/{device}\", kind: stream, stream: telemetry}\n"
		"  - {path: \"/d/{device}/{resource*}\", kind: store}\n"
		"log:\n"
		"  dir: %s\n"
		"  commit: %s\n"
		"  ring: 64MiB\n"
		"  segment: 64MiB\n"
		"  retain: {bytes: 256MiB}\n"
		"control: {socket: %s}\n",
		o->hugepages ? "on" : "off", g->vhost, o->devices, o->extensions,
		STORE_BYTES + (uint64_t)4 * o->devices + o->bodies / 8 * 9, o->transfers,
		o->observers, o->logged ? "logged" : "received", g->log,
		o->logged ? "1ms" : "20ms", g->control);
	return fclose(f) == 0;
}

/* ---- the control socket ---- */

static int
dial(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

uint64_t
gateway_core(struct gateway *g, const char *field)
{
	static const char ask[] = "{\"command\":\"cores\",\"args\":{}}\n";
	char reply[8192], name[64], *at;
	size_t got = 0;
	ssize_t n;

	if (write(g->fd, ask, sizeof(ask) - 1) != (ssize_t)sizeof(ask) - 1)
		return 0;
	do {
		n = read(g->fd, reply + got, sizeof(reply) - 1 - got);
		got += n > 0 ? (size_t)n : 0;
	} while (n > 0 && reply[got - 1] != '\n' && got < sizeof(reply) - 1);
	reply[got] = '\0';
	snprintf(name, sizeof(name), "\"%s\":", field);
	at = strstr(reply, name);
	return at != NULL
		       ? strtoull(at + strlen(name) + (at[strlen(name)] == ' '), NULL, 10)
		       : 0;
}

void
gateway_rest(struct gateway *g)
{
	for (unsigned i = 0; i < 500 && gateway_core(g, "pending_records") > 0; i++)
		usleep(1000);
}

/* ---- life ---- */

static void
remove_dir(const char *dir)
{
	char *argv[] = {"/bin/rm", "-rf", (char *)dir, NULL};
	pid_t pid = child_start(argv, NULL);

	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static bool
make_dirs(struct gateway *g, const struct gateway_options *o)
{
	const char *where = o->log_dir != NULL ? o->log_dir : "/dev/shm";

	snprintf(g->dir, sizeof(g->dir), "/tmp/tidegate-bench-XXXXXX");
	if (mkdtemp(g->dir) == NULL)
		return false;
	snprintf(g->log, sizeof(g->log), "%s/%s", where, strrchr(g->dir, '/') + 1);
	snprintf(g->vhost, sizeof(g->vhost), "%s/vhost", g->dir);
	snprintf(g->control, sizeof(g->control), "%s/control", g->dir);
	return strcmp(g->log, g->dir) == 0 || mkdir(g->log, 0700) == 0;
}

bool
gateway_start(
	struct gateway *g, const struct gateway_options *o, char *err, unsigned errlen)
{
	const char *program =
		o->program != NULL ? o->program : child_program("../control/tidegated");
	char conf[96], out[96];
	char *argv[] = {(char *)program, "-c", conf, NULL};

	*g = (struct gateway){.fd = -1};
	if (!make_dirs(g, o)) {
		snprintf(err, errlen, "cannot make a folder in /tmp, or one for the log");
		return false;
	}
	snprintf(conf, sizeof(conf), "%s/conf.yaml", g->dir);
	snprintf(out, sizeof(out), "%s/out", g->dir);
	if (!write_config(g, o, conf) || (g->pid = child_start(argv, out)) < 0) {
		snprintf(err, errlen, "cannot start %s", program);
		return false;
	}
	for (unsigned i = 0; i < 1000; i++) {
		g->fd = dial(g->control);
		if (g->fd >= 0 && gateway_core(g, "logring_size") > 0)
			return true;
		if (g->fd >= 0)
			close(g->fd);
		g->fd = -1;
		if (waitpid(g->pid, NULL, WNOHANG) != 0)
			break;
		usleep(10000);
	}
	snprintf(err, errlen, "%s does not come up: see %s", program, out);
	return false;
}

void
gateway_end(struct gateway *g)
{
	if (g->fd >= 0)
		close(g->fd);
	child_end(g->pid);
	remove_dir(g->log);
	remove_dir(g->dir);
}
