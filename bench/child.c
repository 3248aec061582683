#include "bench/child.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t
child_start(char *const argv[], const char *out)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out != NULL && (fd = open(out, O_CREAT | O_TRUNC | O_WRONLY, 0600)) >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execv(argv[0], argv);
	_exit(127);
}

bool
child_pause(pid_t pid)
{
	int status;

	return kill(pid, SIGSTOP) == 0 && waitpid(pid, &status, WUNTRACED) == pid
	       && WIFSTOPPED(status);
}

void
child_resume(pid_t pid)
{
	kill(pid, SIGCONT);
}

void
child_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGCONT);
	kill(pid, SIGTERM);
	for (unsigned i = 0; i < 300; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

const char *
child_program(const char *beside)
{
	static char path[2 * PATH_MAX];
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (n < 0)
		return NULL;
	own[n] = '\0';
	if (beside != NULL)
		*strrchr(own, '/') = '\0';
	snprintf(path, sizeof(path), "%s%s%s", own, beside != NULL ? "/" : "",
		beside != NULL ? beside : "");
	return path;
}
