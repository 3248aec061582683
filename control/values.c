#include "control/values.h"

#include "coap/code.h"
#include "coap/siphash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CAP_MIN 8

/* Segments' numbers are kept in part: no two are there at once that agree in it. */
struct ctl_value {
	uint64_t hash, offset;
	uint32_t segment, bytes; /* bytes: 0 in a free line */
};

int
ctl_values_init(struct ctl_values *v)
{
	memset(v, 0, sizeof(*v));
	return getrandom(v->key, sizeof(v->key), 0) == sizeof(v->key) ? 0 : -errno;
}

void
ctl_values_fini(struct ctl_values *v)
{
	for (unsigned i = 0; i < CTL_VALUES_SHARDS; i++)
		free(v->shard[i].line);
	memset(v->shard, 0, sizeof(v->shard));
	v->count = v->bytes = 0;
}

/* High bits of the hash choose the shard, its lowest the line. */
static unsigned
shard_of(uint64_t hash)
{
	return (unsigned)(hash >> 32) % CTL_VALUES_SHARDS;
}

/* The line of @hash, or the free one where it would stand. */
static struct ctl_value *
line_of(const struct ctl_values_shard *s, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (s->cap - 1);

	while (s->line[i].bytes != 0 && s->line[i].hash != hash)
		i = (i + 1) & (s->cap - 1);
	return &s->line[i];
}

/* Room for one more: at most three of four lines are used. */
static int
make_room(struct ctl_values_shard *s)
{
	struct ctl_values_shard to = {.used = s->used};

	if (s->used + 1 <= s->cap / 4 * 3)
		return 0;
	to.cap = s->cap > 0 ? 2 * s->cap : CAP_MIN;
	to.line = calloc(to.cap, sizeof(*to.line));
	if (to.line == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->cap; i++)
		if (s->line[i].bytes != 0)
			*line_of(&to, s->line[i].hash) = s->line[i];
	free(s->line);
	*s = to;
	return 0;
}

/* Free a line, and move up those behind it that would not be found any more. */
static void
free_line(struct ctl_values_shard *s, struct ctl_value *line)
{
	uint32_t mask = s->cap - 1, hole = (uint32_t)(line - s->line), i = hole;

	for (;;) {
		i = (i + 1) & mask;
		if (s->line[i].bytes == 0)
			break;
		/* Its way from where it belongs leads over the hole. */
		if (((i - (uint32_t)s->line[i].hash) & mask) >= ((i - hole) & mask)) {
			s->line[hole] = s->line[i];
			hole = i;
		}
	}
	s->line[hole].bytes = 0;
	s->used--;
}

static void
forget(struct ctl_values *v, struct ctl_values_shard *s, uint64_t hash)
{
	struct ctl_value *line = s->cap > 0 ? line_of(s, hash) : NULL;

	if (line == NULL || line->bytes == 0)
		return;
	v->bytes -= line->bytes;
	v->count--;
	free_line(s, line);
}

int
ctl_values_learn(struct ctl_values *v, const struct dp_record *r,
	const struct ctl_log_place *at, uint32_t bytes)
{
	uint64_t hash = tg_siphash(v->key, r->path, r->path_len);
	struct ctl_values_shard *s = &v->shard[shard_of(hash)];
	struct ctl_value *line;
	int rc;

	if (r->code == TG_DELETE) {
		forget(v, s, hash);
		return 0;
	}
	rc = make_room(s);
	if (rc < 0)
		return rc;
	line = line_of(s, hash);
	s->used += line->bytes == 0;
	v->count += line->bytes == 0;
	v->bytes = v->bytes + bytes - line->bytes;
	*line = (struct ctl_value){
		.hash = hash,
		.offset = at->offset,
		.segment = (uint32_t)at->segment,
		.bytes = bytes,
	};
	return 0;
}

bool
ctl_values_is_newest(const struct ctl_values *v, const struct dp_record *r,
	const struct ctl_log_place *at)
{
	uint64_t hash = tg_siphash(v->key, r->path, r->path_len);
	const struct ctl_values_shard *s = &v->shard[shard_of(hash)];
	const struct ctl_value *line = s->cap > 0 ? line_of(s, hash) : NULL;

	return line != NULL && line->bytes != 0 && line->offset == at->offset
	       && line->segment == (uint32_t)at->segment;
}
