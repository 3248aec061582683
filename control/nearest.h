/*
 * What was meant: the name of a list that is nearest to a word that is in none.
 *
 * Threads.  Pure functions.
 */
#pragma once

#include <limits.h>

/* Insertions, deletions, substitutions and swaps of neighbours from @a to @b; UINT_MAX if
 * either is over 63 characters. */
unsigned ctl_distance(const char *a, const char *b);

/* A search: offer it the names one by one.  @within: how far the nearest may be. */
struct ctl_nearest {
	const char *word;
	unsigned within;
	const char *best; /* NULL: none is near enough */
};

#define CTL_TYPING_ERROR 3 /* characters wrong that are still a slip of the hand */

void ctl_nearest_offer(struct ctl_nearest *n, const char *name);
