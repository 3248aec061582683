#include "tests/io_sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ctl_sim *
sim_of(struct ctl_io *io)
{
	return (struct ctl_sim *)io;
}

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* xorshift64*. */
static uint64_t
draw(struct ctl_sim *sim)
{
	sim->random ^= sim->random >> 12;
	sim->random ^= sim->random << 25;
	sim->random ^= sim->random >> 27;
	return (sim->random * 0x2545f4914f6cdd1dull) >> 32;
}

static bool
flip(struct ctl_sim *sim)
{
	return draw(sim) & 1;
}

/* ---- images ---- */

static void
resize(struct sim_image *m, size_t size)
{
	m->bytes = must(realloc(m->bytes, size > 0 ? size : 1));
	if (size > m->size)
		memset(m->bytes + m->size, 0, size - m->size);
	m->size = size;
}

static void
put_bytes(struct sim_image *m, const uint8_t *data, size_t len, uint64_t offset)
{
	if (offset + len > m->size)
		resize(m, offset + len);
	memcpy(m->bytes + offset, data, len);
}

static void
apply(struct sim_image *m, const struct sim_change *c)
{
	if (c->truncate)
		resize(m, c->offset);
	else
		put_bytes(m, c->data, c->len, c->offset);
}

/* A random subset of a write's sectors; its length may be there without its data. */
static void
apply_torn(struct ctl_sim *sim, struct sim_image *m, const struct sim_change *c)
{
	uint64_t at = c->offset, end = c->offset + c->len;

	if (c->truncate) {
		if (flip(sim))
			apply(m, c);
		return;
	}
	while (at < end) {
		uint64_t next = (at / SIM_SECTOR + 1) * SIM_SECTOR;

		if (next > end)
			next = end;
		if (flip(sim))
			put_bytes(m, c->data + (at - c->offset), next - at, at);
		at = next;
	}
	if (end > m->size && flip(sim))
		resize(m, end);
}

static void
copy_image(struct sim_image *to, const struct sim_image *from)
{
	resize(to, 0);
	resize(to, from->size);
	if (from->size > 0)
		memcpy(to->bytes, from->bytes, from->size);
}

/* ---- operations ---- */

/* Count an operation: 0, or how it fails. */
static int
begin(struct ctl_sim *sim, enum sim_kind kind)
{
	uint64_t n;

	if (sim->off)
		return -EIO;
	if (++sim->ops == sim->cut_at) {
		sim->off = true;
		return -EIO;
	}
	n = ++sim->of_kind[kind];
	if (n >= sim->fail[kind].from && n - sim->fail[kind].from < sim->fail[kind].count)
		return sim->fail[kind].error;
	if (kind == SIM_SYNC && sim->sync_fails_every > 0
		&& n % sim->sync_fails_every == 0)
		return -EIO;
	return 0;
}

static struct sim_file *
find(struct ctl_sim *sim, const char *name)
{
	for (int i = 0; i < SIM_FILES; i++)
		if (sim->file[i].used && sim->file[i].here
			&& strcmp(sim->file[i].name, name) == 0)
			return &sim->file[i];
	return NULL;
}

static int
sim_create(struct ctl_io *io, const char *name)
{
	struct ctl_sim *sim = sim_of(io);
	bool was_on = !sim->off;
	int rc = begin(sim, SIM_CREATE), i;

	/* At the cut itself the name may come to be, and last or not. */
	if (rc < 0 && !(was_on && sim->off))
		return rc;
	if (find(sim, name) != NULL)
		return -EEXIST;
	for (i = 0; i < SIM_FILES && sim->file[i].used; i++)
		;
	require(i < SIM_FILES && strlen(name) < SIM_NAME);
	sim->file[i] = (struct sim_file){.used = true, .here = true};
	snprintf(sim->file[i].name, SIM_NAME, "%s", name);
	if (rc < 0)
		return rc;
	sim->handles++;
	return i;
}

