#include "tests/smoke/udp.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
join4(int fd, const char *address, uint16_t port, uint16_t source)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(source)};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return -1;
	return bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0
		       ? connect(fd, (struct sockaddr *)&to, sizeof(to))
		       : -1;
}

static int
join6(int fd, const char *address, uint16_t port, uint16_t source)
{
	struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_port = htons(source)};
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET6, address, &to.sin6_addr) != 1)
		return -1;
	return bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0
		       ? connect(fd, (struct sockaddr *)&to, sizeof(to))
		       : -1;
}

int
udp_open(const char *address, uint16_t port, uint16_t source)
{
	int six = strchr(address, ':') != NULL, one = 1;
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	if ((six ? join6 : join4)(fd, address, port, source) == 0)
		return fd;
	close(fd);
	return -1;
}
