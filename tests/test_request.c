#include "dataplane/request.h"

#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "tests/rows.h"

#define ROOM 4096

/* A request with some options, in a buffer of its exact size, and what is read from it.
 */
struct reading {
	uint8_t *bytes, *arena;
	struct tg_msg msg;
	struct dp_request request;
};

/* Options are a list of number, length and value; the value is @len bytes of its index.
 */
struct opt {
	unsigned number, len;
	const char *value; /* NULL: zeros */
};

static struct reading *
read_options(const struct opt *opts, unsigned n)
{
	static const uint8_t zeros[2048];
	struct reading *r = calloc(1, sizeof(*r));
	uint8_t buf[ROOM];
	struct tg_writer w;
	size_t len;

	assert_non_null(r);
	tg_write_begin(&w, buf, sizeof(buf), TG_CON, TG_GET, 1, NULL, 0);
	for (unsigned i = 0; i < n; i++)
		tg_write_option(&w, opts[i].number,
			opts[i].value != NULL ? (const void *)opts[i].value : zeros,
			opts[i].len);
	len = tg_write_end(&w);
	assert_true(len > 0);
	r->bytes = exact_copy(buf, len);
	assert_int_equal(tg_msg_head(&r->msg, r->bytes, len, TG_TOKEN_MAX), TG_OK);
	r->arena = malloc(DP_PATH_ROOM);
	assert_non_null(r->arena);
	assert_int_equal(dp_request_read(&r->request, &r->msg, r->arena), TG_OK);
	return r;
}

static void
free_reading(struct reading *r)
{
	free(r->arena);
	free(r->bytes);
	free(r);
}

static uint8_t
flags_of(const struct opt *opts, unsigned n)
{
	struct reading *r = read_options(opts, n);
	uint8_t flags = r->request.flags;

	free_reading(r);
	return flags;
}

static bool
is_bad(const struct opt *opts, unsigned n)
{
	return flags_of(opts, n) & DP_R_BAD_OPTION;
}

/* ---- critical options: against the registry ---- */

/* Critical options that the registry knows and that nobody here serves: as if unknown. */
static bool
is_unserved(unsigned number)
{
	return number == TG_OPT_OSCORE;
}

static bool
is_served(unsigned number)
{
	const struct tg_opt_def *def = tg_opt_find(number);

	return def != NULL && def->in_request != TG_OPT_NEVER && !is_unserved(number);
}

/* Every number there is below 1,100 and some above, empty and with eight bytes. */
static void
unknown_critical_is_bad(void **state)
{
	(void)state;
	for (unsigned number = 0; number <= 65535; number += number < 1100 ? 1 : 997) {
		const struct opt o[] = {{number, 0, NULL}},
				 longer[] = {{number, 8, NULL}};

		if (is_served(number))
			continue;
		assert_int_equal(is_bad(o, 1), tg_opt_is_critical(number));
		assert_int_equal(is_bad(longer, 1), tg_opt_is_critical(number));
	}
}

/* Every option that is served, at and beyond both of its lengths. */
static void
ill_sized_critical_is_bad(void **state)
{
	unsigned served = 0;

	(void)state;
	for (unsigned number = 0; number < 1100; number++) {
		const struct tg_opt_def *def = tg_opt_find(number);
		struct opt o = {.number = number};

		if (!is_served(number))
			continue;
		served += tg_opt_is_critical(number);
		o.len = def->min_len;
		assert_false(is_bad(&o, 1));
		o.len = def->max_len;
		assert_false(is_bad(&o, 1));
		o.len = def->max_len + 1u;
		assert_int_equal(is_bad(&o, 1), tg_opt_is_critical(number));
		if (def->min_len == 0)
			continue;
		o.len = def->min_len - 1u;
		assert_int_equal(is_bad(&o, 1), tg_opt_is_critical(number));
	}
	assert_int_equal(served, 11); /* none was passed over */
}

static void
repeated_critical_is_bad(void **state)
{
	(void)state;
	for (unsigned number = 0; number < 1100; number++) {
		const struct tg_opt_def *def = tg_opt_find(number);
		struct opt twice[2];

		if (!is_served(number))
			continue;
		twice[0] = twice[1] = (struct opt){.number = number, .len = def->min_len};
		assert_int_equal(is_bad(twice, 2),
			tg_opt_is_critical(number) && def->in_request == TG_OPT_ONCE);
	}
}

/* ---- what the options say ---- */

