/*
 * Records for people and for programs: an object a line, or a line of text.
 *
 * Threads.  Pure but for the stream written to.
 */
#pragma once

#include "control/log.h"

#include <stdio.h>

void ctl_log_print_json(FILE *out, const struct ctl_log_item *item);
void ctl_log_print_text(FILE *out, const struct ctl_log_item *item);
/* JSON string with quotes; bytes that are no UTF-8 become the code point of their number.
 */
void ctl_print_json_string(FILE *out, const char *s, size_t len);
void ctl_print_hex(FILE *out, const uint8_t *p, size_t len);
