#include "tests/dp_frame.h"

#include <assert.h>
#include <string.h>

static void
put16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* ---- sums ---- */

static uint32_t
add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(p + i);
	return len % 2 != 0 ? sum + ((uint32_t)p[len - 1] << 8) : sum;
}

static unsigned
finish(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static unsigned
sum_of(const uint8_t *src, const uint8_t *dst, size_t addr_len, uint8_t proto,
	const uint8_t *p, size_t len)
{
	return finish(add(
		add(add(proto + (uint32_t)len, src, addr_len), dst, addr_len), p, len));
}

/* The sum at @at of UDP or ICMP that begins at @p. */
static void
sum_l4(uint8_t *p, size_t at, size_t len, uint8_t proto, const uint8_t *src,
	const uint8_t *dst, size_t addr_len)
{
	unsigned sum;

	put16(p + at, 0);
	sum = proto == P_ICMP ? finish(add(0, p, len))
			      : sum_of(src, dst, addr_len, proto, p, len);
	put16(p + at, sum == 0 && proto == P_UDP ? 0xffff : sum);
}

/* ---- messages ---- */

struct bytes
coap(uint8_t first, uint8_t code, uint16_t mid, struct bytes rest)
{
	static uint8_t ring[4][FRAME_MAX];
	static unsigned next;
	uint8_t *to = ring[next++ % 4];

	assert(rest.len + 4 <= FRAME_MAX);
	to[0] = first;
	to[1] = code;
	put16(to + 2, mid);
	if (rest.len > 0)
		memcpy(to + 4, rest.at, rest.len);
	return (struct bytes){to, 4 + rest.len};
}

size_t
long_path_write(uint8_t *to, unsigned last)
{
	static const uint8_t begin[] = {0xb1, 'd', 4, 'd', 'e', 'v', 'x'};
	uint8_t *p = to + sizeof(begin);

	memcpy(to, begin, sizeof(begin));
	for (unsigned i = 0; i < 4; i++) {
		unsigned len = i < 3 ? 255 : last;

		*p++ = 13;
		*p++ = (uint8_t)(len - 13);
		memset(p, 'a', len);
		p += len;
	}
	return (size_t)(p - to);
}

/* ---- layers ---- */

struct flow
flow_back(const struct flow *w)
{
	struct flow r = *w;

	memcpy(r.src_mac, w->dst_mac, sizeof(r.src_mac));
	memcpy(r.dst_mac, w->src_mac, sizeof(r.dst_mac));
	memcpy(r.src, w->dst, sizeof(r.src));
	memcpy(r.dst, w->src, sizeof(r.dst));
	r.sport = w->dport;
	r.dport = w->sport;
	r.ttl = 64;
	r.id = 0;
	r.frag = 0x4000; /* do not fragment */
	r.extra = (struct bytes){0};
	return r;
}

static void
append(struct frame *f, const void *data, size_t len)
{
	assert(f->len + len <= FRAME_MAX);
	if (len > 0)
		memcpy(f->byte + f->len, data, len);
	f->len = (uint16_t)(f->len + len);
}

void
frame_raw(struct frame *f, const struct flow *w, uint16_t type, const void *data,
	size_t len)
{
	uint8_t tag[4] = {0x81, 0, (uint8_t)(w->tag >> 8), (uint8_t)w->tag};
	uint8_t be[2] = {(uint8_t)(type >> 8), (uint8_t)type};

	f->len = 0;
	append(f, w->dst_mac, 6);
	append(f, w->src_mac, 6);
	if (w->tag != 0)
		append(f, tag, sizeof(tag));
	append(f, be, sizeof(be));
	append(f, data, len);
}

static size_t
write_ip4(uint8_t *to, const struct flow *w, uint8_t proto, size_t len)
{
	size_t header = IP4 + w->extra.len;

	memset(to, 0, IP4);
	to[0] = (uint8_t)(0x40 + header / 4);
	put16(to + 2, (unsigned)(header + len));
	put16(to + 4, w->id);
	put16(to + 6, w->frag);
	to[8] = w->ttl;
	to[9] = proto;
	memcpy(to + 12, w->src, 4);
	memcpy(to + 16, w->dst, 4);
	if (w->extra.len > 0)
		memcpy(to + IP4, w->extra.at, w->extra.len);
	put16(to + 10, finish(add(0, to, header)));
	return header;
}

/* The last extension header's next header is the caller's business. */
static size_t
write_ip6(uint8_t *to, const struct flow *w, uint8_t proto, size_t len)
{
	memset(to, 0, 8);
	to[0] = 0x60;
	put16(to + 4, (unsigned)(w->extra.len + len));
	to[6] = w->extra.len > 0 ? w->extra_proto : proto;
	to[7] = w->ttl;
	memcpy(to + 8, w->src, 16);
	memcpy(to + 24, w->dst, 16);
	if (w->extra.len > 0)
		memcpy(to + IP6, w->extra.at, w->extra.len);
	return IP6 + w->extra.len;
}

void
frame_ip(struct frame *f, const struct flow *w, uint8_t proto, const void *data,
	size_t len)
{
	uint8_t header[128];
	size_t n = w->v6 ? write_ip6(header, w, proto, len)
			 : write_ip4(header, w, proto, len);

	frame_raw(f, w, w->v6 ? 0x86dd : 0x0800, header, n);
	append(f, data, len);
}

size_t
udp_write(uint8_t *to, const struct flow *w, const void *data, size_t len)
{
	put16(to, w->sport);
	put16(to + 2, w->dport);
	put16(to + 4, (unsigned)(UDP + len));
	if (len > 0)
		memcpy(to + UDP, data, len);
	sum_l4(to, 6, UDP + len, P_UDP, w->src, w->dst, w->v6 ? 16 : 4);
	return UDP + len;
}

size_t
icmp_write(uint8_t *to, const struct flow *w, const void *data, size_t len)
{
	memcpy(to, data, len);
	sum_l4(to, 2, len, w->v6 ? P_ICMP6 : P_ICMP, w->src, w->dst, w->v6 ? 16 : 4);
	return len;
}

void
frame_udp(struct frame *f, const struct flow *w, const void *data, size_t len)
{
	uint8_t l4[FRAME_MAX];

	frame_ip(f, w, P_UDP, l4, udp_write(l4, w, data, len));
}

void
frame_icmp(struct frame *f, const struct flow *w, const void *data, size_t len)
{
	uint8_t l4[FRAME_MAX];

	frame_ip(f, w, w->v6 ? P_ICMP6 : P_ICMP, l4, icmp_write(l4, w, data, len));
}

void
frame_sums(struct frame *f)
{
	bool v6 = f->byte[12] == 0x86;
	uint8_t *ip = f->byte + ETH, *l4 = ip + (v6 ? IP6 : IP4);
	uint8_t proto = ip[v6 ? 6 : 9];
	size_t len = v6 ? get16(ip + 4) : get16(ip + 2) - IP4;

	if (!v6) {
		put16(ip + 10, 0);
		put16(ip + 10, finish(add(0, ip, IP4)));
	}
	if (proto == P_UDP && get16(l4 + 4) < len)
		len = get16(l4 + 4);
	if (len <= (size_t)(f->byte + f->len - l4))
		sum_l4(l4, proto == P_UDP ? 6 : 2, len, proto, ip + (v6 ? 8 : 12),
			ip + (v6 ? 24 : 16), v6 ? 16 : 4);
}
