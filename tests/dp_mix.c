#include "tests/dp_mix.h"

#include "coap/code.h"

#include <errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

/* ---- frames that are no requests ---- */

static const struct {
	uint16_t at;
	struct bytes put;
	bool sums;
	uint16_t len;
} bad_frames[] = {
	{0, {NULL, 0}, false, 13},                     /* drop_frame_short */
	{0, B("\x02\x00\x00\x00\x00\x09"), false, 0},  /* drop_ether_dst */
	{12, B("\x88\xcc"), false, 0},                 /* drop_ether_type */
	{12, B("\x81\x00\x00\x05\x81\x00"), false, 0}, /* drop_vlan */
	{ETH + 8, B("\x00"), true, 0},                 /* drop_ip_header */
	{ETH + 10, B("\x12\x34"), false, 0},           /* drop_ip_checksum */
	{ETH + 12, B("\x7f"), true, 0},                /* drop_ip_source */
	{ETH + 16, B("\xc7"), true, 0},                /* drop_ip_not_ours */
	{ETH + 9, B("\x06"), true, 0},                 /* drop_ip_protocol */
	{ETH + IP4 + 2, B("\x16\x34"), true, 0},       /* drop_udp_port */
	{ETH + IP4 + 4, B("\x00\x07"), false, 0},      /* drop_udp_header */
	{ETH + IP4 + 6, B("\x12\x34"), false, 0},      /* drop_udp_checksum */
};

static const struct bytes hello = B("\x40\x01\x00\x07\xb5hello");

static void
send_bad_frames(void)
{
	struct frame f;

	for (size_t i = 0; i < COUNT(bad_frames); i++) {
		frame_udp(&f, &gw.v4, hello.at, hello.len);
		if (bad_frames[i].put.len > 0)
			memcpy(f.byte + bad_frames[i].at, bad_frames[i].put.at,
				bad_frames[i].put.len);
		if (bad_frames[i].sums)
			frame_sums(&f);
		if (bad_frames[i].len > 0)
			f.len = bad_frames[i].len;
		gw_send(&f);
	}
	memset(f.byte, 0, sizeof(f.byte));
	frame_udp(&f, &gw.v4, f.byte, 1473); /* drop_too_long */
	gw_send(&f);
	gw_turn();
}

static void
send_neighbours(void)
{
	uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 198, 18, 0, 2};
	uint8_t solicit[24] = {0x87, [8] = 0x20, 1, 0, 2, [23] = 1};
	struct flow w = gw.v6;
	struct frame f;

	for (int ours = 0; ours < 2;
		ours++) { /* answered in one place, consumed in another */
		memcpy(arp + 24, ours ? "\xc6\x12\0\1" : "\xc6\x12\0\3", 4);
		frame_raw(&f, &gw.v4, 0x0806, arp, sizeof(arp));
		gw_send(&f);
		solicit[23] = ours ? 1 : 3;
		w.ttl = 255;
		frame_icmp(&f, &w, solicit, sizeof(solicit));
		gw_send(&f);
	}
	frame_icmp(&f, &gw.v4, "\x08\0\0\0\x12\x34\0\1", 8);
	gw_send(&f);
	frame_icmp(&f, &gw.v6, "\x80\0\0\0\x12\x34\0\1", 8);
	gw_send(&f);
	frame_icmp(&f, &gw.v4, "\x03\0\0\0\0\0\0\0", 8); /* icmp_other */
	gw_send(&f);
	gw_turn();
}

static void
send_fragments(void)
{
	uint8_t l4[600] = {0};
	struct flow w = gw.v4;
	struct frame f;

	udp_write(l4, &w, l4 + UDP, sizeof(l4) - UDP);
	for (w.id = 1; w.id <= 2;
		w.id++) { /* the second waits for its last piece in vain */
		w.frag = 0x2000;
		frame_ip(&f, &w, P_UDP, l4, 512);
		gw_send(&f);
		w.frag = 512 / 8;
		frame_ip(&f, &w, P_UDP, l4 + 512, sizeof(l4) - 512);
		if (w.id == 1)
			gw_send(&f);
	}
	gw_turn();
	gw_expire_fragments();
}

/* ---- messages ---- */

