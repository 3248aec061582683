/*
 * Acts of control on a worker's state: control puts an act into the worker's mailbox and
 * looks again later; the worker runs at most a few each turn and marks them done.
 *
 * Threads.  Control posts, the worker runs.  Control owns the memory; an act that it gave
 *           up waiting for is never freed, because the worker may still come to it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct dp_worker;

struct dp_act {
	void (*run)(struct dp_worker *w, struct dp_act *act);
	_Atomic int state; /* 0 posted, 1 done: worker's release pairs with control's
			      acquire */
	int result;
	uint32_t peer; /* dp_peers_ref() at peer_home */
	uint16_t peer_home;
	uint16_t len;
	uint8_t name[255];
};

/* Post @act to @w; 0, or -EAGAIN: the mailbox is full and the act is not in it. */
int dp_mailbox_post(struct dp_worker *w, struct dp_act *act);
/* Has the worker run it?  Then its result and all that it did are seen. */
bool dp_mailbox_done(const struct dp_act *act);
