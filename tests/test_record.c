#include "dataplane/record.h"
#include "dataplane/tokens.h"
#include "tests/rows.h"

#define TEXT4 "abcd"
#define TEXT16 TEXT4 TEXT4 TEXT4 TEXT4
#define TEXT64 TEXT16 TEXT16 TEXT16 TEXT16
#define TEXT256 TEXT64 TEXT64 TEXT64 TEXT64
#define TEXT1024 TEXT256 TEXT256 TEXT256 TEXT256

/* Every field has a value of its own, so that none can stand in for another. */
#define FIELDS                                                                           \
	.time_ns = 0x0102030405060708, .source.port = 0x1112, .local.port = 0x2122,      \
	.source.addr = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},          \
	.local.addr = {31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46},  \
	.vlan = 0x132, .port = 13, .mid = 0x4142, .content_format = 0x5152, .type = 1,   \
	.code = 2, .answer = 68

#define TOKEN(s) .token = (const uint8_t *)(s), .tkl = sizeof(s) - 1
#define STREAM(s) .stream = (s), .stream_len = sizeof(s) - 1
#define DEVICE(s) .device = (s), .device_len = sizeof(s) - 1
#define PATH(s) .path = (const uint8_t *)(s), .path_len = sizeof(s) - 1
#define PAYLOAD(s) .payload = (const uint8_t *)(s), .payload_len = sizeof(s) - 1

static const struct row {
	const char *name;
	struct dp_record r;
} rows[] = {
	{"all parts", {FIELDS, TOKEN("\7\10\11"), STREAM("readings"), DEVICE("dev1"),
			      PATH("/t/dev1"), PAYLOAD("21.5")}},
	{"shortest", {FIELDS, STREAM("s")}},
	{"no token", {FIELDS, STREAM("s"), DEVICE("d"), PATH("/p"), PAYLOAD("x")}},
	{"token of 8", {FIELDS, TOKEN("\1\2\3\4\5\6\7\10"), STREAM("s"), DEVICE("d"),
			       PATH("/p"), PAYLOAD("x")}},
	{"longest stream", {FIELDS, .stream = TEXT64, .stream_len = 63, PATH("/p")}},
	{"no device", {FIELDS, STREAM("s"), PATH("/p"), PAYLOAD("x")}},
	{"longest device", {FIELDS, STREAM("s"), .device = TEXT256, .device_len = 255}},
	{"longest path",
		{FIELDS, STREAM("s"), DEVICE("d"), PATH(TEXT1024), PAYLOAD("x")}},
	{"no payload", {FIELDS, STREAM("s"), DEVICE("d"), PATH("/p")}},
	{"payload with a zero", {FIELDS, STREAM("s"), PAYLOAD("a\0b")}},
	{"longest of all", {FIELDS, TOKEN("tokentok"), .stream = TEXT64, .stream_len = 63,
				   .device = TEXT256, .device_len = 255, PATH(TEXT1024),
				   PAYLOAD(TEXT1024)}},
	{"no format", {.content_format = DP_NO_FORMAT, STREAM("s")}},
	{"Content-Format 65535", {.content_format = 65535, STREAM("s")}},
	{"Content-Format 65535 and type 3",
		{.content_format = 65535, .type = 3, STREAM("s")}},
	{"type 3", {.type = 3, STREAM("s")}},
	{"a value", {.type = 3, .value = true, STREAM("s")}},
	{"a value of Content-Format 65535",
		{.content_format = 65535, .value = true, STREAM("s")}},
};

static uint8_t *
encode(const struct dp_record *r, size_t *len)
{
	uint8_t *buf;

	*len = dp_record_size(r);
	buf = malloc(*len);
	assert_non_null(buf);
	dp_record_encode(r, buf);
	return buf;
}

static void
assert_part(const void *got, size_t got_len, const void *want, size_t len,
	const uint8_t *buf, size_t size)
{
	assert_int_equal(got_len, len);
	if (len == 0)
		return;
	assert_memory_equal(got, want, len);
	assert_in_range((uintptr_t)got, (uintptr_t)buf, (uintptr_t)buf + size - len);
}

static void
there_and_back(void **state)
{
	const struct dp_record *r = &((const struct row *)*state)->r;
	struct dp_record got;
	size_t len;
	uint8_t *buf = encode(r, &len);

	assert_true(len <= DP_RECORD_MAX);
	memset(&got, 0xee, sizeof(got));
	assert_true(dp_record_decode(&got, buf, len));
	assert_int_equal(got.time_ns, r->time_ns);
	assert_memory_equal(got.source.addr, r->source.addr, 16);
	assert_memory_equal(got.local.addr, r->local.addr, 16);
	assert_int_equal(got.source.port, r->source.port);
	assert_int_equal(got.local.port, r->local.port);
	assert_int_equal(got.vlan, r->vlan);
	assert_int_equal(got.port, r->port);
	assert_int_equal(got.mid, r->mid);
	assert_int_equal(got.content_format, r->content_format);
	assert_int_equal(got.type, r->type);
	assert_int_equal(got.value, r->value);
	assert_int_equal(got.code, r->code);
	assert_int_equal(got.tkl, r->tkl);
	assert_part(got.token, got.tkl, r->token, r->tkl, buf, len);
	assert_part(got.stream, got.stream_len, r->stream, r->stream_len, buf, len);
	assert_part(got.device, got.device_len, r->device, r->device_len, buf, len);
	assert_part(got.path, got.path_len, r->path, r->path_len, buf, len);
	assert_part(got.payload, got.payload_len, r->payload, r->payload_len, buf, len);
	free(buf);
}

