/* server ADDRESS PORT: one resource, whatever the path; one client may observe it.  What
 * comes twice runs twice, which does no harm to GET and PUT: there is no dedup. */
#include "coap/code.h"
#include "coap/observe.h"
#include "coap/reply.h"
#include "examples/resource.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct peer {
	struct sockaddr_storage address;
	socklen_t len;
	uint8_t token[TG_TOKEN_MAX], tkl;
};

static struct peer observer; /* len 0: there is none */
static uint8_t in[UINT16_MAX], out[1280];

static void
reply_to(int fd, const struct peer *p, const struct tg_writer *w)
{
	(void)sendto(fd, out, tg_write_end(w), 0, (const void *)&p->address, p->len);
}

/* Does @m, which came from @p, ask to observe?  It is entered or struck off. */
static bool
observes(const struct tg_msg *m, struct peer *p)
{
	uint32_t observe;

	if (m->code != TG_GET || !tg_observe_get(m, &observe))
		return false;
	p->tkl = m->tkl;
	memcpy(p->token, tg_msg_token(m), m->tkl);
	observer = *p;
	observer.len = observe == TG_OBSERVE_REGISTER ? p->len : 0;
	return observer.len > 0;
}

static void
notify(int fd)
{
	struct tg_writer w;

	tg_write_begin(&w, out, sizeof(out), TG_NON, TG_CONTENT,
		(uint16_t)resource_version, observer.token, observer.tkl);
	(void)resource_get(&w, NULL, true);
	reply_to(fd, &observer, &w);
}

static void
serve(int fd, struct peer *from, size_t len)
{
	uint32_t before = resource_version;
	struct tg_writer w;
	struct tg_msg m;
	struct tg_arrival a =
		tg_arrival_of(in, len, tg_msg_parse(&m, in, len, TG_TOKEN_MAX), false);
	enum tg_action action = tg_reply_action(&a);

	if (action == TG_DO_REQUEST) {
		tg_write_begin(&w, out, sizeof(out), tg_reply_type(m.type), m.code, m.mid,
			tg_msg_token(&m), m.tkl);
		resource_answer(&w, &m, observes(&m, from));
		reply_to(fd, from, &w);
	} else if (action == TG_DO_RESET || action == TG_DO_PONG) {
		tg_write_begin(&w, out, sizeof(out), TG_RST, TG_EMPTY,
			(uint16_t)(in[2] << 8 | in[3]), NULL, 0);
		reply_to(fd, from, &w);
	}
	if (observer.len > 0 && resource_version != before)
		notify(fd);
}

int
main(int argc, char **argv)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *here;
	int fd;

	if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &here) != 0
		|| (fd = socket(here->ai_family, here->ai_socktype, 0)) < 0
		|| bind(fd, here->ai_addr, here->ai_addrlen) < 0)
		return fprintf(stderr, "usage: server ADDRESS PORT, both free\n"), 2;
	for (;;) {
		struct peer from = {.len = sizeof(from.address)};
		ssize_t n =
			recvfrom(fd, in, sizeof(in), 0, (void *)&from.address, &from.len);

		if (n >= 0)
			serve(fd, &from, (size_t)n);
	}
}
