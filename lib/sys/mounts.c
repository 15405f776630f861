/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "sys/io.h"
#include "sys/kfeature.h"
#include "sys/mountstage.h"
#include "sys/procself.h"
#include "sys/rootwalk.h"
#include "sys/syscalls.h"

#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#define MOUNT_FDINFO_MAX 4096 /* bytes of /proc/self/fdinfo/N */

int mount_open_proc(struct err *err)
{
	return procself_open(err);
}

void mount_source_done(struct mount_source *source)
{
	if (source->fd > 0)
		(void)close(source->fd);
	source->fd = -1;
	free(source->path);
	source->path = NULL;
	mountstage_object_free(source->made);
	source->made = NULL;
}

static const char *mount_source_name(const struct mount_source *source)
{
	if (source->path != NULL)
		return source->path;
	return S_ISLNK(source->st.st_mode) ? "a link" : "a file";
}

static uint64_t mount_attributes(unsigned flags)
{
	return ((flags & MOUNT_RDONLY) != 0 ? SYSCALLS_ATTR_RDONLY : 0u) |
	       ((flags & MOUNT_NOSUID) != 0 ? SYSCALLS_ATTR_NOSUID : 0u) |
	       ((flags & MOUNT_NODEV) != 0 ? SYSCALLS_ATTR_NODEV : 0u) |
	       ((flags & MOUNT_NOEXEC) != 0 ? SYSCALLS_ATTR_NOEXEC : 0u);
}

static bool mount_can_clone(void)
{
	return kfeature_has(KFEATURE_OPEN_TREE) && kfeature_has(KFEATURE_MOVE_MOUNT);
}

/* Makes the clone of what origin stands for the source. Flags are only ever added, so that locked
 * ones of the origin stay. -ENOSYS without a text: not on this kernel. */
static int mount_source_clone(struct mount_source *source, int origin, struct err *err)
{
	const struct syscalls_mount_attr attr = {
		.attr_set = mount_attributes(source->flags),
		.propagation = MS_PRIVATE,
	};
	auto_fd tree = syscalls_open_tree(origin, "",
					  SYSCALLS_AT_EMPTY_PATH | SYSCALLS_OPEN_TREE_CLONE |
						  SYSCALLS_OPEN_TREE_CLOEXEC);

	if (tree < 0 && errno == ENOSYS) {
		kfeature_missing(KFEATURE_OPEN_TREE);
		return -ENOSYS;
	}
	if (tree < 0)
		return err_sys(err, errno, "clone the mount of '%s'", mount_source_name(source));
	if (kfeature_has(KFEATURE_MOUNT_SETATTR)) {
		source->flags_set =
			syscalls_mount_setattr(tree, "", SYSCALLS_AT_EMPTY_PATH, &attr) == 0;
		if (!source->flags_set && errno != ENOSYS)
			return err_sys(err, errno, "set mount flags for '%s'",
				       mount_source_name(source));
		if (!source->flags_set)
			kfeature_missing(KFEATURE_MOUNT_SETATTR);
	}
	source->fd = take_fd(&tree);
	source->detached = true;
	return 0;
}

int mount_source_take(struct mount_source *ret, int fd, const char *host_path, unsigned flags,
		      struct err *err)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1, .flags = flags};
	int rc = procself_prepare(err);

	if (rc < 0)
		return rc;
	if (fstat(fd, &source.st) < 0)
		return err_sys(err, errno, "stat '%s'", host_path == NULL ? "?" : host_path);
	if (host_path != NULL && (source.path = strdup(host_path)) == NULL)
		return err_nomem(err);
	rc = mount_can_clone() ? mount_source_clone(&source, fd, err) : -ENOSYS;
	if (rc < 0 && rc != -ENOSYS)
		return rc;
	if (rc == -ENOSYS) { /* held, so that its inode number cannot be used again */
		source.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (source.fd < 0)
			return err_sys(err, errno, "hold '%s'", mount_source_name(&source));
	}
	*ret = source;
	source = (struct mount_source){.fd = -1};
	return 0;
}

/* 0 = the source is a detached clone, -ENOSYS or -EINVAL = this kernel cannot, others = error. */
static int mount_source_detached(struct mount_source *source, struct err *err)
{
	auto_fd object = -1;

	if (!mount_can_clone() || !kfeature_has(KFEATURE_FSOPEN))
		return -ENOSYS;
	object = mountstage_detached(source->made, err);
	if (object < 0)
		return object;
	if (fstat(object, &source->st) < 0)
		return err_sys(err, errno, "stat a file on a tmpfs");
	return mount_source_clone(source, object, err);
}

static int mount_source_make(struct mount_source *ret, const struct mountstage_object *object,
			     unsigned flags, struct err *err)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1, .flags = flags};
	struct err unused;
	int rc = procself_prepare(err);

	if (rc < 0)
		return rc;
	source.made = mountstage_object_dup(object);
	if (source.made == NULL)
		return err_nomem(err);
	rc = mount_source_detached(&source, &unused);
	if (rc == 0) {
		mountstage_object_free(source.made);
		source.made = NULL;
	} else if (rc != -ENOSYS && rc != -EINVAL) {
		if (err != NULL)
			*err = unused;
		return rc;
	}
	*ret = source;
	source = (struct mount_source){.fd = -1};
	return 0;
}

