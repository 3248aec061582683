#include "control/pcapng.h"

#include <string.h>

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, STATISTICS = 5, PACKET = 6 };
enum { ETHERNET = 1, NANOSECONDS = 9 };

/* Options by block. */
enum {
	END = 0,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_MACADDR = 6,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	ISB_IFDROP = 5,
	ISB_FILTERACCEPT = 6,
};
enum { INBOUND = 1, OUTBOUND = 2 }; /* in EPB_FLAGS */

/* A block on its way: what stands around a packet, or all of a short one. */
struct block {
	uint32_t len;
	uint8_t at[256];
};

static void
put(struct block *b, const void *bytes, size_t len)
{
	memcpy(b->at + b->len, bytes, len);
	b->len += (uint32_t)len;
	while (b->len % 4 != 0)
		b->at[b->len++] = 0;
}

static void
put2(struct block *b, uint16_t low, uint16_t high)
{
	const uint16_t both[2] = {low, high};

	put(b, both, sizeof(both));
}

static void
put4(struct block *b, uint32_t v)
{
	put(b, &v, sizeof(v));
}

/* A time is two words, the high one first. */
static void
put_time(struct block *b, uint64_t ns)
{
	put4(b, (uint32_t)(ns >> 32));
	put4(b, (uint32_t)ns);
}

static void
put_option(struct block *b, uint16_t code, const void *value, size_t len)
{
	put2(b, code, (uint16_t)len);
	put(b, value, len);
}

static void
put_text(struct block *b, uint16_t code, const char *text)
{
	put_option(b, code, text, strnlen(text, 128));
}

static void
begin(struct block *b, uint32_t type)
{
	b->len = 0;
	put4(b, type);
	put4(b, 0);
}

/* Of the whole block, both times that it says it. */
static void
set_length(struct block *b, uint32_t length)
{
	memcpy(b->at + 4, &length, sizeof(length));
}

static void
end(FILE *f, struct block *b)
{
	put2(b, END, 0);
	set_length(b, b->len + 4);
	put4(b, b->len + 4);
	fwrite(b->at, 1, b->len, f);
}

void
ctl_pcapng_section(FILE *f, const char *application)
{
	const int64_t unknown = -1; /* the section's length */
	struct block b;

	begin(&b, SECTION);
	put4(&b, 0x1a2b3c4d);
	put2(&b, 1, 0);
	put(&b, &unknown, sizeof(unknown));
	put_text(&b, SHB_USERAPPL, application);
	end(f, &b);
}

void
ctl_pcapng_interface(FILE *f, const char *name, const uint8_t mac[6])
{
	const uint8_t resolution = NANOSECONDS;
	struct block b;

	begin(&b, INTERFACE);
	put2(&b, ETHERNET, 0);
	put4(&b, 0); /* whole packets */
	put_text(&b, IF_NAME, name);
	put_option(&b, IF_MACADDR, mac, 6);
	put_option(&b, IF_TSRESOL, &resolution, 1);
	end(f, &b);
}

void
ctl_pcapng_packet(FILE *f, const struct ctl_pcapng_packet *p)
{
	static const uint8_t padding[4];
	uint32_t len = p->len < CTL_PCAPNG_PACKET_MAX ? p->len : CTL_PCAPNG_PACKET_MAX;
	uint32_t gap = -len & 3, flags = p->sent ? OUTBOUND : INBOUND, all;
	struct block head, tail = {0};

	begin(&head, PACKET);
	put4(&head, p->interface);
	put_time(&head, p->time_ns);
	put4(&head, len);
	put4(&head, p->len);
	put_option(&tail, EPB_FLAGS, &flags, sizeof(flags));
	put2(&tail, END, 0);
	all = head.len + len + gap + tail.len + 4;
	set_length(&head, all);
	put4(&tail, all);
	fwrite(head.at, 1, head.len, f);
	fwrite(p->bytes, 1, len, f);
	fwrite(padding, 1, gap, f);
	fwrite(tail.at, 1, tail.len, f);
}

void
ctl_pcapng_statistics(FILE *f, const struct ctl_pcapng_statistics *s)
{
	struct block b;

	begin(&b, STATISTICS);
	put4(&b, s->interface);
	put_time(&b, s->time_ns);
	put_option(&b, ISB_IFDROP, &s->dropped, sizeof(s->dropped));
	put_option(&b, ISB_FILTERACCEPT, &s->accepted, sizeof(s->accepted));
	end(f, &b);
}
