/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure FILE COMMAND [ARGUMENT...]: runs the command with our standard streams, appends one line
 * "WALL_US MAXRSS_KB CPU_US" to FILE and gives the command's exit status. MAXRSS is the largest of
 * the command and of the children it waited for, CPU the time that all of them ran.
 */
#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t us(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

static int append(const char *path, int64_t wall, const struct rusage *usage)
{
	FILE *file = fopen(path, "ae");

	if (file == NULL)
		return -1;
	fprintf(file, "%lld %ld %lld\n", (long long)wall, usage->ru_maxrss,
		(long long)(us(&usage->ru_utime) + us(&usage->ru_stime)));
	return fclose(file);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int64_t start;
	pid_t pid;
	int status;

	if (argc < 3) {
		fputs("usage: measure FILE COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	start = now_us();
	status = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (status != 0) {
		fprintf(stderr, "measure: start '%s': %s\n", argv[2], strerror(status));
		return 127;
	}
	while (wait4(pid, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			return 125;
	}
	if (append(argv[1], now_us() - start, &usage) < 0) {
		fprintf(stderr, "measure: write '%s': %s\n", argv[1], strerror(errno));
		return 125;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
