/*
 * Blocks: an assembly takes whatever blocks come, and never writes outside of its room
 * nor says that something is there which has not come; a slice of a body lies in the
 * body, and from slice to slice the body assembles to what it was.
 *
 * Input: room (2 bytes), then steps of an option's value (length 0 to 4 in a byte, and so
 * many bytes) and a payload's length (2 bytes).
 */
#include "coap/block.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX 4096

/* An option whose value is in the input. */
static struct tg_opt
take_option(struct input *in)
{
	size_t len = take_8(in) % 5;
	struct tg_opt o = {.value = take_bytes(in, &len)};

	o.len = (uint16_t)len;
	return o;
}

static void
add(struct tg_assembly *a, const struct tg_block *b, size_t len)
{
	uint8_t *payload = malloc(len > 0 ? len : 1); /* no slack */
	struct tg_assembly was = *a;
	enum tg_assembly_step step;

	require(payload != NULL);
	memset(payload, (int)b->num, len);
	require(tg_assembly_judge(a, b, len) <= TG_ASSEMBLY_MISFIT);
	step = tg_assembly_add(a, b, payload, len);
	require(a->len <= a->cap);
	if (step > TG_ASSEMBLY_COMPLETE) {
		require(a->len == was.len && a->complete == was.complete);
		require(tg_assembly_code(step) >> 5 == 4);
	} else {
		require(a->len == tg_block_offset(b) + len);
		require(tg_block_offset(b) <= was.len); /* no hole before it */
		require(a->complete == !b->more);
		require(len == 0
			|| memcmp(a->body + tg_block_offset(b), payload, len) == 0);
	}
	free(payload);
}

static void
slice(uint32_t body_len, const struct tg_block *b)
{
	struct tg_slice s;

	for (unsigned szx = 0; szx <= TG_BLOCK_SZX_MAX; szx++) {
		if (!tg_slice_of(&s, body_len, b, szx)) {
			require(tg_block_offset(b) >= body_len && tg_block_offset(b) > 0);
			continue;
		}
		require(s.offset == tg_block_offset(b)
			&& s.offset == tg_block_offset(&s.block));
		require(s.offset + s.len <= body_len);
		require(s.block.szx <= szx && s.block.szx <= b->szx);
		require(s.block.more == (s.offset + s.len < body_len));
		require(!s.block.more || s.len == tg_block_size(s.block.szx));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	uint32_t room = take_16(&in) % BODY_MAX;
	uint8_t *body = malloc(room > 0 ? room : 1);
	struct tg_assembly a;

	require(body != NULL);
	tg_assembly_begin(&a, body, room);
	while (in.p < in.end) {
		struct tg_opt o = take_option(&in);
		struct tg_block b;

		if (tg_block_decode(&b, &o) != TG_BLOCK_FOUND)
			continue;
		require(tg_block_encode(&b) == tg_opt_uint(&o));
		add(&a, &b, take_16(&in) % (TG_BLOCK_SIZE_MAX + 2));
		slice(room * 7, &b);
	}
	free(body);
	return 0;
}
