#include "tests/client_world.h"

/* ---- observation ---- */

static const struct tg_transaction *
observe(void)
{
	const struct tg_transaction *t =
		start_with((struct tg_request){.code = TG_GET, .observe = true});

	sends(TG_CON, TG_GET);
	assert_int_equal(uint_of(TG_OPT_OBSERVE), TG_OBSERVE_REGISTER);
	return t;
}

static bool
notifies(enum tg_type type, uint32_t observe_value, size_t len)
{
	says(type, TG_CONTENT);
	if (observe_value != OBSERVE_NONE)
		with_uint(TG_OPT_OBSERVE, observe_value);
	return comes_with(0, len);
}

static void
observation(void **state)
{
	(void)state;
	observe();
	assert_true(notifies(TG_ACK, 10, 3));
	ends(TG_OUTCOME_NOTIFICATION);
	body_is(0, 3);
	silent();
	assert_true(notifies(TG_CON, 11, 4));
	ends(TG_OUTCOME_NOTIFICATION);
	body_is(0, 4);
	sends_empty(TG_ACK, w.mid);
	assert_false(comes()); /* again */
	sends_empty(TG_ACK, w.mid);
	assert_true(notifies(TG_NON, 12, 5));
	ends(TG_OUTCOME_NOTIFICATION);
	silent();
}

static void
observation_out_of_order(void **state)
{
	(void)state;
	observe();
	notifies(TG_ACK, 10, 3);
	assert_true(notifies(TG_NON, 12, 4));
	assert_false(notifies(TG_CON, 11, 5));
	sends_empty(TG_ACK, w.mid); /* it has arrived, though nobody wants it */
	assert_false(notifies(TG_NON, 12, 5));
	assert_true(notifies(TG_NON, 13, 5));
}

static void
observation_not_granted(void **state)
{
	(void)state;
	observe();
	assert_true(notifies(TG_ACK, OBSERVE_NONE, 3));
	ends(TG_OUTCOME_RESPONSE);
}

static void
observation_refused(void **state)
{
	(void)state;
	observe();
	assert_true(answers(TG_ACK, TG_NOT_FOUND));
	ends(TG_OUTCOME_RESPONSE);
}

static void
observation_ended_by_error(void **state)
{
	(void)state;
	observe();
	notifies(TG_ACK, 10, 3);
	assert_true(answers(TG_CON, TG_NOT_FOUND));
	ends(TG_OUTCOME_RESPONSE);
	sends_empty(TG_ACK, w.mid);
	assert_false(notifies(TG_CON, 12, 3));
	sends_empty(TG_RST, w.mid);
}

static void
observation_ended_by_server(void **state)
{
	(void)state;
	observe();
	notifies(TG_ACK, 10, 3);
	assert_true(notifies(TG_CON, OBSERVE_NONE, 3));
	ends(TG_OUTCOME_RESPONSE);
}

/* Max-Age, then 5 to 15 s: then it is registered again, with the same token. */
static void
observation_renewed(void **state)
{
	uint8_t token[TG_TOKEN_MAX];

	(void)state;
	observe();
	memcpy(token, tg_msg_token(&w.request), sizeof(token));
	says(TG_ACK, TG_CONTENT);
	with_uint(TG_OPT_OBSERVE, 10);
	with_uint(TG_OPT_MAX_AGE, 30);
	comes();
	assert_false(wait_for_it());
	assert_true(w.now >= START_MS + 35000 && w.now <= START_MS + 45000);
	sends(TG_CON, TG_GET);
	assert_int_equal(uint_of(TG_OPT_OBSERVE), TG_OBSERVE_REGISTER);
	assert_memory_equal(tg_msg_token(&w.request), token, sizeof(token));
	assert_true(notifies(TG_ACK, 11, 3));
	ends(TG_OUTCOME_NOTIFICATION);
	assert_false(wait_for_it()); /* the default, 60 s, from here */
	assert_true(w.now >= START_MS + 35000 + 65000);
}

static void
renewal_acknowledged_alone(void **state)
{
	(void)state;
	observe();
	notifies(TG_ACK, 10, 3);
	assert_false(wait_for_it());
	sends(TG_CON, TG_GET);
	assert_false(answers(TG_ACK, TG_EMPTY));
	assert_true(notifies(TG_CON, 11, 3));
	ends(TG_OUTCOME_NOTIFICATION);
	sends_empty(TG_ACK, w.mid);
	silent();
}

/* Then nothing comes: it is renewed again, but not at once. */
static void
renewal_acknowledged_and_no_more(void **state)
{
	uint64_t sent;

	(void)state;
	observe();
	notifies(TG_ACK, 10, 3);
	assert_false(wait_for_it());
	sent = w.now;
	sends(TG_CON, TG_GET);
	assert_false(answers(TG_ACK, TG_EMPTY));
	assert_false(wait_for_it());
	assert_int_equal(w.now, sent + LIFETIME_MS);
	sends(TG_CON, TG_GET);
}

