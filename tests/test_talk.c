/* What the generators of `tidegate-bench wire` make of answers: those that are right
 * count, and each way to be wrong is seen. */
#include "bench/blocks.h"
#include "bench/fanout.h"

#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/checksum.h"
#include "tests/rows.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#define FRONT                                                                            \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr)                      \
		+ sizeof(struct rte_udp_hdr))
#define FRAME_MAX 512
#define OBSERVERS 64

static const uint8_t mac[6] = {2};
static const struct workload up = {
	"up", 4096, TG_PUT, false, "d/*/config", blocks_text, .blocks = 3};
static const struct workload down = {
	"down", 4096, TG_GET, false, "d/fleet/image", NULL, .blocks = 3};
static const struct workload fleet = {
	"fleet", OBSERVERS, TG_GET, false, "d/fleet/state", NULL, .observed = true};

/* ---- answers to blocks ---- */

/* What is not as it should be. */
enum fault {
	NOTHING,
	CODE,
	TYPE,
	MID,
	TOKEN,
	BLOCK_NUMBER,
	BLOCK_MORE,
	BYTE,
	ETAG,
	SIZE,
	LENGTH,
	TWICE,
	FAULTS,
};

struct sides {
	const struct workload *load;
	struct walk walk;
	struct blocks *blocks;
	struct talk *talk;
	uint8_t body[BODY_MAX];
};

static void
open_sides(struct sides *s, const struct workload *load)
{
	*s = (struct sides){.load = load};
	walk_init(&s->walk, load->endpoints, 1);
	s->blocks = blocks_new(load, &s->walk, mac, mac);
	assert_non_null(s->blocks);
	s->talk = blocks_talk(s->blocks);
	for (unsigned i = 0; i < sizeof(s->body); i++)
		s->body[i] = (uint8_t)(i / 3);
	blocks_expect_body(s->blocks, s->body, (size_t)load->blocks * BLOCK_BYTES);
}

/* The next request of transfer 0, behind one of each other's, which are answered. */
static void
next_request(struct sides *s, uint8_t frame[FRAME_MAX], struct tg_msg *m)
{
	uint16_t len = s->talk->write(s->talk, frame);

	assert_true(len > FRONT);
	assert_int_equal(
		tg_msg_parse(m, frame + FRONT, len - FRONT, TG_TOKEN_MAX), TG_OK);
}

static size_t
write_answer(const struct sides *s, const struct tg_msg *m, enum fault fault, uint8_t *to)
{
	bool get = m->code == TG_GET;
	uint64_t etag = fault == ETAG ? 0x1235 : 0x1234;
	uint8_t bytes[BLOCK_BYTES], token[4];
	struct tg_block b;
	struct tg_writer w;

	assert_int_equal(
		tg_block_get(m, get ? TG_OPT_BLOCK2 : TG_OPT_BLOCK1, &b), TG_BLOCK_FOUND);
	assert_int_equal(m->tkl, sizeof(token));
	memcpy(token, tg_msg_token(m), sizeof(token));
	token[3] ^= fault == TOKEN;
	b.more = b.num + 1 < s->load->blocks;
	memcpy(bytes, s->body + (size_t)b.num * BLOCK_BYTES, sizeof(bytes));
	bytes[BLOCK_BYTES - 1] ^= fault == BYTE;
	tg_write_begin(&w, to + FRONT, FRAME_MAX - FRONT, fault == TYPE ? TG_NON : TG_ACK,
		fault == CODE ? TG_VALID
		: get         ? TG_CONTENT
		: b.more      ? TG_CONTINUE
			      : TG_CHANGED,
		(uint16_t)(m->mid + (fault == MID)), token, sizeof(token));
	b.num += fault == BLOCK_NUMBER;
	b.more ^= fault == BLOCK_MORE;
	if (get) {
		tg_write_option(&w, TG_OPT_ETAG, &etag, sizeof(etag));
		tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
	}
	tg_write_uint(&w, get ? TG_OPT_BLOCK2 : TG_OPT_BLOCK1, tg_block_encode(&b));
	if (get && (b.num == 0 || fault == SIZE))
		tg_write_uint(&w, TG_OPT_SIZE2, (uint32_t)s->load->blocks * BLOCK_BYTES);
	if (get || fault == LENGTH)
		tg_write_payload(&w, bytes, sizeof(bytes) - (get && fault == LENGTH));
	return FRONT + tg_write_end(&w);
}

