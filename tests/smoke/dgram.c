/*
 * dgram: raw datagrams to a gateway, replies as hex; or a table of rows, played and
 * checked.
 *
 *   dgram [--port N] [--source PORT] [--timeout MS] ADDRESS HEX...
 *   dgram [--port N] [--source PORT] --rows FILE [--n TEXT] [--suffix TEXT] ADDRESS
 *
 * Sends each HEX in turn from one socket, waits up to the timeout for its reply, and
 * prints the reply's hex, or "-" if none came.  The rows are described in row.h.
 */
#include "coap/text.h"
#include "tests/smoke/talk.h"
#include "tests/smoke/udp.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define DATAGRAM 65535

struct options {
	uint16_t port, source;
	int timeout;
	struct talk_options talk;
};

static int
usage(void)
{
	fputs("usage: dgram [--port N] [--source PORT] [--timeout MS] ADDRESS HEX...\n"
	      "       dgram [--port N] [--source PORT] --rows FILE [--n TEXT] [--suffix "
	      "TEXT] "
	      "ADDRESS\n",
		stderr);
	return 2;
}

static void
print_reply(int fd, int timeout)
{
	static uint8_t buf[DATAGRAM];
	static char text[2 * DATAGRAM + 1];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n = poll(&p, 1, timeout) == 1 ? recv(fd, buf, sizeof(buf), 0) : -1;

	puts(n < 0 ? "-" : tg_hex_write(text, buf, (size_t)n));
}

static int
send_each(int fd, int timeout, int n, char **hex)
{
	static uint8_t buf[DATAGRAM];

	for (int i = 0; i < n; i++) {
		long len = tg_hex_read(buf, sizeof(buf), hex[i], strlen(hex[i]));

		if (len < 0 || send(fd, buf, (size_t)len, 0) != len) {
			perror(hex[i]);
			return 1;
		}
		print_reply(fd, timeout);
	}
	return 0;
}

static bool
take_option(struct options *o, const char *name, const char *value)
{
	if (strcmp(name, "--port") == 0)
		o->port = (uint16_t)atoi(value);
	else if (strcmp(name, "--source") == 0)
		o->source = (uint16_t)atoi(value);
	else if (strcmp(name, "--timeout") == 0)
		o->timeout = atoi(value);
	else if (strcmp(name, "--rows") == 0)
		o->talk.table = value;
	else if (strcmp(name, "--n") == 0)
		o->talk.n = value;
	else if (strcmp(name, "--suffix") == 0)
		o->talk.suffix = value;
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	struct options o = {
		.port = 5683, .timeout = 1000, .talk = {.n = "0", .suffix = ""}};
	int i = 1, fd;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2)
		if (!take_option(&o, argv[i], argv[i + 1]))
			return usage();
	if (i >= argc || (o.talk.table == NULL) == (i + 1 == argc))
		return usage();
	fd = udp_open(argv[i], o.port, o.source);
	if (fd < 0
		|| getrandom(&o.talk.mid, sizeof(o.talk.mid), 0) != sizeof(o.talk.mid)) {
		perror("dgram");
		return 1;
	}
	o.talk.mid &= 0x7fff; /* far from the rows' own */
	return o.talk.table != NULL
		       ? talk(fd, &o.talk) != 0
		       : send_each(fd, o.timeout, argc - i - 1, argv + i + 1);
}
