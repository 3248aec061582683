/*
 * Asks a UNIX socket one thing and prints what it says: DPDK's telemetry socket, which
 * keeps message boundaries and greets first, or with --stream one that speaks in lines.
 *
 * usage: telemetry SOCKET COMMAND
 *        telemetry --stream SOCKET TEXT SECONDS: stay so long after the answer, or
 * without
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static char answer[1 << 18];

static int
connect_to(const char *path, int type)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 5};
	int fd = socket(AF_UNIX, type, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

/* Print one answer; false if there is none. */
static bool
hear(int fd, bool show)
{
	ssize_t n = read(fd, answer, sizeof(answer) - 1);

	if (n <= 0)
		return false;
	answer[n] = '\0';
	if (show)
		printf("%s%s", answer, answer[n - 1] == '\n' ? "" : "\n");
	fflush(stdout);
	return true;
}

static bool
ask(int fd, const char *text, bool greeted)
{
	return (!greeted || hear(fd, false))
	       && write(fd, text, strlen(text)) == (ssize_t)strlen(text)
	       && hear(fd, true);
}

int
main(int argc, char **argv)
{
	bool stream = argc == 5 && strcmp(argv[1], "--stream") == 0;
	bool heard;
	int fd;

	if (argc != 3 && !stream) {
		fputs("usage: telemetry SOCKET COMMAND | --stream SOCKET TEXT SECONDS\n",
			stderr);
		return 2;
	}
	fd = connect_to(argv[stream ? 2 : 1], stream ? SOCK_STREAM : SOCK_SEQPACKET);
	if (fd < 0) {
		perror(argv[stream ? 2 : 1]);
		return 1;
	}
	heard = ask(fd, argv[stream ? 3 : 2], !stream);
	if (stream)
		sleep((unsigned)atoi(argv[4]));
	return heard ? 0 : 1;
}
