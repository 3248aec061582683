/*
 * What a workload's generator says on the wire: to macswap, which gives every frame back,
 * and to the gateway, first until every endpoint is known, then while it is measured.
 *
 * Threads.  One.   Memory.  script_fini() frees what the rest made.
 */
#pragma once

#include "bench/blast.h"
#include "bench/blocks.h"

struct script {
	const struct workload *load;
	struct walk walk; /* of all that is said, so that no Message ID is used twice */
	struct plain plain[2];
	struct blocks *blocks[2];
	struct talk *fanout;
	uint8_t gateway[6], us[6];
};

enum { SCRIPT_ECHO, SCRIPT_GATEWAY };

void script_init(struct script *s, const struct workload *load);
void script_fini(struct script *s);
/* What is said to macswap, from @us; NULL: out of memory. */
struct talk *script_echo(struct script *s, const uint8_t us[6]);
/* What is said to the gateway until every endpoint is known; before that @b, whose port
 * leads there, has told it what the workload will ask for.  NULL: it was not answered as
 * it should be. */
struct talk *script_begin(
	struct script *s, struct blast *b, const uint8_t gateway[6], const uint8_t us[6]);
/* The same while it is measured. */
struct talk *script_go_on(struct script *s);
/* Read bodies that were uploaded back; how many of them are not what was sent, @checked
 * in all. */
unsigned script_check(struct script *s, struct blast *b, unsigned *checked);
