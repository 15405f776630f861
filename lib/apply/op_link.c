/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "apply/job.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/rootfs.h"

#define MODULE "apply"

static int has_text(const struct job *job, const struct place *place, const char *text,
		    struct err *err)
{
	auto_free char *there = NULL;
	int r;

	if (!S_ISLNK(place->st.st_mode))
		return 0;
	r = rootfs_readlinkat(place_dirfd(&job->tree, place), place->name, &there, err);
	return r < 0 ? r : str_equal(there, text);
}

/* Does the link, read at its place, lead to a directory inside the root? */
static bool leads_to_dir(const struct job *job, const struct op *op)
{
	auto_free char *dir = path_dirname(op->target);
	/* joined as text and walked as text says: rootfs_open() resolves ".." by inode */
	auto_free char *path = op->link[0] == '/' || dir == NULL
				       ? strdup(op->link)
				       : str_format("%s/%s", dir, op->link);
	auto_fd fd = path == NULL ? -1 : rootfs_open(job->rootfd, path, O_PATH | O_DIRECTORY, NULL);

	return fd >= 0;
}

/* An image may have a directory of its own where boards have a link to one; its files stay. */
static int keep_directory(struct job *job, const struct op *op, struct err *err)
{
	if (!leads_to_dir(job, op)) {
		(void)err_set(err, EISDIR, "the image has a directory where the link '%s' must go",
			      op->target);
		return err_hint(err, "remove the directory from the image");
	}
	log_warn(job->log, MODULE,
		 "the image has a directory at '%s': it stays, no link to '%s' is made", op->target,
		 op->link);
	job->stats.kept++;
	return 0;
}

static int cover(struct job *job, const struct op *op, const struct place *place, struct err *err)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	int r = mount_source_link(&source, op->link, job->uid, job->gid,
				  MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV, err);

	if (r == 0)
		r = job_attach(job, &source, place, err);
	return r < 0 ? err_wrap(err, "link '%s'", op->target) : 0;
}

/* 1 = what the image has there is used */
static int keep(struct job *job, const struct op *op, const struct place *place, struct err *err)
{
	int r = has_text(job, place, op->link, err);

	if (r < 0)
		return r;
	if (r == 1) {
		r = place_use(&job->tree, place, op->link, err);
	} else if ((op->flags & OP_IF_ABSENT) != 0 && job_leads_somewhere(job, op->target)) {
		if (strv_add(&job->foreign_links, op->target) < 0)
			r = err_nomem(err);
	} else {
		return 0;
	}
	if (r < 0)
		return r;
	job->stats.kept++;
	return 1;
}

int op_link_run(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	struct place place;
	int r = place_open(&job->tree, op->target, &place, err);

	if (r < 0)
		return r;
	if (!place.exists) {
		r = place_make_link(&job->tree, &place, op->link, err);
	} else {
		r = keep(job, op, &place, err);
		if (r != 0)
			return r < 0 ? r : 0;
		if (S_ISDIR(place.st.st_mode))
			return keep_directory(job, op, err);
		if (!job_leads_somewhere(job, op->target))
			place_leftover(&job->tree, op->target);
		r = cover(job, op, &place, err);
	}
	if (r == 0)
		job->stats.links++;
	return r;
}
