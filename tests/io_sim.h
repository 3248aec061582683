/*
 * A disk in memory behind struct ctl_io, whose power can be cut.
 *
 * Each call that changes something is an operation and has a number, from 1.  At the
 * operation sim->cut_at the power goes: that call and all later ones fail with -EIO,
 * until ctl_sim_restart() shows what the disk kept.  Kept for sure is only what a
 * finished sync covers; names only after sync_dir.  A write whose sync failed may be
 * dropped though a later sync succeeds, as Linux does.
 *
 * Threads.  One.   Memory.  ctl_sim_init() .. ctl_sim_fini(); mapped files are exact heap
 * copies.
 */
#pragma once

#include "control/io.h"

#include <stdbool.h>

#define SIM_FILES 64
#define SIM_NAME 32
#define SIM_SECTOR 512

/* What becomes of what no sync covers. */
enum sim_mode {
	SIM_FORGET,  /* all of it is gone */
	SIM_KEEP,    /* all of it is there */
	SIM_TEAR,    /* of each write a random subset of sectors, each change of a name or
			not */
	SIM_REORDER, /* each write whole or not at all, whatever came before it */
	SIM_MODES
};

enum sim_kind {
	SIM_CREATE,
	SIM_OPEN,
	SIM_WRITE,
	SIM_SYNC,
	SIM_TRUNCATE,
	SIM_REMOVE,
	SIM_SYNC_DIR,
	SIM_KINDS
};

struct sim_image {
	uint8_t *bytes;
	size_t size;
};

struct sim_change {
	struct sim_change *next;
	bool truncate; /* to offset */
	bool lost;     /* a sync that covered it failed */
	uint64_t offset;
	size_t len;
	uint8_t data[];
};

struct sim_file {
	char name[SIM_NAME];
	bool used;
	bool here,
		here_durable; /* its name is in the directory; and after a cut for sure */
	struct sim_image now, durable;
	struct sim_change *changes; /* oldest first */
};

struct ctl_sim {
	struct ctl_io io;
	struct sim_file file[SIM_FILES];
	uint64_t ops, of_kind[SIM_KINDS];
	uint64_t cut_at; /* 0: never */
	bool off;
	uint64_t random;
	unsigned handles, maps; /* open now */

	/* Errors: the @fail_count calls of a kind from its @fail_from-th on, counted
	 * from 1. */
	struct {
		uint64_t from, count;
		int error;
		bool short_write; /* a part of the data is written first */
	} fail[SIM_KINDS];
	unsigned sync_fails_every; /* 0: none */
	uint64_t room, size;       /* what it says that it has; bounds nothing */
};

void ctl_sim_init(struct ctl_sim *sim, uint64_t seed);
void ctl_sim_fini(struct ctl_sim *sim);
/* A copy with its own memory; nothing of @from may be open. */
void ctl_sim_copy(struct ctl_sim *sim, const struct ctl_sim *from);
/* Fail the @count calls of @kind after the next @skip ones. */
void ctl_sim_fail(struct ctl_sim *sim, enum sim_kind kind, uint64_t skip, uint64_t count,
	int error);
/* Cut the power, if it is not gone yet, and come back with what is left.  No more errors.
 */
void ctl_sim_restart(struct ctl_sim *sim, enum sim_mode mode);
/* A file's bytes as they are, to be damaged; NULL if there is none. */
struct sim_image *ctl_sim_image(struct ctl_sim *sim, const char *name);
