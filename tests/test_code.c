#include "coap/code.h"
#include "tests/rows.h"

/* One code: how it is written, what it is called, what kind it is. */
static const struct row {
	const char *name, *text, *called;
	unsigned code;
	enum { EMPTY, REQUEST, RESPONSE, RESERVED } kind;
} rows[] = {
	{"empty", "0.00", "Empty", 0x00, EMPTY},
	{"get", "0.01", "GET", 0x01, REQUEST},
	{"post", "0.02", "POST", 0x02, REQUEST},
	{"put", "0.03", "PUT", 0x03, REQUEST},
	{"delete", "0.04", "DELETE", 0x04, REQUEST},
	{"fetch", "0.05", "FETCH", 0x05, REQUEST},
	{"patch", "0.06", "PATCH", 0x06, REQUEST},
	{"ipatch", "0.07", "iPATCH", 0x07, REQUEST},
	{"unknown method", "0.08", "Request", 0x08, REQUEST},
	{"last method", "0.31", "Request", 0x1f, REQUEST},
	{"class 1", "1.00", "Reserved", 0x20, RESERVED},
	{"class 1, last", "1.31", "Reserved", 0x3f, RESERVED},
	{"2.00", "2.00", "Success", 0x40, RESPONSE},
	{"created", "2.01", "Created", 0x41, RESPONSE},
	{"deleted", "2.02", "Deleted", 0x42, RESPONSE},
	{"valid", "2.03", "Valid", 0x43, RESPONSE},
	{"changed", "2.04", "Changed", 0x44, RESPONSE},
	{"content", "2.05", "Content", 0x45, RESPONSE},
	{"continue", "2.31", "Continue", 0x5f, RESPONSE},
	{"class 3", "3.00", "Response", 0x60, RESPONSE},
	{"bad request", "4.00", "Bad Request", 0x80, RESPONSE},
	{"unauthorized", "4.01", "Unauthorized", 0x81, RESPONSE},
	{"bad option", "4.02", "Bad Option", 0x82, RESPONSE},
	{"forbidden", "4.03", "Forbidden", 0x83, RESPONSE},
	{"not found", "4.04", "Not Found", 0x84, RESPONSE},
	{"method not allowed", "4.05", "Method Not Allowed", 0x85, RESPONSE},
	{"not acceptable", "4.06", "Not Acceptable", 0x86, RESPONSE},
	{"4.07", "4.07", "Client Error", 0x87, RESPONSE},
	{"incomplete", "4.08", "Request Entity Incomplete", 0x88, RESPONSE},
	{"conflict", "4.09", "Conflict", 0x89, RESPONSE},
	{"precondition failed", "4.12", "Precondition Failed", 0x8c, RESPONSE},
	{"too large", "4.13", "Request Entity Too Large", 0x8d, RESPONSE},
	{"unsupported format", "4.15", "Unsupported Content-Format", 0x8f, RESPONSE},
	{"unprocessable", "4.22", "Unprocessable Entity", 0x96, RESPONSE},
	{"too many requests", "4.29", "Too Many Requests", 0x9d, RESPONSE},
	{"internal", "5.00", "Internal Server Error", 0xa0, RESPONSE},
	{"not implemented", "5.01", "Not Implemented", 0xa1, RESPONSE},
	{"bad gateway", "5.02", "Bad Gateway", 0xa2, RESPONSE},
	{"unavailable", "5.03", "Service Unavailable", 0xa3, RESPONSE},
	{"gateway timeout", "5.04", "Gateway Timeout", 0xa4, RESPONSE},
	{"no proxying", "5.05", "Proxying Not Supported", 0xa5, RESPONSE},
	{"5.06", "5.06", "Server Error", 0xa6, RESPONSE},
	{"hop limit", "5.08", "Hop Limit Reached", 0xa8, RESPONSE},
	{"5.31", "5.31", "Server Error", 0xbf, RESPONSE},
	{"class 6", "6.00", "Reserved", 0xc0, RESERVED},
	{"7.00", "7.00", "Signalling", 0xe0, RESERVED},
	{"csm", "7.01", "CSM", 0xe1, RESERVED},
	{"ping", "7.02", "Ping", 0xe2, RESERVED},
	{"pong", "7.03", "Pong", 0xe3, RESERVED},
	{"release", "7.04", "Release", 0xe4, RESERVED},
	{"abort", "7.05", "Abort", 0xe5, RESERVED},
	{"7.31", "7.31", "Signalling", 0xff, RESERVED},
};

static void
code(void **state)
{
	const struct row *r = *state;
	char text[TG_CODE_TEXT];

	assert_string_equal(tg_code_text(text, r->code), r->text);
	assert_string_equal(tg_code_name(r->code), r->called);
	assert_int_equal(
		TG_CODE(tg_code_class(r->code), tg_code_detail(r->code)), r->code);
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
	struct CMUnitTest tests[COUNT(rows) + COUNT(methods) + COUNT(formats)] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, code);
	ADD_ROWS(tests, &n, methods, method);
	ADD_ROWS(tests, &n, formats, format);
	return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
