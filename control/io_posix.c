#include "control/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int
dir_of(struct ctl_io *io)
{
	return ((struct ctl_io_posix *)io)->dir;
}

static int
checked(int rc)
{
	return rc < 0 ? -errno : rc;
}

static int
io_create(struct ctl_io *io, const char *name)
{
	return checked(
		openat(dir_of(io), name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0640));
}

static int
io_open(struct ctl_io *io, const char *name)
{
	return checked(openat(dir_of(io), name, O_RDWR | O_CLOEXEC));
}

static int
io_write(struct ctl_io *io, int file, const void *data, size_t len, uint64_t offset)
{
	const char *p = data;

	(void)io;
	while (len > 0) {
		ssize_t n = pwrite(file, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int
io_sync(struct ctl_io *io, int file)
{
	(void)io;
	return checked(fdatasync(file));
}

static int
io_truncate(struct ctl_io *io, int file, uint64_t size)
{
	(void)io;
	return checked(ftruncate(file, (off_t)size));
}

static void
io_close(struct ctl_io *io, int file)
{
	(void)io;
	close(file);
}

static int
io_remove(struct ctl_io *io, const char *name)
{
	return checked(unlinkat(dir_of(io), name, 0));
}

static int
io_sync_dir(struct ctl_io *io)
{
	return checked(fsync(dir_of(io)));
}

static int
io_list(struct ctl_io *io, char *names, size_t cap)
{
	int n = 0, fd = openat(dir_of(io), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (d == NULL)
		return -errno;
	while (errno = 0, (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name) + 1;

		if (len > cap) {
			n = -E2BIG;
			break;
		}
		memcpy(names, e->d_name, len);
		names += len;
		cap -= len;
		n++;
	}
	if (e == NULL && errno != 0)
		n = -errno; /* not the end: names are missing */
	closedir(d);
	return n;
}

static int
io_map(struct ctl_io *io, const char *name, const uint8_t **data, size_t *size)
{
	int fd = openat(dir_of(io), name, O_RDONLY | O_CLOEXEC), rc = 0;
	struct stat st;
	void *p = NULL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0
		|| (st.st_size > 0
			&& (p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd,
				    0))
				   == MAP_FAILED))
		rc = -errno;
	close(fd);
	if (rc != 0)
		return rc;
	*data = p;
	*size = (size_t)st.st_size;
	return 0;
}

static void
io_unmap(struct ctl_io *io, const uint8_t *data, size_t size)
{
	(void)io;
	if (data != NULL)
		munmap((void *)data, size);
}

/* Make the entries in the folder @at durable. */
static int
sync_folder(int at)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : checked(fsync(fd));

	if (fd >= 0)
		close(fd);
	return rc;
}

/*
 * Go from the folder @at to @name in it, made if missing.  What was made is durable, and
 * so is the @last, whoever made it: an earlier run may have died before it synced.
 */
static int
enter(int at, const char *name, bool last)
{
	bool made = mkdirat(at, name, last ? 0750 : 0755) == 0;
	int rc;

	if (!made && errno != EEXIST)
		return -errno;
	rc = made || last ? sync_folder(at) : 0;
	if (rc < 0
		&& (made || rc != -EACCES)) /* who may not read a folder cannot sync it */
		return rc;
	return checked(openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* The folder @path, made with all above it; an O_PATH handle. */
static int
make_folder(const char *path)
{
	int at =
		checked(open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	char name[256];

	for (path += strspn(path, "/"); *path != '\0' && at >= 0;) {
		size_t len = strcspn(path, "/");
		int above = at;

		if (len >= sizeof(name)) {
			at = -ENAMETOOLONG;
		} else {
			memcpy(name, path, len);
			name[len] = '\0';
			path += len + strspn(path + len, "/");
			at = enter(above, name, *path == '\0');
		}
		close(above);
	}
	return at;
}

static uint64_t
io_room(struct ctl_io *io, uint64_t *all)
{
	struct statvfs fs;

	if (fstatvfs(dir_of(io), &fs) != 0 || fs.f_blocks == 0)
		return *all = UINT64_MAX;
	*all = (uint64_t)fs.f_blocks * fs.f_frsize;
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

int
ctl_io_posix_open(struct ctl_io_posix *p, const char *path, int make)
{
	p->io = (struct ctl_io){
		.create = io_create,
		.open = io_open,
		.write = io_write,
		.sync = io_sync,
		.truncate = io_truncate,
		.close = io_close,
		.remove = io_remove,
		.sync_dir = io_sync_dir,
		.list = io_list,
		.map = io_map,
		.unmap = io_unmap,
		.room = io_room,
	};
	if (make) {
		int at = make_folder(path);

		if (at < 0)
			return at;
		p->dir = checked(openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		close(at);
	} else {
		p->dir = checked(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	}
	return p->dir < 0 ? p->dir : 0;
}

void
ctl_io_posix_close(struct ctl_io_posix *p)
{
	close(p->dir);
}
