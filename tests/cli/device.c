/*
 * A device for tidegatectl to ask, on a loopback port: what each path does is said below.
 * Ends when its standard input does.  usage: device ADDRESS; prints its port.
 */
#include "coap/block.h"
#include "coap/code.h"
#include "coap/observe.h"
#include "coap/reply.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGE 5000

static uint8_t large[LARGE], uploaded[LARGE], in[UINT16_MAX], out[1280];
static struct tg_assembly assembly = {.body = uploaded, .cap = LARGE};
static struct sockaddr_storage from;
static socklen_t from_len;
static int fd;
static struct tg_writer w;

static void
begin(const struct tg_msg *m, enum tg_type type, unsigned code, uint16_t mid)
{
	tg_write_begin(&w, out, sizeof(out), type, code, mid, tg_msg_token(m),
		code == TG_EMPTY ? 0 : m->tkl);
}

static void
reply(const struct tg_msg *m, unsigned code)
{
	begin(m, tg_reply_type((enum tg_type)m->type), code, m->mid);
}

static void
leave_port(void)
{
	(void)sendto(fd, out, tg_write_end(&w), 0, (void *)&from, from_len);
}

static void
text(const char *payload)
{
	tg_write_payload(&w, payload, strlen(payload));
	leave_port();
}

/* ---- what paths do ---- */

static void
do_text(const struct tg_msg *m)
{
	reply(m, TG_CONTENT);
	tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, TG_CF_TEXT);
	text("21.5");
}

static void
do_missing(const struct tg_msg *m)
{
	reply(m, TG_NOT_FOUND);
	text("no such thing");
}

static void
do_silent(const struct tg_msg *m)
{
	(void)m;
}

static void
do_reset(const struct tg_msg *m)
{
	begin(m, TG_RST, TG_EMPTY, m->mid);
	leave_port();
}

static void
do_separate(const struct tg_msg *m)
{
	begin(m, TG_ACK, TG_EMPTY, m->mid);
	leave_port();
	begin(m, TG_CON, TG_CONTENT, 0x7777);
	text("later");
}

/* The request as it came: its method, options and payload. */
static void
do_mirror(const struct tg_msg *m)
{
	char hex[256] = "";
	size_t n = 0;

	n += (size_t)snprintf(hex, sizeof(hex), "%u:%u:", m->type, m->code);
	for (unsigned i = m->options; i < m->len && n < sizeof(hex) - 3; i++)
		n += (size_t)snprintf(hex + n, sizeof(hex) - n, "%02x", m->base[i]);
	reply(m, TG_CONTENT);
	text(hex);
}

static void
do_echo(const struct tg_msg *m)
{
	struct tg_opt o;

	if (tg_opt_get(m, TG_OPT_ECHO, &o)) {
		do_text(m);
		return;
	}
	reply(m, TG_UNAUTHORIZED);
	tg_write_option(&w, TG_OPT_ECHO, "now", 3);
	leave_port();
}

/* Answers the second time only. */
static void
do_lossy(const struct tg_msg *m)
{
	static uint16_t mid;

	if (mid == m->mid)
		do_text(m);
	mid = m->mid;
}

static void
do_large(const struct tg_msg *m)
{
	struct tg_block b;
	struct tg_slice s;
	enum tg_assembly_step step;

	if (m->code == TG_GET) {
		bool asked = tg_block_get(m, TG_OPT_BLOCK2, &b) == TG_BLOCK_FOUND;

		(void)tg_slice_of(&s, LARGE, asked ? &b : NULL, TG_BLOCK_SZX_MAX);
		reply(m, TG_CONTENT);
		tg_write_uint(&w, TG_OPT_BLOCK2, tg_block_encode(&s.block));
		tg_write_payload(&w, large + s.offset, s.len);
	} else if (tg_block_get(m, TG_OPT_BLOCK1, &b) == TG_BLOCK_FOUND) {
		step = tg_assembly_add(&assembly, &b, m->base + m->payload,
			(size_t)(m->len - m->payload));
		reply(m, step == TG_ASSEMBLY_COMPLETE ? TG_CHANGED
						      : tg_assembly_code(step));
		if (assembly.complete && memcmp(uploaded, large, LARGE) != 0)
			out[1] = TG_CONFLICT;
		tg_write_uint(&w, TG_OPT_BLOCK1, tg_block_encode(&b));
	}
	leave_port();
}

