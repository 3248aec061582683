/*
 * Hierarchical timing wheel: timers as 32-bit indices into an array of nodes, ticks
 * handed in.
 *
 * Threads.  The home worker only.
 * Memory.   One block from the caller, dp_wheel_size() bytes, 8-aligned, position
 *           independent: layout version and geometry first, indices and never pointers.
 * Time.     Ticks of the caller's choice; the whole of 64 bits may be used.
 * Cost.     add, del O(1); advance O(timers due), however many ticks have passed: a timer
 *           moves at most once a level, eleven times in all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_wheel;

/* @timers nodes, numbered 0 .. timers - 1; the caller decides what a number means. */
size_t dp_wheel_size(uint32_t timers);
struct dp_wheel *dp_wheel_init(void *block, uint32_t timers, uint64_t now);
/* Arm timer @id for tick @when (in the past: the next advance).  Re-arms if armed. */
void dp_wheel_add(struct dp_wheel *w, uint32_t id, uint64_t when);
/* Disarm; no effect if it is not armed. */
void dp_wheel_del(struct dp_wheel *w, uint32_t id);
bool dp_wheel_armed(const struct dp_wheel *w, uint32_t id);
/*
 * Up to @max timers due at or before @now into @due, disarmed; how many.  Call again
 * while it returns @max.  Oldest tick first, in no order within a tick; one armed for the
 * past counts as armed for the tick the wheel was at.  A @now before an earlier one
 * changes nothing.
 */
unsigned dp_wheel_advance(struct dp_wheel *w, uint64_t now, uint32_t *due, unsigned max);
