#include "bench/talk.h"

static uint16_t
say(struct talk *t, uint8_t *frame)
{
	struct plain *p = (struct plain *)t;
	uint32_t e = walk_next(p->walk);

	maker_write(&p->maker, frame, e, p->walk->mid);
	t->awaited++;
	return p->maker.len;
}

static enum talk_heard
take(struct talk *t, const uint8_t *frame, size_t len)
{
	const struct plain *p = (const struct plain *)t;
	uint8_t code;

	talk_heard(t);
	if (len < p->maker.coap + 4u)
		return TALK_WRONG;
	code = frame[p->maker.coap + 1];
	return code >= p->ok_from && code <= p->ok_to ? TALK_ANSWER : TALK_WRONG;
}

static void
lost(struct talk *t)
{
	t->awaited = 0;
}

void
plain_init(struct plain *p, const struct workload *w, struct walk *walk,
	const uint8_t to[6], const uint8_t from[6])
{
	*p = (struct plain){
		.talk = {.write = say, .take = take, .lost = lost},
		.walk = walk,
		.ok_to = UINT8_MAX,
	};
	maker_init(&p->maker, w, to, from);
}
