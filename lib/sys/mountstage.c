/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mountstage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "sys/io.h"
#include "sys/kfeature.h"
#include "sys/mounts.h"
#include "sys/mountsource.h"
#include "sys/procself.h"
#include "sys/syscalls.h"

#define MOUNTSTAGE_NAME      "object"
#define MOUNTSTAGE_FILE      "file"
#define MOUNTSTAGE_FOLDER    "folder"
#define MOUNTSTAGE_LAST      "/proc"
#define MOUNTSTAGE_PLACES    (sizeof(mountstage_places) / sizeof(mountstage_places[0]))
#define MOUNTSTAGE_SPARE     65536              /* bytes of the tmpfs beyond the content */
#define MOUNTSTAGE_MOUNTINFO ((size_t)16 << 20) /* bytes of /proc/self/mountinfo */

/* Least missed first; the last ones are there in every root. */
static const char *const mountstage_places[] = {"/mnt", "/media", "/srv", "/opt",
						"/tmp", "/run",   "/sys", MOUNTSTAGE_LAST};

struct mountstage_object *mountstage_object_dup(const struct mountstage_object *object)
{
	struct mountstage_object *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *object;
	copy->data = malloc(object->len + 1);
	if (copy->data == NULL) {
		free(copy);
		return NULL;
	}
	if (object->len > 0)
		memcpy(copy->data, object->data, object->len);
	copy->data[object->len] = '\0';
	return copy;
}

void mountstage_object_free(struct mountstage_object *object)
{
	if (object != NULL)
		free(object->data);
	free(object);
}

