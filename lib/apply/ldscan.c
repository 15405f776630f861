/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldscan.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/ldconf.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/elfinfo.h"
#include "format/ldflags.h"
#include "format/ldset.h"
#include "sys/entry.h"
#include "sys/patience.h"
#include "sys/rootfs.h"
#include "sys/window.h"

#define MODULE        "ldscan"
#define HWCAPS        "glibc-hwcaps"
#define FIRST_HWCAPS  233u /* glibc with glibc-hwcaps */
#define LAST_VERSIONS 235u /* glibc whose ldconfig writes OS versions */

/* One directory being read. */
struct reading {
	struct ldscan *scan;
	const char *dir; /* its path; borrowed */
	const char *hwcaps;
	int fd;
	struct ldset set;
	struct strv names; /* what the set borrows */
};

void ldscan_done(struct ldscan *scan)
{
	vec_each(link, &scan->links)
	{
		free(link->path);
		free(link->text);
	}
	vec_done(&scan->links);
	vec_each(place, &scan->places) free(place->path);
	vec_done(&scan->places);
	strv_done(&scan->strings);
}

static void reading_done(struct reading *reading)
{
	ldset_done(&reading->set);
	strv_done(&reading->names);
}

/* ---- limits ---- */

static void stop(struct ldscan *scan, const char *limit)
{
	if (scan->stopped)
		return;
	scan->stopped = true;
	log_warn(scan->log, MODULE,
		 "the image's library directories are not read any further: %s; %zu names in %zu "
		 "directories were",
		 limit, scan->files, scan->scanned);
}

static bool may_go_on(struct ldscan *scan)
{
	if (scan->files >= LDSCAN_MAX_FILES)
		stop(scan, "there are too many names");
	else if (scan->bytes >= LDSCAN_MAX_BYTES)
		stop(scan, "the names are too long");
	else if (!patience_lasts(&scan->patience, LDSCAN_DEADLINE_MS))
		stop(scan, "it takes too long");
	return !scan->stopped;
}

/* ---- directories ---- */

/* 1 = is one, and not known yet. */
static int look_at_dir(struct ldscan *scan, const char *path, struct stat *ret, struct err *err)
{
	auto_fd fd = rootfs_open(scan->rootfd, path, O_PATH | O_DIRECTORY, NULL);

	if (fd < 0 && err_is_trouble(-fd))
		return err_sys(err, -fd, "look at '%s'", path);
	if (fd < 0 || fstat(fd, ret) < 0)
		return 0;
	vec_each(place, &scan->places)
	{
		if (place->dev == ret->st_dev && place->ino == ret->st_ino)
			return 0;
	}
	return 1;
}

static int add_place(struct ldscan *scan, const char *path, const char *hwcaps, struct err *err)
{
	struct ldscan_place *place;
	struct stat st;
	int r = look_at_dir(scan, path, &st, err);

	if (r <= 0)
		return r;
	if (scan->places.n >= LDSCAN_MAX_DIRS) {
		stop(scan, "there are too many directories");
		return 0;
	}
	place = vec_add(&scan->places);
	if (place == NULL)
		return err_nomem(err);
	place->dev = st.st_dev;
	place->ino = st.st_ino;
	place->path = strdup(path);
	if (place->path == NULL || (hwcaps != NULL && strv_add(&scan->strings, hwcaps) < 0))
		return err_nomem(err);
	place->hwcaps = hwcaps == NULL ? NULL : scan->strings.items[scan->strings.n - 1];
	return 0;
}

/* Sum of the old hardware directories at the end of a path, as ldconfig adds them up. */
static uint64_t hwcap_of(const struct ldscan *scan, const char *path)
{
	auto_free char *rest = strdup(path);
	uint64_t sum = 0;

	for (char *slash; rest != NULL && (slash = strrchr(rest, '/')) != NULL; *slash = '\0') {
		uint64_t bits = ldflags_hwcap(scan->machine, scan->glibc, slash + 1);

		if (bits == 0)
			break;
		sum += bits;
	}
	return sum;
}

/* ldconfig's own rule for names below glibc-hwcaps: ":" is what its command line splits at. */
static bool is_hwcaps_name(const char *name)
{
	return name[0] != '.' && strchr(name, ':') == NULL;
}

