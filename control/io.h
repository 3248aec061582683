/*
 * The one door through which the log writes.
 *
 * The real one is ctl_io_posix; tests have another that forgets, tears or reorders
 * whatever no finished sync covers.  Names are relative to the log's directory.
 *
 * Threads.  One thread at a time.   Errors.  0 or a handle or a count, else -errno.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ctl_io {
	/* A new file, open for writing: -EEXIST if it is there. */
	int (*create)(struct ctl_io *io, const char *name);
	/* An existing file, open for writing. */
	int (*open)(struct ctl_io *io, const char *name);
	/* Write all of @len bytes at @offset, or fail; what was written then is unknown.
	 */
	int (*write)(struct ctl_io *io, int file, const void *data, size_t len,
		uint64_t offset);
	/* Everything written to @file, and its length, is durable when this returns 0. */
	int (*sync)(struct ctl_io *io, int file);
	int (*truncate)(struct ctl_io *io, int file, uint64_t size);
	void (*close)(struct ctl_io *io, int file);
	int (*remove)(struct ctl_io *io, const char *name);
	/* The directory's entries are durable when this returns 0. */
	int (*sync_dir)(struct ctl_io *io);
	/* Names in the directory, one after the other in @names, each terminated; how
	 * many. */
	int (*list)(struct ctl_io *io, char *names, size_t cap);
	/* The whole file, read-only, until unmap; @data is NULL if it is empty. */
	int (*map)(
		struct ctl_io *io, const char *name, const uint8_t **data, size_t *size);
	void (*unmap)(struct ctl_io *io, const uint8_t *data, size_t size);
	/* Bytes that can still be written, and in *@all what the file system has;
	 * UINT64_MAX: nobody knows. */
	uint64_t (*room)(struct ctl_io *io, uint64_t *all);
};

struct ctl_io_posix {
	struct ctl_io io;
	int dir;
};

/*
 * Open @path; with @make it and the folders above it are created if missing, and durable:
 * what is synced in a folder that a power cut takes back is lost.  0 or -errno.
 */
int ctl_io_posix_open(struct ctl_io_posix *p, const char *path, int make);
void ctl_io_posix_close(struct ctl_io_posix *p);
