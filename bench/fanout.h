/*
 * One stored value and its observers: the generator changes it and takes in the
 * notifications, and when every observer has been told it changes it again.
 *
 * Every notification is compared with what it must be: who is told, 2.05, the value's new
 * bytes, an Observe value over the last one (RFC 7641, 3.4), and nobody is told twice.  A
 * CON is acknowledged.
 *
 * Threads.  One.   Memory.  One allocation, and a few words an observer.
 */
#pragma once

#include "bench/talk.h"

#define CHANGERS 64 /* endpoints that take turns in changing it, behind the observers */

/* A change of the value; its answer is none of what is counted. */
extern const struct workload fanout_change;

/* For workload @w, whose endpoints have registered; NULL if there is no memory. */
struct talk *fanout_new(
	const struct workload *w, const uint8_t to[6], const uint8_t from[6]);