static const struct row {
	const char *name;
	struct opt opts[3];
	unsigned n;
	uint16_t flags;
	uint32_t accept, content_format;
} rows[] = {
	{"no option", {{0}}, 0, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"If-Match", {{1, 8, NULL}}, 1, DP_R_IF_MATCH, DP_NO_FORMAT, DP_NO_FORMAT},
	{"If-None-Match", {{5, 0, NULL}}, 1, DP_R_IF_NONE_MATCH, DP_NO_FORMAT,
		DP_NO_FORMAT},
	{"ETag", {{4, 8, NULL}}, 1, DP_R_ETAG, DP_NO_FORMAT, DP_NO_FORMAT},
	{"ETag, ill-sized", {{4, 9, NULL}}, 1, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"ETag, empty", {{4, 0, NULL}}, 1, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Uri-Query", {{15, 3, "a=b"}}, 1, DP_R_QUERY, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Proxy-Uri", {{35, 4, "coap"}}, 1, DP_R_PROXY, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Proxy-Scheme", {{39, 4, "coap"}}, 1, DP_R_PROXY, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Request-Tag", {{292, 1, "t"}}, 1, DP_R_APART, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Uri-Host and Uri-Port", {{3, 1, "h"}, {7, 2, NULL}}, 2, DP_R_APART,
		DP_NO_FORMAT, DP_NO_FORMAT},
	{"Accept 0", {{17, 0, NULL}}, 1, DP_R_ACCEPT, 0, DP_NO_FORMAT},
	{"Accept 50", {{17, 1, "2"}}, 1, DP_R_ACCEPT, 50, DP_NO_FORMAT},
	{"Accept of two bytes", {{17, 2, "\1\2"}}, 1, DP_R_ACCEPT, 258, DP_NO_FORMAT},
	{"Content-Format 0", {{12, 0, NULL}}, 1, 0, DP_NO_FORMAT, 0},
	{"Content-Format of two bytes", {{12, 2, "\1\2"}}, 1, 0, DP_NO_FORMAT, 258},
	{"Content-Format 65535", {{12, 2, "\xff\xff"}}, 1, 0, DP_NO_FORMAT, 65535},
	{"Accept 65535", {{17, 2, "\xff\xff"}}, 1, DP_R_ACCEPT, 65535, DP_NO_FORMAT},
	{"Content-Format, ill-sized", {{12, 3, NULL}}, 1, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Content-Format twice: the first", {{12, 1, "\1"}, {12, 1, "\2"}}, 2, 0,
		DP_NO_FORMAT, 1},
	{"Max-Age says nothing", {{14, 1, "\1"}}, 1, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Block2", {{23, 1, "\6"}}, 1, DP_R_BLOCK2, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Block2 of a reserved size", {{23, 1, "\7"}}, 1, DP_R_BAD_REQUEST, DP_NO_FORMAT,
		DP_NO_FORMAT},
	{"Block1", {{27, 3, "\xff\xff\xfe"}}, 1, DP_R_BLOCK1, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Block1 of a reserved size", {{27, 3, "\xff\xff\xff"}}, 1, DP_R_BAD_REQUEST,
		DP_NO_FORMAT, DP_NO_FORMAT},
	{"Size1", {{60, 4, NULL}}, 1, DP_R_SIZE1, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Size1, ill-sized", {{60, 5, NULL}}, 1, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Size1 twice: the first", {{60, 1, "\2"}, {60, 1, "\3"}}, 2, DP_R_SIZE1,
		DP_NO_FORMAT, DP_NO_FORMAT},
	{"Size2", {{28, 0, NULL}}, 1, DP_R_SIZE2, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Size2, ill-sized", {{28, 5, NULL}}, 1, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"Observe", {{6, 0, NULL}}, 1, DP_R_OBSERVE, DP_NO_FORMAT, DP_NO_FORMAT},
	{"No-Response", {{258, 1, "\2"}}, 1, DP_R_SILENT, DP_NO_FORMAT, DP_NO_FORMAT},
	{"No-Response, ill-sized", {{258, 2, NULL}}, 1, 0, DP_NO_FORMAT, DP_NO_FORMAT},
	{"bad among good", {{12, 1, "\1"}, {13, 0, NULL}, {17, 1, "\2"}}, 3,
		DP_R_BAD_OPTION | DP_R_ACCEPT, 2, 1},
};

static void
read_as(void **state)
{
	const struct row *row = *state;
	struct reading *r = read_options(row->opts, row->n);

	assert_int_equal(r->request.flags, row->flags);
	assert_int_equal(r->request.accept, row->accept);
	assert_int_equal(r->request.content_format, row->content_format);
	assert_int_equal(r->request.device_at, DP_NO_SEGMENT);
	assert_int_equal(r->request.path.len, 0);
	free_reading(r);
}

/* ---- paths ---- */

static void
path_in_canonical_form(void **state)
{
	static const struct opt opts[] = {{11, 1, "d"}, {11, 0, NULL}, {11, 5, "state"}};
	static const uint8_t canonical[] = {1, 'd', 0, 5, 's', 't', 'a', 't', 'e'};
	struct reading *r = read_options(opts, COUNT(opts));
	uint8_t len;

	(void)state;
	assert_int_equal(r->request.path.len, sizeof(canonical));
	assert_memory_equal(r->request.path.bytes, canonical, sizeof(canonical));
	assert_memory_equal(dp_request_segment(&r->request, 3, &len), "state", 5);
	assert_int_equal(len, 5);
	dp_request_segment(&r->request, 2, &len);
	assert_int_equal(len, 0);
	free_reading(r);
}

/* As many as a message has room for: none is cut off. */
static void
hundreds_of_segments(void **state)
{
	static struct opt opts[700];
	struct reading *r;

	(void)state;
	for (unsigned i = 0; i < COUNT(opts); i++)
		opts[i] = (struct opt){.number = TG_OPT_URI_PATH, .len = 1, .value = "x"};
	r = read_options(opts, COUNT(opts));
	assert_int_equal(r->request.flags, 0);
	assert_int_equal(r->request.path.len, 2 * COUNT(opts));
	free_reading(r);
}

/* ---- preconditions ---- */

static const uint64_t etag = 0x0807060504030201;

static const struct condition_row {
	const char *name;
	struct opt opts[2];
	unsigned n;
	bool exists, holds;
} condition_rows[] = {
	{"none, absent", {{0}}, 0, false, true},
	{"none, there", {{0}}, 0, true, true},
	{"If-None-Match, absent", {{5, 0, NULL}}, 1, false, true},
	{"If-None-Match, there", {{5, 0, NULL}}, 1, true, false},
	{"If-Match of its tag", {{1, 8, "\1\2\3\4\5\6\7\10"}}, 1, true, true},
	{"If-Match of another tag", {{1, 8, "\1\2\3\4\5\6\7\11"}}, 1, true, false},
	{"If-Match of a prefix", {{1, 7, "\1\2\3\4\5\6\7"}}, 1, true, false},
	{"If-Match of any, there", {{1, 0, NULL}}, 1, true, true},
	{"If-Match of any, absent", {{1, 0, NULL}}, 1, false, false},
	{"If-Match of its tag, absent", {{1, 8, "\1\2\3\4\5\6\7\10"}}, 1, false, false},
	{"If-Match, its tag second", {{1, 2, "ab"}, {1, 8, "\1\2\3\4\5\6\7\10"}}, 2, true,
		true},
	{"both, there", {{1, 0, NULL}, {5, 0, NULL}}, 2, true, false},
	{"both, absent", {{1, 0, NULL}, {5, 0, NULL}}, 2, false, false},
};

static void
holds(void **state)
{
	const struct condition_row *row = *state;
	struct reading *r = read_options(row->opts, row->n);

	assert_int_equal(
		dp_request_holds(&r->request, &r->msg, row->exists, etag), row->holds);
	free_reading(r);
}

static const struct etag_row {
	const char *name;
	struct opt opts[2];
	unsigned n;
	bool has;
} etag_rows[] = {
	{"no ETag", {{0}}, 0, false},
	{"its ETag", {{4, 8, "\1\2\3\4\5\6\7\10"}}, 1, true},
	{"another ETag", {{4, 8, "\1\2\3\4\5\6\7\11"}}, 1, false},
	{"a prefix of its ETag", {{4, 7, "\1\2\3\4\5\6\7"}}, 1, false},
	{"its ETag second", {{4, 1, "x"}, {4, 8, "\1\2\3\4\5\6\7\10"}}, 2, true},
	{"its tag in an If-Match", {{1, 8, "\1\2\3\4\5\6\7\10"}}, 1, false},
};

static void
has_etag(void **state)
{
	const struct etag_row *row = *state;
	struct reading *r = read_options(row->opts, row->n);

	assert_int_equal(dp_request_has_etag(&r->msg, etag), row->has);
	free_reading(r);
}

int
main(void)
{
	struct CMUnitTest
		tests[COUNT(rows) + COUNT(condition_rows) + COUNT(etag_rows) + 5] = {
			cmocka_unit_test(unknown_critical_is_bad),
			cmocka_unit_test(ill_sized_critical_is_bad),
			cmocka_unit_test(repeated_critical_is_bad),
			cmocka_unit_test(path_in_canonical_form),
			cmocka_unit_test(hundreds_of_segments),
		};
	size_t n = 5;

	ADD_ROWS(tests, &n, rows, read_as);
	ADD_ROWS(tests, &n, condition_rows, holds);
	ADD_ROWS(tests, &n, etag_rows, has_etag);
	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
