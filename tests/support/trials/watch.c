/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define V1 "/sys/fs/cgroup/devices"
#define V2 "/sys/fs/cgroup"

char *watch_files(const struct watch *watch)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < watch->n; i++) {
		(void)fprintf(out, "%s:\n", watch->trees[i].path);
		tree_print(out, watch->trees[i].path, watch->trees[i].detail);
	}
	return fclose(out) == 0 ? text : NULL;
}

static char *read_all(const char *path)
{
	char part[16384];
	char *text = NULL;
	size_t len;
	size_t n;
	FILE *in = fopen(path, "re");
	FILE *out = open_memstream(&text, &len);

	while (in != NULL && out != NULL && (n = fread(part, 1, sizeof(part), in)) > 0)
		(void)fwrite(part, 1, n, out);
	if (in != NULL)
		(void)fclose(in);
	return out != NULL && fclose(out) == 0 ? text : NULL;
}

char *watch_mounts(void)
{
	return read_all("/proc/self/mountinfo");
}

static bool has_line(const char *text, const char *line, size_t len)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, line, len) == 0)
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

static bool find_foreign(const char *text, const char *other, const char *sign, char *ret,
			 size_t size)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (!has_line(other, text, n)) {
			(void)snprintf(ret, size, "%s %.*s", sign, (int)n, text);
			return true;
		}
		text += n + (text[n] == '\n');
	}
	return false;
}

void watch_difference(const char *before, const char *after, char *ret, size_t size)
{
	(void)snprintf(ret, size, "the order of lines");
	if (!find_foreign(after, before, "+", ret, size))
		(void)find_foreign(before, after, "-", ret, size);
}

static bool put(const char *dir, const char *name, const char *text)
{
	char path[512];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : write(fd, text, strlen(text));
	if (fd >= 0)
		(void)close(fd);
	return n == (ssize_t)strlen(text);
}

/* Nodes that this program and those that it starts need, whatever the container is given. */
static bool set_base_rules(const char *dir)
{
	return put(dir, "devices.deny", "a") && put(dir, "devices.allow", "c 1:* rwm") &&
	       put(dir, "devices.allow", "c *:* m") && put(dir, "devices.allow", "b *:* m");
}

bool watch_enter_cgroup(struct watch *watch, const char *prefix)
{
	static unsigned count;
	static char dir[256];
	bool v1 = access(V1 "/devices.list", F_OK) == 0 || access(V1 "/tasks", F_OK) == 0;
	char next[256];

	(void)snprintf(next, sizeof(next), "%s/%s.%d.%u", v1 ? V1 : V2, prefix, (int)getpid(),
		       ++count);
	if (!v1 && access(V2 "/cgroup.procs", F_OK) < 0)
		return false;
	if (mkdir(next, 0755) < 0 || (v1 && !set_base_rules(next)) ||
	    !put(next, "cgroup.procs", "0")) {
		perror(next);
		(void)rmdir(next);
		return false;
	}
	if (watch->cgroup != NULL)
		(void)rmdir(dir);
	(void)snprintf(dir, sizeof(dir), "%s", next);
	watch->cgroup = dir;
	return true;
}

void watch_leave_cgroup(struct watch *watch)
{
	if (watch->cgroup == NULL)
		return;
	(void)put(strncmp(watch->cgroup, V1, strlen(V1)) == 0 ? V1 : V2, "cgroup.procs", "0");
	(void)rmdir(watch->cgroup);
	watch->cgroup = NULL;
}

/* v2: the numbers of the programs */
static char *read_programs(const char *dir)
{
	unsigned ids[64] = {0};
	union bpf_attr attr;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (unsigned)fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (unsigned long)ids;
	attr.query.prog_cnt = 64;
	if (out == NULL)
		return NULL;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
		(void)fprintf(out, "%s\n", strerror(errno));
	for (unsigned i = 0; i < attr.query.prog_cnt && i < 64; i++)
		(void)fprintf(out, "program %u\n", ids[i]);
	(void)close(fd);
	return fclose(out) == 0 ? text : NULL;
}

char *watch_rules(const struct watch *watch)
{
	char path[512];

	if (watch->cgroup == NULL)
		return strdup("");
	(void)snprintf(path, sizeof(path), "%s/devices.list", watch->cgroup);
	return access(path, F_OK) == 0 ? read_all(path) : read_programs(watch->cgroup);
}
