#include "tests/smoke/talk.h"

#include "coap/code.h"
#include "coap/option.h"
#include "coap/text.h"
#include "coap/write.h"
#include "tests/smoke/row.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WAIT_MS 5000    /* a CON that is not acknowledged comes again after 3 s */
#define PING_MID 0xfff0 /* of the pings that prove silence */
#define REASON 256

struct buffer {
	size_t len;
	uint8_t bytes[ROW_BYTES];
};

struct conversation {
	int fd;
	uint16_t mid;
	struct buffer sent, got;
	uint8_t etag[8];
	size_t etag_len;
};

static bool
receive(int fd, struct buffer *b)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n =
		poll(&p, 1, WAIT_MS) == 1 ? recv(fd, b->bytes, sizeof(b->bytes), 0) : -1;

	b->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool
is_same(const struct buffer *b, const uint8_t *bytes, size_t len)
{
	return b->len == len && memcmp(b->bytes, bytes, len) == 0;
}

/* ---- sending ---- */

static void
build(struct conversation *c, const struct row_message *m)
{
	uint8_t token[4] = {'s', 'm', (uint8_t)(c->mid >> 8), (uint8_t)c->mid};
	struct tg_writer w;

	tg_write_begin(&w, c->sent.bytes, sizeof(c->sent.bytes), m->type, m->code,
		c->mid++, token, m->code == TG_EMPTY ? 0 : sizeof(token));
	for (unsigned i = 0; i < m->n_options; i++)
		if (m->option[i].etag)
			tg_write_option(&w, m->option[i].number, c->etag, c->etag_len);
		else
			tg_write_option(&w, m->option[i].number, m->option[i].value,
				m->option[i].len);
	tg_write_payload(&w, m->payload, m->payload_len);
	c->sent.len = tg_write_end(&w);
}

/* What was sent last stays the request that an answer is compared with. */
static bool
acknowledge(const struct conversation *c)
{
	const uint8_t ack[] = {0x60, 0, c->got.bytes[2], c->got.bytes[3]};

	return send(c->fd, ack, sizeof(ack), 0) == sizeof(ack);
}

static bool
transmit(struct conversation *c, const struct row_side *s)
{
	if (s->kind == ROW_SILENCE)
		return true;
	if (s->kind == ROW_ACK)
		return acknowledge(c);
	if (s->kind == ROW_MESSAGE)
		build(c, &s->m);
	if (s->kind == ROW_BYTES_GIVEN) {
		memcpy(c->sent.bytes, s->bytes, s->len);
		c->sent.len = s->len;
	}
	return c->sent.len > 0
	       && send(c->fd, c->sent.bytes, c->sent.len, 0) == (ssize_t)c->sent.len;
}

/* ---- what came ---- */

static bool
has_option(const struct conversation *c, const struct tg_msg *m,
	const struct row_option *want)
{
	const uint8_t *value = want->etag ? c->etag : want->value;
	size_t len = want->etag ? c->etag_len : want->len;
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_foreach (&it, &o, m)
		if (o.number == want->number
			&& (want->absent
				|| (o.len == len && memcmp(o.value, value, len) == 0)))
			return !want->absent;
	return want->absent;
}

static const char *
compare(const struct conversation *c, const struct row_message *want,
	const struct tg_msg *m)
{
	const uint8_t *sent = c->sent.bytes;
	unsigned tkl = sent[0] & 15;

	if (m->type != want->type)
		return "another type";
	if (m->code != want->code)
		return "another code";
	if (m->tkl != tkl || memcmp(tg_msg_token(m), sent + TG_HDR_LEN, tkl) != 0)
		return "another token";
	if (m->type == TG_ACK && m->mid != (unsigned)(sent[2] << 8 | sent[3]))
		return "another Message ID";
	for (unsigned i = 0; i < want->n_options; i++)
		if (!has_option(c, m, &want->option[i]))
			return want->option[i].absent ? "an option too many"
						      : "an option is not there";
	if (want->has_payload
		&& (m->len - m->payload != (int)want->payload_len
			|| memcmp(m->base + m->payload, want->payload, want->payload_len)
				   != 0))
		return "another payload";
	return NULL;
}