/* Answer every transfer's block @num, all but the first as it should be. */
static enum talk_heard
answer_all(struct sides *s, enum fault fault)
{
	enum talk_heard first = TALK_OTHER;

	for (unsigned i = 0; i < TRANSFERS; i++) {
		uint8_t frame[FRAME_MAX], answer[FRAME_MAX];
		enum talk_heard heard;
		struct tg_msg m;
		size_t len;

		next_request(s, frame, &m);
		len = write_answer(s, &m, i == 0 ? fault : NOTHING, answer);
		heard = s->talk->take(s->talk, answer, len);
		if (i == 0 && fault == TWICE) {
			assert_int_equal(heard, TALK_ANSWER);
			heard = s->talk->take(s->talk, answer, len);
		}
		if (i == 0)
			first = heard;
		else
			assert_int_equal(heard, TALK_ANSWER);
	}
	return first;
}

static const struct block_row {
	const char *name;
	const struct workload *load;
	enum fault fault;
	unsigned at; /* block */
	enum talk_heard heard;
} block_rows[] = {
	{"up: first block", &up, NOTHING, 0, TALK_ANSWER},
	{"up: last block", &up, NOTHING, 2, TALK_ANSWER},
	{"up: the next body", &up, NOTHING, 3, TALK_ANSWER},
	{"up: another code", &up, CODE, 1, TALK_WRONG},
	{"up: another code for the last", &up, CODE, 2, TALK_WRONG},
	{"up: not in the ACK", &up, TYPE, 1, TALK_WRONG},
	{"up: another Message ID", &up, MID, 1, TALK_WRONG},
	{"up: another token", &up, TOKEN, 1, TALK_WRONG},
	{"up: another number", &up, BLOCK_NUMBER, 1, TALK_WRONG},
	{"up: no more", &up, BLOCK_MORE, 1, TALK_WRONG},
	{"up: more behind the last", &up, BLOCK_MORE, 2, TALK_WRONG},
	{"up: with a payload", &up, LENGTH, 1, TALK_WRONG},
	{"up: twice", &up, TWICE, 1, TALK_WRONG},
	{"down: first block", &down, NOTHING, 0, TALK_ANSWER},
	{"down: last block", &down, NOTHING, 2, TALK_ANSWER},
	{"down: the next body", &down, NOTHING, 3, TALK_ANSWER},
	{"down: another code", &down, CODE, 1, TALK_WRONG},
	{"down: another Message ID", &down, MID, 1, TALK_WRONG},
	{"down: another number", &down, BLOCK_NUMBER, 1, TALK_WRONG},
	{"down: no more", &down, BLOCK_MORE, 0, TALK_WRONG},
	{"down: more behind the last", &down, BLOCK_MORE, 2, TALK_WRONG},
	{"down: another byte", &down, BYTE, 2, TALK_WRONG},
	{"down: another ETag", &down, ETAG, 1, TALK_WRONG},
	{"down: the size again", &down, SIZE, 1, TALK_WRONG},
	{"down: a byte too few", &down, LENGTH, 2, TALK_WRONG},
	{"down: twice", &down, TWICE, 1, TALK_WRONG},
};

static void
blocks(void **state)
{
	const struct block_row *r = *state;
	struct sides s;

	open_sides(&s, r->load);
	for (unsigned num = 0; num < r->at; num++)
		assert_int_equal(answer_all(&s, NOTHING), TALK_ANSWER);
	assert_int_equal(answer_all(&s, r->fault), r->heard);
	blocks_free(s.blocks);
}

/* Each block is what a receiver would put together, and what blocks_sent() says. */
static void
a_body_is_what_was_sent(void **state)
{
	uint8_t frame[FRAME_MAX], answer[FRAME_MAX], body[BODY_MAX], sent[BODY_MAX];
	uint32_t e = UINT32_MAX;
	struct sides s;
	struct tg_msg m;

	(void)state;
	open_sides(&s, &up);
	for (unsigned num = 0; num < up.blocks; num++)
		for (unsigned i = 0; i < TRANSFERS; i++) {
			next_request(&s, frame, &m);
			if (i == 0) {
				assert_int_equal(m.len - m.payload, BLOCK_BYTES);
				memcpy(body + (size_t)num * BLOCK_BYTES,
					m.base + m.payload, BLOCK_BYTES);
			}
			s.talk->take(
				s.talk, answer, write_answer(&s, &m, NOTHING, answer));
		}
	for (uint32_t at = 0; at < up.endpoints; at++)
		if (blocks_sent(s.blocks, at, sent) == up.blocks * (size_t)BLOCK_BYTES
			&& memcmp(sent, body, up.blocks * (size_t)BLOCK_BYTES) == 0)
			e = at;
	assert_int_not_equal(e, UINT32_MAX);
	blocks_free(s.blocks);
}

