#include "dataplane/block.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE ((size_t)2 << 20)

static size_t
rounded(size_t size)
{
	return size < HUGE ? (size + 4095) & ~(size_t)4095
			   : (size + HUGE - 1) & ~(HUGE - 1);
}

void *
dp_block_new(size_t size)
{
	size_t len = rounded(size), slack = len < HUGE ? 0 : HUGE;
	uint8_t *all = mmap(NULL, len + slack, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *at;

	if (all == MAP_FAILED)
		return NULL;
	if (slack == 0)
		return all;
	at = all + (-(uintptr_t)all & (HUGE - 1));
	if (at > all)
		munmap(all, (size_t)(at - all));
	if (at - all < (ptrdiff_t)slack)
		munmap(at + len, slack - (size_t)(at - all));
	/* Both are wishes: without them the tables work on small pages, touched as they
	 * fill. */
	(void)madvise(at, len, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
	(void)madvise(at, len, MADV_POPULATE_WRITE);
#endif
	return at;
}

void
dp_block_free(void *block, size_t size)
{
	if (block != NULL)
		munmap(block, rounded(size));
}
