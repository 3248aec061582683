#include "coap/msg.h"
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>

/* A view of @size bytes at @data: the parts in order, inside it. */
static void
check(const struct tg_msg *m, const uint8_t *data, size_t size)
{
	size_t extra = m->tkl < 13 ? 0 : m->tkl < 269 ? 1 : 2;

	require(m->base == data && m->len == size);
	require(m->options == TG_HDR_LEN + extra + m->tkl);
	require(tg_msg_token(m) == data + TG_HDR_LEN + extra);
	require(m->payload >= m->options && m->payload <= m->len);
	require(m->payload == m->len || data[m->payload - 1] == 0xff);
	require(m->code != 0 || size == TG_HDR_LEN);
}

/* Whatever is accepted must describe the datagram, and the longest token allowed refuses
 * a message for its token and for nothing else. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum tg_verdict plain, extended;
	struct tg_msg m, request;

	if (size > UINT16_MAX)
		return 0;
	plain = tg_msg_parse(&m, data, size, TG_TOKEN_MAX);
	if (plain == TG_OK) {
		check(&m, data, size);
		require(tg_msg_request(&request, data, size)
			== (m.code > 0 && m.code < 32 && m.type <= TG_NON));
	}
	extended = tg_msg_parse(&m, data, size, TG_TOKEN_EXTENDED_MAX);
	require(plain == extended || plain == TG_TOKEN_LEN);
	if (extended != TG_OK)
		return 0;
	check(&m, data, size);
	require((plain == TG_OK) == (m.tkl <= TG_TOKEN_MAX));
	require(tg_msg_parse(&m, data, size, m.tkl) == TG_OK);
	require(m.tkl == 0 || tg_msg_parse(&m, data, size, m.tkl - 1u) == TG_TOKEN_LEN);
	return 0;
}
