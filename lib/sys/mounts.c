/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "sys/io.h"
#include "sys/kfeature.h"
#include "sys/mountbound.h"
#include "sys/mountsource.h"
#include "sys/mountstage.h"
#include "sys/procself.h"
#include "sys/syscalls.h"

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
		return err_sys(err, errno, "clone the mount of '%s'", mountsource_name(source));
	if (kfeature_has(KFEATURE_MOUNT_SETATTR)) {
		source->flags_set =
			syscalls_mount_setattr(tree, "", SYSCALLS_AT_EMPTY_PATH, &attr) == 0;
		if (!source->flags_set && errno != ENOSYS)
			return err_sys(err, errno, "set mount flags for '%s'",
				       mountsource_name(source));
		if (!source->flags_set)
			kfeature_missing(KFEATURE_MOUNT_SETATTR);
	}
	source->fd = take_fd(&tree);
	source->detached = true;
	return 0;
}

/* For kernels that cannot clone a mount: the path is opened again inside, and the object held, so
 * that its inode number cannot be used again. */
static int mount_source_hold(struct mount_source *source, int fd, struct err *err)
{
	char path[PATH_MAX];
	int proc = procself_dir(err);

	if (proc < 0)
		return proc;
	if (procself_path(proc, fd, path, sizeof(path)) < 0)
		return err_sys(err, errno, "ask for the path of '%s'", mountsource_name(source));
	source->path = strdup(path);
	if (source->path == NULL)
		return err_nomem(err);
	source->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (source->fd < 0)
		return err_sys(err, errno, "hold '%s'", mountsource_name(source));
	return 0;
}

int mount_source_take(struct mount_source *ret, int fd, const struct stat *st, const char *name,
		      unsigned flags, struct err *err)
{
	auto_done(mount_source) struct mount_source source = {
		.fd = -1, .flags = flags, .object = mountsource_object(st), .name = name};
	int rc = procself_prepare(err);

	if (rc < 0)
		return rc;
	rc = mount_can_clone() ? mount_source_clone(&source, fd, err) : -ENOSYS;
	if (rc == -ENOSYS)
		rc = mount_source_hold(&source, fd, err);
	if (rc < 0)
		return rc;
	*ret = source;
	source = (struct mount_source){.fd = -1};
	return 0;
}

/* 0 = the source is a detached clone, -ENOSYS or -EINVAL = this kernel cannot, others = error. */
static int mount_source_detached(struct mount_source *source, struct err *err)
{
	auto_fd object = -1;
	auto_fd root = -1;
	struct stat st;

	if (!mount_can_clone() || !kfeature_has(KFEATURE_FSOPEN))
		return -ENOSYS;
	object = mountstage_detached(source->made, &root, err);
	if (object < 0)
		return object;
	if (fstat(object, &st) < 0)
		return err_sys(err, errno, "stat a file on a tmpfs");
	source->object = mountsource_object(&st);
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

int mount_source_dir(struct mount_source *ret, mode_t mode, uid_t uid, gid_t gid, unsigned flags,
		     struct err *err)
{
	char none[] = "";
	const struct mountstage_object object = {
		.data = none,
		.is_dir = true,
		.mode = mode,
		.uid = uid,
		.gid = gid,
	};

	return mount_source_make(ret, &object, flags, err);
}

static int mount_check_seen(const struct mount_source *source, int dirfd, const char *name,
			    struct err *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "look at '%s' after the mount", name);
	if (!mountsource_is(source, &st))
		return err_set(err, ESTALE, "'%s' is not what was mounted there: '%s'", name,
			       mountsource_name(source));
	return 0;
}

/* A clone that carries its flags. -ENOSYS without a text: not on this kernel. The source's fd is
 * the mount's root afterwards. */
