/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldmerge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/hollow.h"
#include "apply/ldscan.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/ldcache.h"
#include "format/ldflags.h"

#define MODULE "ldcache"

struct merging {
	struct job *job;
	const struct op *op;
	const struct image *image;
	const struct ldconf *conf;
	const struct op_library **ours; /* by SONAME; owned */
	size_t n_ours;
	VEC(const char *) bound; /* directories of the board that are bound whole */
	struct ldcache cache;
	struct ldscan scan;
	struct hollow hollow;
	bool sweep;           /* every entry is looked at for an empty file */
	size_t hidden, empty; /* entries of the image left out */
};

void ldmerge_done(struct ldmerge *merge)
{
	free(merge->data);
	strv_done(&merge->added);
	*merge = (struct ldmerge){0};
}

static void merging_done(struct merging *merging)
{
	free(merging->ours);
	vec_done(&merging->bound);
	ldcache_done(&merging->cache);
	ldscan_done(&merging->scan);
	hollow_done(&merging->hollow);
}

static bool fits(const struct op_library *library, const struct image *image)
{
	return ldflags_same_family(image->machine, library->machine);
}

size_t ldmerge_fitting(const struct op *op, const struct image *image)
{
	size_t n = 0;

	vec_each(library, &op->libraries) n += fits(library, image);
	return n;
}

static int by_soname(const void *left, const void *right)
{
	const struct op_library *const *a = left;
	const struct op_library *const *b = right;

	return strcmp((*a)->soname, (*b)->soname);
}

static int sort_ours(struct merging *merging)
{
	size_t n = merging->op->libraries.n;

	merging->ours = calloc(n + 1, sizeof(const struct op_library *));
	if (merging->ours == NULL)
		return -ENOMEM;
	vec_each(library, &merging->op->libraries)
	{
		if (fits(library, merging->image))
			merging->ours[merging->n_ours++] = library;
	}
	qsort(merging->ours, merging->n_ours, sizeof(const struct op_library *), by_soname);
	return 0;
}

/* The first of ours with that SONAME or behind it. */
static size_t lower_bound(const struct merging *merging, const char *soname)
{
	size_t low = 0;
	size_t high = merging->n_ours;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(merging->ours[middle]->soname, soname) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The image's own copy, however new or well suited to the processor, must not win. */
static bool is_hidden(const struct merging *merging, const struct ldcache_entry *entry)
{
	for (size_t i = lower_bound(merging, entry->key);
	     i < merging->n_ours && strcmp(merging->ours[i]->soname, entry->key) == 0; i++) {
		if (ldflags_same_class(merging->ours[i]->flags, entry->flags))
			return true;
	}
	return false;
}

static int list_bound(struct merging *merging)
{
	vec_each(op, &merging->job->plan->ops)
	{
		const char **dir;

		if (op->kind != OP_BIND || (op->flags & OP_DIR) == 0)
			continue;
		dir = vec_add(&merging->bound);
		if (dir == NULL)
			return -ENOMEM;
		*dir = op->target;
	}
	return 0;
}

/* True if a directory of the board lies there, so that what the image has is not seen. */
static bool is_bound_over(const struct merging *merging, const char *path)
{
	vec_each(dir, &merging->bound)
	{
		if (path_is_below(path, *dir))
			return true;
	}
	return false;
}

/* ldcache_drop_fn */
static bool is_covered(void *arg, const struct ldcache_entry *entry)
{
	return is_bound_over(arg, entry->value);
}

/* Where the image's directories were read, what is ours was in them already. */
static bool is_of_plan(const struct merging *merging, const char *path)
{
	vec_each(op, &merging->job->plan->ops)
	{
		if (op->target != NULL && strcmp(op->target, path) == 0)
			return true;
	}
	return false;
}

/* ldcache_drop_fn */
static bool leave_out(void *arg, const struct ldcache_entry *entry)
{
	struct merging *merging = arg;

	if (is_hidden(merging, entry)) {
		merging->hidden += !is_of_plan(merging, entry->value);
		return true;
	}
	if (!merging->sweep || !hollow_is(&merging->hollow, entry->value))
		return false;
	merging->empty++;
	return true;
}

/* Names of what a GPU driver brings, and nothing else does. */
static bool is_of_driver(const char *soname)
{
	static const char *const prefixes[] = {
		"libcuda.so", "libnvidia-", "libnvrm",          "libnvos.",        "libnvcu",
		"libnvbuf",   "libnvmm",    "libEGL_nvidia.so", "libGLX_nvidia.so"};

	/* images have thousands, most of which end here */
	if (!str_starts_with(soname, "lib") || strchr("cnEG", soname[3]) == NULL)
		return false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (str_starts_with(soname, prefixes[i]))
			return true;
	}
	return false;
}

