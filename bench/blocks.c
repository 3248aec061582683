#include "bench/blocks.h"

#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/write.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 128 /* bytes of an answer behind its header */
#define TOKEN_LEN 4
#define SLOT_BITS 10 /* of a token; the rest counts the slot's transfers */

_Static_assert(TRANSFERS == 1 << SLOT_BITS, "a token names each");

/* One transfer: what was sent last, or is to be sent next. */
struct transfer {
	uint32_t endpoint, token;
	uint16_t mid; /* of block 0 */
	uint8_t num;
	bool awaited;
};

/* What the answer to a block is behind its header and token. */
struct answer {
	uint8_t len;
	uint8_t bytes[ANSWER_MAX];
};

struct blocks {
	struct talk talk;
	const struct workload *load;
	struct walk *walk;
	bool echo, upload;
	uint64_t etag; /* of what is downloaded; 0: not heard so far */
	size_t body_len;
	uint8_t body[BLOCKS_MAX * BLOCK_BYTES];
	struct maker maker[BLOCKS_MAX];
	struct answer answer[BLOCKS_MAX];
	struct transfer transfer[TRANSFERS];
	uint16_t ready[TRANSFERS]; /* whose turn it is, in a ring */
	uint32_t first, n_ready;
	uint64_t again; /* messages that were sent again: so many answers come too late */
	uint16_t *sent; /* an endpoint's last body by its first Message ID; 0: none */
};

/* ---- what an answer must be ---- */

static void
set_answer(struct answer *a, const struct tg_writer *w)
{
	a->len = (uint8_t)(tg_write_end(w) - TG_HDR_LEN);
	memcpy(a->bytes, w->buf + TG_HDR_LEN, a->len);
}

static void
expect_upload(struct blocks *b)
{
	uint8_t buf[TG_HDR_LEN + ANSWER_MAX];
	struct tg_writer w;

	for (uint32_t num = 0; num < b->load->blocks; num++) {
		const struct tg_block block = {
			.num = num, .szx = BLOCK_SZX, .more = num + 1 < b->load->blocks};

		tg_write_begin(&w, buf, sizeof(buf), TG_ACK, TG_CONTINUE, 0, NULL, 0);
		tg_write_uint(&w, TG_OPT_BLOCK1, tg_block_encode(&block));
		set_answer(&b->answer[num], &w);
	}
}

static void
expect_download(struct blocks *b)
{
	uint8_t buf[TG_HDR_LEN + ANSWER_MAX];
	struct tg_writer w;

	for (uint32_t num = 0; num < b->load->blocks; num++) {
		const struct tg_block block = {
			.num = num, .szx = BLOCK_SZX, .more = num + 1 < b->load->blocks};

		tg_write_begin(&w, buf, sizeof(buf), TG_ACK, TG_CONTENT, 0, NULL, 0);
		tg_write_option(&w, TG_OPT_ETAG, &b->etag, sizeof(b->etag));
		tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
		tg_write_uint(&w, TG_OPT_BLOCK2, tg_block_encode(&block));
		if (num == 0)
			tg_write_uint(&w, TG_OPT_SIZE2, (uint32_t)b->body_len);
		tg_write_payload(&w, b->body + (size_t)num * BLOCK_BYTES, BLOCK_BYTES);
		set_answer(&b->answer[num], &w);
	}
}

/* The first answer says which ETag the others must have. */
static bool
learn_etag(struct blocks *b, const uint8_t *msg, size_t len)
{
	struct tg_msg m;
	struct tg_opt o;

	if (tg_msg_parse(&m, msg, len, TG_TOKEN_MAX) != TG_OK
		|| !tg_opt_get(&m, TG_OPT_ETAG, &o) || o.len != sizeof(b->etag))
		return false;
	memcpy(&b->etag, o.value, sizeof(b->etag));
	expect_download(b);
	return b->etag != 0;
}

static bool
is_code(const struct blocks *b, const struct transfer *x, uint8_t code)
{
	if (!b->upload)
		return code == TG_CONTENT;
	return x->num + 1 < b->load->blocks ? code == TG_CONTINUE
					    : code == TG_CHANGED || code == TG_CREATED;
}

static uint16_t
mid_of(const uint8_t *msg)
{
	return (uint16_t)(msg[2] << 8 | msg[3]);
}

/* Its token and Message ID are right; is all the rest? */
static bool
is_answer(struct blocks *b, const struct transfer *x, const uint8_t *msg, size_t len)
{
	const struct answer *a = &b->answer[x->num];

	if (msg[0] != (1u << 6 | TG_ACK << 4 | TOKEN_LEN) || !is_code(b, x, msg[1]))
		return false;
	if (!b->upload && b->etag == 0 && !learn_etag(b, msg, len))
		return false;
	msg += TG_HDR_LEN + TOKEN_LEN;
	len -= TG_HDR_LEN + TOKEN_LEN;
	return len == a->len && memcmp(msg, a->bytes, a->len) == 0;
}

/* ---- transfers ---- */

/* @x is the next endpoint's, from block 0 on. */
static void
begin(struct blocks *b, struct transfer *x)
{
	x->endpoint = walk_next(b->walk);
	x->mid = (uint16_t)(b->walk->mid * b->load->blocks);
	x->token += TRANSFERS;
	x->num = 0;
}

