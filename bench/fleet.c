#include "bench/fleet.h"

#include "coap/code.h"
#include "coap/msg.h"
#include "coap/option.h"
#include "coap/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define NON_LEVEL (FLEET_LEVELS - 1)
#define MS 1000000ull

enum verb { POST_CON, POST_NON, PUT_STATE, GET_STATE };

/* How long each level waits: 2.5 s doubling (4.8), and ten seconds for a NON. */
static const uint64_t wait_ns[FLEET_LEVELS] = {
	2500 * MS, 5000 * MS, 10000 * MS, 20000 * MS, 40000 * MS, 10000 * MS};

struct slot {
	uint64_t planned, due;
	uint32_t device, number; /* number 0: free */
	uint32_t next;           /* in its level's queue, or the free list */
	uint16_t mid;
	uint8_t verb, level;
	bool acked; /* it has arrived: the answer is to come by itself */
};

/* All of a level wait equally long, so a queue is in the order of their times. */
struct queue {
	uint32_t head, tail;
};

struct fleet {
	struct wire *wire;
	uint32_t devices, numbers, in_flight, free;
	uint64_t random, now;
	uint32_t next_device, stride;
	uint16_t *mid;      /* of each endpoint */
	uint32_t *last;     /* and the slot of its last request */
	uint8_t *has_state; /* device has PUT its state */
	struct queue queue[FLEET_LEVELS];
	struct fleet_counts counts;
	struct dp_hist latency;
	struct slot slot[FLEET_SLOTS];
};

static uint64_t
next_random(struct fleet *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random;
}

struct fleet *
fleet_new(struct wire *wire, uint32_t devices, uint64_t seed)
{
	struct fleet *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->wire = wire;
	f->devices = devices;
	f->random = seed | 1;
	f->stride = devices > 7919 ? 7919 : 1; /* a prime: all devices take their turn */
	while (devices % f->stride == 0 && f->stride > 1)
		f->stride -= 2;
	f->mid = calloc(wire->endpoints, sizeof(*f->mid));
	f->last = calloc(wire->endpoints, sizeof(*f->last));
	f->has_state = calloc(devices, 1);
	if (f->mid == NULL || f->last == NULL || f->has_state == NULL) {
		fleet_free(f);
		return NULL;
	}
	for (uint32_t i = 0; i < wire->endpoints;
		i++) /* a sixteenth of them, by the seed */
		f->mid[i] = (uint16_t)((seed << 12) + next_random(f) % 1024);
	for (unsigned i = 0; i < FLEET_LEVELS; i++)
		f->queue[i] = (struct queue){NONE, NONE};
	for (uint32_t i = 0; i < FLEET_SLOTS; i++)
		f->slot[i].next = i + 1 < FLEET_SLOTS ? i + 1 : NONE;
	return f;
}

void
fleet_free(struct fleet *f)
{
	if (f == NULL)
		return;
	free(f->mid);
	free(f->last);
	free(f->has_state);
	free(f);
}

/* ---- sending ---- */

static void
enqueue(struct fleet *f, uint32_t i, unsigned level, uint64_t now)
{
	struct queue *q = &f->queue[level];
	struct slot *s = &f->slot[i];

	s->level = (uint8_t)level;
	s->due = now + wait_ns[level];
	s->next = NONE;
	if (q->head == NONE)
		q->head = i;
	else
		f->slot[q->tail].next = i;
	q->tail = i;
}

