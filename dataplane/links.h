/*
 * Lists of links as a request wants them: those that its filters let through (RFC 6690,
 * 4.1).  Each Uri-Query is a filter, and a link has to pass them all.
 *
 * Threads.  Pure.   Memory.  The caller's.
 */
#pragma once

#include "coap/msg.h"

#include <stdbool.h>
#include <stddef.h>

#define DP_FILTERS_MAX 8 /* the RFC knows one; this bounds what a request can cost */

/*
 * Copy to @to, which has room for *@len bytes or is @text itself, those of the links in
 * @text that @m asks for, and say in *@len how long they are: 0, if there are none.
 * False: more than DP_FILTERS_MAX filters, which is 4.00, and @to is as it was.
 */
bool dp_links_filter(char *to, const char *text, size_t *len, const struct tg_msg *m);
