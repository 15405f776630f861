/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/str.h"
#include "sys/rootfs.h"

#define MODULE         "cgroup"
#define CGROUP_MAX_MAP 65536 /* bytes of a uid_map: 340 lines */

const char *cgroup_below_mount(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (strcmp(root, "/") == 0)
		return path;
	if (!path_is_below(path, root))
		return NULL;
	return path[len] == '\0' ? "/" : path + len;
}

/* False where uid 0 is uid 0 of a user namespace only. */
static bool is_machine_root(void)
{
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};
	auto_free char *text = NULL;
	size_t len;

	if (ns_process_open(getpid(), &self, NULL) < 0 ||
	    ns_read(&self, "uid_map", CGROUP_MAX_MAP, &text, &len, NULL) < 0)
		return true;
	return procfs_map_is_initial(text, len);
}

static int open_below(const char *point, const char *path, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);
	auto_fd top = -1;

	if (slash < 0)
		return slash;
	top = rootfs_open(slash, point, O_PATH | O_DIRECTORY, err);
	if (top < 0)
		return top;
	return rootfs_open(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, err);
}

/* 1 = opened, 0 = that hierarchy is not mounted */
static int open_hierarchy(const struct ns_process *process, const char *mountinfo, bool v1,
			  struct cgroup *ret, struct err *err)
{
	auto_free char *point = NULL;
	auto_free char *root = NULL;
	auto_free char *text = NULL;
	auto_free char *path = NULL;
	const char *below;
	size_t len;
	int r = procfs_find_mount(mountinfo, strlen(mountinfo), v1 ? "cgroup" : "cgroup2",
				  v1 ? "devices" : NULL, &point, &root, err);

	if (r <= 0)
		return r;
	r = ns_read(process, "cgroup", CGROUP_MAX_TEXT, &text, &len, err);
	if (r == 0)
		r = procfs_cgroup_path(text, len, v1 ? "devices" : "", &path, err);
	if (r <= 0)
		return r < 0 ? r
			     : err_set(err, ENOENT, "process %d is in no %s cgroup",
				       (int)process->pid, v1 ? "v1 devices" : "v2");
	below = path == NULL || root == NULL ? NULL : cgroup_below_mount(path, root);
	if (below == NULL)
		return err_set(err, ENOENT, "cgroup '%s' is not visible below '%s'", path, point);
	r = open_below(point, below, err);
	if (r < 0)
		return err_wrap(err, "cgroup of process %d", (int)process->pid);
	*ret = (struct cgroup){.fd = r, .v1 = v1, .path = take_ptr(&path)};
	return 1;
}

/* 1 = the kernel has the process in a cgroup that may refuse it devices, mounted here or not. It
 * tells of version 2 since that was mounted for the first time, and before nothing can be attached
 * to it. Source: proc_cgroup_show(), kernel/cgroup/cgroup.c. */
static int may_be_refused(const struct ns_process *process, struct err *err)
{
	static const char *const controllers[] = {"devices", ""};
	struct err fault = {0};
	auto_free char *text = NULL;
	size_t len;
	int r = ns_read(process, "cgroup", CGROUP_MAX_TEXT, &text, &len, &fault);

	if (r == -ENOENT) /* a kernel without cgroups */
		return 0;
	if (r < 0 && err != NULL)
		*err = fault;
	for (size_t i = 0; r == 0 && i < 2; i++) {
		auto_free char *path = NULL;

		r = procfs_cgroup_path(text, len, controllers[i], &path, err);
	}
	return r;
}

int cgroup_open(const struct ns_process *process, const char *mountinfo, struct cgroup *ret,
		struct err *err)
{
	struct cgroup cgroup = {.fd = -1};
	int r = open_hierarchy(process, mountinfo, true, &cgroup, err);

	if (r == 0)
		r = open_hierarchy(process, mountinfo, false, &cgroup, err);
	if (r < 0)
		return r;
	if (r == 0) {
		r = may_be_refused(process, err);
		return r <= 0 ? r
			      : err_set(err, ENOENT, "no cgroup hierarchy with devices is mounted");
	}
	cgroup.weak = !is_machine_root();
	*ret = cgroup;
	return 1;
}

void cgroup_done(struct cgroup *cgroup)
{
	if (cgroup->fd > 0)
		(void)close(cgroup->fd);
	free(cgroup->path);
	free(cgroup->before);
	*cgroup = (struct cgroup){.fd = -1};
}

int cgroup_allow(struct cgroup *cgroup, const dev_t *devices, size_t n, const struct log *log,
		 struct err *err)
{
	struct err refused = {0};
	int r;

	if (n == 0)
		return 0;
	r = cgroup->v1 ? cgroup_v1_allow(cgroup, devices, n, &refused)
		       : cgroup_v2_allow(cgroup, devices, n, &refused);
	if (r < 0 && cgroup->weak && (r == -EPERM || r == -EACCES || r == -EROFS)) {
		log_info(log, MODULE, "device rules of '%s' are left as they are: %s", cgroup->path,
			 refused.msg);
		return 0;
	}
	if (r < 0) {
		if (err != NULL)
			*err = refused;
		return r;
	}
	if (r > 0)
		log_info(log, MODULE,
			 "%d device rules added to %s cgroup '%s' behind the runtime's back: a "
			 "reload of systemd or an update of the container may take them away",
			 r, cgroup->v1 ? "v1" : "v2", cgroup->path);
	return r;
}
