#include "coap/observe.h"

#define VALUE_BYTES 3
#define HALF_RING (UINT32_C(1) << 23)

bool
tg_observe_get(const struct tg_msg *m, uint32_t *value)
{
	struct tg_opt o;

	if (!tg_opt_get(m, TG_OPT_OBSERVE, &o) || o.len > VALUE_BYTES)
		return false;
	*value = tg_opt_uint(&o);
	return true;
}

bool
tg_fresh_is_newer(const struct tg_fresh *f, uint32_t value, uint64_t now_ms)
{
	uint32_t ahead = (value - f->value) & TG_OBSERVE_MASK;

	return !f->known || now_ms > f->at_ms + TG_OBSERVE_FRESH_MS
	       || (ahead > 0 && ahead < HALF_RING);
}

void
tg_fresh_set(struct tg_fresh *f, uint32_t value, uint64_t now_ms)
{
	*f = (struct tg_fresh){.at_ms = now_ms, .value = value, .known = true};
}

uint32_t
tg_observe_next(uint32_t value)
{
	return (value + 1) & TG_OBSERVE_MASK;
}
