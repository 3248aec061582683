#include "coap/code.h"
#include "tests/rows.h"

/* One code: how it is written, what it is called, what kind it is. */
static const struct row {
	const char *name;
	unsigned code;
	const char *text, *called;
	enum { EMPTY, REQUEST, RESPONSE, RESERVED } kind;
} rows[] = {
	{"empty", 0x00, "0.00", "Empty", EMPTY},
	{"get", 0x01, "0.01", "GET", REQUEST},
	{"post", 0x02, "0.02", "POST", REQUEST},
	{"put", 0x03, "0.03", "PUT", REQUEST},
	{"delete", 0x04, "0.04", "DELETE", REQUEST},
	{"fetch", 0x05, "0.05", "FETCH", REQUEST},
	{"patch", 0x06, "0.06", "PATCH", REQUEST},
	{"ipatch", 0x07, "0.07", "iPATCH", REQUEST},
	{"unknown method", 0x08, "0.08", "Request", REQUEST},
	{"last method", 0x1f, "0.31", "Request", REQUEST},
	{"class 1", 0x20, "1.00", "Reserved", RESERVED},
	{"class 1, last", 0x3f, "1.31", "Reserved", RESERVED},
	{"2.00", 0x40, "2.00", "Success", RESPONSE},
	{"created", 0x41, "2.01", "Created", RESPONSE},
	{"deleted", 0x42, "2.02", "Deleted", RESPONSE},
	{"valid", 0x43, "2.03", "Valid", RESPONSE},
	{"changed", 0x44, "2.04", "Changed", RESPONSE},
	{"content", 0x45, "2.05", "Content", RESPONSE},
	{"continue", 0x5f, "2.31", "Continue", RESPONSE},
	{"class 3", 0x60, "3.00", "Response", RESPONSE},
	{"bad request", 0x80, "4.00", "Bad Request", RESPONSE},
	{"unauthorized", 0x81, "4.01", "Unauthorized", RESPONSE},
	{"bad option", 0x82, "4.02", "Bad Option", RESPONSE},
	{"forbidden", 0x83, "4.03", "Forbidden", RESPONSE},
	{"not found", 0x84, "4.04", "Not Found", RESPONSE},
	{"method not allowed", 0x85, "4.05", "Method Not Allowed", RESPONSE},
	{"not acceptable", 0x86, "4.06", "Not Acceptable", RESPONSE},
	{"4.07", 0x87, "4.07", "Client Error", RESPONSE},
	{"incomplete", 0x88, "4.08", "Request Entity Incomplete", RESPONSE},
	{"conflict", 0x89, "4.09", "Conflict", RESPONSE},
	{"precondition failed", 0x8c, "4.12", "Precondition Failed", RESPONSE},
	{"too large", 0x8d, "4.13", "Request Entity Too Large", RESPONSE},
	{"unsupported format", 0x8f, "4.15", "Unsupported Content-Format", RESPONSE},
	{"unprocessable", 0x96, "4.22", "Unprocessable Entity", RESPONSE},
	{"too many requests", 0x9d, "4.29", "Too Many Requests", RESPONSE},
	{"internal", 0xa0, "5.00", "Internal Server Error", RESPONSE},
	{"not implemented", 0xa1, "5.01", "Not Implemented", RESPONSE},
	{"bad gateway", 0xa2, "5.02", "Bad Gateway", RESPONSE},
	{"unavailable", 0xa3, "5.03", "Service Unavailable", RESPONSE},
	{"gateway timeout", 0xa4, "5.04", "Gateway Timeout", RESPONSE},
	{"no proxying", 0xa5, "5.05", "Proxying Not Supported", RESPONSE},
	{"5.06", 0xa6, "5.06", "Server Error", RESPONSE},
	{"hop limit", 0xa8, "5.08", "Hop Limit Reached", RESPONSE},
	{"5.31", 0xbf, "5.31", "Server Error", RESPONSE},
	{"class 6", 0xc0, "6.00", "Reserved", RESERVED},
	{"7.00", 0xe0, "7.00", "Signalling", RESERVED},
	{"csm", 0xe1, "7.01", "CSM", RESERVED},
	{"ping", 0xe2, "7.02", "Ping", RESERVED},
	{"pong", 0xe3, "7.03", "Pong", RESERVED},
	{"release", 0xe4, "7.04", "Release", RESERVED},
	{"abort", 0xe5, "7.05", "Abort", RESERVED},
	{"7.31", 0xff, "7.31", "Signalling", RESERVED},
};

static void
code(void **state)
{
	const struct row *r = *state;
	char text[TG_CODE_TEXT];

	assert_string_equal(tg_code_text(text, r->code), r->text);
	assert_string_equal(tg_code_name(r->code), r->called);
	assert_int_equal(TG_CODE(tg_code_class(r->code), tg_code_detail(r->code)), r->code);
	assert_int_equal(tg_code_is_request(r->code), r->kind == REQUEST);
	assert_int_equal(tg_code_is_response(r->code), r->kind == RESPONSE);
	assert_int_equal(tg_code_is_reserved(r->code), r->kind == RESERVED);
}

static const struct method_row {
	const char *name;
	unsigned want;
} methods[] = {
	{"GET", TG_GET},
	{"get", TG_GET},
	{"POST", TG_POST},
	{"Put", TG_PUT},
	{"delete", TG_DELETE},
	{"FETCH", TG_FETCH},
	{"PATCH", TG_PATCH},
	{"IPATCH", TG_IPATCH},
	{"iPatch", TG_IPATCH},
	{"GETS", TG_EMPTY},
	{"", TG_EMPTY},
	{"Empty", TG_EMPTY},
	{"Created", TG_EMPTY},
};

static void
method(void **state)
{
	const struct method_row *r = *state;

	assert_int_equal(tg_method_find(r->name), r->want);
}

static const struct format_row {
	const char *name;
	unsigned number;
	const char *want;
} formats[] = {
	{"first", 0, "text/plain; charset=utf-8"},
	{"link-format", TG_CF_LINK, "application/link-format"},
	{"xml", TG_CF_XML, "application/xml"},
	{"octets", TG_CF_OCTETS, "application/octet-stream"},
	{"exi", TG_CF_EXI, "application/exi"},
	{"json", TG_CF_JSON, "application/json"},
	{"json patch", TG_CF_JSON_PATCH, "application/json-patch+json"},
	{"merge patch", TG_CF_MERGE_PATCH, "application/merge-patch+json"},
	{"cbor", TG_CF_CBOR, "application/cbor"},
	{"senml+json", TG_CF_SENML_JSON, "application/senml+json"},
	{"senml+cbor", TG_CF_SENML_CBOR, "application/senml+cbor"},
	{"etch", 322, "application/senml-etch+cbor"},
	{"oscore", 10001, "application/oscore"},
	{"lwm2m", 11542, "application/vnd.oma.lwm2m+tlv"},
	{"last", 30000, "image/svg+xml"},
	{"hole", 43, NULL},
	{"past the last", 65535, NULL},
	{"past 16 bits", 65536 + 40, NULL},
};

static void
format(void **state)
{
	const struct format_row *r = *state;
	const char *got = tg_content_format_name(r->number);

	if (r->want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, r->want);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(methods) + COUNT(formats)];
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, code);
	ADD_ROWS(tests, &n, methods, method);
	ADD_ROWS(tests, &n, formats, format);
	return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
