#include "bench/workload.h"

#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/checksum.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <assert.h>
#include <string.h>

#define TOKEN_LEN 4

/* What is in a block, but for the digits: BLOCK_BYTES. */
const char blocks_text[] =
	"{\"id\":\"********\",\"temp\":21.5,\"batt\":9,\"ok\":true,\"to\":[12,34,5]}\n";
_Static_assert(sizeof(blocks_text) - 1 == BLOCK_BYTES, "a whole block");

const struct workload workloads[] = {
	{"get-static", 65536, TG_GET, false, "hello", NULL},
	{"post-64k", 65536, TG_POST, false, "t/*",
		"{\"id\":\"********\",\"temp\":21.5,\"b\":87}"},
	{"put-1m", 1000000, TG_PUT, false, "d/*/state",
		"{\"id\":\"********\",\"temp\":21.5,\"batt\":9,\"ok\":true}"},
	{"put-1m-ipv6", 1000000, TG_PUT, true, "d/*/state",
		"{\"id\":\"********\",\"temp\":21.5,\"batt\":9,\"ok\":true}"},
	{"post-logged", 65536, TG_POST, false, "t/*",
		"{\"id\":\"********\",\"temp\":21.5,\"b\":87}", true},
	{"notify-10k", 10240, TG_GET, false, "d/fleet/state", NULL, .observed = true},
	{"block-up", 65536, TG_PUT, false, "d/*/config", blocks_text, .blocks = 64},
	{"block-down", 65536, TG_GET, false, "d/fleet/image", NULL, .blocks = 64},
};
const unsigned n_workloads = sizeof(workloads) / sizeof(*workloads);

const struct workload *
workload_find(const char *name)
{
	for (unsigned i = 0; i < n_workloads; i++)
		if (strcmp(workloads[i].name, name) == 0)
			return &workloads[i];
	return NULL;
}

/* ---- the frame that stays ---- */

static void
write_path(struct tg_writer *w, const char *path)
{
	for (const char *end; *path != '\0'; path = *end == '/' ? end + 1 : end) {
		end = path + strcspn(path, "/");
		if (*path == '*') /* one letter and eight digits: the digits at an even
				     offset */
			tg_write_option(w, TG_OPT_URI_PATH, "n********", 9);
		else
			tg_write_option(w, TG_OPT_URI_PATH, path, (size_t)(end - path));
	}
}

static uint16_t
write_message(const struct workload *w, uint32_t num, uint8_t *buf, size_t cap)
{
	const struct tg_block block = {.num = num,
		.szx = BLOCK_SZX,
		.more = w->method != TG_GET && num + 1 < w->blocks};
	static const uint8_t token[TOKEN_LEN];
	struct tg_writer out;

	tg_write_begin(&out, buf, cap, TG_CON, w->method, 0, token, sizeof(token));
	if (w->observed)
		tg_write_uint(&out, TG_OPT_OBSERVE, 0);
	write_path(&out, w->path);
	if (w->payload != NULL)
		tg_write_uint(&out, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
	if (w->blocks > 0)
		tg_write_uint(&out, w->method == TG_GET ? TG_OPT_BLOCK2 : TG_OPT_BLOCK1,
			tg_block_encode(&block));
	if (w->payload != NULL)
		tg_write_payload(&out, w->payload, strlen(w->payload));
	return (uint16_t)tg_write_end(&out);
}

static void
write_ip(struct maker *m, uint16_t ulen)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)m->frame;
	struct rte_ipv4_hdr *ip4 = (struct rte_ipv4_hdr *)(eth + 1);
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)(eth + 1);
	static const uint8_t to[16] = {0x20, 1, 0, 2, [15] = 1},
			     from[12] = {0x20, 1, 0, 2, [7] = 1};

	if (m->v6) {
		eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6);
		*ip6 = (struct rte_ipv6_hdr){
			.vtc_flow = RTE_BE32(0x60000000),
			.payload_len = rte_cpu_to_be_16(ulen),
			.proto = IPPROTO_UDP,
			.hop_limits = 64,
		};
		memcpy(ip6->dst_addr, to, sizeof(to));
		memcpy(ip6->src_addr, from, sizeof(from)); /* 2001:2:0:1::/64 */
		return;
	}
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	*ip4 = (struct rte_ipv4_hdr){
		.version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16((uint16_t)(ulen + sizeof(*ip4))),
		.time_to_live = 64,
		.next_proto_id = IPPROTO_UDP,
		.dst_addr = RTE_BE32(RTE_IPV4(198u, 18, 0, 1)),
	};
}

/* Offset of eight asterisks behind @from, which become zero bytes; 0 if there are none.
 * From an odd one on words are summed up with their bytes swapped. */
static uint16_t
find_digits(struct maker *m, unsigned from, uint8_t *turn)
{
	uint8_t *at = memmem(m->frame + from, m->len - from, "********", 8);

	if (at == NULL)
		return 0;
	memset(at, 0, 8);
	*turn = (at - m->frame) % 2 != 0 ? 8 : 0;
	return (uint16_t)(at - m->frame);
}

