#include "coap/code.h"

#include <strings.h>

#define CODES 256

static const char *const names[CODES] = {
	[TG_EMPTY] = "Empty",
	[TG_GET] = "GET",
	[TG_POST] = "POST",
	[TG_PUT] = "PUT",
	[TG_DELETE] = "DELETE",
	[TG_FETCH] = "FETCH",
	[TG_PATCH] = "PATCH",
	[TG_IPATCH] = "iPATCH",
	[TG_CREATED] = "Created",
	[TG_DELETED] = "Deleted",
	[TG_VALID] = "Valid",
	[TG_CHANGED] = "Changed",
	[TG_CONTENT] = "Content",
	[TG_CONTINUE] = "Continue",
	[TG_BAD_REQUEST] = "Bad Request",
	[TG_UNAUTHORIZED] = "Unauthorized",
	[TG_BAD_OPTION] = "Bad Option",
	[TG_FORBIDDEN] = "Forbidden",
	[TG_NOT_FOUND] = "Not Found",
	[TG_METHOD_NOT_ALLOWED] = "Method Not Allowed",
	[TG_NOT_ACCEPTABLE] = "Not Acceptable",
	[TG_REQUEST_INCOMPLETE] = "Request Entity Incomplete",
	[TG_CONFLICT] = "Conflict",
	[TG_PRECONDITION_FAILED] = "Precondition Failed",
	[TG_TOO_LARGE] = "Request Entity Too Large",
	[TG_UNSUPPORTED_FORMAT] = "Unsupported Content-Format",
	[TG_UNPROCESSABLE] = "Unprocessable Entity",
	[TG_TOO_MANY_REQUESTS] = "Too Many Requests",
	[TG_INTERNAL] = "Internal Server Error",
	[TG_NOT_IMPLEMENTED] = "Not Implemented",
	[TG_BAD_GATEWAY] = "Bad Gateway",
	[TG_UNAVAILABLE] = "Service Unavailable",
	[TG_GATEWAY_TIMEOUT] = "Gateway Timeout",
	[TG_NO_PROXYING] = "Proxying Not Supported",
	[TG_HOP_LIMIT] = "Hop Limit Reached",
	[TG_CSM] = "CSM",
	[TG_PING] = "Ping",
	[TG_PONG] = "Pong",
	[TG_RELEASE] = "Release",
	[TG_ABORT] = "Abort",
};

static const char *const classes[8] = {
	"Request",
	"Reserved",
	"Success",
	"Response",
	"Client Error",
	"Server Error",
	"Reserved",
	"Signalling",
};

char *
tg_code_text(char text[TG_CODE_TEXT], unsigned code)
{
	unsigned detail = tg_code_detail(code);

	text[0] = (char)('0' + tg_code_class(code));
	text[1] = '.';
	text[2] = (char)('0' + detail / 10);
	text[3] = (char)('0' + detail % 10);
	text[4] = '\0';
	return text;
}

const char *
tg_code_name(unsigned code)
{
	const char *name = code < CODES ? names[code] : NULL;

	return name != NULL ? name : classes[tg_code_class(code)];
}

unsigned
tg_method_find(const char *name)
{
	for (unsigned code = TG_GET; code <= TG_IPATCH; code++)
		if (strcasecmp(name, names[code]) == 0)
			return code;
	return TG_EMPTY;
}

/* By ascending number. */
static const struct format {
	uint16_t number;
	const char *name;
} formats[] = {
	{0, "text/plain; charset=utf-8"},
	{16, "application/cose; cose-type=\"cose-encrypt0\""},
	{17, "application/cose; cose-type=\"cose-mac0\""},
	{18, "application/cose; cose-type=\"cose-sign1\""},
	{19, "application/ace+cbor"},
	{21, "image/gif"},
	{22, "image/jpeg"},
	{23, "image/png"},
	{40, "application/link-format"},
	{41, "application/xml"},
	{42, "application/octet-stream"},
	{47, "application/exi"},
	{50, "application/json"},
	{51, "application/json-patch+json"},
	{52, "application/merge-patch+json"},
	{60, "application/cbor"},
	{61, "application/cwt"},
	{62, "application/multipart-core"},
	{63, "application/cbor-seq"},
	{64, "application/edhoc+cbor-seq"},
	{65, "application/cid-edhoc+cbor-seq"},
	{96, "application/cose; cose-type=\"cose-encrypt\""},
	{97, "application/cose; cose-type=\"cose-mac\""},
	{98, "application/cose; cose-type=\"cose-sign\""},
	{101, "application/cose-key"},
	{102, "application/cose-key-set"},
	{110, "application/senml+json"},
	{111, "application/sensml+json"},
	{112, "application/senml+cbor"},
	{113, "application/sensml+cbor"},
	{114, "application/senml-exi"},
	{115, "application/sensml-exi"},
	{140, "application/yang-data+cbor; id=sid"},
	{256, "application/coap-group+json"},
	{257, "application/concise-problem-details+cbor"},
	{258, "application/swid+cbor"},
	{271, "application/dots+cbor"},
	{272, "application/missing-blocks+cbor-seq"},
	{280, "application/pkcs7-mime; smime-type=server-generated-key"},
	{281, "application/pkcs7-mime; smime-type=certs-only"},
	{284, "application/pkcs8"},
	{285, "application/csrattrs"},
	{286, "application/pkcs10"},
	{287, "application/pkix-cert"},
	{290, "application/aif+cbor"},
	{291, "application/aif+json"},
	{310, "application/senml+xml"},
	{311, "application/sensml+xml"},
	{320, "application/senml-etch+json"},
	{322, "application/senml-etch+cbor"},
	{340, "application/yang-data+cbor"},
	{341, "application/yang-data+cbor; id=name"},
	{432, "application/td+json"},
	{433, "application/tm+json"},
	{10000, "application/vnd.ocf+cbor"},
	{10001, "application/oscore"},
	{10002, "application/javascript"},
	{11050, "application/json (deflate)"},
	{11060, "application/cbor (deflate)"},
	{11542, "application/vnd.oma.lwm2m+tlv"},
	{11543, "application/vnd.oma.lwm2m+json"},
	{11544, "application/vnd.oma.lwm2m+cbor"},
	{20000, "text/css"},
	{30000, "image/svg+xml"},
};

const char *
tg_content_format_name(unsigned format)
{
	size_t low = 0, high = sizeof(formats) / sizeof(formats[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (formats[middle].number == format)
			return formats[middle].name;
		if (formats[middle].number < format)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
