#include "bench/fanout.h"

#include "coap/code.h"
#include "coap/msg.h"
#include "coap/observe.h"
#include "coap/write.h"
#include "dataplane/checksum.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <stdlib.h>
#include <string.h>

#define ACKS 16384 /* that wait to be sent: all observers may be told by CON at once */
#define BEHIND_ETAG (TG_HDR_LEN + 4 + 1 + 8) /* where a notification's Observe is */
#define REST_MAX 96

const struct workload fanout_change = {"change", CHANGERS, TG_PUT, false, "d/fleet/state",
	"{\"id\":\"********\",\"temp\":21.5,\"b\":87}"};

struct observer {
	uint32_t change; /* that it was told last */
	uint32_t seq;    /* with this Observe value */
};

struct ack {
	uint32_t endpoint;
	uint16_t mid;
};

struct fanout {
	struct talk talk;
	uint32_t observers;
	struct maker put, bare;
	uint32_t change, told; /* how many have heard of it */
	uint64_t missed; /* frames that did not come in time: so many may come too late */
	uint16_t rest_len; /* of a notification, from Content-Format on */
	uint8_t rest[REST_MAX];
	struct ack ack[ACKS];
	uint32_t acks_in, acks_out;
	struct observer observer[];
};

/* ---- saying ---- */

/* An empty ACK: the frame of a request, cut off behind its header. */
static uint16_t
write_ack(const struct maker *m, const struct ack *a, uint8_t *frame)
{
	struct rte_ipv4_hdr *ip =
		(struct rte_ipv4_hdr *)(frame + sizeof(struct rte_ether_hdr));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(frame + m->udp);
	uint16_t ulen = sizeof(*udp) + TG_HDR_LEN;

	maker_write(m, frame, a->endpoint, a->mid);
	frame[m->coap] = 1u << 6 | TG_ACK << 4;
	frame[m->coap + 1] = TG_EMPTY;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(ulen + sizeof(*ip)));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = dp_sum_finish(dp_sum(ip, sizeof(*ip), 0));
	udp->dgram_len = rte_cpu_to_be_16(ulen);
	udp->dgram_cksum = 0;
	udp->dgram_cksum = dp_sum_finish(
		dp_sum(udp, ulen, dp_sum_pseudo(&ip->src_addr, 8, IPPROTO_UDP, ulen)));
	return (uint16_t)(m->coap + TG_HDR_LEN);
}

/* What its notifications will be behind the Observe option. */
static void
expect(struct fanout *f, uint32_t e, uint16_t mid)
{
	uint8_t *to = f->rest;

	*to++ = (TG_OPT_CONTENT_FORMAT - TG_OPT_OBSERVE) << 4 | 1;
	*to++ = TG_CF_JSON;
	*to++ = 0xff;
	to += maker_payload(&f->put, to, e, mid);
	f->rest_len = (uint16_t)(to - f->rest);
}

static uint16_t
change(struct fanout *f, uint8_t *frame)
{
	uint32_t e = f->observers + f->change % CHANGERS;
	uint16_t mid = (uint16_t)(f->change / CHANGERS);

	maker_write(&f->put, frame, e, mid);
	expect(f, e, mid);
	f->change++;
	f->told = 0;
	f->talk.awaited = f->observers + 1; /* and the answer */
	return f->put.len;
}

static uint16_t
say(struct talk *t, uint8_t *frame)
{
	struct fanout *f = (struct fanout *)t;

	if (f->acks_in != f->acks_out)
		return write_ack(&f->bare, &f->ack[f->acks_out++ % ACKS], frame);
	return t->awaited == 0 ? change(f, frame) : 0;
}

/* ---- hearing ---- */

static bool
is_for(const struct fanout *f, const uint8_t *frame, uint32_t e)
{
	const struct rte_ipv4_hdr *ip =
		(const struct rte_ipv4_hdr *)(frame + sizeof(struct rte_ether_hdr));
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(frame + f->put.udp);

	return ip->dst_addr
		       == rte_cpu_to_be_32(FLEET_NET4 + (e & ((1u << FLEET_BITS) - 1)))
	       && udp->dst_port
			  == rte_cpu_to_be_16((uint16_t)(FLEET_PORT + (e >> FLEET_BITS)));
}

/* Is it what observer @o has to be told now? */
static bool
is_news(const struct fanout *f, const struct observer *o, const uint8_t *msg, size_t len)
{
	const uint8_t *at = msg + BEHIND_ETAG;
	uint32_t seq;

	if (len != BEHIND_ETAG + 4u + f->rest_len || o->change == f->change
		|| *at != ((TG_OPT_OBSERVE - TG_OPT_ETAG) << 4 | 3))
		return false;
	seq = (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return (o->change == 0 || ((seq - o->seq) & TG_OBSERVE_MASK) - 1 < 1u << 23)
	       && memcmp(at + 4, f->rest, f->rest_len) == 0;
}

static enum talk_heard
too_late(struct fanout *f)
{
	if (f->missed == 0)
		return TALK_WRONG;
	f->missed--;
	return TALK_OTHER;
}

static enum talk_heard
take_news(struct fanout *f, const uint8_t *frame, size_t len)
{
	const uint8_t *msg = frame + f->put.coap;
	struct observer *o;
	uint32_t e;

	len -= f->put.coap;
	memcpy(&e, msg + TG_HDR_LEN, sizeof(e));
	if (e >= f->observers || !is_for(f, frame, e) || msg[1] != TG_CONTENT)
		return TALK_WRONG;
	if ((msg[0] >> 4 & 3) == TG_CON)
		f->ack[f->acks_in++ % ACKS] = (struct ack){
			.endpoint = e, .mid = (uint16_t)(msg[2] << 8 | msg[3])};
	o = &f->observer[e];
	if (!is_news(f, o, msg, len))
		return too_late(f);
	o->change = f->change;
	o->seq = (uint32_t)msg[BEHIND_ETAG + 1] << 16
		 | (uint32_t)msg[BEHIND_ETAG + 2] << 8 | msg[BEHIND_ETAG + 3];
	f->told++;
	talk_heard(&f->talk);
	return TALK_ANSWER;
}

static enum talk_heard
take(struct talk *t, const uint8_t *frame, size_t len)
{
	struct fanout *f = (struct fanout *)t;
	const uint8_t *msg = frame + f->put.coap;

	if (len < f->put.coap + TG_HDR_LEN + 4u)
		return TALK_WRONG;
	if ((msg[0] & 0xcf) == (1u << 6 | 4) && (msg[0] >> 4 & 3) <= TG_NON)
		return take_news(f, frame, len);
	if (msg[0] != (1u << 6 | TG_ACK << 4 | 4) || msg[1] != TG_CHANGED)
		return TALK_WRONG;
	talk_heard(t);
	return TALK_OTHER;
}

/* Whoever has not heard of it will hear of the next one. */
static void
lost(struct talk *t)
{
	((struct fanout *)t)->missed += t->awaited;
	t->awaited = 0;
}

struct talk *
fanout_new(const struct workload *w, const uint8_t to[6], const uint8_t from[6])
{
	struct fanout *f = calloc(1, sizeof(*f) + w->endpoints * sizeof(struct observer));

	if (f == NULL)
		return NULL;
	f->talk = (struct talk){.write = say, .take = take, .lost = lost};
	f->observers = w->endpoints;
	maker_init(&f->put, &fanout_change, to, from);
	maker_init(&f->bare, w, to, from);
	return &f->talk;
}