static void
make_ready(struct blocks *b, struct transfer *x)
{
	x->awaited = false;
	b->ready[(b->first + b->n_ready++) % TRANSFERS] = (uint16_t)(x - b->transfer);
}

static void
note_sent(struct blocks *b, const struct transfer *x, uint16_t mid)
{
	if (b->sent != NULL && x->num + 1 == b->load->blocks)
		b->sent[x->endpoint] = mid;
}

static uint16_t
say(struct talk *t, uint8_t *frame)
{
	struct blocks *b = (struct blocks *)t;
	const struct maker *m;
	struct transfer *x;

	if (b->n_ready == 0)
		return 0;
	x = &b->transfer[b->ready[b->first]];
	b->first = (b->first + 1) % TRANSFERS;
	b->n_ready--;
	m = &b->maker[x->num];
	maker_write_as(m, frame, x->endpoint, (uint16_t)(x->mid + x->num), x->token);
	note_sent(b, x, 0);
	x->awaited = true;
	t->awaited++;
	return m->len;
}

/* An answer to a block that was sent again, or to one that nobody sent. */
static enum talk_heard
too_late(struct blocks *b)
{
	if (b->again == 0)
		return TALK_WRONG;
	b->again--;
	return TALK_OTHER;
}

static enum talk_heard
take(struct talk *t, const uint8_t *frame, size_t len)
{
	struct blocks *b = (struct blocks *)t;
	const uint8_t *msg = frame + b->maker[0].coap;
	struct transfer *x;
	uint32_t token;

	if (len < b->maker[0].coap + (size_t)TG_HDR_LEN + TOKEN_LEN)
		return TALK_WRONG;
	memcpy(&token, msg + TG_HDR_LEN, TOKEN_LEN);
	x = &b->transfer[token % TRANSFERS];
	if (token != x->token || !x->awaited
		|| (!b->echo && mid_of(msg) != (uint16_t)(x->mid + x->num)))
		return too_late(b);
	talk_heard(t);
	if (!b->echo && !is_answer(b, x, msg, len - b->maker[0].coap)) {
		begin(b, x);
		make_ready(b, x);
		return TALK_WRONG;
	}
	note_sent(b, x, x->mid);
	if (++x->num == b->load->blocks)
		begin(b, x);
	make_ready(b, x);
	return TALK_ANSWER;
}

/* The same message again, as a device would send it. */
static void
lost(struct talk *t)
{
	struct blocks *b = (struct blocks *)t;

	for (unsigned i = 0; i < TRANSFERS; i++)
		if (b->transfer[i].awaited) {
			make_ready(b, &b->transfer[i]);
			b->again++;
		}
	t->awaited = 0;
}

/* ---- life ---- */

struct blocks *
blocks_new(const struct workload *w, struct walk *walk, const uint8_t to[6],
	const uint8_t from[6])
{
	struct blocks *b = w->blocks <= BLOCKS_MAX ? calloc(1, sizeof(*b)) : NULL;

	if (b == NULL)
		return NULL;
	b->talk = (struct talk){.write = say, .take = take, .lost = lost};
	b->load = w;
	b->walk = walk;
	b->upload = w->method != TG_GET;
	if (b->upload && (b->sent = calloc(w->endpoints, sizeof(*b->sent))) == NULL) {
		free(b);
		return NULL;
	}
	for (uint32_t num = 0; num < w->blocks; num++)
		maker_init_block(&b->maker[num], w, num, to, from);
	if (b->upload)
		expect_upload(b);
	for (uint32_t i = 0; i < TRANSFERS; i++) {
		b->transfer[i].token = i;
		begin(b, &b->transfer[i]);
		make_ready(b, &b->transfer[i]);
	}
	return b;
}

void
blocks_free(struct blocks *b)
{
	if (b != NULL)
		free(b->sent);
	free(b);
}

struct talk *
blocks_talk(struct blocks *b)
{
	return &b->talk;
}

void
blocks_expect_echo(struct blocks *b)
{
	b->echo = true;
}

/* ---- bodies ---- */

const struct workload blocks_image = {
	"image", 1, TG_PUT, false, "d/fleet/image", blocks_text, .blocks = BLOCKS_MAX};

size_t
blocks_body(const struct workload *w, uint32_t e, uint16_t mid, uint8_t *body)
{
	static const uint8_t any[6];
	struct maker maker;
	size_t len = 0;

	for (unsigned num = 0; num < w->blocks; num++) {
		maker_init_block(&maker, w, num, any, any);
		len += maker_payload(&maker, body + len, e, (uint16_t)(mid + num));
	}
	return len;
}

size_t
blocks_sent(const struct blocks *b, uint32_t e, uint8_t *body)
{
	if (b->sent == NULL || b->sent[e] == 0)
		return 0;
	return blocks_body(b->load, e, b->sent[e], body);
}

void
blocks_expect_body(struct blocks *b, const uint8_t *body, size_t len)
{
	b->body_len = len < sizeof(b->body) ? len : sizeof(b->body);
	memcpy(b->body, body, b->body_len);
}
