/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "apply/job.h"
#include "base/auto.h"
#include "sys/rootfs.h"

static bool has_content(const struct job *job, const struct place *place, const char *content)
{
	auto_free char *there = NULL;
	size_t want = strlen(content);
	size_t len;

	if (!S_ISREG(place->st.st_mode) || place->st.st_size != (off_t)want)
		return false;
	return rootfs_read(place_dirfd(&job->tree, place), place->name, want, &there, &len, NULL) ==
		       0 &&
	       len == want && memcmp(there, content, len) == 0;
}

static unsigned file_flags(unsigned flags)
{
	unsigned ret = MOUNT_NOSUID | MOUNT_NODEV;

	ret |= (flags & OP_RDONLY) != 0 ? MOUNT_RDONLY : 0u;
	ret |= (flags & OP_NOEXEC) != 0 ? MOUNT_NOEXEC : 0u;
	return ret;
}

int op_file_run(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	struct io_new content = {.mode = op->mode, .uid = job->uid, .gid = job->gid};
	struct place place;
	int r = place_open(&job->tree, op->target, &place, err);

	if (r < 0)
		return r;
	content.data = op->content;
	content.len = strlen(op->content);
	if (place.exists &&
	    ((op->flags & OP_IF_ABSENT) != 0 || has_content(job, &place, op->content))) {
		job->stats.kept++;
		return 0;
	}
	if (place.exists && S_ISDIR(place.st.st_mode)) {
		(void)err_set(err, EISDIR, "the image has a directory where the file '%s' must go",
			      op->target);
		return err_hint(err, "remove the directory from the image");
	}
	if (!place.exists)
		r = place_make_file(&job->tree, &place, err);
	if (r == 0)
		r = mount_source_file(&source, &content, file_flags(op->flags), err);
	if (r == 0)
		r = job_attach(job, &source, &place, err);
	if (r == 0)
		job->stats.files++;
	return r;
}
