#include "coap/reply.h"

#include "coap/code.h"

const char *
tg_action_name(enum tg_action a)
{
	static const char *const name[TG_ACTIONS] = {
		[TG_DO_IGNORE] = "ignore",
		[TG_DO_RESET] = "reset",
		[TG_DO_PONG] = "pong",
		[TG_DO_REQUEST] = "request",
		[TG_DO_RESPONSE] = "response",
		[TG_DO_ACKED] = "acked",
		[TG_DO_CANCELLED] = "cancelled",
	};

	return a < TG_ACTIONS ? name[a] : "unknown";
}

static enum tg_action
confirmable(const struct tg_arrival *a)
{
	if (a->verdict != TG_OK || tg_code_is_reserved(a->code))
		return TG_DO_RESET;
	if (a->code == TG_EMPTY)
		return TG_DO_PONG;
	return tg_code_is_request(a->code) ? TG_DO_REQUEST : TG_DO_RESPONSE;
}

static enum tg_action
non_confirmable(const struct tg_arrival *a)
{
	if (a->verdict != TG_OK || tg_code_is_reserved(a->code) || a->code == TG_EMPTY)
		return TG_DO_IGNORE;
	return tg_code_is_request(a->code) ? TG_DO_REQUEST : TG_DO_RESPONSE;
}

static enum tg_action
acknowledgement(const struct tg_arrival *a)
{
	if (a->verdict != TG_OK)
		return TG_DO_IGNORE;
	if (a->code == TG_EMPTY)
		return TG_DO_ACKED;
	return tg_code_is_response(a->code) ? TG_DO_RESPONSE : TG_DO_IGNORE;
}

static enum tg_action
reset(const struct tg_arrival *a)
{
	return a->verdict == TG_OK && a->code == TG_EMPTY ? TG_DO_CANCELLED
							  : TG_DO_IGNORE;
}

enum tg_action
tg_reply_action(const struct tg_arrival *a)
{
	enum tg_action action;

	if (a->verdict == TG_VERSION || !a->has_header)
		return TG_DO_IGNORE;
	switch (a->type) {
	case TG_CON:
		action = confirmable(a);
		break;
	case TG_NON:
		action = non_confirmable(a);
		break;
	case TG_ACK:
		action = acknowledgement(a);
		break;
	default:
		action = reset(a);
	}
	if (a->multicast && (a->type != TG_NON || action != TG_DO_REQUEST))
		return TG_DO_IGNORE;
	return action;
}

struct tg_arrival
tg_arrival_of(const uint8_t *buf, size_t len, enum tg_verdict verdict, bool multicast)
{
	struct tg_arrival a = {
		.verdict = verdict,
		.has_header = len >= TG_HDR_LEN,
		.multicast = multicast,
	};

	if (a.has_header) {
		a.type = buf[0] >> 4 & 3;
		a.code = buf[1];
	}
	return a;
}

enum tg_action
tg_reply_unmatched(enum tg_type type, bool multicast)
{
	return type == TG_CON && !multicast ? TG_DO_RESET : TG_DO_IGNORE;
}

bool
tg_reply_may(
	enum tg_type asked_type, unsigned asked_code, enum tg_type type, unsigned code)
{
	bool asked_request = tg_code_is_request(asked_code);

	if (asked_type > TG_NON || tg_code_is_reserved(asked_code)
		|| (asked_type == TG_NON && asked_code == TG_EMPTY))
		return false;
	if (type == TG_RST)
		return code == TG_EMPTY;
	if (code != TG_EMPTY && !tg_code_is_response(code))
		return false;
	if (type == TG_ACK)
		return asked_type == TG_CON
		       && (code == TG_EMPTY ? asked_code != TG_EMPTY : asked_request);
	return code != TG_EMPTY && asked_request;
}