/* Three values at once, the second a CON; then the end, if the path says so. */
static void
do_observed(const struct tg_msg *m, bool ends)
{
	static uint16_t mid = 100;
	uint32_t observe;

	reply(m, TG_CONTENT);
	if (tg_observe_get(m, &observe) && observe == TG_OBSERVE_REGISTER)
		tg_write_uint(&w, TG_OPT_OBSERVE, 7);
	else
		ends = true;
	text("first");
	if (observe != TG_OBSERVE_REGISTER)
		return;
	for (uint32_t i = 8; i < 10; i++) {
		begin(m, i == 8 ? TG_CON : TG_NON, TG_CONTENT, ++mid);
		tg_write_uint(&w, TG_OPT_OBSERVE, i);
		text(i == 8 ? "second" : "third");
	}
	if (!ends)
		return;
	begin(m, TG_CON, TG_NOT_FOUND, ++mid);
	leave_port();
}

static void
do_observed_for_ever(const struct tg_msg *m)
{
	do_observed(m, false);
}

static void
do_observed_to_the_end(const struct tg_msg *m)
{
	do_observed(m, true);
}

static const struct {
	const char *path;
	void (*run)(const struct tg_msg *m);
} paths[] = {
	{"text", do_text},
	{"missing", do_missing},
	{"silent", do_silent},
	{"reset", do_reset},
	{"separate", do_separate},
	{"mirror", do_mirror},
	{"echo", do_echo},
	{"lossy", do_lossy},
	{"large", do_large},
	{"obs", do_observed_for_ever},
	{"obs-ends", do_observed_to_the_end},
};

static void
serve(size_t len)
{
	struct tg_msg m;
	struct tg_opt o;

	if (tg_msg_parse(&m, in, len, TG_TOKEN_MAX) != TG_OK)
		return;
	if (m.code == TG_EMPTY && m.type == TG_CON)
		do_reset(&m);
	if (!tg_code_is_request(m.code) || !tg_opt_get(&m, TG_OPT_URI_PATH, &o))
		return;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strlen(paths[i].path) == o.len
			&& memcmp(paths[i].path, o.value, o.len) == 0)
			paths[i].run(&m);
}

static int
open_port(const char *address)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
	struct sockaddr_in6 here;
	socklen_t len = sizeof(here);
	struct addrinfo *a;

	if (getaddrinfo(address, "0", &hints, &a) != 0)
		return -1;
	fd = socket(a->ai_family, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) < 0
		|| getsockname(fd, (void *)&here, &len) < 0)
		return -1;
	freeaddrinfo(a);
	printf("%u\n", ntohs(here.sin6_port)); /* where IPv4 has it, too */
	return fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct pollfd p[2] = {{.fd = STDIN_FILENO}, {.events = POLLIN}};

	if (argc != 2 || open_port(argv[1]) != 0)
		return fprintf(stderr, "usage: device ADDRESS\n"), 2;
	for (unsigned i = 0; i < LARGE; i++)
		large[i] = "0123456789abcdefghijklmnopqrstuvwxyz\n"[i % 37];
	p[0].events = POLLIN;
	p[1].fd = fd;
	while (poll(p, 2, -1) > 0 && p[0].revents == 0) {
		ssize_t n;

		from_len = sizeof(from);
		n = recvfrom(fd, in, sizeof(in), 0, (void *)&from, &from_len);
		if (n >= 0)
			serve((size_t)n);
	}
	return 0;
}
