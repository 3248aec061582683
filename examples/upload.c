/* upload URI: PUT standard input there, in blocks of 256 bytes if it is longer. */
#include "coap/code.h"
#include "examples/loop.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	static uint8_t payload[1 << 20], body[1 << 16];
	static struct loop loop;
	struct tg_event event;
	size_t len;

	if (argc != 2)
		return fprintf(stderr, "usage: upload URI <FILE\n"), 2;
	if (loop_open(&loop, argv[1]) < 0)
		return 1;
	len = fread(payload, 1, sizeof(payload), stdin);
	tg_client_start(&loop.client, &(struct tg_request){
					      .type = TG_CON,
					      .code = TG_PUT,
					      .tag = true,
					      .block_bytes = 256,
					      .options = loop.uri.option,
					      .n_options = loop.uri.count,
					      .payload = payload,
					      .payload_len = (uint32_t)len,
					      .body = body,
					      .body_cap = sizeof(body),
				      });
	loop_next(&loop, &event);
	return loop_print(&event);
}
