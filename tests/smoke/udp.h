/* A UDP socket to a gateway, for the tests' clients. */
#pragma once

#include <stdint.h>

/* Connected to @address (IPv4 or IPv6) and @port from @source, 0: any; -1 and errno. */
int udp_open(const char *address, uint16_t port, uint16_t source);
