/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <sys/stat.h>

#include "apply/job.h"

#define MODULE "apply"

int op_bind_prepare(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	mode_t type = S_IFREG;

	if ((op->flags & OP_DIR) != 0)
		type = S_IFDIR;
	else if ((op->flags & OP_SOCKET) != 0)
		type = S_IFSOCK;
	return job_take_source(job, index, type, err);
}

static const char *object_kind(const struct op *op)
{
	return (op->flags & OP_SOCKET) != 0 ? "socket" : "file";
}

/* A hook that runs a second time finds its own work. */
static bool is_same(const struct mount_source *source, const struct stat *st)
{
	return source->object.dev == st->st_dev && source->object.ino == st->st_ino;
}

/* An image whose /lib is /usr/lib has one place for two files of a board where these are two: what
 * came first stays, as with two rows for one path. NULL: it is no other operation's. */
static const struct op *holder_of(const struct job *job, size_t index, const struct place *place)
{
	for (size_t i = 0; i < index; i++) {
		const struct op *op = &job->plan->ops.items[i];

		if (op->kind == OP_BIND && is_same(&job->sources[i], &place->st))
			return op;
	}
	return NULL;
}

int op_bind_run(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	struct mount_source *source = &job->sources[index];
	const bool folder = (op->flags & OP_DIR) != 0;
	const struct op *holder;
	char path[PATH_MAX];
	struct place place;
	int r = place_open(&job->tree, op->target, &place, err);

	if (r < 0)
		return r;
	if (place.exists && ((op->flags & OP_IF_ABSENT) != 0 || is_same(source, &place.st))) {
		job->stats.kept++;
		return 0;
	}
	holder = place.exists && !folder ? holder_of(job, index, &place) : NULL;
	if (holder != NULL) {
		log_warn(job->log, MODULE,
			 "'%s' is left out: in this image it is '%s', where '%s' is already",
			 op->target, holder->target, holder->source);
		job->stats.kept++;
		return 0;
	}
	if (folder && place.exists && S_ISLNK(place.st.st_mode)) {
		r = job_follow_dir(job, &place, path, err);
		if (r < 0)
			return r;
		if (is_same(source, &place.st)) {
			job->stats.kept++;
			return 0;
		}
	}
	r = folder ? job_attach_dir(job, source, &place, err)
		   : job_attach_object(job, source, &place, object_kind(op), err);
	if (r == 0)
		job->stats.binds++;
	return r;
}
