/*
 * Memory for tables: zeroed, aligned, on huge pages where the kernel has them, touched at
 * once, so that the first message does not pay for it.
 *
 * Threads.  Main thread, before workers start.
 */
#pragma once

#include <stddef.h>

void *dp_block_new(size_t size);
void dp_block_free(void *block, size_t size);
