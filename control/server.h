/*
 * The control socket: UNIX stream, one JSON object a line, a reply line each.
 *
 * Who may speak.  root, the gateway's user and its group: by the socket's mode and by the
 *           peer's credentials.
 * Threads.  The control thread's epoll loop, which no client holds up: nothing here
 *           waits.  A request that cannot be answered yet is run again every CTL_WAIT_MS.
 * Bounds.   So many clients, a request's length, one reply each.  One client too
 * many takes the place of the one that has been silent longest.
 */
#pragma once

#include "control/gateway.h"

#define CTL_SERVER_CLIENTS 64
#define CTL_SERVER_LINE 65536

struct ctl_server;

/* Listen at @path (0660; a stale socket is replaced, a live one is an error). */
struct ctl_server *ctl_server_open(
	const char *path, struct ctl_gateway *g, int epoll, char *err, size_t errlen);
/* Work off what epoll reported for the server (@data from the event). */
void ctl_server_event(struct ctl_server *s, void *data);
void ctl_server_close(struct ctl_server *s);