/* What was not answered is sent again as it was, and may be answered twice then. */
static void
what_is_lost_comes_again(void **state)
{
	uint8_t frame[FRAME_MAX], again[FRAME_MAX], answer[FRAME_MAX];
	struct sides s;
	struct tg_msg m;
	size_t len;

	(void)state;
	open_sides(&s, &up);
	next_request(&s, frame, &m);
	len = write_answer(&s, &m, NOTHING, answer);
	assert_int_equal(s.talk->awaited, 1);
	s.talk->lost(s.talk);
	assert_int_equal(s.talk->awaited, 0);
	for (unsigned i = 0; i < TRANSFERS; i++)
		next_request(&s, again, &m);
	assert_memory_equal(again, frame, FRONT + m.len);
	assert_int_equal(s.talk->take(s.talk, answer, len), TALK_ANSWER);
	next_request(&s, frame, &m); /* the next block: the last one's answer is late */
	assert_int_equal(s.talk->take(s.talk, answer, len), TALK_OTHER);
	assert_int_equal(s.talk->take(s.talk, answer, len), TALK_WRONG);
	len = write_answer(&s, &m, NOTHING, answer);
	assert_int_equal(s.talk->take(s.talk, answer, len), TALK_ANSWER);
	blocks_free(s.blocks);
}

/* ---- notifications ---- */

enum news_fault {
	RIGHT,
	OLD_VALUE,
	SAME_OBSERVE,
	OTHER_TOKEN,
	NO_OBSERVER,
	GONE,
	TOLD_TWICE,
};

/* The notification to observer @e of what the change in @put has made. */
static size_t
write_news(const struct tg_msg *put, uint32_t e, uint32_t seq, enum tg_type type,
	enum news_fault fault, uint8_t *to)
{
	struct rte_ipv4_hdr *ip =
		(struct rte_ipv4_hdr *)(to + sizeof(struct rte_ether_hdr));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	uint32_t token = fault == OTHER_TOKEN   ? e + 1
			 : fault == NO_OBSERVER ? OBSERVERS
						: e;
	uint8_t value[128],
		observe[3] = {(uint8_t)(seq >> 16), (uint8_t)(seq >> 8), (uint8_t)seq};
	uint64_t etag = 7;
	struct tg_writer w;

	memcpy(value, put->base + put->payload, (size_t)(put->len - put->payload));
	value[9] ^= fault == OLD_VALUE;
	memset(to, 0, FRONT);
	ip->dst_addr = rte_cpu_to_be_32(FLEET_NET4 + e);
	udp->dst_port = RTE_BE16(FLEET_PORT);
	tg_write_begin(&w, to + FRONT, FRAME_MAX - FRONT, type,
		fault == GONE ? TG_NOT_FOUND : TG_CONTENT, (uint16_t)(e + 99),
		(const uint8_t *)&token, sizeof(token));
	tg_write_option(&w, TG_OPT_ETAG, &etag, sizeof(etag));
	tg_write_option(&w, TG_OPT_OBSERVE, observe, sizeof(observe));
	tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
	tg_write_payload(&w, value, (size_t)(put->len - put->payload));
	return FRONT + tg_write_end(&w);
}

static void
change_it(struct talk *t, uint8_t frame[FRAME_MAX], struct tg_msg *m)
{
	uint8_t answer[FRAME_MAX];
	struct tg_writer w;
	uint16_t len = t->write(t, frame);

	assert_true(len > FRONT);
	assert_int_equal(
		tg_msg_parse(m, frame + FRONT, len - FRONT, TG_TOKEN_MAX), TG_OK);
	assert_int_equal(m->code, TG_PUT);
	assert_int_equal(t->awaited, OBSERVERS + 1);
	tg_write_begin(&w, answer + FRONT, FRAME_MAX - FRONT, TG_ACK, TG_CHANGED, m->mid,
		tg_msg_token(m), m->tkl);
	assert_int_equal(t->take(t, answer, FRONT + tg_write_end(&w)), TALK_OTHER);
}

static enum talk_heard
tell(struct talk *t, const struct tg_msg *put, uint32_t e, uint32_t seq,
	enum news_fault fault)
{
	uint8_t frame[FRAME_MAX];

