/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/entry.h"
#include "sys/io.h"

static int write_rule(int fd, const char *rule)
{
	size_t len = strlen(rule);
	ssize_t n;

	do
		n = write(fd, rule, len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

static void format_rule(dev_t device, const char *access, char *ret, size_t size)
{
	(void)snprintf(ret, size, "c %u:%u %s", major(device), minor(device), access);
}

/* Letters of "rw" that a list of rules does not have for that very device. */
static void lacking(const char *list, dev_t device, char *ret)
{
	char device_word[32];
	bool has_read = false;
	bool has_write = false;
	int len = snprintf(device_word, sizeof(device_word), "c %u:%u ", major(device),
			   minor(device));

	for (const char *line = list; *line != '\0';) {
		const char *end = line + strcspn(line, "\n");

		if (strncmp(line, device_word, (size_t)len) == 0) {
			has_read |= memchr(line + len, 'r', (size_t)(end - line - len)) != NULL;
			has_write |= memchr(line + len, 'w', (size_t)(end - line - len)) != NULL;
		}
		line = *end == '\0' ? end : end + 1;
	}
	(void)snprintf(ret, 3, "%s%s", has_read ? "" : "r", has_write ? "" : "w");
}

void cgroup_v1_withdraw(const struct cgroup *cgroup, const dev_t *devices, size_t n)
{
	auto_fd fd = -1;

	/* all is allowed there: a rule could only take away */
	if (cgroup->before == NULL || cgroup->before[0] == 'a')
		return;
	fd = entry_open(cgroup->fd, "devices.deny", O_WRONLY, 0);
	for (size_t i = 0; fd >= 0 && i < n; i++) {
		char access[3];
		char rule[64];

		lacking(cgroup->before, devices[i], access);
		if (access[0] == '\0')
			continue;
		format_rule(devices[i], access, rule, sizeof(rule));
		(void)write_rule(fd, rule);
	}
}

int cgroup_v1_allow(struct cgroup *cgroup, const dev_t *devices, size_t n, struct err *err)
{
	auto_fd fd = entry_open(cgroup->fd, "devices.allow", O_WRONLY, 0);

	if (fd < 0)
		return err_sys(err, errno, "open 'devices.allow' of cgroup '%s'", cgroup->path);
	if (cgroup->before == NULL) {
		size_t len;
		int r = io_read_at(cgroup->fd, "devices.list", CGROUP_MAX_TEXT, &cgroup->before,
				   &len, err);

		if (r < 0)
			return err_wrap(err, "cgroup '%s'", cgroup->path);
	}
	for (size_t i = 0; i < n; i++) {
		char rule[64];
		int r;

		/* no "m": the node is bound, not made */
		format_rule(devices[i], "rw", rule, sizeof(rule));
		r = write_rule(fd, rule); /* one for each write */
		if (r == 0)
			continue;
		cgroup_v1_withdraw(cgroup, devices, i);
		return err_sys(err, -r, "allow '%s' in cgroup '%s'", rule, cgroup->path);
	}
	return (int)n;
}