void
maker_init_block(struct maker *m, const struct workload *w, uint32_t num,
	const uint8_t to[6], const uint8_t from[6])
{
	struct rte_udp_hdr *udp;
	unsigned l3 = sizeof(struct rte_ether_hdr), addrs;
	uint16_t ulen;

	memset(m, 0, sizeof(*m));
	m->v6 = w->v6;
	m->udp = (uint16_t)(l3
			    + (w->v6 ? sizeof(struct rte_ipv6_hdr)
				     : sizeof(struct rte_ipv4_hdr)));
	m->coap = (uint16_t)(m->udp + sizeof(*udp));
	ulen = (uint16_t)(sizeof(*udp)
			  + write_message(w, num, m->frame + m->coap,
				  sizeof(m->frame) - m->coap));
	m->len = (uint16_t)(m->udp + ulen);
	memcpy(m->frame, to, 6);
	memcpy(m->frame + 6, from, 6);
	write_ip(m, ulen);
	m->payload = (uint16_t)(m->len - (w->payload != NULL ? strlen(w->payload) : 0));
	addrs = w->v6 ? l3 + 8 : l3 + 12;
	m->source = (uint16_t)(w->v6 ? addrs + 12 : addrs);
	if (strchr(w->path, '*') != NULL)
		m->name = find_digits(m, m->coap, &m->name_turn);
	m->change = find_digits(m, m->coap, &m->change_turn);
	udp = (struct rte_udp_hdr *)(m->frame + m->udp);
	udp->dst_port = RTE_BE16(5683);
	udp->dgram_len = rte_cpu_to_be_16(ulen);
	m->sum = dp_sum(udp, ulen,
		dp_sum_pseudo(m->frame + addrs, w->v6 ? 32 : 8, IPPROTO_UDP, ulen));
	m->sum = (m->sum & UINT32_MAX) + (m->sum >> 32); /* room for what is added */
}

void
maker_init(struct maker *m, const struct workload *w, const uint8_t to[6],
	const uint8_t from[6])
{
	maker_init_block(m, w, 0, to, from);
}

/* ---- what differs ---- */

/* Eight hexadecimal digits, the highest first in memory. */
static inline uint64_t
digits(uint32_t n)
{
	uint64_t v = __builtin_bswap32(n), over;

	v = (v | v << 16) & 0x0000ffff0000ffffu;
	v = (v | v << 8) & 0x00ff00ff00ff00ffu;
	v = ((v >> 4) & 0x000f000f000f000fu) | ((v & 0x000f000f000f000fu) << 8);
	over = ((v + 0x0606060606060606u) >> 4) & 0x0101010101010101u;
	return v + 0x3030303030303030u + over * ('a' - '0' - 10);
}

static inline uint64_t
put8(uint8_t *at, uint64_t v, unsigned turn)
{
	memcpy(at, &v, 8);
	v = v << turn | v >> (64 - turn) % 64;
	return (v & UINT32_MAX) + (v >> 32);
}

void
maker_write_as(
	const struct maker *m, uint8_t *buf, uint32_t e, uint16_t mid, uint32_t token)
{
	uint32_t addr =
		rte_cpu_to_be_32(m->v6 ? e : FLEET_NET4 + (e & ((1u << FLEET_BITS) - 1)));
	uint16_t port = rte_cpu_to_be_16(
		(uint16_t)(m->v6 ? FLEET_PORT : FLEET_PORT + (e >> FLEET_BITS)));
	uint16_t mid_be = rte_cpu_to_be_16(mid), sum16;
	uint64_t sum = m->sum + addr + port + mid_be + token;

	memcpy(buf, m->frame, 128);
	for (unsigned at = 128; at < m->len; at += 64)
		memcpy(buf + at, m->frame + at, 64);
	memcpy(buf + m->source, &addr, 4);
	memcpy(buf + m->udp, &port, 2);
	memcpy(buf + m->coap + 2, &mid_be, 2);
	memcpy(buf + m->coap + 4, &token, TOKEN_LEN);
	if (m->name != 0)
		sum += put8(buf + m->name, digits(e), m->name_turn);
	if (m->change != 0)
		sum += put8(
			buf + m->change, digits(e * 2654435761u + mid), m->change_turn);
	sum16 = dp_sum_finish(sum);
	if (sum16 == 0)
		sum16 = 0xffff;
	memcpy(buf + m->udp + 6, &sum16, 2);
	if (!m->v6) {
		struct rte_ipv4_hdr *ip =
			(struct rte_ipv4_hdr *)(buf + sizeof(struct rte_ether_hdr));

		ip->hdr_checksum = dp_sum_finish(dp_sum(ip, sizeof(*ip), 0));
	}
}

uint16_t
maker_payload(const struct maker *m, uint8_t *buf, uint32_t e, uint16_t mid)
{
	uint16_t len = (uint16_t)(m->len - m->payload);

	memcpy(buf, m->frame + m->payload, len);
	if (m->change >= m->payload)
		put8(buf + (m->change - m->payload), digits(e * 2654435761u + mid), 0);
	return len;
}

/* ---- the order ---- */

void
walk_init(struct walk *w, uint32_t endpoints, uint16_t first_mid)
{
	uint32_t size = 1;

	while (size < endpoints)
		size <<= 1;
	*w = (struct walk){.endpoints = endpoints, .mask = size - 1, .mid = first_mid};
}

/* Odd factors and shifts: a bijection on mask + 1 numbers. */
static inline uint32_t
scatter(uint32_t n, uint32_t mask)
{
	n = n * 2654435761u & mask;
	n ^= n >> 9;
	n = n * 2246822519u & mask;
	n ^= n >> 7;
	return n * 3266489917u & mask;
}

uint32_t
walk_next(struct walk *w)
{
	for (;;) {
		uint32_t e;

		if (w->at > w->mask) {
			w->at = 0;
			w->passes++;
			w->mid++;
		}
		e = scatter(w->at++, w->mask);
		if (e < w->endpoints)
			return e;
	}
}
