/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mountsource.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "sys/procself.h"

#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

const char *mountsource_name(const struct mount_source *source)
{
	if (source->path != NULL)
		return source->path;
	return S_ISLNK(source->st.st_mode) ? "a link" : "a file";
}

bool mountsource_is(const struct mount_source *source, const struct stat *st)
{
	const struct stat *own = &source->st;

	return own->st_dev == st->st_dev && own->st_ino == st->st_ino &&
	       own->st_rdev == st->st_rdev && (own->st_mode & S_IFMT) == (st->st_mode & S_IFMT);
}

/* EINVAL answers many things: the likeliest one gets the answer that a bind mount has for it. */
int mountsource_refused(const struct mount_source *source, int target, int code, const char *name,
			struct err *err)
{
	struct stat st;

	if (code == EINVAL && fstat(target, &st) == 0 &&
	    S_ISDIR(st.st_mode) != S_ISDIR(source->st.st_mode))
		code = ENOTDIR;
	return err_sys(err, code, "mount '%s' on '%s'", mountsource_name(source), name);
}

/* A remount replaces all flags: those that are there have to be said again, in a user namespace
 * they are locked. */
static unsigned long mountsource_remount_flags(const struct statfs *fs, unsigned flags)
{
	static const struct {
		unsigned long seen;
		unsigned long said;
	} kept[] = {
		{ST_RDONLY, MS_RDONLY},     {ST_NOSUID, MS_NOSUID},
		{ST_NODEV, MS_NODEV},       {ST_NOEXEC, MS_NOEXEC},
		{ST_NOATIME, MS_NOATIME},   {ST_NODIRATIME, MS_NODIRATIME},
		{ST_RELATIME, MS_RELATIME}, {ST_NOSYMFOLLOW, MS_NOSYMFOLLOW},
	};
	unsigned long seen = (unsigned long)fs->f_flags;
	unsigned long said = MS_REMOUNT | MS_BIND;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		said |= (seen & kept[i].seen) != 0 ? kept[i].said : 0;
	if ((seen & (ST_NOATIME | ST_RELATIME)) == 0)
		said |= MS_STRICTATIME;
	said |= (flags & MOUNT_RDONLY) != 0 ? MS_RDONLY : 0;
	said |= (flags & MOUNT_NOSUID) != 0 ? MS_NOSUID : 0;
	said |= (flags & MOUNT_NODEV) != 0 ? MS_NODEV : 0;
	said |= (flags & MOUNT_NOEXEC) != 0 ? MS_NOEXEC : 0;
	return said;
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
