/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount namespace of the test's own with a board, a rootfs, a volume and a state directory on a
 * tmpfs, and a process in a second namespace that stands for a container which was created and not
 * started.
 */
#ifndef UNIT_APPLYWORLD_H
#define UNIT_APPLYWORLD_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "apply/apply.h"
#include "applyfiles.h"
#include "applyuser.h"
#include "base/auto.h"

#define ID "c1"

struct world {
	char dir[64]; /* a tmpfs: host/ rootfs/ volume/ state/ */
	char *rootfs;
	char *state_dir;
	pid_t container;
	bool shared;          /* the container leaves the propagation of the rootfs as it is */
	const char *proc;     /* a procfs directory that it has at /proc/driver/nvidia, or NULL */
	unsigned long spread; /* for mount(2) on that: MS_SHARED, ... */
	uid_t user;           /* what its root is outside of its own user namespace; 0 = none */
	struct host host;
	struct settings settings;
	struct plan *plan;
	struct apply_target target;
};

static inline const char *in(const struct world *world, const char *below)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", world->dir, below);
	return path;
}

/* As the container sees its rootfs. */
static inline const char *inside(const struct world *world, const char *below)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "/proc/%d/root%s/rootfs%s", (int)world->container,
		       world->dir, below);
	return path;
}

/* The container: a mount namespace, the rootfs as a mount, a /dev of its own, a volume. */
static inline void container_main(const struct world *world, int ready)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (world->user != 0)
		become_user(world->user);
	if (unshare(CLONE_NEWNS) < 0 ||
	    (!world->shared && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) ||
	    mount(world->rootfs, world->rootfs, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount("dev", in(world, "rootfs/dev"), "tmpfs", MS_NOSUID, "size=64k,mode=755") < 0 ||
	    mount(in(world, "volume"), in(world, "rootfs/volume"), NULL, MS_BIND, NULL) < 0 ||
	    (world->proc != NULL &&
	     mount(world->proc, in(world, "rootfs/proc/driver/nvidia"), NULL, MS_BIND, NULL) < 0) ||
	    (world->spread != 0 &&
	     mount(NULL, in(world, "rootfs/proc/driver/nvidia"), NULL, world->spread, NULL) < 0) ||
	    write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static inline void start_container(struct world *world)
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

static inline void stop_container(struct world *world)
{
	/* 0 would be the whole process group of the test runner */
	if (world->container > 0) {
		(void)kill(world->container, SIGKILL);
		(void)waitpid(world->container, NULL, 0);
	}
}

static inline void make_board(const struct world *world)
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

static inline void make_rootfs(const struct world *world)
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

static inline int setup(void **state)
{
	struct world *world;

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	world = calloc(1, sizeof(*world));
	(void)snprintf(world->dir, sizeof(world->dir), "/tmp/test_apply.XXXXXX");
	must(unshare(CLONE_NEWNS));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	/* where records go when the state directory fails: not into that of other tests */
	must(mount("run", "/run", "tmpfs", 0, "mode=755"));
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

static inline int teardown(void **state)
{
	struct world *world = *state;

	if (world == NULL)
		return 0;
	stop_container(world);
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

static inline struct world *need_root(void **state)
{
	if (*state == NULL) {
		print_message("skipped: needs root\n");
		skip();
	}
	return *state;
}

#endif