static bool is_sibling(const struct ldcache *cache, size_t i, size_t other)
{
	const struct ldcache_entry *a = &cache->entries.items[i];
	const struct ldcache_entry *b;

	if (other >= cache->entries.n)
		return false;
	b = &cache->entries.items[other];
	return strcmp(a->key, b->key) == 0 && ldflags_same_class(a->flags, b->flags);
}

/* The first look at each of a thousand files costs an overlay 3 microseconds, so all are looked at
 * only where there is a sign of leftovers: at a target, under a driver's name, or where it matters
 * to the loader, which stops at an empty file in front of a good one. ldconfig by itself never
 * enters an empty file. */
static bool has_signs(struct merging *merging)
{
	const struct ldcache *cache = &merging->cache;

	if (merging->job->tree.leftovers > 0)
		return true;
	for (size_t i = 0; i < cache->entries.n; i++) {
		const struct ldcache_entry *entry = &cache->entries.items[i];

		if ((is_of_driver(entry->key) || is_sibling(cache, i, i + 1) ||
		     (i > 0 && is_sibling(cache, i, i - 1))) &&
		    hollow_is(&merging->hollow, entry->value))
			return true;
	}
	return false;
}

static int scan_those_bound(struct merging *merging, const struct strv *dirs, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < dirs->n; i++) {
		if (is_bound_over(merging, dirs->items[i]))
			r = ldscan_dir(&merging->scan, dirs->items[i], err);
	}
	return r;
}

/* Libraries in directories of the board that are bound whole, where ldconfig would look. */
static int scan_bound(struct merging *merging, struct err *err)
{
	int r;

	if (merging->bound.n == 0)
		return 0;
	(void)ldcache_drop(&merging->cache, is_covered, merging);
	r = scan_those_bound(merging, &merging->conf->dirs, err);
	return r < 0 ? r : scan_those_bound(merging, &merging->conf->system, err);
}

static int scan_image(struct merging *merging, struct err *err)
{
	const struct strv none = {0};

	/* as ldconfig of glibc 2.33 and later marks its files, which older loaders do not mind */
	merging->cache = (struct ldcache){.marks_endian = true};
	return ldscan_all(&merging->scan, &none, err);
}

/* A link for a library of the image that its ldconfig would have made; entries name it. */
static int make_link(struct job *job, const struct ldscan_link *link)
{
	struct place place;
	struct err err = {0};
	int r = place_open(&job->tree, link->path, &place, &err);

	if (r == 0 && place.exists)
		return -EEXIST; /* a link that leads nowhere: the image's own */
	if (r == 0)
		r = place_make_link(&job->tree, &place, link->text, &err);
	return r;
}

static int name_file(struct merging *merging, const struct ldscan_link *link)
{
	auto_free char *dir = path_dirname(link->path);
	auto_free char *file = dir == NULL ? NULL : path_join(dir, link->text);
	struct strv *strings = &merging->scan.strings;

	if (file == NULL || strv_add(strings, file) < 0)
		return -ENOMEM;
	merging->cache.entries.items[link->entry].value = strings->items[strings->n - 1];
	return 0;
}

