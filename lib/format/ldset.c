/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ldset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/ldcache.h"

#define FIRST_SLOTS 64u

void ldset_done(struct ldset *set)
{
	vec_done(&set->items);
	free(set->slots);
	set->slots = NULL;
	set->n_slots = 0;
}

static bool is_prelinks(const char *name)
{
	static const char mark[] = ".#prelink#";
	const char *at = strstr(name, mark);

	/* alone, or with "." and six characters */
	for (; at != NULL; at = strstr(at + 1, mark)) {
		const char *rest = at + sizeof(mark) - 1;

		if (*rest == '\0' || (*rest == '.' && strlen(rest) == 7))
			return true;
	}
	return false;
}

static bool is_temporary(const char *name)
{
	return strchr(name, ';') != NULL || str_ends_with(name, ".dpkg-new") ||
	       str_ends_with(name, ".dpkg-tmp") || is_prelinks(name);
}

bool ldset_wants(const char *name)
{
	static const char *const prefixes[] = {"lib", "ld-", "ld.so.", "ld64.so."};
	size_t i = 0;

	while (i < sizeof(prefixes) / sizeof(prefixes[0]) && !str_starts_with(name, prefixes[i]))
		i++;
	return i < sizeof(prefixes) / sizeof(prefixes[0]) && strstr(name, ".so") != NULL &&
	       !is_temporary(name);
}

static size_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		value = (value ^ (uint8_t)*text) * 0x100000001b3u;
	return (size_t)(value ^ value >> 32);
}

/* The slot of soname, or the free one where it belongs. */
static uint32_t *find_slot(const struct ldset *set, const char *soname)
{
	size_t at = hash(soname) & (set->n_slots - 1);

	while (set->slots[at] != 0 &&
	       strcmp(set->items.items[set->slots[at] - 1].soname, soname) != 0)
		at = (at + 1) & (set->n_slots - 1);
	return &set->slots[at];
}

/* Room for one more with at least half of the slots free. */
static int make_room(struct ldset *set)
{
	size_t n = set->n_slots == 0 ? FIRST_SLOTS : set->n_slots * 2;
	uint32_t *slots;

	if (set->items.n < set->n_slots / 2)
		return 0;
	slots = n > UINT32_MAX / 2 ? NULL : calloc(n, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(set->slots);
	set->slots = slots;
	set->n_slots = n;
	for (size_t i = 0; i < set->items.n; i++)
		*find_slot(set, set->items.items[i].soname) = (uint32_t)i + 1;
	return 0;
}

/* "libcuda.so" -> libcuda.so.1.1, whose SONAME is libcuda.so.1 */
static bool is_link_for_ld(const char *name, const char *soname)
{
	return str_ends_with(name, ".so") && str_starts_with(soname, name);
}

static bool is_better(const struct ldset *set, const struct ldset_item *now,
		      const struct ldset_item *item)
{
	if (now->is_link != item->is_link)
		return now->is_link;
	return ldcache_compare_names(now->name, item->name, set->unsigned_chars) < 0;
}

int ldset_add(struct ldset *set, const struct ldset_file *file, struct err *err)
{
	const char *soname = file->soname == NULL ? file->name : file->soname;
	struct ldset_item item = {
		.name = file->name,
		.machine = file->machine,
		.flags = file->flags,
		.osversion = file->osversion,
		.isa_level = file->isa_level,
	};
	struct ldset_item *now;
	uint32_t *slot;

	item.is_link = file->is_link &&
		       (strcmp(file->name, soname) == 0 || is_link_for_ld(file->name, soname));
	item.soname = item.is_link ? file->name : soname;
	if (make_room(set) < 0)
		return err_nomem(err);
	slot = find_slot(set, item.soname);
	if (*slot != 0) {
		now = &set->items.items[*slot - 1];
		if (is_better(set, now, &item))
			*now = item;
		return 0;
	}
	now = vec_add(&set->items);
	if (now == NULL)
		return err_nomem(err);
	*now = item;
	*slot = (uint32_t)set->items.n;
	return 0;
}
