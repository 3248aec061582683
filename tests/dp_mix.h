/*
 * Traffic of every kind, one function a theme: together they touch every counter on an
 * account.  Nobody looks at the answers; that is what the other tests are for.
 */
#pragma once

#include "tests/dp_fixture.h"

/* Tables so small that all of it fits a test. */
void mix_small_tables(struct dp_config *cfg, struct dp_settings *s);
/* All of it, and at the end the gateway drains. */
void mix_run(void);