static int
sim_open(struct ctl_io *io, const char *name)
{
	struct ctl_sim *sim = sim_of(io);
	int rc = begin(sim, SIM_OPEN);
	struct sim_file *f = rc < 0 ? NULL : find(sim, name);

	if (f == NULL)
		return rc < 0 ? rc : -ENOENT;
	sim->handles++;
	return (int)(f - sim->file);
}

static void
change(struct sim_file *f, bool truncate, const void *data, size_t len, uint64_t offset)
{
	struct sim_change *c = must(malloc(sizeof(*c) + len)), **last = &f->changes;

	*c = (struct sim_change){.truncate = truncate, .offset = offset, .len = len};
	if (len > 0)
		memcpy(c->data, data, len);
	while (*last != NULL)
		last = &(*last)->next;
	*last = c;
	apply(&f->now, c);
}

static int
sim_write(struct ctl_io *io, int file, const void *data, size_t len, uint64_t offset)
{
	struct ctl_sim *sim = sim_of(io);
	bool was_on = !sim->off;
	int rc = begin(sim, SIM_WRITE);

	if (rc == 0 || (was_on && sim->off))
		change(&sim->file[file], false, data, len, offset);
	else if (was_on && sim->fail[SIM_WRITE].short_write)
		change(&sim->file[file], false, data, len / 2, offset);
	return rc;
}

static int
sim_truncate(struct ctl_io *io, int file, uint64_t size)
{
	struct ctl_sim *sim = sim_of(io);
	bool was_on = !sim->off;
	int rc = begin(sim, SIM_TRUNCATE);

	if (rc == 0 || (was_on && sim->off))
		change(&sim->file[file], true, NULL, 0, size);
	return rc;
}

static void
drop_changes(struct sim_file *f)
{
	while (f->changes != NULL) {
		struct sim_change *c = f->changes;

		f->changes = c->next;
		free(c);
	}
}

static int
sim_sync(struct ctl_io *io, int file)
{
	struct ctl_sim *sim = sim_of(io);
	struct sim_file *f = &sim->file[file];
	bool was_on = !sim->off;
	int rc = begin(sim, SIM_SYNC);

	for (struct sim_change *c = f->changes; c != NULL && was_on && !sim->off;
		c = c->next) {
		if (rc < 0)
			c->lost = true;
		else if (c->lost)
			apply_torn(sim, &f->durable, c);
		else
			apply(&f->durable, c);
	}
	if (rc == 0)
		drop_changes(f);
	return rc;
}

static void
sim_close(struct ctl_io *io, int file)
{
	(void)file;
	sim_of(io)->handles--;
}

static int
sim_remove(struct ctl_io *io, const char *name)
{
	struct ctl_sim *sim = sim_of(io);
	bool was_on = !sim->off;
	int rc = begin(sim, SIM_REMOVE);
	struct sim_file *f = find(sim, name);

	if (rc < 0 && !(was_on && sim->off))
		return rc;
	if (f != NULL)
		f->here = false;
	return rc < 0 ? rc : f == NULL ? -ENOENT : 0;
}

static int
sim_sync_dir(struct ctl_io *io)
{
	struct ctl_sim *sim = sim_of(io);
	int rc = begin(sim, SIM_SYNC_DIR);

	for (int i = 0; i < SIM_FILES && rc == 0; i++)
		sim->file[i].here_durable = sim->file[i].here;
	return rc;
}

/* Latest first, and with what else a directory holds. */
static int
sim_list(struct ctl_io *io, char *names, size_t cap)
{
	static const char others[] = ".\0..\0lost+found\0001.seg";
	struct ctl_sim *sim = sim_of(io);
	int n = 4;

	if (sim->off)
		return -EIO;
	if (cap <= sizeof(others) + SIM_FILES * SIM_NAME)
		return -E2BIG;
	memcpy(names, others, sizeof(others));
	names += sizeof(others);
	for (int i = SIM_FILES - 1; i >= 0; i--) {
		if (!sim->file[i].used || !sim->file[i].here)
			continue;
		strcpy(names, sim->file[i].name);
		names += strlen(names) + 1;
		n++;
	}
	return n;
}

