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
	return rootfs_read(place_dirfd(&job->tree, place), place->name, strlen(content), &there,
			   &len, NULL) == 0 &&
	       len == want && memcmp(there, content, len) == 0;
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
	r = mount_source_file(&source, &content, job_mount_flags(op->flags | OP_NOSUID | OP_NODEV),
			      err);
	if (r == 0)
		r = job_attach_object(job, &source, &place, "file", err);
	if (r == 0)
		job->stats.files++;
	return r;
}
