/* The pool of long tokens, without a worker around it. */
#include "dataplane/tokens.h"
#include "tests/tables.h"

#define ROOM 64
#define OWNER 3

static struct dp_tokens *
new_pool(void)
{
	struct dp_tokens *t =
		dp_tokens_init(new_block(dp_tokens_size(ROOM)), ROOM, OWNER);

	assert_non_null(t);
	return t;
}

/* A message of header and token of @tkl bytes, the last of which is @salt. */
static struct tg_msg
message(uint8_t buf[TG_HDR_LEN + DP_TOKEN_FIELD], unsigned tkl, uint8_t salt)
{
	unsigned extra = tkl >= 13;
	struct tg_msg m;

	memset(buf, 0xa5, TG_HDR_LEN + DP_TOKEN_FIELD);
	buf[0] = (uint8_t)(0x40 | (extra ? 13 : tkl));
	buf[1] = 1;
	if (extra)
		buf[TG_HDR_LEN] = (uint8_t)(tkl - 13);
	buf[TG_HDR_LEN + extra + tkl - 1] = salt;
	assert_int_equal(
		tg_msg_parse(&m, buf, TG_HDR_LEN + extra + tkl, DP_TOKEN_LONGEST), TG_OK);
	return m;
}

static const struct row {
	const char *name;
	unsigned tkl;
} rows[] = {{"9 bytes", 9}, {"12 bytes", 12}, {"13 bytes", 13}, {"64 bytes", 64}};

static void
comes_back(void **state)
{
	unsigned tkl = ((const struct row *)*state)->tkl;
	uint8_t buf[TG_HDR_LEN + DP_TOKEN_FIELD], word[8], len, *field;
	struct dp_tokens *t = new_pool();
	struct tg_msg m = message(buf, tkl, 7);
	const uint8_t *token;

	assert_int_equal(dp_token_tkl(&m), buf[0] & 15);
	assert_true(dp_tokens_put(t, &m, word));
	assert_int_equal(dp_tokens_owner(word), OWNER);
	t = moved(t, dp_tokens_size(ROOM));
	token = dp_tokens_get(t, word, &len);
	assert_int_equal(len, tkl);
	assert_memory_equal(token, tg_msg_token(&m), tkl);
	field = exact_copy(buf, (size_t)(m.options - TG_HDR_LEN));
	memset(field, 0, (size_t)(m.options - TG_HDR_LEN));
	assert_int_equal(dp_tokens_write(t, word, field), m.options - TG_HDR_LEN);
	assert_memory_equal(field, buf + TG_HDR_LEN, (size_t)(m.options - TG_HDR_LEN));
	free(field);
	free(t);
}

/* As many as there is room for, and again when one has been given back, whichever. */
static void
full(void **state)
{
	uint8_t buf[TG_HDR_LEN + DP_TOKEN_FIELD], word[ROOM][8], more[8], len;
	struct dp_tokens *t = new_pool();
	struct tg_msg m;

	(void)state;
	for (unsigned i = 0; i < ROOM; i++) {
		m = message(buf, 20, (uint8_t)i);
		assert_true(dp_tokens_has_room(t));
		assert_true(dp_tokens_put(t, &m, word[i]));
		assert_int_equal(dp_tokens_count(t), i + 1);
	}
	assert_false(dp_tokens_has_room(t));
	assert_false(dp_tokens_put(t, &m, more));
	for (unsigned i = 0; i < ROOM; i += 7) {
		dp_tokens_del(t, word[i]);
		m = message(buf, 20, (uint8_t)(100 + i));
		assert_true(dp_tokens_put(t, &m, word[i]));
		assert_false(dp_tokens_put(t, &m, more));
	}
	for (unsigned i = 0; i < ROOM; i++)
		assert_int_equal(
			dp_tokens_get(t, word[i], &len)[19], i % 7 == 0 ? 100 + i : i);
	free(t);
}

static void
sizes(void **state)
{
	(void)state;
	assert_int_equal(dp_tokens_size(63), 0);
	assert_int_equal(dp_tokens_size((1u << 24) + 1), 0);
	assert_in_range(dp_tokens_size(64), 64 * 66, 64 * 66 + 64);
	assert_null(dp_tokens_init(NULL, 63, 0));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 2] = {
		cmocka_unit_test(full),
		cmocka_unit_test(sizes),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, rows, comes_back);
	return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
