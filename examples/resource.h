/* One resource: PUT and GET, both block-wise (RFC 7959), with an ETag. */
#pragma once

#include "coap/block.h"

/* How often it has been put; its ETag, and its Observe value. */
extern uint32_t resource_version;

/*
 * Answer request @m in @w, which holds the header; the code in it is filled in.
 * @observed: with an Observe option if it is a 2.05.
 */
void resource_answer(struct tg_writer *w, const struct tg_msg *m, bool observed);
/* Add the value, or the block of it that is @asked for (NULL: the first); false: none. */
bool resource_get(struct tg_writer *w, const struct tg_block *asked, bool observed);
