#include "coap/block.h"

#include "coap/code.h"

#include <assert.h>
#include <string.h>

#define SZX_RESERVED 7
#define MORE 8
#define VALUE_MAX 3 /* bytes */

enum tg_block_found
tg_block_decode(struct tg_block *b, const struct tg_opt *o)
{
	uint32_t value;

	if (o->len > VALUE_MAX)
		return TG_BLOCK_BAD;
	value = tg_opt_uint(o);
	if ((value & SZX_RESERVED) == SZX_RESERVED)
		return TG_BLOCK_BAD;
	*b = (struct tg_block){
		.num = value >> 4,
		.szx = value & SZX_RESERVED,
		.more = value & MORE,
	};
	return TG_BLOCK_FOUND;
}

enum tg_block_found
tg_block_get(const struct tg_msg *m, unsigned number, struct tg_block *b)
{
	struct tg_opt o;

	return tg_opt_get(m, number, &o) ? tg_block_decode(b, &o) : TG_BLOCK_ABSENT;
}

uint32_t
tg_block_encode(const struct tg_block *b)
{
	assert(b->num <= TG_BLOCK_NUM_MAX && b->szx <= TG_BLOCK_SZX_MAX);
	return b->num << 4 | (b->more ? MORE : 0u) | b->szx;
}

unsigned
tg_block_szx(size_t bytes)
{
	unsigned szx = TG_BLOCK_SZX_MAX;

	while (szx > 0 && tg_block_size(szx) > bytes)
		szx--;
	return szx;
}

void
tg_assembly_begin(struct tg_assembly *a, void *body, uint32_t cap)
{
	*a = (struct tg_assembly){.body = body, .cap = cap};
}

enum tg_assembly_step
tg_assembly_judge(const struct tg_assembly *a, const struct tg_block *b, size_t len)
{
	uint32_t size = tg_block_size(b->szx), offset = tg_block_offset(b);

	if (len > size || (b->more && len < size))
		return TG_ASSEMBLY_MISFIT;
	if (offset > 0 && a->complete)
		return offset < a->len ? TG_ASSEMBLY_HOLE : TG_ASSEMBLY_PAST_END;
	if (offset > 0 && offset != a->len && offset != a->last)
		return TG_ASSEMBLY_HOLE;
	if (offset > a->cap || len > a->cap - offset)
		return TG_ASSEMBLY_TOO_LARGE;
	return b->more ? TG_ASSEMBLY_CONTINUE : TG_ASSEMBLY_COMPLETE;
}

enum tg_assembly_step
tg_assembly_add(
	struct tg_assembly *a, const struct tg_block *b, const void *data, size_t len)
{
	enum tg_assembly_step step = tg_assembly_judge(a, b, len);

	if (step > TG_ASSEMBLY_COMPLETE)
		return step;
	a->last = tg_block_offset(b);
	a->len = a->last + (uint32_t)len;
	a->complete = step == TG_ASSEMBLY_COMPLETE;
	if (len > 0)
		memcpy(a->body + a->last, data, len);
	return step;
}

unsigned
tg_assembly_code(enum tg_assembly_step step)
{
	static const uint8_t code[TG_ASSEMBLY_STEPS] = {
		[TG_ASSEMBLY_CONTINUE] = TG_CONTINUE,
		[TG_ASSEMBLY_COMPLETE] = TG_EMPTY,
		[TG_ASSEMBLY_HOLE] = TG_REQUEST_INCOMPLETE,
		[TG_ASSEMBLY_TOO_LARGE] = TG_TOO_LARGE,
		[TG_ASSEMBLY_PAST_END] = TG_BAD_REQUEST,
		[TG_ASSEMBLY_MISFIT] = TG_BAD_REQUEST,
	};

	return code[step];
}

bool
tg_slice_of(
	struct tg_slice *s, uint32_t body_len, const struct tg_block *asked, unsigned szx)
{
	static const struct tg_block first = {.szx = TG_BLOCK_SZX_MAX};
	const struct tg_block *b = asked != NULL ? asked : &first;
	uint32_t offset = tg_block_offset(b), size;

	assert(body_len <= TG_BLOCK_BODY_MAX);
	if (offset > 0 && offset >= body_len)
		return false;
	if (b->szx < szx)
		szx = b->szx;
	size = tg_block_size(szx);
	*s = (struct tg_slice){
		.offset = offset,
		.len = body_len - offset < size ? body_len - offset : size,
		.block = {.num = offset >> (szx + 4), .szx = (uint8_t)szx},
	};
	s->block.more = body_len - offset > size;
	s->with_option = asked != NULL || s->block.more;
	return true;
}
