/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_sources_flag(): Linux 5.2 to 5.11, which cannot give flags to a mount that is attached
 * nowhere. A thread takes a mount namespace of its own; there the clones are attached, remounted,
 * and cloned once more: a clone has the flags of its origin. The namespace ends with the thread.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/aside.h"
#include "sys/kfeature.h"
#include "sys/mounts.h"
#include "sys/mountsource.h"
#include "sys/mountstage.h"
#include "sys/procself.h"
#include "sys/syscalls.h"

struct mountroom {
	struct mount_source *sources;
	size_t n;
};

static bool mountroom_wants(const struct mount_source *source)
{
	return source->detached && !source->flags_set;
}

static int mountroom_flag(struct mount_source *source, const struct mount_stage *stage,
			  struct err *err)
{
	int slot = S_ISDIR(source->object.mode) ? stage->folder : stage->file;
	int tree;
	int rc;

	if (syscalls_move_mount(source->fd, "", slot, "",
				SYSCALLS_MOVE_F_EMPTY_PATH | SYSCALLS_MOVE_T_EMPTY_PATH) < 0) {
		if (errno == ENOSYS)
			kfeature_missing(KFEATURE_MOVE_MOUNT);
		return err_sys(err, errno, "mount '%s' on a stage", mountsource_name(source));
	}
	rc = mountsource_remount(source, source->fd, err);
	if (rc < 0)
		return rc;
	tree = syscalls_open_tree(source->fd, "",
				  SYSCALLS_AT_EMPTY_PATH | SYSCALLS_OPEN_TREE_CLONE |
					  SYSCALLS_OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return err_sys(err, errno, "clone the mount of '%s'", mountsource_name(source));
	(void)close(source->fd);
	source->fd = tree;
	source->flags_set = true;
	return 0;
}

static int mountroom_work(void *arg, struct err *err)
{
	const struct mountroom *room = arg;
	auto_done(mount_stage) struct mount_stage stage = {.top = -1, .passing = true};
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	int rc;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, errno, "make a mount namespace");
	rc = mountstage_ready(&stage, err);
	if (rc == 0)
		rc = procself_visit_start(&visit, err);
	for (size_t i = 0; rc == 0 && i < room->n; i++)
		if (mountroom_wants(&room->sources[i]))
			rc = mountroom_flag(&room->sources[i], &stage, err);
	return rc;
}

int mount_sources_flag(struct mount_source *sources, size_t n, struct err *err)
{
	struct mountroom room = {.sources = sources, .n = n};
	struct err failed = {0};
	bool wanted = false;
	int rc;

	for (size_t i = 0; i < n; i++)
		wanted |= mountroom_wants(&sources[i]);
	if (!wanted || !kfeature_has(KFEATURE_MOVE_MOUNT))
		return 0;
	rc = aside_run(mountroom_work, &room, &failed);
	if (rc == -ENOSYS && !kfeature_has(KFEATURE_MOVE_MOUNT))
		return 0; /* bind mounts, then: the fds are held, no more */
	if (rc < 0 && err != NULL)
		*err = failed;
	return rc;
}