int mount_source_file(struct mount_source *ret, const struct io_new *content, unsigned flags,
		      struct err *err)
{
	const struct mountstage_object object = {
		.data = (char *)(uintptr_t)content->data, /* only read, and copied */
		.len = content->len,
		.mode = content->mode,
		.uid = content->uid,
		.gid = content->gid,
	};

	return mount_source_make(ret, &object, flags, err);
}

int mount_source_link(struct mount_source *ret, const char *text, uid_t uid, gid_t gid,
		      unsigned flags, struct err *err)
{
	const struct mountstage_object object = {
		.data = (char *)(uintptr_t)text, /* only read, and copied */
		.len = strlen(text),
		.is_link = true,
		.uid = uid,
		.gid = gid,
	};

	return mount_source_make(ret, &object, flags, err);
}

/* A remount replaces all flags: those that are there have to be said again, in a user namespace
 * they are locked. */
static unsigned long mount_remount_flags(const struct statfs *fs, unsigned flags)
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

/* Flags and propagation of the attached mount whose root fd stands for: before Linux 5.12. */
static int mount_remount(int fd, const struct mount_source *source, struct err *err)
{
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	char name[PROCSELF_NAME_MAX];
	struct statfs fs;
	int rc = procself_visit_start(&visit, err);

	if (rc < 0)
		return rc;
	procself_name(fd, name);
	if (mount(NULL, name, "none", MS_PRIVATE, NULL) < 0)
		return err_sys(err, errno, "make the mount of '%s' private",
			       mount_source_name(source));
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "read the mount flags of '%s'",
			       mount_source_name(source));
	if (mount(NULL, name, "none", mount_remount_flags(&fs, source->flags), NULL) < 0)
		return err_sys(err, errno, "set mount flags for '%s'", mount_source_name(source));
	return 0;
}

static bool mount_same_object(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_rdev == b->st_rdev &&
	       (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT);
}

static int mount_check_seen(const struct mount_source *source, int dirfd, const char *name,
			    struct err *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "look at '%s' after the mount", name);
	if (!mount_same_object(&st, &source->st))
		return err_set(err, ESTALE, "'%s' is not what was mounted there: '%s'", name,
			       mount_source_name(source));
	return 0;
}

/* move_mount answers EINVAL for many things: the likeliest one gets mount(2)'s answer. */
static int mount_move_error(const struct mount_source *source, int target, int code,
			    const char *name, struct err *err)
{
	struct stat st;

	if (code == EINVAL && fstat(target, &st) == 0 &&
	    S_ISDIR(st.st_mode) != S_ISDIR(source->st.st_mode))
		code = ENOTDIR;
	return err_sys(err, code, "mount '%s' on '%s'", mount_source_name(source), name);
}

/* -ENOSYS without a text: not on this kernel. The source's fd is the mount's root afterwards. */
static int mount_attach_detached(struct mount_source *source, int target, int dirfd,
				 const char *name, struct err *err)
{
	int rc = 0;

	if (syscalls_move_mount(source->fd, "", target, "",
				SYSCALLS_MOVE_F_EMPTY_PATH | SYSCALLS_MOVE_T_EMPTY_PATH) < 0) {
		if (errno == ENOSYS) {
			kfeature_missing(KFEATURE_MOVE_MOUNT);
			return -ENOSYS;
		}
		return mount_move_error(source, target, errno, name, err);
	}
	if (!source->flags_set)
		rc = mount_remount(source->fd, source, err);
	if (rc == 0)
		rc = mount_check_seen(source, dirfd, name, err);
	if (rc < 0)
		(void)mount_detach(source->fd, NULL);
	return rc;
}

/* The source as the current mount namespace has it: found by path, but taken only if it is the very
 * inode that is held. */