/* A NON is not acknowledged: whatever comes of the relation shows that it is alive. */
static void
renewal_by_non(void **state)
{
	(void)state;
	start_with((struct tg_request){.type = TG_NON, .code = TG_GET, .observe = true});
	sends(TG_NON, TG_GET);
	assert_true(notifies(TG_NON, 10, 3));
	assert_false(wait_for_it());
	sends(TG_NON, TG_GET);
	assert_false(notifies(TG_NON, 10, 3)); /* no news */
	assert_false(wait_for_it());
	sends(TG_NON, TG_GET);
}

/* A notification that overtakes the renewal's answer does not make it unheard. */
static void
renewal_overtaken(void **state)
{
	(void)state;
	observe();
	notifies(TG_ACK, 10, 3);
	assert_false(wait_for_it());
	sends(TG_CON, TG_GET);
	assert_true(notifies(TG_NON, 11, 4));
	assert_true(notifies(TG_ACK, 12, 5));
	ends(TG_OUTCOME_NOTIFICATION);
	body_is(0, 5);
}

static void
renewal_unanswered(void **state)
{
	(void)state;
	observe();
	notifies(TG_ACK, 10, 3);
	assert_false(wait_for_it());
	for (unsigned i = 0; i < 5; i++) {
		sends(TG_CON, TG_GET);
		assert_int_equal(wait_for_it(), i == 4);
	}
	ends(TG_OUTCOME_TIMEOUT);
}

static void
observation_left(void **state)
{
	const struct tg_transaction *t;

	(void)state;
	t = observe();
	notifies(TG_ACK, 10, 3);
	tg_client_leave(&w.client, t);
	sends(TG_CON, TG_GET);
	assert_int_equal(uint_of(TG_OPT_OBSERVE), TG_OBSERVE_DEREGISTER);
	assert_false(notifies(TG_CON, 11, 3)); /* it was on its way */
	sends_empty(TG_ACK, w.mid);
	assert_true(notifies(TG_ACK, OBSERVE_NONE, 3));
	ends(TG_OUTCOME_CANCELLED);
	assert_true(w.event.has_response);
}

static void
observation_left_once_forgotten(void **state)
{
	const struct tg_transaction *t;

	(void)state;
	t = observe();
	notifies(TG_ACK, 10, 3);
	tg_client_cancel(&w.client, t);
	tg_client_leave(&w.client, t);
	silent();
	assert_true(wait_for_it());
	ends(TG_OUTCOME_CANCELLED);
}

static void
observation_forgotten(void **state)
{
	const struct tg_transaction *t;

	(void)state;
	t = observe();
	notifies(TG_ACK, 10, 3);
	tg_client_cancel(&w.client, t);
	assert_true(wait_for_it());
	ends(TG_OUTCOME_CANCELLED);
	assert_false(notifies(TG_NON, 11, 3));
	sends_empty(TG_RST, w.mid);
}

#define KEPT 64 /* bytes of a registration, and more */

/* Observe, hear the first block of several, and ask for the second: the registration, in
 * @kept. */
static struct tg_msg
observe_blocks(uint8_t kept[KEPT])
{
	struct tg_msg registration;

	observe();
	memcpy(kept, w.asked, KEPT);
	registration = w.request;
	registration.base = kept;
	says(TG_ACK, TG_CONTENT);
	with_uint(TG_OPT_OBSERVE, 10);
	with_block(TG_OPT_BLOCK2, 0, true, 0);
	assert_false(comes_with(0, 16));
	sends(TG_CON, TG_GET);
	return registration;
}

/* A notification gives the first block; the others are fetched apart from the relation.
 */
static void
observation_of_blocks(void **state)
{
	struct tg_msg registration;
	uint8_t kept[KEPT];

	(void)state;
	registration = observe_blocks(kept);
	has_no(TG_OPT_OBSERVE);
	has_block(TG_OPT_BLOCK2, 1, false, 0);
	assert_memory_not_equal(tg_msg_token(&w.request), kept + TG_HDR_LEN, 8);
	assert_true(gives_block(1, false, 0, NULL, 4));
	ends(TG_OUTCOME_NOTIFICATION);
	body_is(0, 20);

	w.request = registration;
	assert_true(notifies(TG_NON, 11, 2)); /* and it goes on */
	ends(TG_OUTCOME_NOTIFICATION);
}

/* A newer notification ends the fetching of an older one's blocks. */
static void
observation_of_blocks_overtaken(void **state)
{
	struct tg_msg registration;
	uint8_t kept[KEPT];

	(void)state;
	registration = observe_blocks(kept);
	w.request = registration;
	assert_true(notifies(TG_NON, 11, 2));
	ends(TG_OUTCOME_NOTIFICATION);
	silent();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(observation),
		T(observation_out_of_order),
		T(observation_not_granted),
		T(observation_refused),
		T(observation_ended_by_error),
		T(observation_ended_by_server),
		T(observation_renewed),
		T(renewal_acknowledged_alone),
		T(renewal_acknowledged_and_no_more),
		T(renewal_by_non),
		T(renewal_overtaken),
		T(renewal_unanswered),
		T(observation_left),
		T(observation_left_once_forgotten),
		T(observation_forgotten),
		T(observation_of_blocks),
		T(observation_of_blocks_overtaken),
	};

	return cmocka_run_group_tests_name("client_observe", tests, NULL, NULL);
}