static const struct bytes messages[] = {
	B("\x40\x00\x00\x01"), /* coap_ping */
	B("\x60\x00\x00\x01"), /* coap_ack */
	B("\x70\x00\x00\x01"), /* coap_rst */
	B("\x50\x45\x00\x01"), /* coap_response */
	B("\x40\x45\x00\x01"), /* the same, rejected */
	B("\x40\xe0\x00\x01"), /* coap_rejected */
	B("\x40\x01"),         /* drop_short */
	B("\x48\x01\x00\x01"), /* the same, rejected */
	B("\x80\x01\x00\x01"), /* drop_version */
	B("\x5f\x01\x00\x01"
	  "123456789"), /* drop_token_len */
	B("\x4f\x01\x00\x01"
	  "123456789"),
	B("\x50\x00\x00\x01x"),                               /* drop_not_empty */
	B("\x40\x00\x00\x01x"), B("\x50\x01\x00\x01\xf0"),    /* drop_option */
	B("\x40\x01\x00\x01\xf0"), B("\x50\x01\x00\x01\xff"), /* drop_no_payload */
	B("\x40\x01\x00\x01\xff"), B("\x50\xe0\x00\x01"),     /* drop_reserved_class */
	B("\x50\x00\x00\x01"),                                /* drop_empty_non */
	B("\x40\x01\x00\x02\xb5hello"),                       /* answered */
	B("\x40\x01\x00\x34\xb5"
	  "fresh"), /* refused_401 */
	B("\x40\x01\x00\x35\xb4"
	  "calm"),
	B("\x40\x01\x00\x36\xb4"
	  "calm"),
	B("\x40\x01\x00\x37\xb4"
	  "calm"),                 /* refused_429 */
	B("\x40\x01\x00\x03\x90"), /* refused_402 */
	B("\x50\x01\x00\x03\x90"), /* rdrop_bad_option_non */
	B("\x40\x02\x00\x1f\xb6"
	  "forget"),                            /* refused_403 */
	B("\x40\x01\x00\x04"),                  /* refused_404 */
	B("\x40\x05\x00\x05\xb5hello"),         /* refused_405 */
	B("\x40\x01\x00\x06\xb5hello\x61\x28"), /* refused_406 */
	B("\x40\x03\x00\x07\x10\xa1"
	  "d\x04"
	  "dev?\x01v"), /* refused_412 */
	B("\x40\x03\x00\x08\xb4test\xff"
	  "123456789"), /* refused_413 */
	B("\x40\x03\x00\x09\xb1"
	  "f\x11\x3c"),                 /* refused_415 */
	B("\x40\x01\x00\x0a\xd1\x16x"), /* refused_505 */
	B("\x40\x03\x00\x0b\xb4test"),  /* executed at once */
	B("\x40\x03\x00\x0b\xb4test"),  /* dup_replayed */
	B("\x50\x03\x00\x0c\xb4test"),
	B("\x50\x03\x00\x0c\xb4test"), /* dup_non_ignored */
	B("\x40\x03\x00\x0d\xb1"
	  "d\x04"
	  "dev?\x01v"), /* executed, perhaps at another's */
	B("\x40\x01\x00\x0e\xb1"
	  "d\x04"
	  "dev?"), /* a list, the same */
	B("\x40\x02\x00\x0f\xb1r\x04"
	  "dev?"), /* records_accepted */
	B("\x40\x02\x00\x10\xb1t\x04"
	  "dev?"), /* the same, answered later */
	B("\x40\x02\x00\x10\xb1t\x04"
	  "dev?"), /* dup_in_progress */
	B("\x40\x03\x00\x11\xb1l\x04"
	  "dev?\x01v"), /* executed when its record is safe */
	B("\x40\x03\x00\x1a\xb1l\x04"
	  "dev?\x01j\x11\x32\xff[]"),
	B("\x40\x07\x00\x1b\xb1l\x04"
	  "dev?\x01j\x11\x34\xff{}"), /* the same, changed by the parser */
	B("\x40\x05\x00\x1c\xb1l\x04"
	  "dev?\x01j\x10"), /* a part */
	B("\x40\x05\x00\x1d\xb1l\x04"
	  "dev?\x01j\x10\xff/a"),                   /* refused_422 */
	B("\x40\x01\x00\x30\xb5hello\xd1\xea\x02"), /* suppressed_no_response */
	B("\x40\x03\x00\x31\xb1"
	  "d\x04"
	  "dev?\x01v\xd1\xea\x02"), /* the same, perhaps at another's */
	B("\x40\x02\x00\x32\xb1t\x04"
	  "dev?\xd1\xea\x02"), /* the same, later */
	B("\x40\x02\x00\x34\xb1t\x04"
	  "dev?\xd1\x03\x10\xff!"), /* refused_408 */
	B("\x40\x03\x00\x35\xb1"
	  "d\x04"
	  "dev?\x01w\xd1\x03\x08\xff"
	  "0123456789abcdef"), /* a block */
	B("\x40\x03\x00\x36\xb1"
	  "d\x04"
	  "dev?\x01w\xd1\x03\x10\xff!"), /* the last, perhaps at another's */
};

/* A test that fails: refused_409. */
static const struct bytes conflict = B("\x40\x06\x00\x77\xb1"
				       "d\x04"
				       "dev?\x01j\x11\x33\xff"
				       "[{\"op\":\"test\",\"path\":\"\",\"value\":1}]");

/* Longer than a record's path may be: refused_400. */
static void
send_long_path(void)
{
	uint8_t path[1100];

	gw_say(&gw.flow, coap(T_CON, TG_PUT, 0x12,
				 (struct bytes){path, long_path_write(path, 249)}));
}

static void
say_and_parse(struct bytes msg)
{
	gw_say(&gw.flow, msg);
	gw_parse();
	gw_turn();
}

