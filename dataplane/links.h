/*
 * Lists of links: of the routes, and as a request wants them: those that its filters let
 * through (RFC 6690, 4.1).  Each Uri-Query is a filter, and a link has to pass them all.
 *
 * Threads.  Pure.   Memory.  The caller's.
 */
#pragma once

#include "coap/msg.h"

#include <stdbool.h>
#include <stddef.h>

struct dp_settings;
struct tg_link_writer;

#define DP_FILTERS_MAX 8 /* the RFC knows one; this bounds what a request can cost */

/*
 * Copy to @to, which has room for *@len bytes or is @text itself, those of the links in
 * @text that @m asks for, and say in *@len how long they are: 0, if there are none.
 * False: more than DP_FILTERS_MAX filters, which is 4.00, and @to is as it was.
 */
bool dp_links_filter(char *to, const char *text, size_t *len, const struct tg_msg *m);
/* The links of /.well-known/core: to fixed resources, and to the literal prefixes of
 * patterns.  The writer says whether they had room. */
void dp_links_write_routes(struct tg_link_writer *w, const struct dp_settings *set);
