// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * "steps PROGRAM ARGUMENT...": how many instructions the program executes on this processor, one by
 * one. Emulators lack some which this processor may have.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t steps = 0;
	int status = 0;
	pid_t child = argc < 2 ? -1 : fork();

	if (!child) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || !freopen("/dev/null", "w", stdout))
			_exit(3);
		execv(argv[1], argv + 1);
		_exit(3);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 2;
	for (; WIFSTOPPED(status); steps++)
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) ||
		    waitpid(child, &status, 0) != child)
			return 2;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return 2;
	printf("%" PRIu64 "\n", steps);
	return 0;
}