static void
send_messages(void)
{
	struct flow group = gw.v4;

	for (size_t i = 0; i < COUNT(messages); i++)
		say_and_parse(messages[i]);
	say_and_parse(BYTES_OF("\x40\x03\x00\x78\xb1"
			       "d\x04"
			       "dev?\x01j\x11\x32\xff[]"));
	say_and_parse(conflict);
	send_long_path();
	memcpy(group.dst, (const uint8_t[4]){224, 0, 1, 187}, 4);
	memcpy(group.dst_mac, (const uint8_t[6]){1, 0, 0x5e, 0, 1, 187}, 6);
	gw_say(&group, hello); /* rdrop_multicast */
	gw_say(&group, BYTES_OF("\x50\x01\x00\x33\xb5query"));
	gw_later_ms(5000);
	gw_turn(); /* suppressed_multicast */
	gw_log_read();
	gw_log_settle(0); /* records_delivered */
	gw_say(&gw.flow, BYTES_OF("\x40\x02\x00\x13\xb1t\x04"
				  "dev?"));
	gw_log_read();
	gw_log_settle(-EIO); /* lost_log_failed */
}

/* ---- too much ---- */

/* More values than the store has room for, and more of one device than a list has. */
static void
fill_store(void)
{
	uint8_t put[1100];
	size_t len = long_path_write(put, 248);

	put[6] = '?';
	memset(put + len - 248, ' ', 248);  /* three bytes each in a list */
	for (uint16_t i = 0; i < 70; i++) { /* refused_503 */
		put[len - 1] = (uint8_t)('0' + i);
		gw_say(&gw.flow, coap(T_CON, TG_PUT, (uint16_t)(100 + i),
					 (struct bytes){put, len}));
	}
	gw_say(&gw.flow, BYTES_OF("\x40\x01\x00\x14\xb1"
				  "d\x04"
				  "dev?")); /* refused_500 */
}

static void
fill_replies(void)
{
	for (uint16_t i = 0; i <= 64; i++)
		gw_say(&gw.flow,
			coap(T_CON, TG_POST, (uint16_t)(200 + i), BYTES_OF("\xb4test")));
	gw_say(&gw.flow,
		coap(T_CON, TG_POST, 200, BYTES_OF("\xb4test"))); /* dup_unreplayable */
}

/* Peers that wait for the log cannot make room for others: rdrop_no_peer. */
static void
fill_peers(void)
{
	struct flow w = gw.flow;

	for (w.sport = 1000; w.sport < 1000 + 160; w.sport++)
		gw_say(&w, BYTES_OF("\x40\x02\x00\x01\xb1t\x01x"));
	gw_log_read();
	gw_log_settle(0);
}

/* Worker 1 rests and its ring is full: drop_handover_full, rdrop_handover_full. */
static void
fill_inbox(void)
{
	struct dp_worker *here, *there;
	struct flow w = gw.flow;
	void *packet = NULL;
	unsigned n = 0;

	if (gw.cfg.workers == 1)
		return;
	here = gw.dp->shared.worker[0];
	there = gw.dp->shared.worker[1];
	while (rte_ring_enqueue(there->inbox, packet) == 0)
		n++;
	/* Endpoints of either worker, and the list of a device of worker 1, which any may
	 * ask. */
	for (w.sport = 3000; w.sport < 3016; w.sport++)
		gw_queue(&w, BYTES_OF("\x40\x03\x00\x15\xb4test"));
	gw_queue(&gw.flow, BYTES_OF("\x40\x01\x00\x16\xb1"
				    "d\x04"
				    "dev?"));
	dp_worker_turn(here);
	for (; n > 0; n--)
		rte_ring_dequeue(there->inbox, &packet);
	gw_turn();
}

static void
empty_pool(void)
{
	static struct rte_mbuf *all[GW_MBUFS];
	unsigned n = 0;

	gw_say(&gw.flow, BYTES_OF("\x40\x02\x00\x17\xb1t\x04"
				  "dev?"));
	gw_log_read();
	while (n < GW_MBUFS && (all[n] = rte_pktmbuf_alloc(gw.dp->pool)) != NULL)
		n++;
	gw_log_settle(0); /* suppressed_no_buffer */
	rte_pktmbuf_free_bulk(all, n);
}

static void
limit_errors(struct dp_settings *s)
{
	s->error_rate = s->error_burst = 1;
}

static void
complain(void)
{
	gw_publish(limit_errors);
	for (int i = 0; i < 3; i++) /* rdrop_error_rate */
		gw_say(&gw.flow, BYTES_OF("\x40\x01\x00\x18"));
}

/* ---- all of it ---- */

void
mix_small_tables(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->peers_max = 64;
	cfg->pending_max = 512;
	cfg->store_bytes = 1 << 20;
}

void
mix_run(void)
{
	static void (*const all[])(void) = {send_bad_frames, send_neighbours,
		send_fragments, send_messages, fill_store, fill_replies, fill_inbox,
		empty_pool, fill_peers, complain};
	struct frame f;

	for (size_t i = 0; i < COUNT(all); i++) {
		all[i]();
		while (gw_take(&f))
			;
	}
	dp_drain(gw.dp, 0);
	gw_say(&gw.flow, hello); /* rdrop_draining */
}
