/*
 * What the last run remembered, put back from the log before the workers start: values of
 * logged stores, and each peer's Message IDs, so that a retransmission that straddles a
 * crash is answered and not logged again.
 *
 * Bounded: Message IDs come from the log's last CTL_RESTORE_BYTES at most.  What is left
 * out is counted as a shortfall (`tidegatectl status`).  Values need the whole log, which
 * is read only if there is a store with `ack: logged`.
 *
 * Time.  A record's age is the wall clock's now less its own time.  One taken later than
 * now has no age that can be known, since the clock has been set back: it is a shortfall,
 * for a record logged twice is a nuisance, but a new message taken for an old one is
 * lost.
 */
#pragma once

#include "control/gateway.h"

#define CTL_RESTORE_BYTES (512ull << 20) /* about a second's reading */

/* Is there a store whose values the log holds? */
bool ctl_restore_wants_values(const struct ctl_config *c);
/* 0, or -errno if the log cannot be read. */
int ctl_restore(struct ctl_gateway *g);
/* Put the values that routes begin with where nothing is; false if the store is full. */
bool ctl_restore_firsts(struct ctl_gateway *g);
