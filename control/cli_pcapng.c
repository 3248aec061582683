/*
 * trace --pcapng FILE: the gateway copies frames, this process fetches them over the
 * control socket and writes the file, with its own user's rights.  The gateway stops when
 * the connection ends, so there is nothing to clean up after this process.
 */
#include "control/cli.h"
#include "control/pcapng.h"

#include "coap/text.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct trace {
	const struct cli *c;
	const char *name; /* of the file; "-": standard output */
	FILE *gateway, *file;
	json_t *ports; /* as the gateway said last */
	uint64_t frames;
	sigset_t ends; /* the signals that end it */
	int status;
};

static bool
is_stdout(const struct trace *t)
{
	return strcmp(t->name, "-") == 0;
}

/* Ctrl-C ends a trace, and that is no failure.  It waits until a reply is whole. */
static void
hold_signals(struct trace *t)
{
	sigemptyset(&t->ends);
	sigaddset(&t->ends, SIGINT);
	sigaddset(&t->ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &t->ends, NULL);
	signal(SIGPIPE, SIG_IGN); /* who hung up is seen where it is written to */
}

static bool
is_interrupted(const struct trace *t)
{
	const struct timespec now = {0};

	return sigtimedwait(&t->ends, NULL, &now) > 0;
}

static bool
arm(struct trace *t)
{
	json_t *args = cli_gather(t->c), *data;

	json_object_del(args, "pcapng");
	json_object_set_new(args, "arm", json_true());
	data = cli_ask_on(t->c, t->gateway, "trace", args, &t->status);
	t->ports = json_incref(json_object_get(data, "ports"));
	json_decref(data);
	return t->ports != NULL;
}

static bool
open_file(struct trace *t)
{
	t->file = is_stdout(t) ? stdout : fopen(t->name, "wb");
	if (t->file != NULL)
		return true;
	t->status = cli_fail(t->c, CLI_FAILED, "trace: %s: %s", t->name, strerror(errno));
	return false;
}

static void
write_head(struct trace *t)
{
	uint8_t mac[6];
	json_t *port;
	size_t i;

	ctl_pcapng_section(t->file, "tidegatectl " TIDEGATE_VERSION);
	json_array_foreach (t->ports, i, port) {
		const char *text = json_string_value(json_object_get(port, "mac"));

		memset(mac, 0, sizeof(mac));
		if (text != NULL)
			(void)tg_hex_read(mac, sizeof(mac), text, strlen(text));
		ctl_pcapng_interface(
			t->file, json_string_value(json_object_get(port, "name")), mac);
	}
}

static uint64_t
number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static void
write_frames(struct trace *t, const json_t *frames)
{
	static uint8_t bytes[CTL_PCAPNG_PACKET_MAX];
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)frames, i, one) {
		const json_t *data = json_object_get(one, "data");
		const char *text = json_string_value(data);
		long len = text != NULL ? tg_hex_read(
				   bytes, sizeof(bytes), text, json_string_length(data))
					: -1;
		struct ctl_pcapng_packet p = {
			.interface = (uint32_t)number(one, "port"),
			.sent = json_is_true(json_object_get(one, "sent")),
			.time_ns = number(one, "time_ns"),
			.len = (uint32_t)len,
			.bytes = bytes,
		};

		if (len < 0)
			continue;
		ctl_pcapng_packet(t->file, &p);
		t->frames++;
	}
}

static uint64_t
write_statistics(struct trace *t)
{
	struct timespec now;
	uint64_t lost = 0;
	json_t *port;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	json_array_foreach (t->ports, i, port) {
		const struct ctl_pcapng_statistics s = {
			.interface = (uint32_t)i,
			.time_ns = (uint64_t)now.tv_sec * 1000000000u
				   + (uint64_t)now.tv_nsec,
			.accepted = number(port, "matched"),
			.dropped = number(port, "lost"),
		};

		ctl_pcapng_statistics(t->file, &s);
		lost += s.dropped;
	}
	return lost;
}

/* Ask for frames and write them; false if there will be no more. */
static bool
fetch(struct trace *t, bool stop)
{
	json_t *args = json_pack("{s:b, s:b}", "frames", 1, "stop", stop ? 1 : 0);
	json_t *data = cli_ask_on(t->c, t->gateway, "trace", args, &t->status), *ports;
	bool done = data == NULL || json_is_true(json_object_get(data, "done"));

	write_frames(t, json_object_get(data, "frames"));
	ports = json_object_get(data, "ports");
	if (ports != NULL) {
		json_decref(t->ports);
		t->ports = json_incref(ports);
	}
	json_decref(data);
	return !done && fflush(t->file) == 0;
}

static void
finish(struct trace *t)
{
	uint64_t lost = write_statistics(t);
	long bytes = is_stdout(t) ? -1 : ftell(t->file);
	bool failed = fflush(t->file) != 0 || ferror(t->file);
	json_t *data;

	if (failed)
		t->status = cli_fail(
			t->c, CLI_FAILED, "trace: %s: %s", t->name, strerror(errno));
	if (t->status != CLI_DONE || is_stdout(t))
		return;
	data = json_object();
	json_object_set_new(data, "file", json_string(t->name));
	json_object_set_new(data, "frames", json_integer((json_int_t)t->frames));
	json_object_set_new(data, "bytes", json_integer(bytes));
	json_object_set_new(data, "lost", json_integer((json_int_t)lost));
	cli_print(t->c, data);
	json_decref(data);
}

int
cli_pcapng(const struct cli *c)
{
	struct trace t = {.c = c, .name = cli_option(c, "--pcapng")};
	bool stop = false;

	if (cli_flag(c, "--last"))
		return cli_fail(c, CLI_USAGE,
			"trace: --last is about what was; with --pcapng it is --seconds");
	hold_signals(&t);
	t.gateway = cli_open(c, &t.status);
	if (t.gateway == NULL)
		return t.status;
	if (arm(&t) && open_file(&t)) {
		write_head(&t);
		while (fetch(&t, stop))
			stop = stop || is_interrupted(&t);
		finish(&t);
		if (!is_stdout(&t))
			fclose(t.file);
	}
	json_decref(t.ports);
	fclose(t.gateway);
	return t.status;
}
