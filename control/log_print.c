#include "control/log_print.h"

#include "coap/endpoint.h"
#include "coap/msg.h"
#include "coap/text.h"
#include "dataplane/path.h"

#include <inttypes.h>
#include <string.h>

/* Length of the UTF-8 sequence at @p, the shortest that is valid; 0 if none is. */
static size_t
utf8_len(const uint8_t *p, size_t left)
{
	for (size_t n = 1; n <= 4 && n <= left; n++)
		if (tg_utf8_valid(p, n))
			return n;
	return 0;
}

void
ctl_print_json_string(FILE *out, const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;

	fputc('"', out);
	while (len > 0) {
		size_t n = utf8_len(p, len);

		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f || n == 0)
			fprintf(out, "\\u%04x", *p);
		else
			fwrite(p, 1, n, out);
		n += n == 0;
		p += n;
		len -= n;
	}
	fputc('"', out);
}

void
ctl_print_hex(FILE *out, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", p[i]);
}

static void
print_endpoint(FILE *out, const struct dp_endpoint *e)
{
	const struct tg_endpoint at = tg_endpoint_ipv6(e->addr, e->port, 0);
	char text[TG_ENDPOINT_TEXT];

	fputs(tg_endpoint_print(text, &at), out);
}

static size_t
path_text(char text[DP_PATH_TEXT_MAX], const struct dp_record *r)
{
	const struct dp_path path = {.bytes = r->path, .len = r->path_len};

	return dp_path_text(text, DP_PATH_TEXT_MAX, &path);
}

void
ctl_log_print_json(FILE *out, const struct ctl_log_item *item)
{
	const struct dp_record *r = &item->record;
	char path[DP_PATH_TEXT_MAX];

	fprintf(out,
		"{\"seq\":%" PRIu64 ",\"time_ns\":%" PRIu64 ",\"stream\":", item->seq,
		r->time_ns);
	ctl_print_json_string(out, r->stream, r->stream_len);
	fputs(",\"device\":", out);
	ctl_print_json_string(out, r->device, r->device_len);
	fputs(",\"path\":", out);
	ctl_print_json_string(out, path, path_text(path, r));
	fputs(",\"source\":\"", out);
	print_endpoint(out, &r->source);
	fputs("\",\"local\":\"", out);
	print_endpoint(out, &r->local);
	fprintf(out, "\",\"type\":\"%s\",\"code\":\"%u.%02u\",\"mid\":%u,\"token\":\"",
		tg_type_name((enum tg_type)r->type), (unsigned)r->code >> 5,
		(unsigned)r->code & 31, r->mid);
	ctl_print_hex(out, r->token, r->tkl);
	if (r->content_format == DP_NO_FORMAT)
		fputs("\",\"content_format\":null,\"payload\":\"", out);
	else
		fprintf(out, "\",\"content_format\":%u,\"payload\":\"",
			r->content_format);
	ctl_print_hex(out, r->payload, r->payload_len);
	fprintf(out, "\",\"kept\":%s}\n", item->kept ? "true" : "false");
}

void
ctl_log_print_text(FILE *out, const struct ctl_log_item *item)
{
	const struct dp_record *r = &item->record;
	char path[DP_PATH_TEXT_MAX];

	fprintf(out, "%" PRIu64 " %" PRIu64 ".%09" PRIu64 " %.*s %s ", item->seq,
		r->time_ns / 1000000000u, r->time_ns % 1000000000u, (int)r->stream_len,
		r->stream, tg_type_name((enum tg_type)r->type));
	print_endpoint(out, &r->source);
	fprintf(out, " mid %u %.*s ", r->mid, (int)path_text(path, r), path);
	ctl_print_json_string(out, (const char *)r->payload, r->payload_len);
	fputs(item->kept ? " kept\n" : "\n", out);
}
