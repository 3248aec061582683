/* observer URI COUNT: print what is observed there, COUNT times, then leave. */
#include "coap/code.h"
#include "examples/loop.h"

#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	const struct tg_transaction *transaction;
	static uint8_t body[1 << 20];
	static struct loop loop;
	struct tg_event event;

	if (argc != 3)
		return fprintf(stderr, "usage: observer URI COUNT\n"), 2;
	if (loop_open(&loop, argv[1]) < 0)
		return 1;
	transaction = tg_client_start(&loop.client, &(struct tg_request){
							    .type = TG_CON,
							    .code = TG_GET,
							    .observe = true,
							    .options = loop.uri.option,
							    .n_options = loop.uri.count,
							    .body = body,
							    .body_cap = sizeof(body),
						    });
	for (int left = atoi(argv[2]); left > 0; left--) {
		loop_next(&loop, &event);
		if (tg_event_is_last(&event))
			return loop_print(&event), 1;
		loop_print(&event);
	}
	tg_client_leave(&loop.client, transaction);
	do
		loop_next(&loop, &event);
	while (!tg_event_is_last(&event));
	return event.outcome == TG_OUTCOME_CANCELLED ? 0 : 1;
}
