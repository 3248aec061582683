#include "bench/script.h"

#include "bench/fanout.h"
#include "coap/code.h"
#include "coap/msg.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE_MID 1
#define ANSWER_MAX 2048
#define SAMPLE 256 /* bodies that are read back */
#define READ_MID 0x8000

void
script_init(struct script *s, const struct workload *load)
{
	*s = (struct script){.load = load};
	walk_init(&s->walk, load->endpoints, 1);
}

void
script_fini(struct script *s)
{
	blocks_free(s->blocks[SCRIPT_ECHO]);
	blocks_free(s->blocks[SCRIPT_GATEWAY]);
	free(s->fanout);
}

static struct talk *
plain_talk(struct script *s, unsigned who, const struct workload *w, const uint8_t to[6],
	const uint8_t from[6])
{
	plain_init(&s->plain[who], w, &s->walk, to, from);
	return &s->plain[who].talk;
}

static struct talk *
block_talk(struct script *s, unsigned who, const uint8_t to[6], const uint8_t from[6])
{
	s->blocks[who] = blocks_new(s->load, &s->walk, to, from);
	return s->blocks[who] != NULL ? blocks_talk(s->blocks[who]) : NULL;
}

struct talk *
script_echo(struct script *s, const uint8_t us[6])
{
	static const uint8_t to[6] = {2};
	struct talk *t;

	if (s->load->blocks == 0) /* a change is as long as what it brings about */
		return plain_talk(s, SCRIPT_ECHO,
			s->load->observed ? &fanout_change : s->load, to, us);
	t = block_talk(s, SCRIPT_ECHO, to, us);
	if (t != NULL)
		blocks_expect_echo(s->blocks[SCRIPT_ECHO]);
	return t;
}

/* ---- what there must be before ---- */

/* Ask; the answer, which is that of message @mid with @code, in @m. */
static bool
ask(struct blast *b, const struct maker *maker, uint32_t e, uint16_t mid, uint8_t *answer,
	struct tg_msg *m)
{
	uint8_t frame[FRAME_ROOM];
	const struct blast_question q = {.frame = frame,
		.len = maker->len,
		.same = (uint16_t)(maker->coap + 2),
		.same_len = 2 + 4};
	size_t len;

	maker_write(maker, frame, e, mid);
	len = blast_ask(b, &q, answer, ANSWER_MAX);
	return len > maker->coap
	       && tg_msg_parse(m, answer + maker->coap, len - maker->coap, TG_TOKEN_MAX)
			  == TG_OK
	       && m->type == TG_ACK && m->mid == mid;
}

static bool
put_whole(struct script *s, struct blast *b, const struct workload *w)
{
	uint8_t answer[ANSWER_MAX];
	struct maker maker;
	struct tg_msg m;

	for (unsigned num = 0; num == 0 || num < w->blocks; num++) {
		maker_init_block(&maker, w, num, s->gateway, s->us);
		if (!ask(b, &maker, 0, (uint16_t)(IMAGE_MID + num), answer, &m)
			|| tg_code_class(m.code) != 2)
			return false;
	}
	return true;
}

struct talk *
script_begin(
	struct script *s, struct blast *b, const uint8_t gateway[6], const uint8_t us[6])
{
	uint8_t image[BODY_MAX];
	struct talk *t;

	memcpy(s->gateway, gateway, 6);
	memcpy(s->us, us, 6);
	if (s->load->observed && !put_whole(s, b, &fanout_change))
		return NULL;
	if (s->load->blocks == 0) {
		t = plain_talk(s, SCRIPT_GATEWAY, s->load, gateway, us);
		s->plain[SCRIPT_GATEWAY].ok_from = TG_CREATED;
		s->plain[SCRIPT_GATEWAY].ok_to = TG_CODE(2, 31);
		return t;
	}
	t = block_talk(s, SCRIPT_GATEWAY, gateway, us);
	if (t == NULL || s->load->method != TG_GET)
		return t;
	blocks_expect_body(s->blocks[SCRIPT_GATEWAY], image,
		blocks_body(&blocks_image, 0, IMAGE_MID, image));
	return put_whole(s, b, &blocks_image) ? t : NULL;
}

struct talk *
script_go_on(struct script *s)
{
	if (s->load->observed)
		return s->fanout = fanout_new(s->load, s->gateway, s->us);
	return s->load->blocks > 0 ? blocks_talk(s->blocks[SCRIPT_GATEWAY])
				   : &s->plain[SCRIPT_GATEWAY].talk;
}

/* ---- what there is afterwards ---- */

/* Is what endpoint @e has stored @body? */
static bool
is_stored(struct blast *b, const struct maker *maker, unsigned blocks, uint32_t e,
	const uint8_t *body)
{
	uint8_t answer[ANSWER_MAX];
	struct tg_msg m;

	for (unsigned num = 0; num < blocks; num++, body += BLOCK_BYTES)
		if (!ask(b, &maker[num], e, (uint16_t)(READ_MID + num), answer, &m)
			|| m.code != TG_CONTENT || m.len - m.payload != BLOCK_BYTES
			|| memcmp(m.base + m.payload, body, BLOCK_BYTES) != 0)
			return false;
	return true;
}

unsigned
script_check(struct script *s, struct blast *b, unsigned *checked)
{
	static struct maker maker[BLOCKS_MAX];
	struct workload back = *s->load;
	uint8_t body[BODY_MAX];
	unsigned wrong = 0;

	*checked = 0;
	if (back.blocks == 0 || back.method == TG_GET)
		return 0;
	back.method = TG_GET;
	back.payload = NULL;
	for (unsigned num = 0; num < back.blocks; num++)
		maker_init_block(&maker[num], &back, num, s->gateway, s->us);
	for (uint32_t i = 0; i < SAMPLE; i++) {
		uint32_t e = (uint32_t)((uint64_t)i * back.endpoints / SAMPLE);

		if (blocks_sent(s->blocks[SCRIPT_GATEWAY], e, body) == 0)
			continue; /* the last of its blocks is on its way */
		wrong += !is_stored(b, maker, back.blocks, e, body);
		++*checked;
	}
	return wrong;
}
