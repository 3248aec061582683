#include "coap/check.h"

#define SERVES_BITS 64

const char *
tg_opt_fault_name(enum tg_opt_fault f)
{
	static const char *const name[TG_OPT_FAULTS] = {
		[TG_OPT_FINE] = "fine",
		[TG_OPT_UNKNOWN] = "unknown",
		[TG_OPT_MISPLACED] = "misplaced",
		[TG_OPT_REPEATED] = "repeated",
		[TG_OPT_SIZE] = "size",
	};

	return f < TG_OPT_FAULTS ? name[f] : "unknown";
}

enum tg_opt_fault
tg_check_option(const struct tg_opt *o, bool again, bool is_request)
{
	const struct tg_opt_def *def = tg_opt_find(o->number);
	unsigned may;

	if (def == NULL)
		return TG_OPT_UNKNOWN;
	may = is_request ? def->in_request : def->in_response;
	if (may == TG_OPT_NEVER)
		return TG_OPT_MISPLACED;
	if (may == TG_OPT_ONCE && again)
		return TG_OPT_REPEATED;
	if (o->len < def->min_len || o->len > def->max_len)
		return TG_OPT_SIZE;
	return TG_OPT_FINE;
}

static bool
check(const struct tg_msg *m, uint64_t served, bool is_request, struct tg_check *bad)
{
	struct tg_opt_iter it;
	struct tg_opt o;
	unsigned last = 0; /* no critical option has this number */

	bad->fault = TG_OPT_FINE;
	tg_opt_foreach (&it, &o, m) {
		bool again = o.number == last;

		last = o.number;
		if (!tg_opt_is_critical(o.number))
			continue; /* whatever is wrong with it, it is ignored */
		if (o.number >= SERVES_BITS || !(served >> o.number & 1))
			bad->fault = TG_OPT_UNKNOWN;
		else
			bad->fault = (uint8_t)tg_check_option(&o, again, is_request);
		if (bad->fault != TG_OPT_FINE) {
			bad->number = o.number;
			return false;
		}
	}
	return true;
}

bool
tg_check_request(const struct tg_msg *m, uint64_t served, struct tg_check *bad)
{
	return check(m, served, true, bad);
}

bool
tg_check_response(const struct tg_msg *m, uint64_t served, struct tg_check *bad)
{
	return check(m, served, false, bad);
}

bool
tg_check_next(struct tg_opt_iter *it, struct tg_opt *o, bool is_request)
{
	unsigned last = it->number;

	while (tg_opt_next(it, o)) {
		bool again = o->number == last;

		last = o->number;
		if (tg_check_option(o, again, is_request) == TG_OPT_FINE)
			return true;
	}
	return false;
}
