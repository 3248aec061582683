/* Where frames come in and go out while somebody wants copies of them. */
#include "dataplane/capture.h"
#include "dataplane/net_internal.h"

#include <rte_cycles.h>

void
dp_net_capture(struct dp_net *net, struct dp_capture *c, const struct dp_snapshot *snap)
{
	net->capture = c;
	net->snap = snap;
}

void
net_capture_heard(const struct dp_net *net, const struct dp_burst *b)
{
	struct dp_capture_point at = {.capture = net->capture,
		.snap = net->snap,
		.tsc = b->tsc,
		.worker = net->worker};

	if (b->handed) /* it was copied where it came in */
		return;
	for (unsigned i = 0; i < b->n; i++) {
		at.port = b->port[i];
		dp_capture_frame(&at, b->pkt[i]);
	}
}

void
net_capture_sent(const struct dp_net *net, unsigned p)
{
	const struct tx_port *tx = &net->tx[p];
	const struct dp_capture_point at = {.capture = net->capture,
		.snap = net->snap,
		.tsc = rte_rdtsc(),
		.worker = net->worker,
		.port = (uint8_t)p,
		.sent = true};

	if (!tx->own) /* the queue's owner does it */
		return;
	for (unsigned i = tx->left; i < tx->n; i++)
		dp_capture_frame(&at, tx->pkt[i]);
}