/* One byte less or more than a record is none. */
static void
exact_length(void **state)
{
	const struct dp_record *r = &((const struct row *)*state)->r;
	struct dp_record got;
	size_t len;
	uint8_t *buf = encode(r, &len), *longer = calloc(1, len + 1);

	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = exact_copy(buf, cut);

		assert_false(dp_record_decode(&got, exact, cut));
		free(exact);
	}
	assert_non_null(longer);
	memcpy(longer, buf, len);
	assert_false(dp_record_decode(&got, longer, len + 1));
	free(longer);
	free(buf);
}

/* The form on disk, of the first row: it outlives the program, so each place is pinned.
 */
#define PLACE(at, bytes) at, (const uint8_t *)(bytes), sizeof(bytes) - 1
#define FORM_END 86

static const struct place {
	const char *name;
	size_t at;
	const uint8_t *bytes;
	size_t len;
} places[] = {
	{"form: time", PLACE(0, "\x08\x07\x06\x05\x04\x03\x02\x01")},
	{"form: source", PLACE(8, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20")},
	{"form: local", PLACE(24, "\37\40\41\42\43\44\45\46\47\50\51\52\53\54\55\56")},
	{"form: source's port", PLACE(40, "\x12\x11")},
	{"form: local port", PLACE(42, "\x22\x21")},
	{"form: VLAN and port", PLACE(44, "\x32\xd1")},
	{"form: Message ID", PLACE(46, "\x42\x41")},
	{"form: Content-Format", PLACE(48, "\x52\x51")},
	{"form: path's length", PLACE(50, "\7\0")},
	{"form: payload's length", PLACE(52, "\4\0")},
	{"form: type", PLACE(54, "\1")},
	{"form: code", PLACE(55, "\2")},
	{"form: answer", PLACE(56, "\x44")},
	{"form: token's length", PLACE(57, "\3")},
	{"form: stream's length", PLACE(58, "\10")},
	{"form: device's length", PLACE(59, "\4")},
	{"form: token", PLACE(60, "\7\10\11")},
	{"form: stream", PLACE(63, "readings")},
	{"form: device", PLACE(71, "dev1")},
	{"form: path", PLACE(75, "/t/dev1")},
	{"form: payload", PLACE(82, "21.5")},
};

static void
in_its_place(void **state)
{
	const struct place *p = *state;
	size_t len;
	uint8_t *buf = encode(&rows[0].r, &len);

	assert_int_equal(len, FORM_END);
	assert_memory_equal(buf + p->at, p->bytes, p->len);
	free(buf);
}

/* No byte is in no place. */
static void
places_are_all(void **state)
{
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		assert_int_equal(places[i].at, at);
		at += places[i].len;
	}
	assert_int_equal(at, FORM_END);
}

/* A field that no record can have. */
static const struct bad {
	const char *name;
	size_t offset;
	uint8_t value;
} bads[] = {
	{"type 4", 54, 4},
	{"type 255", 54, 255},
	{"the bit of 65535 beside another format", 54, 1 | DP_RECORD_65535},
	{"token of 9", 57, 9},
	{"token one longer", 57, 4},
	{"stream one longer", 58, 9},
	{"device one shorter", 59, 3},
	{"path one longer", 50, 8},
	{"path 256 longer", 51, 1},
	{"payload one shorter", 52, 3},
	{"payload 256 longer", 53, 1},
};

static void
refused(void **state)
{
	const struct bad *b = *state;
	struct dp_record got;
	size_t len;
	uint8_t *buf = encode(&rows[0].r, &len);

	assert_true(dp_record_decode(&got, buf, len));
	buf[b->offset] = b->value;
	assert_false(dp_record_decode(&got, buf, len));
	free(buf);
}

/* A token as long as may be, and one byte more, its length otherwise right: the bound
 * itself refuses it. */
static void
long_token(void **state)
{
	uint8_t token[DP_TOKEN_LONGEST + 1] = {[DP_TOKEN_LONGEST - 1] = 7};
	struct dp_record got, r = rows[0].r;
	uint8_t *buf;
	size_t len;

	(void)state;
	r.token = token;
	r.tkl = DP_TOKEN_LONGEST;
	buf = encode(&r, &len);
	assert_true(dp_record_decode(&got, buf, len));
	assert_int_equal(got.tkl, DP_TOKEN_LONGEST);
	assert_memory_equal(got.token, token, DP_TOKEN_LONGEST);
	free(buf);
	r.tkl++;
	buf = encode(&r, &len);
	assert_false(dp_record_decode(&got, buf, len));
	free(buf);
}

int
main(void)
{
	struct CMUnitTest tests[2 * COUNT(rows) + COUNT(bads) + COUNT(places) + 2] = {
		cmocka_unit_test(places_are_all),
		cmocka_unit_test(long_token),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, rows, there_and_back);
	ADD_ROWS(tests, &n, rows, exact_length);
	ADD_ROWS(tests, &n, places, in_its_place);
	ADD_ROWS(tests, &n, bads, refused);
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
