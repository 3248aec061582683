#include "control/books.h"

static uint64_t
sum(const uint64_t *c, enum dp_account account)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		if (dp_counter_defs[i].account == account)
			n += c[i];
	return n;
}

bool
ctl_books(const uint64_t c[DP_COUNTER_COUNT], const struct ctl_pending *pending,
	struct ctl_identity out[CTL_BOOKS])
{
	bool all = true;

	out[0] = (struct ctl_identity){"frames",
		"frames = consumed + requests + dropped + pending", sum(c, DP_A_FRAME),
		sum(c, DP_A_CONSUMED) + sum(c, DP_A_REQUEST) + sum(c, DP_A_FDROP)
			+ pending->frames,
		false};
	out[1] = (struct ctl_identity){"requests",
		"requests = executed + duplicate + refused + dropped + pending",
		sum(c, DP_A_REQUEST),
		sum(c, DP_A_EXEC) + sum(c, DP_A_DUP) + sum(c, DP_A_REFUSED)
			+ sum(c, DP_A_RDROP) + pending->requests,
		false};
	out[2] = (struct ctl_identity){"executed",
		"executed = answered + suppressed + pending", sum(c, DP_A_EXEC),
		sum(c, DP_A_ANSWERED) + sum(c, DP_A_SUPPRESSED) + pending->answers,
		false};
	out[3] = (struct ctl_identity){"records", "accepted = delivered + lost + pending",
		sum(c, DP_A_ACCEPTED),
		sum(c, DP_A_DELIVERED) + sum(c, DP_A_LOST) + pending->records, false};
	for (unsigned i = 0; i < CTL_BOOKS; i++) {
		out[i].closes = out[i].left == out[i].right;
		all &= out[i].closes;
	}
	return all;
}
