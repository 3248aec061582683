/* A request line in, a reply line out; and what commands share. */
#include "control/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void
cmd_refuse(struct ctl_reply *r, const char *code, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
}

void
cmd_set(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

json_t *
cmd_text(const char *s, size_t len)
{
	json_t *j = json_stringn(s, len);
	char safe[2 * 512 + 1];
	size_t n = 0;

	if (j != NULL)
		return j;
	for (size_t i = 0; i < len && n + 2 < sizeof(safe); i++) {
		uint8_t c = (uint8_t)s[i];

		if (c < 0x80) {
			safe[n++] = (char)c;
		} else { /* the code point of the same number */
			safe[n++] = (char)(0xc0 | c >> 6);
			safe[n++] = (char)(0x80 | (c & 0x3f));
		}
	}
	return json_stringn(safe, n);
}

const char *
cmd_endpoint(char to[TG_ENDPOINT_TEXT], const uint8_t addr[16], uint16_t port)
{
	const struct tg_endpoint e = tg_endpoint_ipv6(addr, port, 0);

	return tg_endpoint_print(to, &e);
}

const char *
cmd_string(const json_t *args, const char *key)
{
	return json_string_value(json_object_get(args, key));
}

bool
cmd_flag(const json_t *args, const char *key)
{
	return json_is_true(json_object_get(args, key));
}

uint64_t
cmd_number(const json_t *args, const char *key, uint64_t absent)
{
	const json_t *v = json_object_get(args, key);
	const char *text = json_string_value(v);
	char *end;
	uint64_t n;

	if (json_is_integer(v) && json_integer_value(v) >= 0)
		return (uint64_t)json_integer_value(v);
	if (text == NULL || *text < '0' || *text > '9')
		return absent;
	errno = 0;
	n = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 ? n : absent;
}

/* ---- dispatch ---- */

const struct ctl_command ctl_commands[] = {
#define CTL_REMOTE(name, args, help, fields, handler) {name, handler},
#define CTL_LOCAL(name, args, help, fields, function)
	CTL_COMMANDS(CTL_REMOTE, CTL_LOCAL)
#undef CTL_REMOTE
#undef CTL_LOCAL
		{0}};

void
ctl_run(struct ctl_gateway *g, const char *name, const json_t *args, struct ctl_reply *r)
{
	const struct ctl_command *c = ctl_commands;

	r->wait = false;
	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	if (c->name == NULL) {
		cmd_refuse(r, "usage", "there is no command %s", name);
		return;
	}
	pthread_mutex_lock(&g->lock);
	c->run(g, args, r);
	pthread_mutex_unlock(&g->lock);
	r->runs++;
}

static json_t *
reply_json(const struct ctl_reply *r)
{
	json_t *reply = json_object(), *e = json_object();

	json_object_set_new(reply, "ok", json_boolean(r->code == NULL));
	if (r->code != NULL) {
		json_object_set_new(e, "code", json_string(r->code));
		json_object_set_new(
			e, "message", cmd_text(r->message, strlen(r->message)));
		json_object_set(reply, "error", e);
	} else {
		json_object_set(reply, "data", r->data);
		if (r->more)
			cmd_set(reply, "next", r->next);
	}
	json_decref(e);
	return reply;
}

struct ctl_request {
	json_t *json;
	struct ctl_reply reply;
};

struct ctl_request *
ctl_request_new(const char *text, size_t len, struct ctl_session *session)
{
	struct ctl_request *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	q->reply.session = session;
	return q;
}

bool
ctl_request_run(struct ctl_gateway *g, struct ctl_request *q, char **reply)
{
	const char *name = json_string_value(json_object_get(q->json, "command"));
	json_t *o;

	if (name == NULL)
		cmd_refuse(&q->reply, "usage", "a request is an object with \"command\"");
	else
		ctl_run(g, name, json_object_get(q->json, "args"), &q->reply);
	if (q->reply.wait)
		return false;
	o = reply_json(&q->reply);
	*reply = json_dumps(o, JSON_COMPACT | CTL_JSON_REAL);
	json_decref(o);
	return true;
}

void
ctl_request_free(struct ctl_request *q)
{
	if (q == NULL)
		return;
	if (q->reply.let_go != NULL)
		q->reply.let_go(q->reply.state);
	json_decref(q->reply.data);
	json_decref(q->json);
	free(q);
}

void
ctl_session_end(struct ctl_gateway *g, struct ctl_session *s)
{
	if (s->held == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	s->let_go(g, s->held);
	pthread_mutex_unlock(&g->lock);
	*s = (struct ctl_session){0};
}
