/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mountsource.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "sys/mountflags.h"
#include "sys/procself.h"

const char *mountsource_name(const struct mount_source *source)
{
	if (source->path != NULL)
		return source->path;
	if (source->name != NULL)
		return source->name;
	if (S_ISDIR(source->object.mode))
		return "a directory";
	return S_ISLNK(source->object.mode) ? "a link" : "a file";
}

struct mount_object mountsource_object(const struct stat *st)
{
	return (struct mount_object){
		.dev = st->st_dev, .rdev = st->st_rdev, .ino = st->st_ino, .mode = st->st_mode};
}

bool mountsource_is(const struct mount_source *source, const struct stat *st)
{
	const struct mount_object *own = &source->object;

	return own->dev == st->st_dev && own->ino == st->st_ino && own->rdev == st->st_rdev &&
	       (own->mode & S_IFMT) == (st->st_mode & S_IFMT);
}

/* EINVAL answers many things: the likeliest one gets the answer that a bind mount has for it. */
int mountsource_refused(const struct mount_source *source, int target, int code, const char *name,
			struct err *err)
{
	struct stat st;

	if (code == EINVAL && fstat(target, &st) == 0 &&
	    S_ISDIR(st.st_mode) != S_ISDIR(source->object.mode))
		code = ENOTDIR;
	return err_sys(err, code, "mount '%s' on '%s'", mountsource_name(source), name);
}

static unsigned long mountsource_remount_flags(const struct statfs *fs, unsigned flags)
{
	return mountflags_repeat((unsigned long)fs->f_flags) |
	       ((flags & MOUNT_RDONLY) != 0 ? MS_RDONLY : 0ul) |
	       ((flags & MOUNT_NOSUID) != 0 ? MS_NOSUID : 0ul) |
	       ((flags & MOUNT_NODEV) != 0 ? MS_NODEV : 0ul) |
	       ((flags & MOUNT_NOEXEC) != 0 ? MS_NOEXEC : 0ul);
}

int mountsource_remount(const struct mount_source *source, int fd, struct err *err)
{
	char name[PROCSELF_NAME_MAX];
	struct statfs fs;

	procself_name(fd, name);
	if (mount(NULL, name, "none", MS_PRIVATE, NULL) < 0)
		return err_sys(err, errno, "make the mount of '%s' private",
			       mountsource_name(source));
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "read the mount flags of '%s'",
			       mountsource_name(source));
	if (mount(NULL, name, "none", mountsource_remount_flags(&fs, source->flags), NULL) < 0)
		return err_sys(err, errno, "set mount flags for '%s'", mountsource_name(source));
	return 0;
}