static int mount_find_again(const struct mount_source *source, struct err *err)
{
	const struct rootwalk_request request = {.nofollow = S_ISLNK(source->st.st_mode)};
	auto_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd fd = -1;
	struct stat st;

	if (source->path == NULL)
		return err_set(err, EINVAL, "mount a source without a path on this kernel");
	if (root < 0)
		return err_sys(err, errno, "open '/'");
	fd = rootwalk_open(root, source->path, &request, NULL);
	if (fd < 0)
		return err_set(err, ESTALE, "'%s' is not to be seen in the container's namespace",
			       source->path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat '%s'", source->path);
	if (!mount_same_object(&st, &source->st))
		return err_set(err, ESTALE, "'%s' is another file in the container's namespace",
			       source->path);
	return take_fd(&fd);
}

static int mount_bind(int from, int target, const struct mount_source *source, const char *name,
		      struct err *err)
{
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	char from_name[PROCSELF_NAME_MAX];
	char target_name[PROCSELF_NAME_MAX];
	int rc = procself_visit_start(&visit, err);

	if (rc < 0)
		return rc;
	procself_name(from, from_name);
	procself_name(target, target_name);
	if (mount(from_name, target_name, "none", MS_BIND, NULL) < 0)
		return err_sys(err, errno, "mount '%s' on '%s'", mount_source_name(source), name);
	return 0;
}

/* The root of the mount that lies on dirfd/name now, checked to be the source's. */
static int mount_open_seen(const struct mount_source *source, int dirfd, const char *name,
			   struct err *err)
{
	auto_fd fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s' after the mount", name);
	if (!mount_same_object(&st, &source->st))
		return err_set(err, ESTALE, "'%s' is not what was mounted there: '%s'", name,
			       mount_source_name(source));
	return take_fd(&fd);
}

/* Linux 4.9: by names below the own procfs. from: the object in the current namespace. */
static int mount_attach_bound(struct mount_source *source, int from, int target, int dirfd,
			      const char *name, struct err *err)
{
	auto_fd seen = -1;
	int rc = mount_bind(from, target, source, name, err);

	if (rc < 0)
		return rc;
	seen = mount_open_seen(source, dirfd, name, err);
	rc = seen < 0 ? seen : mount_remount(seen, source, err);
	if (rc < 0) {
		/* umount2 looks through to the mount on top of the target, dirfd/name may not
		 * lead there */
		(void)mount_detach(target, NULL);
		return rc;
	}
	if (source->fd > 0)
		(void)close(source->fd);
	source->fd = take_fd(&seen);
	return 0;
}

/* Content of our own that is still in memory: the tmpfs exists only during this call. */
static int mount_attach_made(struct mount_source *source, int target, int dirfd, const char *name,
			     struct err *err)
{
	auto_done(mountstage) struct mountstage stage = {.top = -1};
	auto_fd object = mountstage_attached(&stage, source->made, err);
	int rc;

	if (object < 0)
		return object;
	if (fstat(object, &source->st) < 0)
		return err_sys(err, errno, "stat a file on a tmpfs");
	rc = mount_can_clone() ? mount_source_clone(source, object, err) : -ENOSYS;
	if (rc == 0)
		rc = mount_attach_detached(source, target, dirfd, name, err);
	if (rc == -ENOSYS)
		rc = mount_attach_bound(source, object, target, dirfd, name, err);
	return rc;
}

static int mount_attach_taken(struct mount_source *source, int target, int dirfd, const char *name,
			      struct err *err)
{
	auto_fd from = -1;

	if (source->detached) {
		int rc = mount_attach_detached(source, target, dirfd, name, err);

		if (rc != -ENOSYS)
			return rc;
	}
	from = mount_find_again(source, err);
	if (from < 0)
		return from;
	return mount_attach_bound(source, from, target, dirfd, name, err);
}

int mount_attach(struct mount_source *source, int target, int dirfd, const char *name, int *ret_fd,
		 struct err *err)
{
	int rc = source->made != NULL ? mount_attach_made(source, target, dirfd, name, err)
				      : mount_attach_taken(source, target, dirfd, name, err);

	if (rc == 0 && ret_fd != NULL)
		*ret_fd = take_fd(&source->fd);
	return rc;
}

int mount_detach(int fd, struct err *err)
{
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	char name[PROCSELF_NAME_MAX];
	int rc = procself_visit_start(&visit, err);

	if (rc < 0)
		return rc;
	procself_name(fd, name);
	if (umount2(name, MNT_DETACH) < 0)
		return err_sys(err, errno, "take a mount away");
	return 0;
}

int mount_make_slave(int fd, struct err *err)
{
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	char name[PROCSELF_NAME_MAX];
	int rc = procself_visit_start(&visit, err);

	if (rc < 0)
		return rc;
	procself_name(fd, name);
	if (mount(NULL, name, NULL, MS_SLAVE, NULL) < 0)
		return err_sys(err, errno, "keep mounts from other namespaces");
	return 0;
}

static int mount_id_by_fdinfo(int fd, uint64_t *ret, struct err *err)
{
	auto_free char *text = NULL;
	auto_fd info = -1;
	char name[PROCSELF_NAME_MAX];
	int proc = procself_dir(err);
	size_t len = 0;
	int rc;

	if (proc < 0)
		return proc;
	(void)snprintf(name, sizeof(name), "self/fdinfo/%d", fd);
	info = openat(proc, name, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return err_sys(err, errno, "open '/proc/%s'", name);
	rc = io_read_fd(info, MOUNT_FDINFO_MAX, name, &text, &len, err);
	if (rc < 0)
		return rc;
	if (!procfs_mount_id(text, len, ret))
		return err_set(err, EINVAL, "no mount id in '/proc/%s'", name);
	return 0;
}

int mount_id(int fd, uint64_t *ret, struct err *err)
{
	struct syscalls_statx stx = {.mask = 0};

	if (syscalls_statx(fd, "", SYSCALLS_AT_EMPTY_PATH, SYSCALLS_STATX_MNT_ID, &stx) == 0 &&
	    (stx.mask & SYSCALLS_STATX_MNT_ID) != 0) {
		*ret = stx.mnt_id;
		return 0;
	}
	return mount_id_by_fdinfo(fd, ret, err);
}
