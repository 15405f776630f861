/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Literal plans in a mount namespace of the test's own, with a process in a second one that stands
 * for a container which was created and not started. Everything runs twice: with the new mount
 * calls and without them.
 */
#include "apply/apply.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apply/record.h"
#include "base/auto.h"
#include "base/str.h"
#include "sys/kfeature.h"
#include "sys/rootfs.h"

#define ID "c1"

struct world {
	char dir[64]; /* a tmpfs: host/ rootfs/ volume/ state/ */
	char *rootfs;
	char *state_dir;
	pid_t container;
	struct host host;
	struct settings settings;
	struct plan *plan;
	struct apply_target target;
};

static void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", strerror(errno));
}

static const char *in(const struct world *world, const char *below)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", world->dir, below);
	return path;
}

/* As the container sees its rootfs. */
static const char *inside(const struct world *world, const char *below)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "/proc/%d/root%s/rootfs%s", (int)world->container,
		       world->dir, below);
	return path;
}

static void put(const char *path, const char *text)
{
	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void has_text(const char *path, const char *text)
{
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[256] = "";

	if (fd < 0)
		fail_msg("'%s': %s", path, strerror(errno));
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	assert_string_equal(buf, text);
}

static void has_link(const char *path, const char *text)
{
	char buf[256] = "";

	if (readlink(path, buf, sizeof(buf) - 1) < 0)
		fail_msg("'%s': %s", path, strerror(errno));
	assert_string_equal(buf, text);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* The container: a mount namespace, the rootfs as a mount, a /dev of its own, a volume. */
static void container_main(const struct world *world, int ready)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(world->rootfs, world->rootfs, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount("dev", in(world, "rootfs/dev"), "tmpfs", MS_NOSUID, "size=64k,mode=755") < 0 ||
	    mount(in(world, "volume"), in(world, "rootfs/volume"), NULL, MS_BIND, NULL) < 0 ||
	    write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static void start_container(struct world *world)
{
	int ready[2];
	char byte = 0;

	must(pipe2(ready, O_CLOEXEC));
	world->container = fork();
	must(world->container);
	if (world->container == 0)
		container_main(world, ready[1]);
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	world->target.pid = world->container;
}

static void make_board(const struct world *world)
{
	must(mkdir(in(world, "host"), 0755));
	must(mkdir(in(world, "host/lib"), 0755));
	must(mkdir(in(world, "host/lib/sub"), 0755));
	must(mkdir(in(world, "host/dev"), 0755));
	put(in(world, "host/lib/liba.so.1.1"), "host a");
	put(in(world, "host/lib/libb.so.1"), "host b");
	put(in(world, "host/lib/sub/data"), "host data");
	must(mknod(in(world, "host/dev/gpu0"), S_IFCHR | 0666, makedev(1, 3)));
	must(mknod(in(world, "host/dev/gpu1"), S_IFCHR | 0666, makedev(1, 5)));
}

static void make_rootfs(const struct world *world)
{
	static const char *const dirs[] = {
		"rootfs",         "rootfs/dev",          "rootfs/volume",  "rootfs/usr",
		"rootfs/usr/lib", "rootfs/usr/lib/have", "rootfs/usr/dir", "volume"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		must(mkdir(in(world, dirs[i]), 0755));
	put(in(world, "rootfs/usr/lib/old.so"), "image old");
	put(in(world, "rootfs/usr/lib/empty.so"), "");
	must(symlink("old.so", in(world, "rootfs/usr/lib/link.so")));
	must(symlink("/etc/passwd", in(world, "rootfs/usr/lib/away.so")));
	must(symlink("/usr/dir", in(world, "rootfs/usr/lib/linkdir")));
	must(symlink("../../../../../../..", in(world, "rootfs/usr/lib/out")));
	put(in(world, "volume/there"), "volume there");
}

static int setup(void **state)
{
	struct world *world;

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	world = calloc(1, sizeof(*world));
	(void)snprintf(world->dir, sizeof(world->dir), "/tmp/test_apply.XXXXXX");
	must(unshare(CLONE_NEWNS));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	if (mkdtemp(world->dir) == NULL)
		fail();
	must(mount("test", world->dir, "tmpfs", 0, "mode=755"));
	make_board(world);
	make_rootfs(world);
	world->rootfs = strdup(in(world, "rootfs"));
	world->state_dir = strdup(in(world, "state"));
	for (size_t i = 0; i < ROOT_MAX; i++)
		world->host.fds[i] = -1;
	world->host.fds[0] = open(in(world, "host"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(world->host.fds[0]);
	world->settings.state_dir = world->state_dir;
	world->settings.ldconfig = strdup("@/sbin/ldconfig");
	world->plan = plan_new();
	world->target =
		(struct apply_target){.rootfs = world->rootfs, .id = ID, .devices_granted = true};
	start_container(world);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	if (world == NULL)
		return 0;
	(void)kill(world->container, SIGKILL);
	(void)waitpid(world->container, NULL, 0);
	(void)close(world->host.fds[0]);
	plan_free(world->plan);
	free(world->settings.ldconfig);
	(void)umount2(world->dir, MNT_DETACH);
	(void)rmdir(world->dir);
	free(world->rootfs);
	free(world->state_dir);
	free(world);
	return 0;
}

static struct world *need_root(void **state)
{
	if (*state == NULL) {
		print_message("skipped: needs root\n");
		skip();
	}
	return *state;
}

static struct op *add(struct world *world, enum op_kind kind, const char *source,
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

static void add_link(struct world *world, const char *target, const char *text)
{
	add(world, OP_LINK, NULL, target)->link = strdup(text);
}

static int apply(struct world *world, struct apply_stats *stats, struct err *err)
{
	return apply_plan(world->plan, &world->host, &world->settings, &world->target, NULL, stats,
			  err);
}

static void apply_well(struct world *world, struct apply_stats *stats)
{
	struct err err = {0};

	if (apply(world, stats, &err) < 0)
		fail_msg("%s", err.msg);
}

static void revert_well(struct world *world)
{
	struct err err = {0};

	if (apply_revert(ID, NULL, &world->settings, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Names, types, inodes, sizes and link texts of a tree; times and sizes of directories change when
 * something is made in them and taken away again. */
static void list_tree(struct strbuf *buf, const char *path)
{
	auto_dir dir = opendir(path);
	struct dirent **names = NULL;
	int n = dir == NULL ? 0 : scandir(path, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		auto_free char *below = str_format("%s/%s", path, names[i]->d_name);
		auto_free struct dirent *name = names[i];
		struct stat st;

		if (strcmp(name->d_name, ".") == 0 || strcmp(name->d_name, "..") == 0 ||
		    lstat(below, &st) < 0)
			continue;
		strbuf_addf(buf, "%s %o %lu %lu\n", below, st.st_mode, (unsigned long)st.st_ino,
			    S_ISDIR(st.st_mode) ? 0ul : (unsigned long)st.st_size);
		if (S_ISDIR(st.st_mode))
			list_tree(buf, below);
	}
	free(names);
}

/* The rootfs, the volume, the state and the mounts of the container, the host's own too. */
static char *snapshot(const struct world *world)
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

		while (file != NULL && fgets(line, sizeof(line), file) != NULL)
			strbuf_adds(&buf, line);
	}
	return strbuf_take(&buf);
}

static void has_flags(const char *path, unsigned long flags)
{
	struct statvfs fs;

	must(statvfs(path, &fs));
	assert_int_equal(fs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC), flags);
}

/* ---- the operations ---- */

static void apply_bind_on_absent_file_makes_a_placeholder(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	struct stat st;

	add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/liba.so.1.1");
	add(world, OP_BIND, "/lib/libb.so.1", "/opt/new/libb.so.1");
	apply_well(world, &stats);

	has_text(inside(world, "/opt/new/liba.so.1.1"), "host a");
	has_text(inside(world, "/opt/new/libb.so.1"), "host b");
	has_flags(inside(world, "/opt/new/libb.so.1"), ST_RDONLY | ST_NOSUID | ST_NODEV);
	assert_int_equal(stats.binds, 2);
	assert_int_equal(stats.placeholders, 2);
	assert_int_equal(stats.inodes, 3); /* two directories, one file */
	must(lstat(in(world, "rootfs/opt/new/liba.so.1.1"), &st));
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mtim.tv_sec, RECORD_MARK);
}

static void apply_bind_covers_what_the_image_has(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/old.so");
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/empty.so");
	add(world, OP_BIND, "/lib/libb.so.1", "/usr/lib/away.so");
	apply_well(world, &stats);

	has_text(inside(world, "/usr/lib/old.so"), "host a");
	has_text(inside(world, "/usr/lib/empty.so"), "host a");
	has_text(inside(world, "/usr/lib/away.so"), "host b");
	assert_int_equal(stats.placeholders, 0);
	has_text(in(world, "rootfs/usr/lib/old.so"), "image old");
	has_link(in(world, "rootfs/usr/lib/away.so"), "/etc/passwd");
}

static void apply_bind_if_absent_keeps_what_the_image_has(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/old.so")->flags |= OP_IF_ABSENT;
	apply_well(world, &stats);

	has_text(inside(world, "/usr/lib/old.so"), "image old");
	assert_int_equal(stats.kept, 1);
}

static void apply_directory_is_bound_where_its_link_leads_inside(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/sub", "/opt/sub")->flags |= OP_DIR;
	add(world, OP_BIND, "/lib/sub", "/usr/lib/linkdir")->flags |= OP_DIR;
	apply_well(world, NULL);

	has_text(inside(world, "/opt/sub/data"), "host data");
	has_text(inside(world, "/usr/dir/data"), "host data");
	has_link(inside(world, "/usr/lib/linkdir"), "/usr/dir");
}

static void apply_targets_through_links_stay_inside(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/out/tmp/x/liba.so");
	apply_well(world, NULL);

	has_text(inside(world, "/tmp/x/liba.so"), "host a");
	assert_false(is_there("/tmp/x/liba.so"));
}

static void apply_device_is_bound_and_an_equal_node_is_kept(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	struct stat st;

	must(mknod(inside(world, "/dev/gpu1"), S_IFCHR | 0600, makedev(1, 5)));
	put(inside(world, "/dev/gpu2"), "a file");
	add(world, OP_DEVICE, "/dev/gpu0", "/dev/gpu0");
	add(world, OP_DEVICE, "/dev/gpu1", "/dev/gpu1")->rdev = makedev(1, 5);
	add(world, OP_DEVICE, "/dev/gpu0", "/dev/gpu2");
	apply_well(world, &stats);

	must(stat(inside(world, "/dev/gpu0"), &st));
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	has_flags(inside(world, "/dev/gpu0"), ST_NOSUID | ST_NOEXEC);
	must(stat(inside(world, "/dev/gpu2"), &st));
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	assert_int_equal(stats.devices, 2);
	assert_int_equal(stats.kept, 1);
}

static void apply_link_is_made_kept_or_covered(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add_link(world, "/usr/lib/new.so", "old.so");
	add_link(world, "/usr/lib/link.so", "old.so");
	add_link(world, "/usr/lib/away.so", "old.so");
	add_link(world, "/usr/lib/empty.so", "old.so");
	apply_well(world, &stats);

	has_link(inside(world, "/usr/lib/new.so"), "old.so");
	has_link(inside(world, "/usr/lib/link.so"), "old.so");
	has_link(inside(world, "/usr/lib/away.so"), "old.so");
	has_link(inside(world, "/usr/lib/empty.so"), "old.so");
	has_link(in(world, "rootfs/usr/lib/away.so"), "/etc/passwd");
	assert_int_equal(stats.links, 3);
	assert_int_equal(stats.kept, 1);
}

static void apply_link_leaves_a_directory_of_the_image(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add_link(world, "/usr/lib/have", "../dir");
	apply_well(world, &stats);

	assert_int_equal(stats.kept, 1);
	assert_true(is_there(inside(world, "/usr/lib/have/.")));
}

static void apply_file_has_our_content(void **state)
{
	struct world *world = need_root(state);
	struct op *op = add(world, OP_FILE, NULL, "/etc/note");
	struct apply_stats stats = {0};

	op->content = strdup("made by us\n");
	op->mode = 0444;
	apply_well(world, &stats);

	has_text(inside(world, "/etc/note"), "made by us\n");
	has_text(in(world, "rootfs/etc/note"), "");
	assert_int_equal(stats.files, 1);
}

/* ---- twice, and back ---- */

static void add_some(struct world *world)
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

static void apply_twice_changes_nothing_more(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	auto_free char *first = NULL;
	auto_free char *second = NULL;

	world->target.id = NULL;
	add_some(world);
	apply_well(world, NULL);
	first = snapshot(world);
	apply_well(world, &stats);
	second = snapshot(world);

	assert_string_equal(first, second);
	assert_int_equal(stats.kept, 8);
	assert_int_equal(stats.binds + stats.devices + stats.links + stats.files, 0);
}

static void apply_then_revert_leaves_the_image_as_it_was(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};

	list_tree(&before, in(world, "rootfs"));
	add_some(world);
	apply_well(world, NULL);
	assert_true(is_there(in(world, "state/" ID ".state")));
	(void)kill(world->container, SIGKILL);
	(void)waitpid(world->container, NULL, 0);
	revert_well(world);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
	assert_false(is_there(in(world, "state/" ID ".state")));
	start_container(world);
}

static void apply_revert_leaves_what_is_not_ours(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/liba.so.1.1");
	add_link(world, "/opt/new/link", "x");
	apply_well(world, NULL);
	(void)kill(world->container, SIGKILL);
	(void)waitpid(world->container, NULL, 0);
	must(unlink(in(world, "rootfs/opt/new/liba.so.1.1")));
	put(in(world, "rootfs/opt/new/liba.so.1.1"), "the container's");
	must(unlink(in(world, "rootfs/opt/new/link")));
	must(symlink("y", in(world, "rootfs/opt/new/link")));
	revert_well(world);

	has_text(in(world, "rootfs/opt/new/liba.so.1.1"), "the container's");
	has_link(in(world, "rootfs/opt/new/link"), "y");
	start_container(world);
}

static void apply_revert_follows_no_link_out_of_the_rootfs(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/there");
	apply_well(world, NULL);
	(void)kill(world->container, SIGKILL);
	(void)waitpid(world->container, NULL, 0);
	must(rename(in(world, "rootfs/opt/new"), in(world, "rootfs/opt/gone")));
	put(in(world, "volume/there"), "");
	must(symlink(in(world, "volume"), in(world, "rootfs/opt/new")));
	revert_well(world);

	assert_true(is_there(in(world, "volume/there")));
	start_container(world);
}

/* A hook that was killed: the journal holds what it was about to make. */
static void apply_heals_what_a_killed_hook_left(void **state)
{
	struct world *world = need_root(state);
	struct record record = {.id = (char[]){ID}, .rootfs = world->rootfs};
	struct record_item items[] = {
		{.kind = RECORD_FILE, .path = (char[]){"/usr/half"}},
		{.kind = RECORD_LINK, .path = (char[]){"/usr/never"}, .text = (char[]){"x"}},
	};
	auto_fd dir = record_open_dir(world->state_dir, NULL, NULL);
	auto_fd journal = -1;

	assert_int_equal(record_write(dir, &record, NULL), 0);
	journal = record_open_journal(dir, ID, NULL);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(record_note_item(journal, &items[i], NULL), 0);
	put(in(world, "rootfs/usr/half"), "");
	add_link(world, "/usr/other", "x");
	apply_well(world, NULL);

	assert_false(is_there(in(world, "rootfs/usr/half")));
	assert_true(is_there(in(world, "rootfs/usr/other")));
}

/* ---- errors leave no trace ---- */

static void leaves_no_trace(struct world *world, int code, const char *word)
{
	auto_free char *before = NULL;
	auto_free char *after = NULL;
	struct err err = {0};
	auto_fd dir = record_open_dir(world->state_dir, NULL, NULL);

	before = snapshot(world);
	assert_int_equal(apply(world, NULL, &err), -code);
	after = snapshot(world);

	if (strstr(err.msg, word) == NULL)
		fail_msg("'%s' does not name '%s'", err.msg, word);
	assert_string_equal(before, after);
}

static void apply_source_that_vanished_undoes_all(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/vanished.so", "/usr/lib/vanished.so");
	leaves_no_trace(world, ENOENT, "vanished");
}

static void apply_source_that_changed_undoes_all(void **state)
{
	struct world *world = need_root(state);
	struct op *op;

	add_some(world);
	op = add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/x");
	op->dev = 1;
	op->ino = 1;
	leaves_no_trace(world, ESTALE, "liba.so.1.1");
}

static void apply_node_that_is_another_device_is_refused(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_DEVICE, "/dev/gpu1", "/dev/gpu1");
	leaves_no_trace(world, ESTALE, "gpu1");
}

static void apply_directory_in_place_of_a_file_undoes_all(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/have");
	leaves_no_trace(world, EISDIR, "/usr/lib/have");
}

static void apply_file_in_place_of_a_directory_undoes_all(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/sub", "/usr/lib/empty.so")->flags |= OP_DIR;
	leaves_no_trace(world, ENOTDIR, "/usr/lib/empty.so");
}

static void apply_writes_nothing_into_a_volume(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/liba.so.1.1", "/volume/deep/down/liba.so");
	leaves_no_trace(world, EROFS, "/volume/deep/down/liba.so");
}

static void apply_binds_on_a_file_of_a_volume(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/volume/there");
	apply_well(world, NULL);

	has_text(inside(world, "/volume/there"), "host a");
	has_text(in(world, "volume/there"), "volume there");
}

static void apply_refuses_a_rootfs_that_is_no_containers(void **state)
{
	struct world *world = need_root(state);
	static const struct {
		const char *rootfs;
		int code;
	} cases[] = {{"/", EINVAL}, {"//./", EINVAL}, {"rootfs", EINVAL}, {"/nowhere", ENOENT}};

	add_some(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world->target.rootfs = cases[i].rootfs;
		world->target.id = NULL;
		leaves_no_trace(world, cases[i].code, "rootfs");
	}
}

static void apply_refuses_a_process_of_the_same_namespace(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	world->target.pid = getpid();
	leaves_no_trace(world, EINVAL, "mount namespace");
}

static void apply_refuses_a_process_that_is_gone(void **state)
{
	struct world *world = need_root(state);
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	(void)waitpid(child, NULL, 0);
	add_some(world);
	world->target.pid = child;
	leaves_no_trace(world, ESRCH, "process");
}

/* ---- the loader's cache ---- */

static void apply_ldcache_is_written_and_taken_back(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	struct apply_stats stats = {0};
	struct op *op;

	must(mkdir(in(world, "rootfs/etc"), 0755));
	list_tree(&before, in(world, "rootfs"));
	op = add(world, OP_LDCACHE, NULL, NULL);
	assert_int_equal(strv_add(&op->dirs, "/opt/lib"), 0);
	apply_well(world, &stats);
	if (!stats.ldcache) {
		print_message("skipped: ldconfig did not run here\n");
		skip();
	}
	assert_true(is_there(in(world, "rootfs/etc/ld.so.cache")));
	revert_well(world);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
}

static void apply_ldcache_of_the_image_comes_back_with_its_times(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000, .tv_nsec = 7}};
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	struct stat st;
	struct op *op;

	must(mkdir(in(world, "rootfs/etc"), 0755));
	put(in(world, "rootfs/etc/ld.so.cache"), "the image's");
	must(chmod(in(world, "rootfs/etc/ld.so.cache"), 0604));
	must(chown(in(world, "rootfs/etc/ld.so.cache"), 7, 8));
	must(utimensat(AT_FDCWD, in(world, "rootfs/etc/ld.so.cache"), times, 0));
	op = add(world, OP_LDCACHE, NULL, NULL);
	assert_int_equal(strv_add(&op->dirs, "/opt/lib"), 0);
	apply_well(world, &stats);
	revert_well(world);

	has_text(in(world, "rootfs/etc/ld.so.cache"), "the image's");
	must(lstat(in(world, "rootfs/etc/ld.so.cache"), &st));
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_gid, 8);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(apply_bind_on_absent_file_makes_a_placeholder),
	CASE(apply_bind_covers_what_the_image_has),
	CASE(apply_bind_if_absent_keeps_what_the_image_has),
	CASE(apply_directory_is_bound_where_its_link_leads_inside),
	CASE(apply_targets_through_links_stay_inside),
	CASE(apply_device_is_bound_and_an_equal_node_is_kept),
	CASE(apply_link_is_made_kept_or_covered),
	CASE(apply_link_leaves_a_directory_of_the_image),
	CASE(apply_file_has_our_content),
	CASE(apply_twice_changes_nothing_more),
	CASE(apply_then_revert_leaves_the_image_as_it_was),
	CASE(apply_revert_leaves_what_is_not_ours),
	CASE(apply_revert_follows_no_link_out_of_the_rootfs),
	CASE(apply_heals_what_a_killed_hook_left),
	CASE(apply_source_that_vanished_undoes_all),
	CASE(apply_source_that_changed_undoes_all),
	CASE(apply_node_that_is_another_device_is_refused),
	CASE(apply_directory_in_place_of_a_file_undoes_all),
	CASE(apply_file_in_place_of_a_directory_undoes_all),
	CASE(apply_writes_nothing_into_a_volume),
	CASE(apply_binds_on_a_file_of_a_volume),
	CASE(apply_refuses_a_rootfs_that_is_no_containers),
	CASE(apply_refuses_a_process_of_the_same_namespace),
	CASE(apply_refuses_a_process_that_is_gone),
	CASE(apply_ldcache_is_written_and_taken_back),
	CASE(apply_ldcache_of_the_image_comes_back_with_its_times),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("new calls", cases, NULL, NULL);

	kfeature_missing(KFEATURE_OPENAT2);
	kfeature_missing(KFEATURE_OPEN_TREE);
	kfeature_missing(KFEATURE_MOVE_MOUNT);
	kfeature_missing(KFEATURE_MOUNT_SETATTR);
	kfeature_missing(KFEATURE_FSOPEN);
	failed += cmocka_run_group_tests_name("old calls", cases, NULL, NULL);
	return failed;
}
