/* SPDX-License-Identifier: Apache-2.0 */
#include "host/devnodes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/str.h"
#include "host/nodes.h"
#include "host/places.h"
#include "host/proctext.h"
#include "sys/entry.h"

#define DEVNODES_DRIVERS   "/proc/devices"
#define DEVNODES_MISC_FILE "/proc/misc"

static const struct {
	const char *name;  /* in /proc/devices; NULL: always this number */
	const char *other; /* NULL, or what other releases of the driver write there */
	unsigned major;
} classes[] = {
	[DEVNODES_NVIDIA] = {NULL, NULL, 195},
	[DEVNODES_MISC] = {NULL, NULL, 10},
	[DEVNODES_DRM] = {NULL, NULL, 226},
	[DEVNODES_UVM] = {"nvidia-uvm", NULL, 0},
	[DEVNODES_CAPS] = {"nvidia-caps", NULL, 0},
	[DEVNODES_CHANNELS] = {"nvidia-caps-imex-channels", NULL, 0},
	[DEVNODES_NVSWITCH] = {"nvidia-nvswitch", NULL, 0},
	[DEVNODES_GDS] = {"nvidia-fs", "nvidia-fs0", 0},
	[DEVNODES_GDRCOPY] = {"gdrdrv", NULL, 0},
	[DEVNODES_VERBS] = {"infiniband_verbs", NULL, 0},
};

int devnodes_open(struct devnodes *nodes, const struct host *host, struct inventory *inv,
		  struct err *err)
{
	int rc;

	*nodes = (struct devnodes){.host = host, .inv = inv};
	dircache_init(&nodes->cache, host);
	trust_again(&nodes->trust, &host->trust);
	rc = proctext_read(host, DEVNODES_DRIVERS, NODES_MAX_BYTES, &nodes->drivers,
			   &nodes->drivers_len, err);
	return rc < 0 ? rc : 0;
}

void devnodes_done(struct devnodes *nodes)
{
	if (nodes->told > DEVNODES_MAX_TOLD)
		log_warn(nodes->host->log, "host", "%zu more objects of the driver are left out",
			 nodes->told - DEVNODES_MAX_TOLD);
	dircache_done(&nodes->cache);
	free(nodes->drivers);
	nodes->drivers = NULL;
	nodes->told = 0;
}

static bool devnodes_find(const struct devnodes *nodes, const char *name, unsigned *ret)
{
	return name != NULL && nodes->drivers != NULL &&
	       procfs_char_major(nodes->drivers, nodes->drivers_len, name, ret) == 1;
}

bool devnodes_major(const struct devnodes *nodes, enum devnodes_class class, unsigned *ret)
{
	if (classes[class].name != NULL)
		return devnodes_find(nodes, classes[class].name, ret) ||
		       devnodes_find(nodes, classes[class].other, ret);
	*ret = classes[class].major;
	return true;
}

/* ---- parts ---- */

struct part devnodes_begin(const struct devnodes *nodes, enum part_kind kind)
{
	return (struct part){
		.kind = kind, .gpu = NO_INDEX, .mig = NO_INDEX, .first_item = nodes->inv->items.n};
}

void devnodes_drop(struct devnodes *nodes, const struct part *part)
{
	while (nodes->inv->items.n > part->first_item)
		item_done(&nodes->inv->items.items[--nodes->inv->items.n]);
}

int devnodes_end(struct devnodes *nodes, struct part *part, const char *name, const char *why,
		 struct err *err)
{
	struct part *given;

	part->n_items = nodes->inv->items.n - part->first_item;
	if (part->n_items == 0)
		return 0;
	given = vec_add(&nodes->inv->driver.parts);
	if (given == NULL)
		return err_nomem(err);
	*given = *part;
	given->name = strdup(name);
	given->why = strdup(why);
	return given->name == NULL || given->why == NULL ? err_nomem(err) : 1;
}

int devnodes_lack(struct devnodes *nodes, unsigned caps, const char *name, const char *reason,
		  struct err *err)
{
	struct lack *lack = vec_add(&nodes->inv->driver.lacks);

