/* SPDX-License-Identifier: Apache-2.0 */
#include "host/expand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "host/wildcard.h"
#include "sys/rootfs.h"

struct expansion {
	const struct host *host;
	const char *pattern;
	struct strv paths; /* that fit so far; owned */
	size_t entries;    /* looked at so far */
};

static void expansion_done(struct expansion *expansion)
{
	strv_done(&expansion->paths);
}

char *expand_lead(const char *pattern)
{
	size_t part = 0;
	size_t lead = 0;

	while (pattern[lead] == '/') {
		auto_free char *name = NULL;

		part = strcspn(pattern + lead + 1, "/");
		name = strndup(pattern + lead + 1, part);
		if (name == NULL)
			return NULL;
		if (wildcard_is_pattern(name))
			break;
		lead += part + 1;
	}
	return lead == 0 ? strdup("/") : strndup(pattern, lead);
}

static int expand_too_much(const struct expansion *expansion, struct err *err)
{
	return err_set(err, E2BIG, "pattern '%s' fits more than %u names", expansion->pattern,
		       EXPAND_MAX_MATCHES);
}

static int expand_add(struct expansion *expansion, struct strv *ret, const char *dir,
		      const char *name, struct err *err)
{
	if (ret->n >= EXPAND_MAX_MATCHES * (ROOT_MAX - 1))
		return expand_too_much(expansion, err);
	if (strv_addf(ret, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name) < 0)
		return err_nomem(err);
	return 0;
}

/* Adds the names in one directory of one root that fit. */
static int expand_dir(struct expansion *expansion, unsigned root, const char *path,
		      const char *pattern, struct strv *ret, struct err *err)
{
	auto_fd fd = rootfs_open(expansion->host->fds[root], path,
				 O_RDONLY | O_DIRECTORY | O_CLOEXEC, NULL);
	auto_dir dir = NULL;
	struct dirent *entry;

	if (fd < 0 && err_is_trouble(-fd))
		return err_sys(err, -fd, "open '%s'", path);
	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
		log_warn(expansion->host->log, "host", "the names in '%s' cannot be read: %s", path,
			 strerror(-fd));
	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	if (dir == NULL)
		return err_sys(err, errno, "open '%s'", path);
	(void)take_fd(&fd);
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		int rc;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (++expansion->entries > EXPAND_MAX_ENTRIES)
			return err_set(err, E2BIG, "pattern '%s' looks at more than %u names",
				       expansion->pattern, EXPAND_MAX_ENTRIES);
		if (!wildcard_match(pattern, entry->d_name))
			continue;
		rc = expand_add(expansion, ret, path, entry->d_name, err);
		if (rc < 0)
			return rc;
	}
	return errno != 0 ? err_sys(err, errno, "read '%s'", path) : 0;
}

static int expand_roots(struct expansion *expansion, const char *path, const char *pattern,
			struct strv *ret, struct err *err)
{
	for (unsigned root = 0; root < expansion->host->n; root++) {
		int rc;

		if (root == ROOT_MACHINE || expansion->host->fds[root] < 0)
			continue;
		rc = expand_dir(expansion, root, path, pattern, ret, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Sorts, drops what several roots gave, and holds the limit. */
static int expand_settle(struct expansion *expansion, struct strv *list, struct err *err)
{
	size_t kept = 0;

	strv_sort(list);
	for (size_t i = 0; i < list->n; i++) {
		if (kept > 0 && strcmp(list->items[kept - 1], list->items[i]) == 0)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	if (list->items != NULL)
		list->items[kept] = NULL;
	list->n = kept;
	return kept > EXPAND_MAX_MATCHES ? expand_too_much(expansion, err) : 0;
}

/* Puts one more component behind each path. */
static int expand_component(struct expansion *expansion, const char *name, struct err *err)
{
	auto_done(strv) struct strv next = {0};
	bool pattern = wildcard_is_pattern(name);
	int rc = 0;

	for (size_t i = 0; i < expansion->paths.n && rc == 0; i++) {
		const char *path = expansion->paths.items[i];

		rc = pattern ? expand_roots(expansion, path, name, &next, err)
			     : expand_add(expansion, &next, path, name, err);
	}
	if (rc == 0 && pattern)
		rc = expand_settle(expansion, &next, err);
	if (rc < 0)
		return rc;
	strv_done(&expansion->paths);
	expansion->paths = next;
	next = (struct strv){0};
	return 0;
}

int expand_pattern(const struct host *host, const char *pattern, struct strv *ret, struct err *err)
{
	auto_done(expansion) struct expansion expansion = {.host = host, .pattern = pattern};
	auto_free char *lead = expand_lead(pattern);
	const char *at;

	if (lead == NULL || strv_add(&expansion.paths, lead) < 0)
		return err_nomem(err);
	at = pattern + (strcmp(lead, "/") == 0 ? 0 : strlen(lead));
	while (*at == '/' && expansion.paths.n > 0) {
		size_t len = strcspn(at + 1, "/");
		auto_free char *name = strndup(at + 1, len);
		int rc = name == NULL ? err_nomem(err) : expand_component(&expansion, name, err);

		if (rc < 0)
			return rc;
		at += len + 1;
	}
	*ret = expansion.paths;
	expansion.paths = (struct strv){0};
	return 0;
}
