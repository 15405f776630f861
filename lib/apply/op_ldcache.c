/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/job.h"
#include "apply/ldconf.h"

struct files {
	struct job *job;
	const struct op *op;
};

static int update(void *arg, struct err *err)
{
	const struct files *files = arg;

	return ldcache_update_run(files->job, files->op, err);
}

int op_ldcache_run(struct job *job, size_t index, struct err *err)
{
	struct files files = {.job = job, .op = &job->plan->ops.items[index]};
	const int dirs[] = {job->rootfd, job->state_dir};
	size_t made;
	int r;

	/* what takes a mount or a "trusted" attribute is not to be had there */
	place_seclude(&job->tree, KEEPER_CACHE);
	place_seclude(&job->tree, LDCONF_OURS);
	place_meet_conf(&job->tree, LDCONF_OURS);
	made = job->tree.made.n;
	r = fence_files(&job->fence, dirs, job->state_dir < 0 ? 1 : 2, update, &files, err);
	place_sign_made(&job->tree, made);
	return r < 0 ? r : ldcache_update_cover(job, err);
}