	if (lack == NULL)
		return err_nomem(err);
	lack->caps = caps;
	lack->name = strdup(name);
	lack->reason = strdup(reason);
	return lack->name == NULL || lack->reason == NULL ? err_nomem(err) : 0;
}

int devnodes_lack_last(struct devnodes *nodes, unsigned caps, const char *path, struct err *err)
{
	return devnodes_lack(nodes, caps, path, nodes->refused ? "is something else" : "not there",
			     err);
}

/* ---- objects ---- */

/* Says once why an object is left out. */
__attribute__((format(printf, 3, 4))) static int
devnodes_refuse(struct devnodes *nodes, const char *path, const char *fmt, ...)
{
	char text[256];
	va_list args;

	nodes->refused = true;
	if (nodes->told++ >= DEVNODES_MAX_TOLD)
		return 0;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_warn(nodes->host->log, "host", "'%s' is left out: it %s", path, text);
	return 0;
}

/* 1 = there, with the directory that holds it. */
static int devnodes_look(struct devnodes *nodes, unsigned root, const char *path, struct stat *ret,
			 int *ret_dir, struct err *err)
{
	const char *name = path_basename(path);
	const struct dircache_entry *dir = NULL;
	int rc = dircache_get(&nodes->cache, root, path, (size_t)(name - path) - 1, &dir, err);

	nodes->refused = false;
	if (rc < 0)
		return rc;
	if (dir->error != 0)
		return 0;
	*ret_dir = dir->fd;
	if (entry_stat(dir->fd, name, ret) == 0)
		return 1;
	return err_is_trouble(errno) ? err_sys(err, errno, "look at '%s'", path) : 0;
}

/* What is on the machine keeps its path, but for what path-map moves of the driver's. */
static int devnodes_add(struct devnodes *nodes, unsigned root, const char *path,
			const struct stat *st, struct item **ret, struct err *err)
{
	struct item *item = vec_add(&nodes->inv->items);

	if (item == NULL)
		return err_nomem(err);
	*item = (struct item){
		.kind = S_ISCHR(st->st_mode)   ? ITEM_DEVICE
			: S_ISDIR(st->st_mode) ? ITEM_DIR
			: S_ISLNK(st->st_mode) ? ITEM_LINK
					       : ITEM_FILE,
		.root = root,
		.source = strdup(path),
		.target = root == ROOT_DRIVER ? places_target(nodes->host->settings, path)
					      : strdup(path),
		.rdev = S_ISCHR(st->st_mode) ? st->st_rdev : 0,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
	};
	if (ret != NULL)
		*ret = item;
	return item->source == NULL || item->target == NULL ? err_nomem(err) : 1;
}

/* Why the node is not what it should be; NULL = it is. */
static const char *devnodes_fault(const struct devnodes *nodes, enum devnodes_class class, int want,
				  dev_t rdev, char *text, size_t size)
{
	const char *name = classes[class].name;
	char driver[64] = "";
	unsigned expected;

	if (!devnodes_major(nodes, class, &expected)) {
		(void)snprintf(text, size,
			       "is character device %u:%u, and no driver '%s' is loaded",
			       major(rdev), minor(rdev), name);
		return text;
	}
	if (major(rdev) == expected && (want == DEVNODES_ANY || minor(rdev) == (unsigned)want))
		return NULL;
	if (nodes->drivers != NULL)
		(void)procfs_char_stranger(nodes->drivers, nodes->drivers_len, major(rdev),
					   "nvidia", driver, sizeof(driver));
	if (want == DEVNODES_ANY)
		(void)snprintf(text, size, "is character device %u:%u%s%s%s, not of major %u",
			       major(rdev), minor(rdev), driver[0] == '\0' ? "" : " of '", driver,
			       driver[0] == '\0' ? "" : "'", expected);
	else
		(void)snprintf(text, size, "is character device %u:%u%s%s%s, not %u:%d",
			       major(rdev), minor(rdev), driver[0] == '\0' ? "" : " of '", driver,
			       driver[0] == '\0' ? "" : "'", expected, want);
	return text;
}

