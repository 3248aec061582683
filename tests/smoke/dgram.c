/*
 * dgram: raw datagrams to a gateway, replies as hex.
 *
 *   dgram [--port N] [--source PORT] [--timeout MS] [--gap MS] ADDRESS HEX...
 *
 * Sends each HEX in turn from one socket, waits up to the timeout for its reply, and prints
 * the reply's hex, or "-" if none came.  "+" before a HEX sends it without waiting.
 */
#include "coap/text.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM 65535

struct options {
	int port, source, timeout, gap;
	const char *address;
};

static int
open_socket(const struct options *o)
{
	bool six = strchr(o->address, ':') != NULL;
	struct sockaddr_in6 from6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)o->source)};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)o->port)};
	struct sockaddr_in from4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->source)};
	struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	if (six ? inet_pton(AF_INET6, o->address, &to6.sin6_addr) != 1
		: inet_pton(AF_INET, o->address, &to4.sin_addr) != 1)
		return -1;
	if (six ? bind(fd, (struct sockaddr *)&from6, sizeof(from6)) != 0
			|| connect(fd, (struct sockaddr *)&to6, sizeof(to6)) != 0
		: bind(fd, (struct sockaddr *)&from4, sizeof(from4)) != 0
			|| connect(fd, (struct sockaddr *)&to4, sizeof(to4)) != 0)
		return -1;
	return fd;
}

static void
print_reply(int fd, int timeout)
{
	static uint8_t buf[DATAGRAM];
	static char text[2 * DATAGRAM + 1];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n = poll(&p, 1, timeout) == 1 ? recv(fd, buf, sizeof(buf), 0) : -1;

	if (n < 0) {
		puts("-");
		return;
	}
	tg_hex_write(text, buf, (size_t)n);
	text[2 * n] = '\0';
	puts(text);
}

int
main(int argc, char **argv)
{
	struct options o = {.port = 5683, .timeout = 1000};
	static uint8_t buf[DATAGRAM];
	int i = 1, fd;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		int v = atoi(argv[i + 1]);

		*(strcmp(argv[i], "--port") == 0	? &o.port
			: strcmp(argv[i], "--source") == 0 ? &o.source
			: strcmp(argv[i], "--gap") == 0	   ? &o.gap
							   : &o.timeout) = v;
	}
	if (i + 1 >= argc) {
		fputs("usage: dgram [--port N] [--source PORT] [--timeout MS] [--gap MS] ADDRESS HEX...\n",
			stderr);
		return 2;
	}
	o.address = argv[i++];
	fd = open_socket(&o);
	if (fd < 0) {
		perror("dgram");
		return 1;
	}
	for (; i < argc; i++) {
		const char *hex = argv[i] + (argv[i][0] == '+');
		long n = tg_hex_read(buf, sizeof(buf), hex, strlen(hex));

		if (n < 0 || send(fd, buf, (size_t)n, 0) != n) {
			perror(hex);
			return 1;
		}
		if (argv[i][0] != '+')
			print_reply(fd, o.timeout);
		usleep((useconds_t)o.gap * 1000);
	}
	return 0;
}
