/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/xattrs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/auto.h"
#include "base/str.h"

/* both limits are the kernel's: XATTR_LIST_MAX, XATTR_SIZE_MAX of linux/limits.h */
#define MAX_NAMES 65536
#define MAX_VALUE 65536

static bool is_label(const char *attribute)
{
	return strcmp(attribute, "security.selinux") == 0 ||
	       strcmp(attribute, "security.SMACK64") == 0;
}

static bool stays(const char *attribute)
{
	return is_label(attribute) || strcmp(attribute, "system.posix_acl_access") == 0 ||
	       str_starts_with(attribute, "user.");
}

static int copy_one(int from, int to, const char *attribute, char *value)
{
	ssize_t n = fgetxattr(from, attribute, value, MAX_VALUE);

	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	if (fsetxattr(to, attribute, value, (size_t)n, 0) < 0 && !is_label(attribute))
		return -errno;
	return 0;
}

int xattrs_copy(int from, int to, const char *name, struct err *err)
{
	auto_free char *names = malloc(MAX_NAMES + 1);
	auto_free char *value = malloc(MAX_VALUE);
	ssize_t n;

	if (names == NULL || value == NULL)
		return err_nomem(err);
	n = flistxattr(from, names, MAX_NAMES);
	if (n < 0 && errno == ENOTSUP)
		return 0;
	if (n < 0)
		return err_sys(err, errno, "list the attributes of '%s'", name);
	names[n] = '\0';
	for (const char *at = names; at < names + n; at += strlen(at) + 1) {
		int rc = stays(at) ? copy_one(from, to, at, value) : 0;

		if (rc < 0)
			return err_sys(err, -rc, "keep the attribute %.255s of '%s'", at, name);
	}
	return 0;
}
