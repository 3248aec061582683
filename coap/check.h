/*
 * The options of a message against the registry (RFC 7252, 5.4): which of them are to be
 * heeded, which ignored, and whether one of them makes the message bad.
 *
 * An option that is unknown, not served, not defined for this kind of message (5.4),
 * ill-sized (5.4.3) or one more than may be (5.4.5) is treated as unrecognised: elective,
 * it is ignored; critical, it spoils the message (5.4.1), whose request is answered 4.02
 * if it was a CON and rejected if it was a NON.
 *
 * Threads.  Pure functions.   Memory.  None.   Cost.  One walk over the options.
 */
#pragma once

#include "coap/option.h"

/* Why an option is treated as unrecognised. */
enum tg_opt_fault {
	TG_OPT_FINE,
	TG_OPT_UNKNOWN,   /* not in the registry, or not served */
	TG_OPT_MISPLACED, /* not defined in this kind of message */
	TG_OPT_REPEATED,  /* it may occur once, and has */
	TG_OPT_SIZE,      /* shorter or longer than it may be */
	TG_OPT_FAULTS,
};

/* "unknown", "misplaced", "repeated", "size". */
const char *tg_opt_fault_name(enum tg_opt_fault f);

/*
 * Which critical options a caller serves, a bit each: those registered are all
 * below 64.  What is left out counts as unknown.
 */
#define TG_SERVES(number) (UINT64_C(1) << (number))
#define TG_SERVES_ALL UINT64_MAX

/* The option that spoils a message. */
struct tg_check {
	uint16_t number; /* of the first bad critical option, if there is one */
	uint8_t fault;   /* enum tg_opt_fault; TG_OPT_FINE: none */
};

/*
 * One option on its own.  @again: the option before it has the same number.  @is_request
 * says in which kind of message.
 */
enum tg_opt_fault tg_check_option(const struct tg_opt *o, bool again, bool is_request);

/* All options of a request that tg_msg_parse has accepted; true if it is fine. */
bool tg_check_request(const struct tg_msg *m, uint64_t served, struct tg_check *bad);
/* The same for a response. */
bool tg_check_response(const struct tg_msg *m, uint64_t served, struct tg_check *bad);

/*
 * The next option of a message that is to be heeded: what a walk meets if it leaves out
 * everything treated as unrecognised.  Begin @it with tg_opt_begin().
 */
bool tg_check_next(struct tg_opt_iter *it, struct tg_opt *o, bool is_request);
