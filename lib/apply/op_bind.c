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

static int bind_file(struct job *job, struct mount_source *source, struct place *place,
		     struct err *err)
{
	int r = 0;

	if (place->exists && S_ISDIR(place->st.st_mode)) {
		(void)err_set(err, EISDIR, "the image has a directory where the file '%s' must go",
			      place->path);
		return err_hint(err, "remove the directory from the image");
	}
	if (!place->exists)
		r = place_make_file(&job->tree, place, err);
	/* what the image has there, a link too, is not followed and not removed: covered */
	return r < 0 ? r : job_attach(job, source, place, err);
}

/* Images have links to directories where the host has directories (lib -> usr/lib): what such a
 * link leads to inside the root is the place. Gives it by fd. */
static int open_linked_dir(struct job *job, const struct place *place, struct err *err)
{
	int fd = rootfs_open(job->rootfd, place->path, O_PATH | O_DIRECTORY, err);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return err_set(err, ENOTDIR,
			       "the image has a link that leads to no directory where the "
			       "directory '%s' must go",
			       place->path);
	return fd;
}

static int bind_linked_dir(struct job *job, struct mount_source *source, const struct place *place,
			   struct err *err)
{
	auto_fd object = open_linked_dir(job, place, err);
	auto_fd root = -1;
	struct stat st;
	int *kept;
	int r;

	if (object < 0)
		return object;
	if (fstat(object, &st) < 0)
		return err_sys(err, errno, "look at '%s' in the container", place->path);
	if (is_same(source, &st)) {
		job->stats.kept++;
		return 0;
	}
	r = mount_attach(source, object, -1, NULL, &root, err);
	if (r < 0)
		return err_wrap(err, "mount '%s'", place->path);
	kept = vec_add(&job->attached);
	if (kept == NULL) {
		(void)mount_detach(root, NULL);
		return err_nomem(err);
	}
	*kept = take_fd(&root);
	job->stats.binds++;
	return 0;
}

static int bind_dir(struct job *job, struct mount_source *source, struct place *place,
		    struct err *err)
{
	int r = 0;

	if (place->exists && !S_ISDIR(place->st.st_mode))
		return err_set(err, ENOTDIR,
			       "the image has a file where the directory '%s' must go",
			       place->path);
	if (!place->exists)
		r = place_make_dir(&job->tree, place, err);
	return r < 0 ? r : job_attach(job, source, place, err);
}

int op_bind_run(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	struct mount_source *source = &job->sources[index];
	struct place place;
	int r = place_open(&job->tree, op->target, &place, err);

	if (r < 0)
		return r;
	if (place.exists && ((op->flags & OP_IF_ABSENT) != 0 || is_same(source, &place.st))) {
		job->stats.kept++;
		return 0;
	}
	if ((op->flags & OP_DIR) != 0 && place.exists && S_ISLNK(place.st.st_mode))
		return bind_linked_dir(job, source, &place, err);
	r = (op->flags & OP_DIR) != 0 ? bind_dir(job, source, &place, err)
				      : bind_file(job, source, &place, err);
	if (r == 0)
		job->stats.binds++;
	return r;
}
