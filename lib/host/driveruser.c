/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By reading the two files: the C library's own look-up loads code, which a static program with our
 * rights must not.
 */
#include "host/driveruser.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/rootfs.h"

#define MAX_TABLE_BYTES (4u << 20) /* of passwd(5) or group(5) */
#define NOBODY          65534u     /* the kernel's overflow ids */
#define MAX_ID          UINT64_C(0xfffffffe)
#define CONTROL         "/dev/nvidiactl"

/* Field n of a line that ends at end; *ret_len = 0 where there is none. */
static const char *field(const char *line, const char *end, unsigned n, size_t *ret_len)
{
	const char *stop;

	for (; n > 0; n--) {
		const char *colon = memchr(line, ':', (size_t)(end - line));

		if (colon == NULL) {
			*ret_len = 0;
			return end;
		}
		line = colon + 1;
	}
	stop = memchr(line, ':', (size_t)(end - line));
	*ret_len = (size_t)((stop == NULL ? end : stop) - line);
	return line;
}

struct wanted {
	unsigned key; /* field that must be text */
	const char *text;
	size_t len;
	unsigned value; /* field that is given */
};

/* 1 = found in the file, 0 = not. */
static int look_up(const struct host *host, const char *path, const struct wanted *wanted,
		   uint32_t *ret, struct err *err)
{
	auto_free char *text = NULL;
	const char *line;
	size_t len;
	int r = rootfs_read(host->fds[ROOT_MACHINE], path, MAX_TABLE_BYTES, &text, &len, err);

	if (r < 0)
		return r;
	for (line = text; line < text + len;) {
		const char *end = memchr(line, '\n', (size_t)(text + len - line));
		const char *at;
		uint64_t id;
		size_t n;

		if (end == NULL)
			end = text + len;
		at = field(line, end, wanted->key, &n);
		if (n == wanted->len && memcmp(at, wanted->text, n) == 0) {
			at = field(line, end, wanted->value, &n);
			if (str_to_u64(at, n, 10, MAX_ID, &id)) {
				*ret = (uint32_t)id;
				return 1;
			}
		}
		line = end + 1;
	}
	return 0;
}

/* A number, or a name of the file. */
static int find_id(const struct host *host, const char *path, const char *text, size_t len,
		   uint32_t *ret, struct err *err)
{
	const struct wanted wanted = {.key = 0, .text = text, .len = len, .value = 2};
	uint64_t id;
	int r;

	if (str_to_u64(text, len, 10, MAX_ID, &id)) {
		*ret = (uint32_t)id;
		return 0;
	}
	r = len == 0 ? 0 : look_up(host, path, &wanted, ret, err);
	if (r < 0)
		return err_wrap(err, "find the driver child's user");
	return r > 0 ? 0
		     : err_set(err, EINVAL,
			       "user '%s' of the driver child: nothing of that in '%s'",
			       host->settings->user, path);
}

/* Where the nodes are for a group only, as openSUSE's are for video, the child is of it. */
static gid_t group_of_nodes(const struct host *host)
{
	struct stat st;

	if (rootfs_lstat(host->fds[ROOT_DRIVER], CONTROL, &st, NULL) != 1 || !S_ISCHR(st.st_mode) ||
	    (st.st_mode & 066) != 060 || st.st_gid == 0)
		return NOBODY;
	return st.st_gid;
}

int driveruser_find(const struct host *host, struct driveruser *ret, struct err *err)
{
	const char *text = host->settings->user;
	const char *colon = text == NULL ? NULL : strchr(text, ':');
	struct driveruser user = {.change = geteuid() == 0, .uid = NOBODY, .gid = NOBODY};
	struct wanted group = {.key = 0, .text = text, .value = 3};
	uint32_t uid = 0;
	uint32_t gid = NOBODY;
	size_t len;
	int r;

	if (text == NULL || !user.change) {
		user.gid = group_of_nodes(host);
		*ret = user;
		return 0;
	}
	len = colon == NULL ? strlen(text) : (size_t)(colon - text);
	r = find_id(host, "/etc/passwd", text, len, &uid, err);
	if (r == 0 && colon != NULL)
		r = find_id(host, "/etc/group", colon + 1, strlen(colon + 1), &gid, err);
	if (r < 0)
		return r;
	/* without a group: that of the user, if the machine knows him */
	group.len = len;
	group.key = str_to_u64(text, len, 10, MAX_ID, &(uint64_t){0}) ? 2 : 0;
	if (colon == NULL)
		(void)look_up(host, "/etc/passwd", &group, &gid, NULL);
	*ret = (struct driveruser){.change = true, .must = true, .uid = uid, .gid = gid};
	return 0;
}
