/*
 * A simulated fleet: devices that send requests, retransmit what is not acknowledged, and
 * check every answer against its request.
 *
 * Every request ends as answered, refused (4.xx, 5.xx or RST) or lost; a retransmission
 * is the same request.  A token carries the slot of its request and a number that no
 * other request in that slot has, so an answer is matched exactly.
 *
 * Time.  ns of one monotonic clock, handed in; latency is from the planned send time.
 */
#pragma once

#include "bench/wire.h"
#include "dataplane/hist.h"

#define FLEET_SLOTS (1u << 18) /* requests in flight */
#define FLEET_LEVELS 6         /* first transmission, four retransmissions, NON */

struct fleet_counts {
	uint64_t sent, answered, refused, lost; /* requests */
	uint64_t retransmitted, late,
		wrong; /* messages; wrong: answers that match no request */
	uint64_t refused_code[256];
};

struct fleet;

/* @devices on @wire; @seed makes the run repeatable.  Fleets whose seeds differ by 1 to
 * 15 may follow one another: their first Message IDs are not the same. */
struct fleet *fleet_new(struct wire *wire, uint32_t devices, uint64_t seed);
void fleet_free(struct fleet *f);
/* Send the next request, planned for @planned; false if too many are in flight or the
 * wire has no room: to be called again. */
bool fleet_request(struct fleet *f, uint64_t planned);
/* Take in what has come, retransmit what is due, give up what is hopeless. */
void fleet_turn(struct fleet *f, uint64_t now);
uint32_t fleet_in_flight(const struct fleet *f);
/* What is still in flight is lost. */
void fleet_give_up(struct fleet *f);
const struct fleet_counts *fleet_counts(const struct fleet *f);
const struct dp_hist *fleet_latency(const struct fleet *f);