static void
write_request(const struct slot *s, uint32_t i, struct tg_writer *w)
{
	static const uint8_t method[] = {TG_POST, TG_POST, TG_PUT, TG_GET};
	char device[16], payload[64];
	int len = snprintf(device, sizeof(device), "dev%06u", s->device);

	(void)i;
	tg_write_option(w, TG_OPT_URI_PATH, s->verb <= POST_NON ? "t" : "d", 1);
	tg_write_option(w, TG_OPT_URI_PATH, device, (size_t)len);
	if (s->verb >= PUT_STATE)
		tg_write_option(w, TG_OPT_URI_PATH, "state", 5);
	if (method[s->verb] == TG_GET)
		return;
	tg_write_uint(w, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
	len = snprintf(payload, sizeof(payload), "{\"n\":%u,\"temp\":%u.%u,\"batt\":%u}",
		s->number, 15 + s->number % 20, s->number % 10, 50 + s->number % 50);
	tg_write_payload(w, payload, (size_t)len);
}

static bool
transmit(struct fleet *f, uint32_t i)
{
	static const uint8_t method[] = {TG_POST, TG_POST, TG_PUT, TG_GET};
	const struct slot *s = &f->slot[i];
	uint32_t token[2] = {i, s->number};
	uint8_t *buf = f->wire->begin(f->wire, s->device % f->wire->endpoints);
	struct tg_writer w;

	if (buf == NULL)
		return false;
	tg_write_begin(&w, buf, WIRE_MSG_MAX, s->verb == POST_NON ? TG_NON : TG_CON,
		method[s->verb], s->mid, (const uint8_t *)token, sizeof(token));
	write_request(s, i, &w);
	f->wire->send(f->wire, tg_write_end(&w));
	return true;
}

/* Of a hundred requests: 45 CON and 25 NON readings, 18 states PUT, 12 states read. */
static enum verb
choose(struct fleet *f, uint32_t device)
{
	unsigned n = (unsigned)(next_random(f) >> 20) % 100;

	if (n < 45)
		return POST_CON;
	if (n < 70)
		return POST_NON;
	return n < 88 || !f->has_state[device] ? PUT_STATE : GET_STATE;
}

bool
fleet_request(struct fleet *f, uint64_t planned)
{
	uint32_t i = f->free, device = (f->next_device + f->stride) % f->devices;
	uint16_t *mid = &f->mid[device % f->wire->endpoints];
	struct slot *s;

	if (i == NONE) /* also if finished ones wait behind one that is not */
		return false;
	s = &f->slot[i];
	s->device = device;
	s->verb = (uint8_t)choose(f, device);
	s->number = f->numbers + 1;
	s->planned = planned;
	s->mid = *mid;
	s->acked = false;
	if (!transmit(f, i)) {
		s->number = 0;
		return false;
	}
	f->free = s->next;
	f->next_device = device;
	f->last[device % f->wire->endpoints] = i;
	f->numbers++;
	f->in_flight++;
	f->counts.sent++;
	(*mid)++;
	enqueue(f, i, s->verb == POST_NON ? NON_LEVEL : 0,
		f->now > planned ? f->now : planned);
	return true;
}

/* ---- receiving ---- */

/* A finished slot stays in its queue until its time comes round: number 0 marks it. */
static void
finish(struct fleet *f, struct slot *s)
{
	s->number = 0;
	f->in_flight--;
}

static bool
plausible(const struct slot *s, uint8_t code)
{
	if (code >= TG_BAD_REQUEST)
		return true;
	if (s->verb == GET_STATE)
		return code == TG_CONTENT;
	return code == TG_CHANGED || (s->verb == PUT_STATE && code == TG_CREATED);
}

/* May a message like @m answer @s?  A CON in its ACK, or by a message of the gateway's
 * own (5.2); a NON only so. */
static bool
answers(const struct fleet *f, const struct slot *s, uint32_t endpoint,
	const struct tg_msg *m)
{
	if (endpoint != s->device % f->wire->endpoints || !plausible(s, m->code))
		return false;
	if (m->type == TG_ACK)
		return s->verb != POST_NON && m->mid == s->mid;
	return m->type != TG_RST;
}

/* An ACK of a separate response, or an RST; without room on the wire it will come again.
 */
static void
say_empty(struct fleet *f, uint32_t endpoint, enum tg_type type, uint16_t mid)
{
	uint8_t *buf = f->wire->begin(f->wire, endpoint);
	struct tg_writer w;

	if (buf == NULL)
		return;
	tg_write_begin(&w, buf, WIRE_MSG_MAX, type, TG_EMPTY, mid, NULL, 0);
	f->wire->send(f->wire, tg_write_end(&w));
}

/* An empty ACK: what it acknowledges is not sent again.  One for an older request than
 * the endpoint's last finds nothing: that is sent again, and acknowledged again. */
static void
take_ack(struct fleet *f, uint32_t endpoint, uint16_t mid)
{
	struct slot *s = &f->slot[f->last[endpoint]];

	if (s->number != 0 && s->device % f->wire->endpoints == endpoint && s->mid == mid)
		s->acked = true;
}

static void
take_answer(struct fleet *f, struct slot *s, uint32_t endpoint, const struct tg_msg *m)
{
	if (m->type == TG_CON)
		say_empty(f, endpoint, TG_ACK, m->mid);
	if (m->code >= TG_BAD_REQUEST) {
		f->counts.refused++;
		f->counts.refused_code[m->code]++;
	} else {
		f->counts.answered++;
		f->has_state[s->device] |= s->verb == PUT_STATE;
		dp_hist_add(
			&f->latency, f->now > s->planned ? f->now - s->planned : 0, 1);
	}
	finish(f, s);
}

/* What nobody here waits for is rejected (RFC 7252, 4.2): a gateway that answers a fleet
 * before this one would else go on, and keep its next answer to the endpoint back. */
static void
reject(struct fleet *f, uint32_t endpoint, const struct tg_msg *m)
{
	f->counts.wrong++;
	if (m->type == TG_CON)
		say_empty(f, endpoint, TG_RST, m->mid);
}

static void
take(void *arg, uint32_t endpoint, const uint8_t *msg, size_t len)
{
	struct fleet *f = arg;
	uint32_t token[2];
	struct slot *s;
	bool ours;
	struct tg_msg m;
	enum tg_verdict v = tg_msg_parse(&m, msg, len, TG_TOKEN_MAX);

	if (v == TG_OK && m.type == TG_ACK && m.code == TG_EMPTY) {
		take_ack(f, endpoint, m.mid);
		return;
	}
	if (v != TG_OK) {
		f->counts.wrong++;
		return;
	}
	if (m.tkl != sizeof(token)) {
		reject(f, endpoint, &m);
		return;
	}
	memcpy(token, tg_msg_token(&m), sizeof(token));
	s = &f->slot[token[0] % FLEET_SLOTS];
	ours = token[0] < FLEET_SLOTS && token[1] != 0 && token[1] <= f->numbers;
	if (ours && s->number != token[1]) { /* answered before, or given up */
		f->counts.late++;
		if (m.type == TG_CON)
			say_empty(f, endpoint, TG_ACK, m.mid);
	} else if (ours && answers(f, s, endpoint, &m)) {
		take_answer(f, s, endpoint, &m);
	} else {
		reject(f, endpoint, &m);
	}
}

/* Work off the front of a level: what is finished is freed, what is due goes on or is
 * lost. */
static void
expire(struct fleet *f, unsigned level)
{
	struct queue *q = &f->queue[level];

	while (q->head != NONE) {
		uint32_t i = q->head;
		struct slot *s = &f->slot[i];

		if (s->number != 0 && s->due > f->now)
			break;
		q->head = s->next;
		if (s->number != 0 && level + 1 < NON_LEVEL) {
			if (!s->acked) {
				(void)transmit(f, i);
				f->counts.retransmitted++;
			}
			enqueue(f, i, level + 1, f->now);
			continue;
		}
		if (s->number != 0) {
			f->counts.lost++;
			finish(f, s);
		}
		s->next = f->free;
		f->free = i;
	}
}

void
fleet_turn(struct fleet *f, uint64_t now)
{
	f->now = now;
	f->wire->flush(f->wire);
	while (f->wire->receive(f->wire, take, f) == 64)
		;
	for (unsigned level = 0; level < FLEET_LEVELS; level++)
		expire(f, level);
	f->wire->flush(f->wire);
}

uint32_t
fleet_in_flight(const struct fleet *f)
{
	return f->in_flight;
}

void
fleet_give_up(struct fleet *f)
{
	f->counts.lost += f->in_flight;
	f->in_flight = 0;
}

const struct fleet_counts *
fleet_counts(const struct fleet *f)
{
	return &f->counts;
}

const struct dp_hist *
fleet_latency(const struct fleet *f)
{
	return &f->latency;
}
