/* A conversation with a gateway: a table of rows (row.h), played one after the other. */
#pragma once

#include <stdint.h>

struct talk_options {
	const char *table;  /* a file */
	const char *n;      /* for $n in it */
	const char *suffix; /* behind the names of the rows that are told */
	uint16_t mid;       /* the first Message ID */
};

/*
 * Play @o->table over the connected socket @fd, printing "ok NAME" or "FAIL NAME: ..."
 * for each row.  Silence is what a ping, sent right behind, is answered in: the reset of
 * the ping must be the first to come.  How many rows failed, or -1 if the table cannot be
 * read.
 */
int talk(int fd, const struct talk_options *o);
