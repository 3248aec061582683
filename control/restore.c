#include "control/restore.h"

#include "coap/code.h"
#include "dataplane/path.h"

#include <string.h>
#include <time.h>

#define NS 1000000000ull
#define CLOCK_SLACK_NS (2 * NS) /* a clock that follows another may step back so far */

struct restore {
	struct ctl_gateway *g;
	uint64_t now_ns;
	uint32_t con_s, non_s; /* lifetimes of Message IDs */
};

static bool
is_logged_store(const struct ctl_route *r)
{
	return r->kind == DP_K_STORE && r->ack == DP_ACK_LOGGED;
}

bool
ctl_restore_wants_values(const struct ctl_config *c)
{
	for (unsigned i = 0; i < c->n_routes; i++)
		if (is_logged_store(&c->routes[i]))
			return true;
	return false;
}

/* Is @r a write to a store that is kept in the log? */
static bool
is_value(const struct ctl_config *c, const struct dp_record *r)
{
	for (unsigned i = 0; i < c->n_routes; i++) {
		const struct ctl_route *route = &c->routes[i];
		const char *name = route->stream[0] != '\0' ? route->stream : "store";

		if (is_logged_store(route) && strlen(name) == r->stream_len
			&& memcmp(name, r->stream, r->stream_len) == 0)
			return true;
	}
	return false;
}

static bool
restore_record(void *arg, const struct ctl_log_item *item)
{
	const struct dp_record *r = &item->record;
	struct restore *s = arg;
	bool later = r->time_ns > s->now_ns;
	uint64_t age_s = later ? 0 : (s->now_ns - r->time_ns) / NS;

	if (is_value(s->g->conf, r))
		s->g->restored_values += dp_restore_value(s->g->dp, r, (uint32_t)age_s);
	if (item->kept)
		return true; /* its Message ID was in a window, long ago */
	if (age_s >= (r->type == TG_CON ? s->con_s : s->non_s))
		return true; /* it means nothing any more */
	if ((later && r->time_ns - s->now_ns > CLOCK_SLACK_NS)
		|| !dp_restore_heard(s->g->dp, r, (uint32_t)age_s))
		s->g->shortfall++;
	else
		s->g->restored++;
	return true;
}

int
ctl_restore(struct ctl_gateway *g)
{
	struct restore s = {.g = g};
	struct ctl_log_reader reader = {.each = restore_record, .arg = &s};
	struct ctl_log_tail tail;
	struct timespec ts;
	int rc;

	clock_gettime(CLOCK_REALTIME, &ts);
	s.now_ns = (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
	ctl_config_lifetimes(g->conf, &s.con_s, &s.non_s);
	if (!ctl_restore_wants_values(g->conf)) {
		rc = ctl_log_tail(
			&g->io.io, s.now_ns - s.con_s * NS, CTL_RESTORE_BYTES, &tail);
		if (rc < 0)
			return rc;
		reader.from_seq = tail.from_seq;
		g->shortfall = tail.left_out;
	}
	return ctl_log_read(&g->io.io, &reader);
}

/* What a store's route says is there from the start; what the log had is newer. */
static bool
put_first(struct dp *dp, const struct ctl_route *r)
{
	uint8_t path[DP_PATH_MAX];
	struct dp_record record = {
		.content_format = r->content_format == UINT16_MAX ? DP_NO_FORMAT
								  : r->content_format,
		.code = TG_PUT,
		.path = path,
		.payload = (const uint8_t *)r->content,
		.payload_len = (uint16_t)strlen(r->content),
	};
	struct dp_value there;

	record.path_len = dp_path_parse(path, sizeof(path), r->path, strlen(r->path));
	return dp_value_get(dp, r->path, &there)
	       || (record.path_len > 0 && dp_restore_value(dp, &record, 0));
}

bool
ctl_restore_firsts(struct ctl_gateway *g)
{
	for (unsigned i = 0; i < g->conf->n_routes; i++) {
		const struct ctl_route *r = &g->conf->routes[i];

		if (r->kind == DP_K_STORE && r->period_ms == 0 && r->content[0] != '\0'
			&& !put_first(g->dp, r))
			return false;
	}
	return true;
}