static int add_hwcaps(struct ldscan *scan, const char *dir, struct err *err)
{
	auto_free char *path = str_format("%s/" HWCAPS, dir);
	auto_dir list = NULL;
	const struct dirent *entry;
	int r = path == NULL ? err_nomem(err) : rootfs_list(scan->rootfd, path, &list, err);

	if (r < 0 || list == NULL)
		return r;
	while ((entry = readdir(list)) != NULL && may_go_on(scan)) {
		auto_free char *sub = NULL;

		scan->files++;
		if (!is_hwcaps_name(entry->d_name))
			continue;
		sub = str_format("%s/%s", path, entry->d_name);
		r = sub == NULL ? err_nomem(err) : add_place(scan, sub, entry->d_name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A directory that ld.so.conf or a caller names. */
static int add_main(struct ldscan *scan, const char *path, struct err *err)
{
	auto_free char *normal = path_normal(path);
	size_t before = scan->places.n;
	int r = normal == NULL ? err_nomem(err) : add_place(scan, normal, NULL, err);

	if (r < 0 || scan->places.n == before)
		return r;
	if (scan->glibc != 0 && scan->glibc < FIRST_HWCAPS)
		return 0;
	return add_hwcaps(scan, strcmp(normal, "/") == 0 ? "" : normal, err);
}

/* ---- files ---- */

/* Negative: it is not there, is no regular file, or that is not known. Links are followed in root.
 */
static int open_file(const struct reading *reading, const char *name, unsigned char type)
{
	auto_free char *path = NULL;

	if (type == DT_REG)
		return rootfs_open(reading->fd, name, O_RDONLY | O_NOFOLLOW | O_NOCTTY, NULL);
	path = str_format("%s/%s", reading->dir, name);
	return path == NULL ? -ENOMEM
			    : rootfs_open(reading->scan->rootfd, path, O_RDONLY | O_NOCTTY, NULL);
}

static bool needs_libc(const struct elfinfo *info)
{
	if (info->interp != NULL && ldflags_is_libc(info->interp))
		return true;
	for (size_t i = 0; i < info->needed.n; i++) {
		if (ldflags_is_libc(info->needed.items[i]))
			return true;
	}
	return false;
}

/* False: ldconfig would not take it. soname is the caller's to free. */
static bool take_facts(const struct ldscan *scan, struct elfinfo *info, struct ldset_file *ret)
{
	uint32_t flags = ldflags_of(info->machine, info->bits, info->flags);

	if (flags == 0 || info->type != ET_DYN || !info->dynamic ||
	    !ldflags_same_family(scan->machine, info->machine))
		return false;
	/* such a name would lead out of the directory, and no loader looks for it */
	if (info->soname != NULL && !path_is_name(info->soname))
		return false;
	ret->soname = info->soname;
	ret->machine = info->machine;
	ret->flags =
		ldflags_as_noted(flags, info->machine, info->flags, scan->glibc, needs_libc(info));
	if (scan->glibc != 0 && scan->glibc <= LAST_VERSIONS)
		ret->osversion = info->os_version;
	ret->isa_level = info->isa_level;
	return true;
}

static int keep(struct ldscan *scan, struct strv *strings, const char **text)
{
	if (*text == NULL)
		return 0;
	if (strv_add(strings, *text) < 0)
		return -ENOMEM;
	scan->bytes += strlen(*text);
	*text = strings->items[strings->n - 1];
	return 0;
}

static int read_file(struct reading *reading, const char *name, unsigned char type, struct err *err)
{
	auto_fd fd = open_file(reading, name, type);
	auto_done(elfinfo) struct elfinfo info = {0};
	struct ldset_file file = {.name = name, .is_link = type == DT_LNK};
	struct window window;
	struct stat st;
	int r;

	if (fd < 0 && err_is_trouble(-fd))
		return err_sys(err, -fd, "read '%s/%s'", reading->dir, name);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	window_init(&window, fd);
	r = elfinfo_parse_notes_by(window_read, &window, (uint64_t)st.st_size, &info, NULL);
	if (r == -ENOMEM)
		return err_nomem(err);
	if (r < 0 || !take_facts(reading->scan, &info, &file))
		return 0;
	if (keep(reading->scan, &reading->names, &file.name) < 0 ||
	    keep(reading->scan, &reading->names, &file.soname) < 0)
		return err_nomem(err);
	return ldset_add(&reading->set, &file, err);
}

/* File systems may leave the type open. */
static unsigned char type_of(const struct reading *reading, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (entry_stat(reading->fd, entry->d_name, &st) < 0)
		return DT_UNKNOWN;
	return (unsigned char)IFTODT(st.st_mode);
}

static int read_entry(struct reading *reading, const struct dirent *entry, struct err *err)
{
	struct ldscan *scan = reading->scan;
	const char *name = entry->d_name;
	unsigned char type;

	if (reading->hwcaps == NULL && ldflags_hwcap(scan->machine, scan->glibc, name) != 0) {
		auto_free char *sub = str_format("%s/%s", reading->dir, name);

		return sub == NULL ? err_nomem(err) : add_place(scan, sub, NULL, err);
	}
	if (!ldset_wants(name))
		return 0;
	type = type_of(reading, entry);
	return type == DT_REG || type == DT_LNK ? read_file(reading, name, type, err) : 0;
}

/* ---- entries ---- */

/* Does the name lead to nothing? Only of a link it has to be found out by its path. */
static bool is_missing(const struct reading *reading, const char *name, const char *path)
{
	auto_fd fd = -1;
	struct stat st;

	if (entry_stat(reading->fd, name, &st) < 0)
		return errno == ENOENT;
	if (!S_ISLNK(st.st_mode))
		return false;
	fd = rootfs_open(reading->scan->rootfd, path, O_PATH, NULL);
	return fd == -ENOENT;
}

/* The entry names DIR/SONAME: ldconfig makes that where it is missing. */
static int note_link(struct reading *reading, const struct ldset_item *item, const char *path,
		     struct err *err)
{
	struct ldscan_link *link;

	if (!is_missing(reading, item->soname, path))
		return 0;
	link = vec_add(&reading->scan->links);
	if (link == NULL)
		return err_nomem(err);
	link->entry = reading->scan->cache->entries.n - 1;
	link->path = strdup(path);
	link->text = strdup(item->name);
	reading->scan->bytes += strlen(path) + strlen(item->name);
	return link->path == NULL || link->text == NULL ? err_nomem(err) : 0;
}

static int add_item(struct reading *reading, const struct ldset_item *item, uint64_t hwcap,
		    struct err *err)
{
	struct ldscan *scan = reading->scan;
	/* no time to ask for links: the file itself is there for sure */
	bool direct = reading->hwcaps != NULL || !may_go_on(scan);
	const char *name = direct ? item->name : item->soname;
	struct ldcache_entry entry = {
		.key = item->soname,
		.flags = item->flags,
		.osversion = item->osversion,
		.hwcap = hwcap,
		.hwcaps = reading->hwcaps,
		.isa_level = reading->hwcaps == NULL ? 0 : item->isa_level,
	};
	int r;

	if (keep(scan, &scan->strings, &entry.key) < 0 ||
	    strv_addf(&scan->strings, "%s/%s", reading->dir, name) < 0)
		return err_nomem(err);
	entry.value = scan->strings.items[scan->strings.n - 1];
	scan->bytes += strlen(entry.value);
	r = ldcache_add(scan->cache, &entry, NULL);
	if (r == -ENOMEM)
		return err_nomem(err);
	if (r == -EFBIG)
		stop(scan, "there are too many libraries");
	if (r < 0 || strcmp(name, item->name) == 0)
		return 0;
	return note_link(reading, item, entry.value, err);
}

static int read_place(struct ldscan *scan, size_t index, struct err *err)
{
	const struct ldscan_place *place = &scan->places.items[index];
	/* a copy: places may move */
	auto_free char *path = strdup(strcmp(place->path, "/") == 0 ? "" : place->path);
	auto_done(reading) struct reading reading = {
		.scan = scan,
		.dir = path,
		.hwcaps = place->hwcaps,
		.set = {.unsigned_chars = ldflags_unsigned_chars(scan->machine)},
	};
	auto_dir list = NULL;
	uint64_t hwcap = place->hwcaps == NULL ? hwcap_of(scan, place->path) : 0;
	const struct dirent *entry;
	int r = path == NULL ? err_nomem(err) : rootfs_list(scan->rootfd, place->path, &list, err);

	if (r < 0 || list == NULL)
		return r;
	reading.fd = dirfd(list);
	while (r == 0 && may_go_on(scan) && (entry = readdir(list)) != NULL) {
		scan->files++;
		r = read_entry(&reading, entry, err);
	}
	vec_each(item, &reading.set.items)
	{
		if (r == 0 && scan->bytes < LDSCAN_MAX_BYTES)
			r = add_item(&reading, item, hwcap, err);
	}
	return r;
}

static int read_places(struct ldscan *scan, struct err *err)
{
	int r = 0;

	while (r == 0 && scan->scanned < scan->places.n && may_go_on(scan))
		r = read_place(scan, scan->scanned++, err);
	return r;
}

int ldscan_dir(struct ldscan *scan, const char *path, struct err *err)
{
	int r = add_main(scan, path, err);

	return r < 0 ? r : read_places(scan, err);
}

static int add_mains(struct ldscan *scan, const struct strv *dirs, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < dirs->n && may_go_on(scan); i++)
		r = add_main(scan, dirs->items[i], err);
	return r;
}

int ldscan_all(struct ldscan *scan, const struct strv *first, struct err *err)
{
	auto_done(ldconf) struct ldconf conf = {0};
	auto_done(strv) struct strv system = {0};
	int r = ldconf_read(scan->rootfd, scan->machine, &conf, err);

	if (r == 0)
		r = ldconf_system_dirs(scan->rootfd, scan->machine, &system, err);
	if (r < 0)
		return r;
	if (conf.cut)
		log_warn(scan->log, MODULE,
			 "'" LDCONF_PATH "' of the image is too long or includes too much: what "
			 "is over %u files, %u levels, %u directories or %u bytes is left out",
			 LDCONF_MAX_FILES, LDCONF_MAX_DEPTH, LDCONF_MAX_DIRS, LDCONF_MAX_TOTAL);
	r = add_mains(scan, first, err);
	if (r == 0)
		r = add_mains(scan, &conf.dirs, err);
	if (r == 0)
		r = add_mains(scan, &system, err);
	return r < 0 ? r : read_places(scan, err);
}
