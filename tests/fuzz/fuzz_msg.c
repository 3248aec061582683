#include "coap/msg.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted must describe the datagram: the parts in order, inside it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tg_msg m;

	if (size > UINT16_MAX || tg_msg_parse(&m, data, size, TG_TOKEN_MAX) != TG_OK)
		return 0;
	if (m.base != data || m.len != size || m.options != TG_HDR_LEN + m.tkl
		|| m.payload < m.options || m.payload > m.len)
		abort();
	if (m.payload < m.len && data[m.payload - 1] != 0xff)
		abort();
	if (m.code == 0 && size != TG_HDR_LEN)
		abort();
	/* A shorter limit on tokens refuses this message for that and for nothing else.
	 */
	if (m.tkl > 0 && tg_msg_parse(&m, data, size, m.tkl - 1u) != TG_TOKEN_LEN)
		abort();
	return 0;
}
