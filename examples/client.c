/* client URI: GET it and print what comes, block-wise or not. */
#include "coap/code.h"
#include "examples/loop.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	static uint8_t body[1 << 20];
	static struct loop loop;
	struct tg_event event;

	if (argc != 2)
		return fprintf(stderr, "usage: client URI\n"), 2;
	if (loop_open(&loop, argv[1]) < 0)
		return 1;
	tg_client_start(&loop.client, &(struct tg_request){
					      .type = TG_CON,
					      .code = TG_GET,
					      .options = loop.uri.option,
					      .n_options = loop.uri.count,
					      .body = body,
					      .body_cap = sizeof(body),
				      });
	loop_next(&loop, &event);
	return loop_print(&event);
}
