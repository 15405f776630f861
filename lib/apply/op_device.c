/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/sysmacros.h>

#include "apply/job.h"

#define MODULE "apply"

int op_device_prepare(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	dev_t *device;

	if (!job->target->devices_granted &&
	    (job->target->spec == NULL ||
	     !spec_grants_device(job->target->spec, 'c', major(op->rdev), minor(op->rdev)))) {
		device = vec_add(&job->devices);
		if (device == NULL)
			return err_nomem(err);
		*device = op->rdev;
	}
	if ((op->flags & OP_LATER) != 0)
		return 0;
	return job_take_source(job, index, S_IFCHR, err);
}

/* Nodes bound into a user namespace belong to nobody there: only the mode for others counts. */
static void note_mode(const struct job *job, const struct op *op, mode_t mode)
{
	if (job->other_user && (mode & 06) != 06)
		log_warn(job->log, MODULE,
			 "'%s' has mode %04o on the host: in this user namespace the container "
			 "cannot open it for reading and writing",
			 op->target, (unsigned)mode & 07777);
}

int op_device_run(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	struct mount_source *source = &job->sources[index];
	struct place place;
	int r;

	if ((op->flags & OP_LATER) != 0)
		return 0;
	r = place_open(&job->tree, op->target, &place, err);
	if (r < 0)
		return r;
	if (place.exists && ((op->flags & OP_IF_ABSENT) != 0 ||
			     (S_ISCHR(place.st.st_mode) && place.st.st_rdev == op->rdev))) {
		job->stats.kept++;
		return 0;
	}
	r = job_attach_object(job, source, &place, "node", err);
	if (r < 0)
		return r;
	note_mode(job, op, source->object.mode);
	job->stats.devices++;
	return 0;
}
