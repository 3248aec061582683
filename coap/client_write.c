/* The client's messages: the caller's options and its own, merged, and a slice of the
 * payload. */
#include "coap/client_internal.h"
#include "coap/code.h"

/* Observe, Block2, Block1, Size1, Echo, Request-Tag */
#define OWN_MAX 6

/* The options that the client adds, by ascending number. */
struct own {
	unsigned n;
	struct tg_opt option[OWN_MAX];
	uint8_t bytes[OWN_MAX][4]; /* of the unsigned ones */
};

static void
add(struct own *own, uint16_t number, const uint8_t *value, size_t len)
{
	own->option[own->n++] = (struct tg_opt){
		.value = value,
		.len = (uint16_t)len,
		.number = number,
	};
}

static void
add_uint(struct own *own, uint16_t number, uint32_t value)
{
	uint8_t *bytes = own->bytes[own->n];
	unsigned zeros = 0;

	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
	while (zeros < 4 && bytes[zeros] == 0)
		zeros++;
	add(own, number, bytes + zeros, 4 - zeros);
}

/*
 * What goes on with a body that comes in blocks bears no payload (RFC 7959, 2.7), but
 * that of a FETCH, which is part of what is asked for (RFC 8132, 2).
 */
static bool
has_payload(const struct tg_transaction *t)
{
	return !t->downloading || (t->request.code == TG_FETCH && !t->uploading);
}

struct tg_slice
tg_client_slice(const struct tg_transaction *t)
{
	struct tg_slice s = {.len = t->request.payload_len};

	if (!has_payload(t))
		return (struct tg_slice){0};
	if (t->uploading)
		(void)tg_slice_of(&s, t->request.payload_len, &t->up, t->up.szx);
	return s;
}

/*
 * Block2: the block that comes next; or block 0, to say a size from the start, with the
 * last block of the payload.
 */
static void
add_block2(struct own *own, const struct tg_transaction *t, const struct tg_slice *s)
{
	struct tg_block b = {.szx = t->szx};

	if (t->downloading)
		b.num = t->down.len >> (t->szx + 4);
	else if (t->szx == TG_BLOCK_SZX_MAX || s->block.more)
		return;
	add_uint(own, TG_OPT_BLOCK2, tg_block_encode(&b));
}

static void
add_block1(struct own *own, const struct tg_transaction *t, const struct tg_slice *s)
{
	add_uint(own, TG_OPT_BLOCK1, tg_block_encode(&s->block));
	if (s->offset == 0)
		add_uint(own, TG_OPT_SIZE1, t->request.payload_len);
}

static void
collect(struct own *own, const struct tg_transaction *t, const struct tg_slice *s)
{
	if (t->request.observe && !t->apart)
		add_uint(own, TG_OPT_OBSERVE,
			t->leaving ? TG_OBSERVE_DEREGISTER : TG_OBSERVE_REGISTER);
	add_block2(own, t, s);
	if (s->with_option)
		add_block1(own, t, s);
	if (t->echo_len > 0)
		add(own, TG_OPT_ECHO, t->echo, t->echo_len);
	if (t->tag_len > 0)
		add(own, TG_OPT_REQUEST_TAG, t->tag, t->tag_len);
}

static void
write_options(struct tg_writer *w, const struct tg_request *r, const struct own *own)
{
	unsigned at = 0;

	for (unsigned i = 0; i <= r->n_options; i++) {
		const struct tg_opt *o = i < r->n_options ? &r->options[i] : NULL;

		for (; at < own->n && (o == NULL || own->option[at].number < o->number);
			at++)
			tg_write_option(w, own->option[at].number, own->option[at].value,
				own->option[at].len);
		if (o != NULL)
			tg_write_option(w, o->number, o->value, o->len);
	}
}

size_t
tg_client_write(const struct tg_transaction *t, uint8_t *buf, size_t cap)
{
	const struct tg_request *r = &t->request;
	struct tg_slice s = tg_client_slice(t);
	struct own own = {0};
	struct tg_writer w;

	tg_write_begin(
		&w, buf, cap, (enum tg_type)r->type, r->code, t->mid, t->token, t->tkl);
	if (r->code != TG_EMPTY) {
		collect(&own, t, &s);
		write_options(&w, r, &own);
		if (s.len > 0)
			tg_write_payload(
				&w, (const uint8_t *)r->payload + s.offset, s.len);
	}
	return tg_write_end(&w);
}
