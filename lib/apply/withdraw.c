/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/withdraw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/ldcache.h"
#include "sys/patience.h"
#include "sys/rootfs.h"

void withdrawal_done(struct withdrawal *withdrawal)
{
	free(withdrawal->data);
	*withdrawal = (struct withdrawal){0};
}

static bool has_item(const struct strv *list, const char *text, size_t len)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strlen(list->items[i]) == len && memcmp(list->items[i], text, len) == 0)
			return true;
	}
	return false;
}

/* With an item goes the separator after it, or, at the end of a line, the one before it within the
 * line: "a:b\n" without b is "a\n". */
static void take_out(struct strbuf *left, const char **next, const char *stop, const char *end)
{
	bool ends_line = stop == end || *stop == '\n';

	if (ends_line && left->len > 0 && left->data[left->len - 1] != '\n')
		left->data[--left->len] = '\0';
	else
		*next = stop == end ? end : stop + 1;
}

int withdraw_items(const char *text, size_t len, const char *separators, const struct strv *added,
		   struct withdrawal *ret, struct err *err)
{
	auto_done(strbuf) struct strbuf left = {0};
	struct withdrawal found = {0};
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		const char *stop = at;
		const char *next;

		while (stop < end && (*stop == '\0' || strchr(separators, *stop) == NULL))
			stop++;
		next = stop;
		if (stop > at && has_item(added, at, (size_t)(stop - at))) {
			found.taken++;
			take_out(&left, &next, stop, end);
		} else {
			strbuf_add(&left, at, (size_t)(stop - at));
		}
		if (next == stop && stop < end)
			strbuf_addc(&left, *next++);
		at = next;
	}
	if (strbuf_failed(&left))
		return err_nomem(err);
	if (found.taken > 0 && left.len > 0) {
		found.len = left.len;
		found.data = strbuf_take(&left);
	}
	*ret = found;
	return 0;
}

struct sieve {
	int rootfd;
	char **added; /* names of the files, in order; the list is owned */
	size_t n;
	struct patience patience;
};

static void sieve_done(struct sieve *sieve)
{
	free(sieve->added);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int fill(struct sieve *sieve, const struct strv *added, struct err *err)
{
	sieve->added = calloc(added->n + 1, sizeof(*sieve->added));
	if (sieve->added == NULL)
		return err_nomem(err);
	if (added->n > 0)
		memcpy(sieve->added, added->items, added->n * sizeof(*sieve->added));
	sieve->n = added->n;
	for (size_t i = 0; i < sieve->n; i++)
		sieve->added[i] = (char *)(uintptr_t)path_basename(sieve->added[i]);
	qsort(sieve->added, sieve->n, sizeof(*sieve->added), compare);
	return 0;
}

/* By its name alone, since ldconfig has a directory of two names by the other one (/lib, /usr/lib);
 * and gone. ldcache_drop_fn */
static bool is_ours_and_gone(void *arg, const struct ldcache_entry *entry)
{
	struct sieve *sieve = arg;
	char *name = (char *)(uintptr_t)path_basename(entry->value);
	auto_fd fd = -1;
	struct stat st;

	if (bsearch(&name, sieve->added, sieve->n, sizeof(name), compare) == NULL ||
	    !patience_lasts(&sieve->patience, WITHDRAW_DEADLINE_MS))
		return false;
	fd = rootfs_open(sieve->rootfd, entry->value, O_PATH, NULL);
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

int withdraw_entries(int rootfd, const char *data, size_t len, const struct strv *added,
		     struct withdrawal *ret, struct err *err)
{
	auto_done(ldcache) struct ldcache cache = {0};
	auto_done(sieve) struct sieve sieve = {.rootfd = rootfd};
	struct withdrawal found = {0};
	int r = ldcache_parse(data, len, &cache, err);

	if (r == 0)
		r = fill(&sieve, added, err);
	if (r < 0)
		return r;
	/* what stays keeps its order: there is nothing to sort */
	found.taken = ldcache_drop(&cache, is_ours_and_gone, &sieve);
	if (found.taken > 0 && cache.entries.n > 0)
		r = ldcache_format(&cache, &found.data, &found.len, err);
	if (r < 0)
		return r;
	*ret = found;
	return 0;
}
