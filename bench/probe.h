/*
 * How far apart two cores are now: TSC cycles for a cache line to go there and back.
 *
 * Threads.  probe_start() makes a helper on the other core; it sleeps but for the time of
 * a probe, when nothing else may run there.
 */
#pragma once

#include <stdbool.h>

struct probe;

/* Between the caller, who stays on its core, and core @other; NULL if that fails. */
struct probe *probe_start(unsigned other);
/* Cycles of a round trip: the median of a few short series; takes about a millisecond. */
double probe_take(struct probe *p);
void probe_stop(struct probe *p);

#define PROBE_FAR 400.0 /* cycles: one third-level cache is 140, two are 810 */