/* Before any entry is dropped: links know theirs by its place. */
static int make_links(struct merging *merging, struct err *err)
{
	size_t bytes = 0;

	for (size_t i = 0; i < merging->scan.links.n; i++) {
		const struct ldscan_link *link = &merging->scan.links.items[i];

		bytes += strlen(link->path) + strlen(link->text);
		if (is_hidden(merging, &merging->cache.entries.items[link->entry]))
			continue;
		if (i < LDMERGE_MAX_LINKS && bytes <= LDMERGE_MAX_LINK_BYTES &&
		    make_link(merging->job, link) == 0)
			continue;
		if (name_file(merging, link) < 0)
			return err_nomem(err);
	}
	return 0;
}

/* What the image has, or what its ldconfig would find. */
static int take_base(struct merging *merging, const struct ldmerge_base *base, struct err *err)
{
	const struct log *log = merging->job->log;
	struct err broken = {0};
	int r = base->cache == NULL
			? -ENOENT
			: ldcache_parse(base->cache, base->len, &merging->cache, &broken);

	if (r == -ENOMEM)
		return err_nomem(err);
	merging->scan = (struct ldscan){.rootfd = merging->job->rootfd,
					.log = log,
					.machine = merging->image->machine,
					.cache = &merging->cache};
	if (r == 0)
		return scan_bound(merging, err);
	if (base->cache == NULL)
		log_debug(log, MODULE, "the image has no loader cache: its directories are read");
	else
		log_info(log, MODULE,
			 "the image's loader cache cannot be read (%s): its directories are read",
			 broken.msg);
	merging->scan.glibc = ldscan_glibc(merging->job->rootfd, merging->image->machine);
	return scan_image(merging, err);
}

/* Entries of ours, in the order of their directories. Where the image keeps a link of its own at
 * DIR/SONAME, that leads to another file. */
static int add_ours(struct merging *merging, struct strv *added, struct err *err)
{
	vec_each(library, &merging->op->libraries)
	{
		struct ldcache_entry entry = {
			.key = library->soname,
			.value = library->path,
			.flags = library->flags,
			.osversion = library->osversion,
		};
		int r;

		if (!fits(library, merging->image))
			continue;
		if (strv_contains(&merging->job->foreign_links, library->path))
			entry.value = library->file;
		r = ldcache_add(&merging->cache, &entry, err);
		if (r < 0)
			return r;
		if (strv_add(added, entry.value) < 0)
			return err_nomem(err);
	}
	return 0;
}

static int merge(struct merging *merging, const struct ldmerge_base *base, struct ldmerge *ret,
		 struct err *err)
{
	int r = sort_ours(merging) < 0 || list_bound(merging) < 0 ? err_nomem(err)
								  : take_base(merging, base, err);

	if (r < 0)
		return r;
	r = make_links(merging, err);
	if (r < 0)
		return r;
	merging->hollow.rootfd = merging->job->rootfd;
	merging->sweep = has_signs(merging);
	(void)ldcache_drop(&merging->cache, leave_out, merging);
	r = add_ours(merging, &ret->added, err);
	merging->cache.unsigned_chars = ldflags_unsigned_chars(merging->image->machine);
	if (r == 0)
		r = ldcache_sort(&merging->cache, err);
	return r < 0 ? r : ldcache_format(&merging->cache, &ret->data, &ret->len, err);
}

int ldmerge_make(struct job *job, const struct op *op, const struct ldmerge_base *base,
		 struct ldmerge *ret, struct err *err)
{
	auto_done(merging) struct merging merging = {
		.job = job, .op = op, .image = base->image, .conf = base->conf};
	int r = merge(&merging, base, ret, err);

	if (r < 0)
		return r;
	log_debug(job->log, MODULE, "%zu entries, %zu of them ours; %zu of the image's are hidden",
		  merging.cache.entries.n, ret->added.n, merging.hidden);
	if (merging.hidden > 0)
		log_info(job->log, MODULE,
			 "%zu libraries that the image has itself are hidden from its loader: the "
			 "board's are found instead",
			 merging.hidden);
	if (merging.empty > 0)
		log_info(job->log, MODULE,
			 "the image's loader cache names %zu empty files, leftovers of another "
			 "GPU set-up: left out",
			 merging.empty);
	return 0;
}
