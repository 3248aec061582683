/*
 * The control socket: UNIX stream, one JSON object a line, a reply line each.
 *
 * Threads.  The control thread's epoll loop.   Bounds.  CLIENTS clients, LINE bytes a request;
 * a client that does not read its replies is closed.
 */
#pragma once

#include "control/gateway.h"

struct ctl_server;

/* Listen at @path (0660; a stale socket is replaced, a live one is an error). */
struct ctl_server *ctl_server_open(
	const char *path, struct ctl_gateway *g, int epoll, char *err, size_t errlen);
/* Work off what epoll reported for the server (@data from the event). */
void ctl_server_event(struct ctl_server *s, void *data);
void ctl_server_close(struct ctl_server *s);
