#include "control/nearest.h"

#include <string.h>

#define WORD_MAX 63

/* Levenshtein's, a row at a time: row[j] is the distance of a's head to b's first j. */
unsigned
ctl_distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1], n = (unsigned)strnlen(b, WORD_MAX + 1);

	if (n > WORD_MAX || strnlen(a, WORD_MAX + 1) > WORD_MAX)
		return UINT_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (; *a != '\0'; a++) {
		unsigned corner = row[0]++;

		for (unsigned j = 1; j <= n; j++) {
			unsigned least = corner + (*a != b[j - 1]);

			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			corner = row[j];
			row[j] = least;
		}
	}
	return row[n];
}

void
ctl_nearest_offer(struct ctl_nearest *n, const char *name)
{
	unsigned d = ctl_distance(n->word, name);

	if (d > n->within || d >= strlen(n->word)) /* nothing in common */
		return;
	if (n->best != NULL && d >= ctl_distance(n->word, n->best))
		return;
	n->best = name;
}