	return t->take(t, frame, write_news(put, e, seq, TG_NON, fault, frame));
}

static const struct news_row {
	const char *name;
	enum news_fault fault;
	enum talk_heard heard;
} news_rows[] = {
	{"what is new", RIGHT, TALK_ANSWER},
	{"what is old", OLD_VALUE, TALK_WRONG},
	{"an Observe value that does not rise", SAME_OBSERVE, TALK_WRONG},
	{"another's token", OTHER_TOKEN, TALK_WRONG},
	{"a token of nobody", NO_OBSERVER, TALK_WRONG},
	{"an error", GONE, TALK_WRONG},
	{"told twice", TOLD_TWICE, TALK_WRONG},
};

static void
news(void **state)
{
	const struct news_row *r = *state;
	struct talk *t = fanout_new(&fleet, mac, mac);
	uint8_t frame[FRAME_MAX], other[FRAME_MAX];
	struct tg_msg put;

	assert_non_null(t);
	change_it(t, frame, &put);
	for (uint32_t e = 0; e < OBSERVERS; e++)
		assert_int_equal(tell(t, &put, e, 0xffffff, RIGHT), TALK_ANSWER);
	change_it(t, frame, &put);
	assert_int_equal(t->write(t, other), 0); /* they have not all heard of it */
	if (r->fault == TOLD_TWICE)
		assert_int_equal(tell(t, &put, 3, 4, RIGHT), TALK_ANSWER);
	assert_int_equal(
		tell(t, &put, 3, r->fault == SAME_OBSERVE ? 0xffffff : 5, r->fault),
		r->heard);
	free(t);
}

static void
a_con_is_acknowledged(void **state)
{
	struct talk *t = fanout_new(&fleet, mac, mac);
	uint8_t frame[FRAME_MAX], con[FRAME_MAX], ack[FRAME_MAX];
	const struct rte_ipv4_hdr *ip =
		(const struct rte_ipv4_hdr *)(ack + sizeof(struct rte_ether_hdr));
	struct tg_msg put;

	(void)state;
	assert_non_null(t);
	change_it(t, frame, &put);
	assert_int_equal(
		t->take(t, con, write_news(&put, 5, 1, TG_CON, RIGHT, con)), TALK_ANSWER);
	assert_int_equal(t->write(t, ack), FRONT + TG_HDR_LEN);
	assert_memory_equal(ack + FRONT, ((uint8_t[]){0x60, 0, 0, 104}), TG_HDR_LEN);
	assert_int_equal(ip->src_addr, rte_cpu_to_be_32(FLEET_NET4 + 5));
	assert_int_equal(dp_sum_finish(dp_sum(ip, sizeof(*ip), 0)), 0);
	assert_int_equal(rte_ipv4_udptcp_cksum_verify(ip, ip + 1), 0);
	assert_int_equal(t->write(t, ack), 0);
	free(t);
}

/* What was given up may be heard yet, once; then it is wrong. */
static void
news_may_be_late(void **state)
{
	struct talk *t = fanout_new(&fleet, mac, mac);
	uint8_t frame[FRAME_MAX], next[FRAME_MAX];
	struct tg_msg old, put;

	(void)state;
	assert_non_null(t);
	change_it(t, frame, &old);
	for (uint32_t e = 1; e < OBSERVERS; e++)
		assert_int_equal(tell(t, &old, e, 1, RIGHT), TALK_ANSWER);
	assert_int_equal(t->awaited, 1);
	t->lost(t);
	change_it(t, next, &put);
	assert_int_equal(tell(t, &old, 0, 1, RIGHT), TALK_OTHER);
	assert_int_equal(tell(t, &old, 0, 1, RIGHT), TALK_WRONG);
	assert_int_equal(tell(t, &put, 0, 2, RIGHT), TALK_ANSWER);
	free(t);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(block_rows) + COUNT(news_rows) + 4] = {
		cmocka_unit_test(a_body_is_what_was_sent),
		cmocka_unit_test(what_is_lost_comes_again),
		cmocka_unit_test(a_con_is_acknowledged),
		cmocka_unit_test(news_may_be_late),
	};
	size_t n = 4;

	ADD_ROWS(tests, &n, block_rows, blocks);
	ADD_ROWS(tests, &n, news_rows, news);
	return _cmocka_run_group_tests("talk", tests, n, NULL, NULL);
}