static int mount_attach_detached(struct mount_source *source, int target, int dirfd,
				 const char *name, struct err *err)
{
	int rc;

	if (syscalls_move_mount(source->fd, "", target, "",
				SYSCALLS_MOVE_F_EMPTY_PATH | SYSCALLS_MOVE_T_EMPTY_PATH) < 0) {
		if (errno == ENOSYS) {
			kfeature_missing(KFEATURE_MOVE_MOUNT);
			return -ENOSYS;
		}
		return mountsource_refused(source, target, errno, name, err);
	}
	rc = mount_check_seen(source, dirfd, name, err);
	if (rc < 0)
		(void)mount_detach(source->fd, NULL);
	return rc;
}

/* root: of the mount that was just attached, or the error of that. */
static int mount_attached(struct mount_source *source, int *root, int target, int dirfd,
			  const char *name, struct err *err)
{
	int rc = *root < 0 ? *root : mount_check_seen(source, dirfd, name, err);

	if (rc < 0) {
		/* umount2 looks through to the mount on top of the target: dirfd/name may lead
		 * elsewhere */
		if (*root >= 0)
			(void)mount_detach(target, NULL);
		return rc;
	}
	if (source->fd > 0)
		(void)close(source->fd);
	source->fd = take_fd(root);
	return 0;
}

/* Before Linux 5.12 the clone has its flags from the stage that its origin lies on. */
static int mount_clone_made(struct mount_source *source, const struct mount_stage *stage,
			    int object, struct err *err)
{
	int rc = 0;

	if (kfeature_has(KFEATURE_MOUNT_SETATTR))
		rc = mount_source_clone(source, object, err);
	if (rc < 0 || source->flags_set)
		return rc;
	if (source->fd > 0)
		(void)close(source->fd);
	source->fd = -1;
	rc = mountstage_flag(stage, source, err);
	if (rc == 0)
		rc = mount_source_clone(source, object, err);
	source->flags_set = rc == 0;
	return rc;
}

/* Content of our own that is still in memory: the tmpfs exists only during this call. */
static int mount_attach_made(struct mount_source *source, int target, int dirfd, const char *name,
			     struct err *err)
{
	const bool passing = source->stage != NULL && source->stage->passing;
	auto_done(mount_stage) struct mount_stage stage = {.top = -1, .passing = passing};
	auto_fd object = mountstage_attached(&stage, source->made, err);
	auto_fd root = -1;
	struct stat st;
	int rc;

	if (object < 0)
		return object;
	if (fstat(object, &st) < 0)
		return err_sys(err, errno, "stat a file on a tmpfs");
	source->object = mountsource_object(&st);
	rc = mount_can_clone() ? mount_clone_made(source, &stage, object, err) : -ENOSYS;
	if (rc == 0)
		rc = mount_attach_detached(source, target, dirfd, name, err);
	if (rc != -ENOSYS)
		return rc;
	rc = mountstage_flag(&stage, source, err);
	if (rc < 0)
		return rc;
	root = mountbound_copy(source, object, target, dirfd, name, err);
	return mount_attached(source, &root, target, dirfd, name, err);
}

static int mount_attach_taken(struct mount_source *source, int target, int dirfd, const char *name,
			      struct err *err)
{
	auto_fd from = -1;
	auto_fd root = -1;
	int rc = source->detached ? mount_sources_flag(source, 1, err) : -ENOSYS;

	if (rc == 0)
		rc = mount_can_clone() ? mount_attach_detached(source, target, dirfd, name, err)
				       : -ENOSYS;
	if (rc != -ENOSYS)
		return rc;
	from = mountbound_find(source, err);
	if (from < 0)
		return from;
	root = mountbound_move(source, from, target, name, err);
	return mount_attached(source, &root, target, dirfd, name, err);
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

int mount_add_flags(int fd, unsigned flags, struct err *err)
{
	const struct mount_source source = {.fd = -1, .flags = flags};
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	int rc = procself_visit_start(&visit, err);

	return rc < 0 ? rc : mountsource_remount(&source, fd, err);
}

void mount_stage_done(struct mount_stage *stage)
{
	if (stage->top > 0) {
		(void)mount_detach(stage->top, NULL);
		(void)close(stage->top);
	}
	stage->top = -1;
	if (stage->file > 0)
		(void)close(stage->file);
	stage->file = -1;
	if (stage->folder > 0)
		(void)close(stage->folder);
	stage->folder = -1;
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
