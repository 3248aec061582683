/* Replays a corpus directory through a fuzz harness, each file in a buffer of its exact
 * size. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1 << 20)

static int
replay_stream(FILE *f)
{
	uint8_t *exact;
	long size;

	if (fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
		return -errno;
	if (size > FILE_MAX)
		return -EFBIG;
	rewind(f);
	exact = malloc(size > 0 ? (size_t)size : 1);
	if (exact == NULL)
		return -ENOMEM;
	if (fread(exact, 1, (size_t)size, f) != (size_t)size) {
		free(exact);
		return -EIO;
	}
	LLVMFuzzerTestOneInput(exact, (size_t)size);
	free(exact);
	return 0;
}

static int
replay_file(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;
	int err;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return -ENAMETOOLONG;
	f = fopen(path, "rb");
	if (f == NULL)
		return -errno;
	printf("%s\n", path); /* the last line names the file that crashed */
	fflush(stdout);
	err = replay_stream(f);
	fclose(f);
	return err;
}

int
main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned replayed = 0;
	struct dirent *entry;
	int err = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
		return 2;
	}
	while (err == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		err = replay_file(argv[1], entry->d_name);
		if (err < 0)
			fprintf(stderr, "%s: %s\n", entry->d_name, strerror(-err));
		replayed++;
	}
	closedir(dir);
	if (replayed == 0)
		fprintf(stderr, "%s: an empty corpus proves nothing\n", argv[1]);
	return err == 0 && replayed > 0 ? 0 : 1;
}
