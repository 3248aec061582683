#include "examples/resource.h"

#include "coap/code.h"
#include "coap/observe.h"

#include <string.h>

uint32_t resource_version;

static uint8_t value[1 << 20], incoming[1 << 20];
static uint32_t value_len;
static struct tg_assembly assembly = {.body = incoming, .cap = sizeof(incoming)};

bool
resource_get(struct tg_writer *w, const struct tg_block *asked, bool observed)
{
	struct tg_slice s;

	if (!tg_slice_of(&s, value_len, asked, TG_BLOCK_SZX_MAX))
		return false;
	tg_write_option(w, TG_OPT_ETAG, &resource_version, sizeof(resource_version));
	if (observed)
		tg_write_uint(w, TG_OPT_OBSERVE, resource_version & TG_OBSERVE_MASK);
	if (s.with_option)
		tg_write_uint(w, TG_OPT_BLOCK2, tg_block_encode(&s.block));
	tg_write_payload(w, value + s.offset, s.len);
	return true;
}

static unsigned
put(const struct tg_msg *m, const struct tg_block *b)
{
	enum tg_assembly_step step = tg_assembly_add(
		&assembly, b, m->base + m->payload, (size_t)(m->len - m->payload));

	if (step != TG_ASSEMBLY_COMPLETE)
		return tg_assembly_code(step);
	memcpy(value, incoming, assembly.len);
	value_len = assembly.len;
	resource_version++;
	return TG_CHANGED;
}

void
resource_answer(struct tg_writer *w, const struct tg_msg *m, bool observed)
{
	unsigned option = m->code == TG_PUT ? TG_OPT_BLOCK1 : TG_OPT_BLOCK2;
	struct tg_block b = {.szx = TG_BLOCK_SZX_MAX};
	enum tg_block_found found = tg_block_get(m, option, &b);
	unsigned code = TG_METHOD_NOT_ALLOWED;

	if (found == TG_BLOCK_BAD) {
		code = TG_BAD_REQUEST;
	} else if (m->code == TG_PUT) {
		code = put(m, &b);
		if (found == TG_BLOCK_FOUND)
			tg_write_uint(w, option, tg_block_encode(&b));
	} else if (m->code == TG_GET) {
		code = resource_get(w, found == TG_BLOCK_FOUND ? &b : NULL, observed)
			       ? TG_CONTENT
			       : TG_BAD_REQUEST;
	}
	w->buf[1] = (uint8_t)code;
}
