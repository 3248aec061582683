#include "control/nearest.h"

#include <stdbool.h>
#include <string.h>

#define WORD_MAX 63

static unsigned
less(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Levenshtein's, with two letters swapped as one slip: row i has the distances of a's
 * first i to b's first j, and three rows are looked at. */
unsigned
ctl_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1], n = (unsigned)strnlen(b, WORD_MAX + 1);
	unsigned m = (unsigned)strnlen(a, WORD_MAX + 1);

	if (n > WORD_MAX || m > WORD_MAX)
		return UINT_MAX;
	for (unsigned j = 0; j <= n; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= m; i++) {
		const unsigned *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
		unsigned *row = rows[i % 3];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			row[j] = less(last[j - 1] + (a[i - 1] != b[j - 1]),
				less(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2]
				&& a[i - 2] == b[j - 1])
				row[j] = less(row[j], before[j - 2] + 1);
		}
	}
	return rows[m % 3][n];
}

static unsigned
same_beginning(const char *a, const char *b)
{
	unsigned n = 0;

	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

/* Is @name meant rather than @best?  Of two as near the one that begins more like it. */
static bool
is_better(const char *word, const char *name, const char *best)
{
	unsigned d = ctl_distance(word, name), other = ctl_distance(word, best);

	return d < other
	       || (d == other && same_beginning(word, name) > same_beginning(word, best));
}

void
ctl_nearest_offer(struct ctl_nearest *n, const char *name)
{
	unsigned d = ctl_distance(n->word, name);

	if (d > n->within || d >= strlen(n->word)) /* nothing in common */
		return;
	if (n->best == NULL || is_better(n->word, name, n->best))
		n->best = name;
}
