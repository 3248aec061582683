/*
 * The builder: the input is a list of operations.  Whatever they are, nothing is written
 * past the room given; and what is finished must parse and walk back to what was asked
 * for.
 *
 * Input: cap high, cap low, header byte (type, token length; 15: two more bytes say it),
 * code, then operations, each an opcode and its arguments; values are taken from the
 * input itself.
 */
#include "coap/option.h"
#include "coap/write.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define OPS_MAX 256

/* One operation as it was asked for. */
struct op {
	enum { OPTION, UINT, PAYLOAD, RESERVE } kind;
	unsigned number;
	const uint8_t *value;
	size_t len;
	uint32_t uint;
};

/* Opcode: bits 0-1 the kind, bit 2 a number of 16 bits instead of a delta, bit 3 a long
 * value. */
static struct op
take_op(struct input *in, unsigned last)
{
	unsigned code = take_8(in);
	struct op op = {.kind = code & 3};

	if (op.kind <= UINT)
		op.number = code & 4 ? take_16(in) : last + take_8(in);
	if (op.kind == UINT) {
		op.uint = (uint32_t)take_16(in) << 16;
		op.uint |= take_16(in);
		op.uint >>= code >> 3 & 31;
	} else {
		op.len = code & 8 ? take_16(in) : take_8(in) & 31;
		op.value = take_bytes(in, &op.len);
	}
	return op;
}

static void
apply(struct tg_writer *w, const struct op *op)
{
	uint8_t *at;

	switch (op->kind) {
	case OPTION:
		tg_write_option(w, op->number, op->value, op->len);
		break;
	case UINT:
		tg_write_uint(w, op->number, op->uint);
		break;
	case PAYLOAD:
		tg_write_payload(w, op->value, op->len);
		break;
	case RESERVE:
		at = tg_write_reserve(w, op->len);
		require((at == NULL) == w->overflow);
		if (at != NULL)
			memcpy(at, op->value, op->len);
		break;
	}
}

/* The message that came out holds what went in. */
static void
compare(const struct tg_msg *m, const struct op *ops, unsigned n)
{
	size_t payload = 0;
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_begin(&it, m);
	for (unsigned i = 0; i < n; i++) {
		if (ops[i].kind > UINT) {
			payload += ops[i].len;
			require(ops[i].len == 0
				|| memcmp(m->base + m->payload, ops[i].value, ops[i].len)
					   == 0);
			continue;
		}
		require(tg_opt_next(&it, &o) && o.number == ops[i].number);
		if (ops[i].kind == UINT)
			require(o.len <= 4 && tg_opt_uint(&o) == ops[i].uint
				&& (o.len == 0 || o.value[0] != 0));
		else
			require(o.len == ops[i].len
				&& (o.len == 0
					|| memcmp(o.value, ops[i].value, o.len) == 0));
	}
	require(!tg_opt_next(&it, &o));
	require((size_t)(m->len - m->payload) == payload);
}

static void
run(struct input *in, uint8_t *buf, size_t cap)
{
	unsigned header = take_8(in), code = take_8(in), n = 0;
	size_t tkl = header & 15, len;
	static struct op ops[OPS_MAX];
	struct tg_writer w;
	const uint8_t *token;
	struct tg_msg m;

	if (tkl == 15)
		tkl = take_16(in);
	token = take_bytes(in, &tkl);
	tg_write_begin(&w, buf, cap, (enum tg_type)(header >> 4 & 3), code, 0x1234, token,
		(unsigned)tkl);
	while (in->p < in->end && n < OPS_MAX) {
		ops[n] = take_op(in, w.number);
		apply(&w, &ops[n++]);
		require(w.len <= cap);
	}
	len = tg_write_end(&w);
	require(len <= cap && !(len > 0 && w.overflow));
	if (len == 0)
		return;
	require(tg_msg_parse(&m, buf, len, TG_TOKEN_EXTENDED_MAX) == TG_OK);
	require(m.type == (header >> 4 & 3) && m.code == code && m.mid == 0x1234);
	require(m.tkl == tkl && (tkl == 0 || memcmp(tg_msg_token(&m), token, tkl) == 0));
	compare(&m, ops, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	size_t cap = take_16(&in) & 0x0fff;
	uint8_t *buf = malloc(cap > 0 ? cap : 1); /* no slack */

	if (buf != NULL)
		run(&in, buf, cap);
	free(buf);
	return 0;
}
