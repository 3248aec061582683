#include "coap/print.h"

#include "coap/block.h"
#include "coap/code.h"

#include <string.h>

static void
put_string(struct tg_text *t, const char *s)
{
	tg_text_bytes(t, s, strlen(s));
}

static void
put_hex(struct tg_text *t, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char digits[3];

		tg_text_bytes(t, tg_hex_write(digits, bytes + i, 1), 2);
	}
}

/* UTF-8 without what a terminal would take for an order: C0, DEL, C1. */
static bool
is_text(const uint8_t *bytes, size_t len)
{
	if (!tg_utf8_valid(bytes, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < 0x20 || bytes[i] == 0x7f
			|| (bytes[i] == 0xc2 && bytes[i + 1] < 0xa0))
			return false;
	return true;
}

/* In quotes if it is text, else as hexadecimal. */
static void
put_text(struct tg_text *t, const uint8_t *bytes, size_t len)
{
	if (!is_text(bytes, len)) {
		put_hex(t, bytes, len);
		return;
	}
	tg_text_char(t, '"');
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			tg_text_char(t, '\\');
		tg_text_char(t, (char)bytes[i]);
	}
	tg_text_char(t, '"');
}

/* Number, "+" if more follow, and size: "3+/64". */
static bool
put_block(struct tg_text *t, const struct tg_opt *o)
{
	struct tg_block b;

	if ((o->number != TG_OPT_BLOCK1 && o->number != TG_OPT_BLOCK2)
		|| tg_block_decode(&b, o) != TG_BLOCK_FOUND)
		return false;
	tg_text_uint(t, b.num);
	put_string(t, b.more ? "+/" : "/");
	tg_text_uint(t, tg_block_size(b.szx));
	return true;
}

static void
put_value(struct tg_text *t, const struct tg_opt_def *def, const struct tg_opt *o)
{
	bool known = def != NULL && o->len >= def->min_len && o->len <= def->max_len;

	if (known && put_block(t, o))
		return;
	if (known && def->format == TG_FMT_UINT)
		tg_text_uint(t, tg_opt_uint(o));
	else if (known && def->format == TG_FMT_STRING)
		put_text(t, o->value, o->len);
	else
		put_hex(t, o->value, o->len);
}

static void
put_option(struct tg_text *t, const struct tg_opt *o)
{
	const struct tg_opt_def *def = tg_opt_find(o->number);

	tg_text_char(t, ' ');
	if (def != NULL)
		put_string(t, def->name);
	else
		tg_text_uint(t, o->number);
	if (o->len == 0 && (def == NULL || def->format == TG_FMT_EMPTY))
		return;
	tg_text_char(t, ':');
	put_value(t, def, o);
}

static void
put_head(struct tg_text *t, const struct tg_msg *m)
{
	char code[TG_CODE_TEXT];

	put_string(t, tg_type_name((enum tg_type)m->type));
	tg_text_char(t, ' ');
	put_string(t, tg_code_text(code, m->code));
	tg_text_char(t, ' ');
	put_string(t, tg_code_name(m->code));
	put_string(t, " [");
	tg_text_uint(t, m->mid);
	tg_text_char(t, ']');
	if (m->tkl > 0) {
		tg_text_char(t, ' ');
		put_hex(t, tg_msg_token(m), m->tkl);
	}
}

void
tg_msg_print(struct tg_text *t, const struct tg_msg *m)
{
	struct tg_opt_iter it;
	struct tg_opt o;

	put_head(t, m);
	tg_opt_foreach (&it, &o, m)
		put_option(t, &o);
	if (m->payload < m->len) {
		tg_text_char(t, ' ');
		put_text(t, m->base + m->payload, (size_t)(m->len - m->payload));
	}
}
