/*
 * A message as one line for people:
 *
 *     CON 0.01 GET [4660] 0a1b Uri-Path:"t" Accept:50 Block2:3/64 252:c0ffee "hello"
 *
 * which is type, code, Message ID, token, options, payload; what is absent is left out.
 *
 * Threads.  A pure function.   Memory.  The caller's text, bounded, not terminated.
 */
#pragma once

#include "coap/msg.h"
#include "coap/text.h"

/*
 * Print @m, which tg_msg_parse has accepted.  A value is shown in its option's format; in
 * hexadecimal if the option is unknown or its value has a length that it may not have.
 * A payload is text if it is UTF-8 without control characters, else hexadecimal.
 */
void tg_msg_print(struct tg_text *t, const struct tg_msg *m);
