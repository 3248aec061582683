/*
 * Acts of control on a worker's state: control puts an act into the worker's mailbox and
 * waits; the worker runs at most a few each turn and marks them done.
 *
 * Threads.  Control posts, the worker runs.  Control owns the memory; an act that it gave
 *           up waiting for is never freed, because the worker may still come to it.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct dp_worker;

struct dp_act {
	void (*run)(struct dp_worker *w, struct dp_act *act);
	_Atomic int state; /* 0 posted, 1 done: worker's release pairs with control's
			      acquire */
	int result;
	uint16_t len;
	uint8_t name[255];
};

/* Post @act to @w and wait up to @ms; its result, -ETIMEDOUT or -EAGAIN (mailbox full).
 */
int dp_mailbox_post(struct dp_worker *w, struct dp_act *act, unsigned ms);
