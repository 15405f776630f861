/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>

#include "apply/job.h"
#include "base/auto.h"
#include "sys/rootfs.h"

int op_bind_prepare(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];

	return job_take_source(job, index, (op->flags & OP_DIR) != 0 ? S_IFDIR : S_IFREG, err);
}

/* A hook that runs a second time finds its own work. */
static bool is_same(const struct mount_source *source, const struct stat *st)
{
	return source->st.st_dev == st->st_dev && source->st.st_ino == st->st_ino;
}

/* Images have links to directories where the host has directories (lib -> usr/lib): what such a
 * link leads to inside the root is the place. Gives that place, without a link as its last
 * component: the kernel's own name of the directory found, walked in root again and compared. */
static int follow_to_dir(struct job *job, struct place *place, char *ret_path, struct err *err)
{
	auto_fd dir = rootfs_open(job->rootfd, place->path, O_PATH | O_DIRECTORY, err);
	struct stat st;
	int r;

	if (dir < 0)
		return err_wrap(err, "the directory '%s' must go where the image has a link",
				place->path);
	if (fstat(dir, &st) < 0)
		return err_sys(err, errno, "look at '%s' in the container", place->path);
	r = job_path_in_root(job, dir, ret_path, err);
	if (r < 0)
		return err_wrap(err, "the link in the image where the directory '%s' must go",
				place->path);
	r = place_open(&job->tree, ret_path, place, err);
	if (r < 0)
		return r;
	if (!place->exists || place->st.st_ino != st.st_ino || place->st.st_dev != st.st_dev)
		return err_set(err, EAGAIN, "'%s' in the container is being changed", ret_path);
	return 0;
}

static int bind_dir(struct job *job, struct mount_source *source, struct place *place,
		    struct err *err)
{
	int r;

	if (place->exists && !S_ISDIR(place->st.st_mode))
		return err_set(err, ENOTDIR,
			       "the image has a file where the directory '%s' must go",
			       place->path);
	r = place->exists ? place_use(&job->tree, place, NULL, err)
			  : place_make_dir(&job->tree, place, err);
	return r < 0 ? r : job_attach(job, source, place, err);
}

int op_bind_run(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	struct mount_source *source = &job->sources[index];
	char path[PATH_MAX];
	struct place place;
	int r = place_open(&job->tree, op->target, &place, err);

	if (r < 0)
		return r;
	if (place.exists && ((op->flags & OP_IF_ABSENT) != 0 || is_same(source, &place.st))) {
		job->stats.kept++;
		return 0;
	}
	if ((op->flags & OP_DIR) != 0 && place.exists && S_ISLNK(place.st.st_mode)) {
		r = follow_to_dir(job, &place, path, err);
		if (r < 0)
			return r;
		if (is_same(source, &place.st)) {
			job->stats.kept++;
			return 0;
		}
	}
	r = (op->flags & OP_DIR) != 0 ? bind_dir(job, source, &place, err)
				      : job_attach_object(job, source, &place, "file", err);
	if (r == 0)
		job->stats.binds++;
	return r;
}
