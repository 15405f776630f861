/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for struct world, and looks at what became of it. */
#ifndef UNIT_APPLYPLAN_H
#define UNIT_APPLYPLAN_H

#include <dirent.h>
#include <elf.h>

#include "applyworld.h"
#include "base/str.h"
#include "sys/kfeature.h"

static inline struct op *add(struct world *world, enum op_kind kind, const char *source,
			     const char *target)
{
	struct op *op = vec_add(&world->plan->ops);

	assert_non_null(op);
	op->kind = kind;
	op->row = NO_ROW;
	op->source = source == NULL ? NULL : strdup(source);
	op->target = target == NULL ? NULL : strdup(target);
	op->flags = OP_RDONLY | OP_NOSUID | OP_NODEV;
	if (kind == OP_DEVICE) {
		op->flags = OP_NOSUID | OP_NOEXEC;
		op->rdev = makedev(1, 3);
	}
	return op;
}

static inline void add_link(struct world *world, const char *target, const char *text)
{
	add(world, OP_LINK, NULL, target)->link = strdup(text);
}

static inline int apply(struct world *world, struct apply_stats *stats, struct err *err)
{
	return apply_plan(world->plan, &world->host, &world->settings, &world->target, NULL, stats,
			  err);
}

static inline void apply_well(struct world *world, struct apply_stats *stats)
{
	struct err err = {0};

	if (apply(world, stats, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void revert_well(struct world *world)
{
	struct err err = {0};

	if (apply_revert(&(struct apply_target){.id = ID}, &world->settings, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void add_some(struct world *world)
{
	struct op *file;

	add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/liba.so.1.1");
	add(world, OP_BIND, "/lib/libb.so.1", "/usr/lib/old.so");
	add(world, OP_BIND, "/lib/sub", "/opt/sub")->flags |= OP_DIR;
	add(world, OP_BIND, "/lib/sub", "/usr/lib/linkdir")->flags |= OP_DIR;
	add(world, OP_DEVICE, "/dev/gpu0", "/dev/gpu0");
	add_link(world, "/opt/new/liba.so.1", "liba.so.1.1");
	add_link(world, "/usr/lib/away.so", "old.so");
	file = add(world, OP_FILE, NULL, "/etc/note");
	file->content = strdup("made by us\n");
	file->mode = 0444;
}

/* A loader for x86-64 in the image, and an operation with one library for it. */
static inline void add_loadable(struct world *world)
{
	struct op *op = add(world, OP_LDCACHE, NULL, NULL);
	struct op_library *library = vec_add(&op->libraries);

	must(mkdir(in(world, "rootfs/lib64"), 0755));
	put(in(world, "rootfs/lib64/ld-linux-x86-64.so.2"), "loader");
	assert_non_null(library);
	*library = (struct op_library){.soname = strdup("libx.so.1"),
				       .path = strdup("/opt/lib/libx.so.1"),
				       .file = strdup("/opt/lib/libx.so.1"),
				       .machine = EM_X86_64,
				       .flags = 0x0303};
	assert_int_equal(strv_add(&op->dirs, "/opt/lib"), 0);
}

/* Names and types of a tree, and what facts() says of each. Times and sizes of directories change
 * when something is made in them and taken away again. */
static inline void list_with(struct strbuf *buf, const char *path,
			     void (*facts)(struct strbuf *buf, const struct stat *st))
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		auto_free struct dirent *name = names[i];
		auto_free char *below = str_format("%s/%s", path, name->d_name);
		struct stat st;

		if (strcmp(name->d_name, ".") == 0 || strcmp(name->d_name, "..") == 0 ||
		    lstat(below, &st) < 0)
			continue;
		strbuf_addf(buf, "%s %o ", below, st.st_mode);
		facts(buf, &st);
		strbuf_addc(buf, '\n');
		if (S_ISDIR(st.st_mode))
			list_with(buf, below, facts);
	}
	free(names);
}

static inline void inode_of(struct strbuf *buf, const struct stat *st)
{
	strbuf_addf(buf, "%lu %lu", (unsigned long)st->st_ino,
		    S_ISDIR(st->st_mode) ? 0ul : (unsigned long)st->st_size);
}

static inline void times_of(struct strbuf *buf, const struct stat *st)
{
	strbuf_addf(buf, "%u:%u", st->st_uid, st->st_gid);
	if (!S_ISDIR(st->st_mode))
		strbuf_addf(buf, " %lld %lld.%ld", (long long)st->st_size,
			    (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static inline void list_tree(struct strbuf *buf, const char *path)
{
	list_with(buf, path, inode_of);
}

/* Owners, sizes and times instead of inodes: a file that was put back is another one. */
static inline void list_image(struct strbuf *buf, const char *path)
{
	list_with(buf, path, times_of);
}

/* A line of a mountinfo: other tests mount things below /tmp, which go when their folders do. */
static inline bool is_of_another_test(const struct world *world, const char *line)
{
	return strstr(line, " /tmp/") != NULL && strstr(line, world->dir) == NULL;
}

/* The rootfs, the volume, the state and the mounts of the container, the host's own too. */
static inline char *snapshot(const struct world *world)
{
	const char *const files[] = {"/proc/self/mountinfo", NULL};
	struct strbuf buf = {0};
	auto_free char *other = str_format("/proc/%d/mountinfo", (int)world->container);

	list_tree(&buf, inside(world, ""));
	list_tree(&buf, in(world, "rootfs"));
	list_tree(&buf, in(world, "volume"));
	list_tree(&buf, in(world, "state"));
	for (int i = 0; i < 2; i++) {
		auto_file file = fopen(i == 0 ? files[0] : other, "re");
		char line[4096];

		while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
			if (!is_of_another_test(world, line))
				strbuf_adds(&buf, line);
		}
	}
	return strbuf_take(&buf);
}

/* The mounts of this process. */
static inline char *own_mounts(void)
{
	auto_file file = fopen("/proc/self/mountinfo", "re");
	struct strbuf buf = {0};
	char line[4096];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		strbuf_adds(&buf, line);
	return strbuf_take(&buf);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* From now on, as on Linux 4.9. */
static inline void use_old_calls(void)
{
	kfeature_missing(KFEATURE_OPENAT2);
	kfeature_missing(KFEATURE_OPEN_TREE);
	kfeature_missing(KFEATURE_MOVE_MOUNT);
	kfeature_missing(KFEATURE_MOUNT_SETATTR);
	kfeature_missing(KFEATURE_FSOPEN);
}

#endif