int devnodes_add_node(struct devnodes *nodes, const char *path, enum devnodes_class class,
		      int minor, struct err *err)
{
	const char *fault;
	char text[200];
	struct stat st;
	int dir;
	int rc = devnodes_look(nodes, ROOT_DRIVER, path, &st, &dir, err);

	if (rc <= 0)
		return rc;
	if (!S_ISCHR(st.st_mode))
		return devnodes_refuse(nodes, path, "is a %s, not a character device",
				       entry_type_name(st.st_mode));
	fault = devnodes_fault(nodes, class, minor, st.st_rdev, text, sizeof(text));
	if (fault != NULL)
		return devnodes_refuse(nodes, path, "%s", fault);
	return devnodes_add(nodes, ROOT_DRIVER, path, &st, NULL, err);
}

int devnodes_add_later(struct devnodes *nodes, const char *path, enum devnodes_class class,
		       unsigned minor, struct err *err)
{
	struct stat st = {.st_mode = S_IFCHR};
	struct item *item = NULL;
	unsigned major;
	int rc;

	if (!devnodes_major(nodes, class, &major))
		return 0;
	st.st_rdev = makedev(major, minor);
	rc = devnodes_add(nodes, ROOT_DRIVER, path, &st, &item, err);
	if (rc > 0)
		item->later = true;
	return rc;
}

int devnodes_add_misc(struct devnodes *nodes, const char *path, const char *name, struct err *err)
{
	auto_free char *text = NULL;
	unsigned minor = 0;
	struct stat st;
	size_t len = 0;
	int dir;
	int rc = devnodes_look(nodes, ROOT_DRIVER, path, &st, &dir, err);

	if (rc <= 0)
		return rc;
	rc = proctext_read(nodes->host, DEVNODES_MISC_FILE, NODES_MAX_BYTES, &text, &len, err);
	if (rc < 0)
		return rc;
	if (rc == 0 || procfs_misc_minor(text, len, name, &minor) == 0)
		return devnodes_refuse(nodes, path, "is there, and no driver '%s' is", name);
	return devnodes_add_node(nodes, path, DEVNODES_MISC, (int)minor, err);
}

int devnodes_add_link(struct devnodes *nodes, const char *path, const char *text, struct err *err)
{
	char found[PATH_MAX];
	struct item *item = NULL;
	struct stat st;
	ssize_t n;
	int dir;
	int rc = devnodes_look(nodes, ROOT_DRIVER, path, &st, &dir, err);

	if (rc <= 0)
		return rc;
	if (!S_ISLNK(st.st_mode))
		return devnodes_refuse(nodes, path, "is a %s, not a link",
				       entry_type_name(st.st_mode));
	n = entry_readlink(dir, path_basename(path), found, sizeof(found));
	if (n != (ssize_t)strlen(text) || memcmp(found, text, (size_t)n) != 0)
		return devnodes_refuse(nodes, path, "does not lead to '%s'", text);
	rc = devnodes_add(nodes, ROOT_DRIVER, path, &st, &item, err);
	if (rc < 0)
		return rc;
	item->link = strdup(text);
	return item->link == NULL ? err_nomem(err) : 1;
}

int devnodes_add_object(struct devnodes *nodes, unsigned root, const char *path,
			enum item_kind kind, struct err *err)
{
	mode_t type = kind == ITEM_DIR ? S_IFDIR : S_IFREG;
	const char *fault;
	struct stat st;
	int dir;
	int rc = devnodes_look(nodes, root, path, &st, &dir, err);

	if (rc <= 0)
		return rc;
	if ((st.st_mode & S_IFMT) != type)
		return devnodes_refuse(nodes, path, "is a %s, not a %s",
				       entry_type_name(st.st_mode), item_kind_name(kind));
	fault = trust_fault(&nodes->trust, &st);
	if (fault != NULL)
		return devnodes_refuse(nodes, path, "%s", fault);
	return devnodes_add(nodes, root, path, &st, NULL, err);
}
