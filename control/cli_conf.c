/* tidegatectl conf check: by the program that reads the file, without a gateway. */
#include "control/cli.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* tidegated: beside us, in the sbin beside our bin, or where the PATH says. */
static void
exec_gateway(const char *file)
{
	static const char *const places[] = {"tidegated", "../sbin/tidegated"};
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *slash = strrchr(self, '/');

		if (slash == NULL)
			break;
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - self), self,
			places[i]);
		execl(path, "tidegated", "-c", file, "-t", (char *)NULL);
	}
	execlp("tidegated", "tidegated", "-c", file, "-t", (char *)NULL);
	fprintf(stderr, "tidegated cannot be run: %s\n", strerror(errno));
	_exit(CLI_FAILED);
}

/* What it says, in @text; its exit code, or -1. */
static int
check(const char *file, char *text, size_t cap)
{
	int out[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(out) != 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		exec_gateway(file);
	}
	close(out[1]);
	while (len + 1 < cap && (n = read(out[0], text + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	close(out[0]);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
								    : -1;
}

int
cli_conf_check(const struct cli *c)
{
	char text[1024] = "";
	int status = check(cli_word(c, 0), text, sizeof(text));
	json_t *o;

	if (status != 0)
		return cli_fail(c, status == CLI_CONFIG ? CLI_CONFIG : CLI_FAILED, "%s",
			text[0] != '\0' ? text : strerror(errno));
	if (!c->json) {
		puts(text);
		return CLI_DONE;
	}
	o = json_pack("{s:s, s:b}", "file", cli_word(c, 0), "good", 1);
	cli_print(c, o);
	json_decref(o);
	return CLI_DONE;
}
