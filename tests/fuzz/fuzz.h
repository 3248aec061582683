/*
 * What the harnesses share: a condition that must hold, and an input that is read from
 * its front.  Past its end there are zeros, so that every input means something.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static inline void
require(bool holds)
{
	if (!holds)
		abort();
}

static inline unsigned
take_8(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static inline unsigned
take_16(struct input *in)
{
	unsigned high = take_8(in);

	return high << 8 | take_8(in);
}

/* @len bytes, or fewer if there are no more: as many as *@len says then. */
static inline const uint8_t *
take_bytes(struct input *in, size_t *len)
{
	const uint8_t *p = in->p;

	if (*len > (size_t)(in->end - p))
		*len = (size_t)(in->end - p);
	in->p += *len;
	return p;
}