static void
keep_etag(struct conversation *c, const struct tg_msg *m)
{
	struct tg_opt o;

	if (tg_opt_get(m, TG_OPT_ETAG, &o) && o.len <= sizeof(c->etag)) {
		memcpy(c->etag, o.value, o.len);
		c->etag_len = o.len;
	}
}

static const char *
hear_message(struct conversation *c, const struct row_message *want)
{
	struct tg_msg m;
	const char *wrong;

	if (!receive(c->fd, &c->got))
		return "no answer";
	if (tg_msg_parse(&m, c->got.bytes, c->got.len, TG_TOKEN_MAX) != TG_OK)
		return "the answer is malformed";
	wrong = compare(c, want, &m);
	keep_etag(c, &m);
	return wrong;
}

static const char *
hear_silence(struct conversation *c)
{
	static const uint8_t ping[] = {0x40, 0, PING_MID >> 8, PING_MID & 0xff},
			     reset[] = {0x70, 0, PING_MID >> 8, PING_MID & 0xff};

	if (send(c->fd, ping, sizeof(ping), 0) != sizeof(ping)
		|| !receive(c->fd, &c->got))
		return "the ping behind it is not answered";
	if (is_same(&c->got, reset, sizeof(reset)))
		return NULL;
	(void)receive(c->fd, &(struct buffer){0}); /* the ping's: not the next row's */
	return "an answer";
}

static const char *
hear(struct conversation *c, const struct row_side *want)
{
	struct buffer last = c->got;
	const uint8_t *mid = c->sent.bytes + 2;
	const uint8_t reset[] = {0x70, 0, mid[0], mid[1]},
		      ack[] = {0x60, 0, mid[0], mid[1]};

	if (want->kind == ROW_MESSAGE)
		return hear_message(c, &want->m);
	if (want->kind == ROW_SILENCE)
		return hear_silence(c);
	if (!receive(c->fd, &c->got))
		return "no answer";
	if (want->kind == ROW_RST)
		return is_same(&c->got, reset, sizeof(reset)) ? NULL : "not the reset";
	if (want->kind == ROW_ACK)
		return is_same(&c->got, ack, sizeof(ack)) ? NULL : "not an empty ACK";
	return is_same(&c->got, want->kind == ROW_LAST ? last.bytes : want->bytes,
		       want->kind == ROW_LAST ? last.len : want->len)
		       ? NULL
		       : "other bytes";
}

static bool
play(struct conversation *c, const struct row *r, const char *suffix)
{
	const char *wrong =
		transmit(c, &r->send) ? hear(c, &r->want) : "it cannot be sent";
	char sent[2 * ROW_BYTES + 1], got[2 * ROW_BYTES + 1];

	if (wrong == NULL) {
		printf("ok %s%s\n", r->name, suffix);
		return true;
	}
	tg_hex_write(sent, c->sent.bytes, c->sent.len);
	tg_hex_write(got, c->got.bytes, c->got.len);
	printf("FAIL %s%s: %s; sent %.160s, got %.160s\n", r->name, suffix, wrong, sent,
		got);
	return false;
}

int
talk(int fd, const struct talk_options *o)
{
	struct conversation c = {.fd = fd, .mid = o->mid};
	FILE *f = fopen(o->table, "r");
	char line[4096];
	static struct row row;
	int failed = 0, number = 0;

	if (f == NULL) {
		perror(o->table);
		return -1;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		const char *wrong;

		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		wrong = row_read(&row, line, o->n);
		if (wrong != NULL) {
			printf("FAIL %s:%d: %s\n", o->table, number, wrong);
			failed++;
			continue;
		}
		failed += !play(&c, &row, o->suffix);
	}
	fclose(f);
	return failed;
}
