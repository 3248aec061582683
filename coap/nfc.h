/*
 * Net-Unicode (RFC 5198), the form that CoAP's strings have (RFC 7252, 3.2): UTF-8 in
 * Normalization Form C (Unicode Standard Annex 15).
 *
 * Threads.  A pure function over constant tables.   Memory.  The caller's; 1.3 KiB of
 * stack.
 */
#pragma once

#include <stddef.h>

#define TG_NFC_GROWTH 3 /* a text becomes at most so many times as long */
/*
 * Marks in a row on one character, decomposed: no value of an option has more (255
 * bytes), and the Stream-Safe form of the annex only 30.
 */
#define TG_NFC_MARKS 255

/*
 * Normalize the @len bytes at @text into the @cap at @to, which do not overlap: how many
 * bytes it has then, or -1 if it is not UTF-8, does not fit, or has too many marks in a
 * row.  ASCII stays as it is.  What has no character yet is left alone, as the annex
 * says.
 */
long tg_nfc(void *to, size_t cap, const void *text, size_t len);