static int
sim_map(struct ctl_io *io, const char *name, const uint8_t **data, size_t *size)
{
	struct ctl_sim *sim = sim_of(io);
	struct sim_file *f = find(sim, name);
	uint8_t *copy = NULL;

	if (sim->off)
		return -EIO;
	if (f == NULL)
		return -ENOENT;
	if (f->now.size > 0) {
		copy = must(malloc(f->now.size));
		memcpy(copy, f->now.bytes, f->now.size);
	}
	*data = copy;
	*size = f->now.size;
	sim->maps++;
	return 0;
}

static void
sim_unmap(struct ctl_io *io, const uint8_t *data, size_t size)
{
	(void)size;
	sim_of(io)->maps--;
	free((void *)data);
}

/* ---- the disk's life ---- */

static uint64_t
sim_room(struct ctl_io *io, uint64_t *all)
{
	const struct ctl_sim *sim = sim_of(io);

	*all = sim->size;
	return sim->room;
}

void
ctl_sim_init(struct ctl_sim *sim, uint64_t seed)
{
	*sim = (struct ctl_sim){
		.io =
			{
				.create = sim_create,
				.open = sim_open,
				.write = sim_write,
				.sync = sim_sync,
				.truncate = sim_truncate,
				.close = sim_close,
				.remove = sim_remove,
				.sync_dir = sim_sync_dir,
				.list = sim_list,
				.map = sim_map,
				.unmap = sim_unmap,
				.room = sim_room,
			},
		.random = seed * 0x9e3779b97f4a7c15ull + 1,
		.room = UINT64_MAX,
		.size = UINT64_MAX,
	};
}

static void
drop_file(struct sim_file *f)
{
	drop_changes(f);
	free(f->now.bytes);
	free(f->durable.bytes);
	*f = (struct sim_file){0};
}

void
ctl_sim_fini(struct ctl_sim *sim)
{
	for (int i = 0; i < SIM_FILES; i++)
		drop_file(&sim->file[i]);
}

void
ctl_sim_copy(struct ctl_sim *sim, const struct ctl_sim *from)
{
	require(from->handles == 0 && from->maps == 0);
	*sim = *from;
	for (int i = 0; i < SIM_FILES; i++) {
		struct sim_file *f = &sim->file[i];

		require(f->changes == NULL);
		f->now = f->durable = (struct sim_image){0};
		copy_image(&f->now, &from->file[i].now);
		copy_image(&f->durable, &from->file[i].durable);
	}
}

void
ctl_sim_fail(
	struct ctl_sim *sim, enum sim_kind kind, uint64_t skip, uint64_t count, int error)
{
	sim->fail[kind].from = sim->of_kind[kind] + skip + 1;
	sim->fail[kind].count = count;
	sim->fail[kind].error = error;
}

static void
settle(struct ctl_sim *sim, struct sim_file *f, enum sim_mode mode)
{
	for (struct sim_change *c = f->changes; c != NULL; c = c->next) {
		if (mode == SIM_KEEP || (mode == SIM_REORDER && flip(sim)))
			apply(&f->durable, c);
		else if (mode == SIM_TEAR)
			apply_torn(sim, &f->durable, c);
	}
	drop_changes(f);
	copy_image(&f->now, &f->durable);
	if (mode == SIM_FORGET || (mode != SIM_KEEP && flip(sim)))
		f->here = f->here_durable;
	f->here_durable = f->here;
}

void
ctl_sim_restart(struct ctl_sim *sim, enum sim_mode mode)
{
	require(sim->handles == 0 && sim->maps == 0);
	for (int i = 0; i < SIM_FILES; i++) {
		if (sim->file[i].used)
			settle(sim, &sim->file[i], mode);
		if (!sim->file[i].here)
			drop_file(&sim->file[i]);
	}
	memset(sim->fail, 0, sizeof(sim->fail));
	sim->sync_fails_every = 0;
	sim->ops = sim->cut_at = 0;
	sim->off = false;
}

struct sim_image *
ctl_sim_image(struct ctl_sim *sim, const char *name)
{
	struct sim_file *f = find(sim, name);

	return f == NULL ? NULL : &f->now;
}