static int mountstage_make_link(int dirfd, const struct mountstage_object *object, struct err *err)
{
	if (symlinkat(object->data, dirfd, MOUNTSTAGE_NAME) < 0)
		return err_sys(err, errno, "make a link on a tmpfs");
	if (fchownat(dirfd, MOUNTSTAGE_NAME, object->uid, object->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "set the owner of a link on a tmpfs");
	return 0;
}

static int mountstage_make_file(int dirfd, const struct mountstage_object *object, struct err *err)
{
	auto_fd fd = openat(dirfd, MOUNTSTAGE_NAME,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return err_sys(err, errno, "create a file on a tmpfs");
	rc = io_write_all(fd, object->data, object->len, "a file on a tmpfs", err);
	if (rc < 0)
		return rc;
	if (fchown(fd, object->uid, object->gid) < 0)
		return err_sys(err, errno, "set the owner of a file on a tmpfs");
	if (fchmod(fd, object->mode) < 0)
		return err_sys(err, errno, "set the mode of a file on a tmpfs");
	return 0;
}

/* Nobody else has a name of the tmpfs: what is there is what was made. */
static int mountstage_make_dir(int dirfd, const struct mountstage_object *object, struct err *err)
{
	if (mkdirat(dirfd, MOUNTSTAGE_NAME, 0700) < 0)
		return err_sys(err, errno, "make a directory on a tmpfs");
	if (fchownat(dirfd, MOUNTSTAGE_NAME, object->uid, object->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "set the owner of a directory on a tmpfs");
	if (fchmodat(dirfd, MOUNTSTAGE_NAME, object->mode, 0) < 0)
		return err_sys(err, errno, "set the mode of a directory on a tmpfs");
	return 0;
}

static int mountstage_make(int dirfd, const struct mountstage_object *object, struct err *err)
{
	int fd;
	int rc;

	if (object->is_dir)
		rc = mountstage_make_dir(dirfd, object, err);
	else
		rc = object->is_link ? mountstage_make_link(dirfd, object, err)
				     : mountstage_make_file(dirfd, object, err);
	if (rc < 0)
		return rc;
	fd = openat(dirfd, MOUNTSTAGE_NAME, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "open an object on a tmpfs") : fd;
}

static int mountstage_fsmount(size_t size)
{
	auto_fd context = syscalls_fsopen("tmpfs", SYSCALLS_FSOPEN_CLOEXEC);
	char bytes[32];
	int fd;

	if (context < 0)
		return -errno;
	(void)snprintf(bytes, sizeof(bytes), "%zu", size);
	if (syscalls_fsconfig(context, SYSCALLS_FSCONFIG_STRING, "mode", "0755", 0) < 0 ||
	    syscalls_fsconfig(context, SYSCALLS_FSCONFIG_STRING, "size", bytes, 0) < 0 ||
	    syscalls_fsconfig(context, SYSCALLS_FSCONFIG_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = syscalls_fsmount(context, SYSCALLS_FSMOUNT_CLOEXEC,
			      SYSCALLS_ATTR_NOSUID | SYSCALLS_ATTR_NODEV);
	return fd < 0 ? -errno : fd;
}

int mountstage_detached(const struct mountstage_object *object, int *ret_root, struct err *err)
{
	auto_fd root = mountstage_fsmount(object->len + MOUNTSTAGE_SPARE);
	int fd;

	if (root == -ENOSYS)
		kfeature_missing(KFEATURE_FSOPEN);
	if (root < 0)
		return err_sys(err, -root, "make a tmpfs");
	fd = mountstage_make(root, object, err);
	if (fd >= 0)
		*ret_root = take_fd(&root);
	return fd;
}

/* O_PATH fd of the object on top at place, when the tmpfs may be laid over it; -ENOENT: no. */
static int mountstage_place(const char *place, const char *mountinfo)
{
	auto_fd fd = open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t id = 0;

	if (fd < 0 || mount_id(fd, &id, NULL) < 0 ||
	    procfs_mount_is_shared(mountinfo, strlen(mountinfo), id))
		return -ENOENT;
	return take_fd(&fd);
}

/* The tmpfs lies over fd: the same path gives its root now. */
static int mountstage_top(const char *place, struct err *err)
{
	auto_fd fd = open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "open the tmpfs on '%s'", place);
	if (fs.f_type != TMPFS_MAGIC)
		return err_set(err, ESTALE, "'%s' is not the tmpfs that was mounted there", place);
	return take_fd(&fd);
}

static int mountstage_cover(int place_fd, const char *place, size_t size, struct err *err)
{
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	char name[PROCSELF_NAME_MAX];
	char options[64];
	int rc = procself_visit_start(&visit, err);
	int fd;

	if (rc < 0)
		return rc;
	procself_name(place_fd, name);
	(void)snprintf(options, sizeof(options), "mode=0755,size=%zu", size);
	if (mount("tmpfs", name, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return err_sys(err, errno, "mount a tmpfs on '%s'", place);
	fd = mountstage_top(place, err);
	if (fd < 0) /* umount2 looks through to the mount on top of the fd */
		(void)umount2(name, MNT_DETACH);
	return fd;
}

/* The calling thread's, which may have a mount namespace of its own. */
static int mountstage_read_mountinfo(char **ret, struct err *err)
{
	int proc = procself_dir(err);
	auto_fd fd = -1;
	size_t len = 0;

	if (proc < 0)
		return proc;
	fd = openat(proc, "thread-self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open '/proc/thread-self/mountinfo'");
	return io_read_fd(fd, MOUNTSTAGE_MOUNTINFO, "/proc/thread-self/mountinfo", ret, &len, err);
}

/* All mounts are shared. The last place is a mount by itself, and nobody misses its peers. */
static int mountstage_seclude(struct err *err)
{
	auto_fd fd = open(MOUNTSTAGE_LAST, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_sys(err, errno, "open '%s'", MOUNTSTAGE_LAST);
	rc = mount_make_slave(fd, err);
	return rc < 0 ? rc : take_fd(&fd);
}

static int mountstage_open(struct mount_stage *stage, size_t size, struct err *err)
{
	auto_free char *mountinfo = NULL;
	auto_fd fd = -1;
	int rc = mountstage_read_mountinfo(&mountinfo, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; fd < 0 && i < MOUNTSTAGE_PLACES; i++) {
		stage->place = mountstage_places[i];
		fd = mountstage_place(stage->place, mountinfo);
	}
	if (fd < 0 && stage->passing)
		fd = mountstage_seclude(err);
	else if (fd < 0)
		return err_set(err, EOPNOTSUPP,
			       "no directory for a tmpfs: all mounts are shared with other "
			       "namespaces");
	if (fd < 0)
		return fd;
	stage->top = mountstage_cover(fd, stage->place, size, err);
	return stage->top < 0 ? stage->top : 0;
}

int mountstage_attached(struct mount_stage *stage, const struct mountstage_object *object,
			struct err *err)
{
	int rc = mountstage_open(stage, object->len + MOUNTSTAGE_SPARE, err);

	return rc < 0 ? rc : mountstage_make(stage->top, object, err);
}

static int mountstage_furnish(struct mount_stage *stage, struct err *err)
{
	stage->file = openat(stage->top, MOUNTSTAGE_FILE,
			     O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (stage->file < 0 || mkdirat(stage->top, MOUNTSTAGE_FOLDER, 0700) < 0)
		return err_sys(err, errno, "make a stage for mounts");
	stage->folder = openat(stage->top, MOUNTSTAGE_FOLDER,
			       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return stage->folder < 0 ? err_sys(err, errno, "make a stage for mounts") : 0;
}

int mountstage_ready(struct mount_stage *stage, struct err *err)
{
	int rc = 0;

	if (stage->top > 0)
		return 0;
	stage->file = -1;
	stage->folder = -1;
	rc = mountstage_open(stage, MOUNTSTAGE_SPARE, err);
	if (rc == 0)
		rc = mountstage_furnish(stage, err);
	if (rc < 0)
		mount_stage_done(stage);
	return rc;
}

int mountstage_seen(const struct mount_stage *stage, bool folder)
{
	int fd = openat(stage->top, folder ? MOUNTSTAGE_FOLDER : MOUNTSTAGE_FILE,
			O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int mountstage_flag(const struct mount_stage *stage, const struct mount_source *source,
		    struct err *err)
{
	auto_done(procself_visit) struct procself_visit visit = {.cwd = -1};
	int rc = procself_visit_start(&visit, err);

	return rc < 0 ? rc : mountsource_remount(source, stage->top, err);
}
