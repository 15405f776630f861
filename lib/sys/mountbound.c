/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mountbound.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "sys/mountsource.h"
#include "sys/mountstage.h"
#include "sys/procself.h"
#include "sys/rootwalk.h"

int mountbound_find(const struct mount_source *source, struct err *err)
{
	const struct rootwalk_request request = {.nofollow = S_ISLNK(source->object.mode)};
	auto_fd root = -1;
	auto_fd fd = -1;
	struct stat st;

	if (source->path == NULL)
		return err_set(err, EINVAL, "mount a source without a path on this kernel");
	if (source->stage != NULL && source->stage->top > 0 &&
	    path_is_below(source->path, source->stage->place))
		mount_stage_done(source->stage); /* it hides the source; made again when needed */
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "open '/'");
	fd = rootwalk_open(root, source->path, &request, NULL);
	if (fd < 0)
		return err_set(err, ESTALE, "'%s' is not to be seen in the container's namespace",
			       source->path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat '%s'", source->path);
	if (!mountsource_is(source, &st))
		return err_set(err, ESTALE, "'%s' is another file in the container's namespace",
			       source->path);
	return take_fd(&fd);
}

/* The mount lies on the stage, and nobody but its fd's holder can name it. */
static int mountbound_dress(const struct mount_source *source, int root, int target,
			    const char *name, struct err *err)
{
	char root_name[PROCSELF_NAME_MAX];
	char target_name[PROCSELF_NAME_MAX];
	int rc = mountsource_remount(source, root, err);

	if (rc < 0)
		return rc;
	procself_name(root, root_name);
	procself_name(target, target_name);
	if (mount(root_name, target_name, "none", MS_MOVE, NULL) < 0)
		return mountsource_refused(source, target, errno, name, err);
	return 0;
}

static int mountbound_stage(const struct mount_source *source, const struct mount_stage *stage,
			    int from, struct err *err)
{
	bool folder = S_ISDIR(source->object.mode);
	char from_name[PROCSELF_NAME_MAX];
	char slot_name[PROCSELF_NAME_MAX];
	int fd;

	procself_name(from, from_name);
	procself_name(folder ? stage->folder : stage->file, slot_name);
	if (mount(from_name, slot_name, "none", MS_BIND, NULL) < 0)
		return err_sys(err, errno, "mount '%s' on a stage", mountsource_name(source));
	fd = mountstage_seen(stage, folder);
	if (fd < 0) { /* umount2 looks through to the mount on top of the fd */
		(void)umount2(slot_name, MNT_DETACH);
		return err_sys(err, -fd, "look at '%s' on a stage", mountsource_name(source));
	}
	return fd;
}

int mountbound_move(const struct mount_source *source, int from, int target, const char *name,
		    struct err *err)
{
	auto_done(mount_stage) struct mount_stage own = {.top = -1};
	struct mount_stage *stage = source->stage != NULL ? source->stage : &own;
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	auto_fd root = -1;
	int rc = mountstage_ready(stage, err);

	if (rc == 0)
		rc = procself_visit_start(&visit, err);
	if (rc < 0)
		return rc;
	root = mountbound_stage(source, stage, from, err);
	if (root < 0)
		return root;
	rc = mountbound_dress(source, root, target, name, err);
	if (rc < 0) {
		(void)mount_detach(root, NULL);
		return rc;
	}
	return take_fd(&root);
}

/* The mount's root, if it is the one that dirfd/name leads to. */
static int mountbound_seen(const struct mount_source *source, int dirfd, const char *name,
			   struct err *err)
{
	auto_fd fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s' after the mount", name);
	if (!mountsource_is(source, &st))
		return err_set(err, ESTALE, "'%s' is not what was mounted there: '%s'", name,
			       mountsource_name(source));
	return take_fd(&fd);
}

int mountbound_copy(const struct mount_source *source, int from, int target, int dirfd,
		    const char *name, struct err *err)
{
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	char from_name[PROCSELF_NAME_MAX];
	char target_name[PROCSELF_NAME_MAX];
	int fd;
	int rc = procself_visit_start(&visit, err);

	if (rc < 0)
		return rc;
	procself_name(from, from_name);
	procself_name(target, target_name);
	if (mount(from_name, target_name, "none", MS_BIND, NULL) < 0)
		return err_sys(err, errno, "mount '%s' on '%s'", mountsource_name(source), name);
	fd = mountbound_seen(source, dirfd, name, err);
	if (fd < 0) /* umount2 looks through to the mount on top of the target, dirfd/name may not
		     * lead there */
		(void)umount2(target_name, MNT_DETACH);
	return fd;
}
