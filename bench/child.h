/*
 * Other programs that a benchmark starts, stops in their tracks, and ends.
 *
 * A child dies with its parent.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Start @argv (NULL at its end), its output into @out (or NULL: as ours); -1 on failure.
 */
pid_t child_start(char *const argv[], const char *out);
/* Stop all its threads; returns when they have stopped.  False if it is gone. */
bool child_pause(pid_t pid);
void child_resume(pid_t pid);
/* SIGTERM, and after three seconds SIGKILL. */
void child_end(pid_t pid);
/* Path of this very program, or of one beside it: "../control/tidegated". */
const char *child_program(const char *beside);
