/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apply/fence.h"
#include "apply/job.h"
#include "apply/revert.h"
#include "apply/treeroot.h"
#include "base/auto.h"
#include "base/str.h"
#include "sys/privs.h"
#include "sys/rootfs.h"

#define MODULE "apply"

/* ---- in the caller's mount namespace: nothing is changed yet ---- */

static int check_target(struct job *job, struct err *err)
{
	const struct apply_target *target = job->target;
	int r;

	if (target->rootfs == NULL || target->rootfs[0] != '/')
		return err_set(err, EINVAL, "the rootfs '%s' is no absolute path",
			       target->rootfs == NULL ? "" : target->rootfs);
	r = treeroot_open_outside(job, err);
	if (r < 0)
		return r;
	r = ns_process_open(target->pid, &job->process, err);
	if (r < 0)
		return err_wrap(err, "the container's process");
	/* an engine may run in a mount namespace that is not the machine's */
	if (ns_same_mount(&job->process) || ns_is_machines_mount(&job->process)) {
		(void)err_set(err, EINVAL,
			      "process %d has no mount namespace of its own: its mounts would be "
			      "the host's",
			      (int)target->pid);
		return err_hint(err, "give the pid of the container's first process");
	}
	job->other_user = !ns_same_user(&job->process);
	if (job->other_user) {
		r = ns_root_ids(&job->process, &job->uid, &job->gid, err);
		if (r < 0)
			return err_wrap(err, "user namespace of the container");
	}
	return 0;
}

static int prepare_op(struct job *job, size_t index, struct err *err)
{
	switch (job->plan->ops.items[index].kind) {
	case OP_BIND:
		return op_bind_prepare(job, index, err);
	case OP_DEVICE:
		return op_device_prepare(job, index, err);
	case OP_LDCACHE:
		return ldcache_update_prepare(job, err);
	case OP_LINK:
	case OP_FILE:
		break;
	}
	return 0;
}

static int prepare_ops(struct job *job, struct err *err)
{
	job->sources = calloc(job->plan->ops.n + 1, sizeof(*job->sources));
	if (job->sources == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < job->plan->ops.n; i++)
		job->sources[i].fd = -1;
	for (size_t i = 0; i < job->plan->ops.n; i++) {
		int r = prepare_op(job, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int prepare_cgroup(struct job *job, struct err *err)
{
	int r;

	if (job->devices.n == 0)
		return 0;
	if (job->target->no_cgroups) {
		log_info(
			job->log, MODULE,
			"%zu nodes are not granted in the container's spec, and the cgroup is left "
			"alone as configured",
			job->devices.n);
		job->devices.n = 0;
		return 0;
	}
	r = cgroup_open(&job->process, job->mounts, &job->cgroup, err);
	if (r < 0)
		return err_hint(err, "set no-cgroups = true in config.toml to leave it alone");
	if (r == 0) {
		log_info(
			job->log, MODULE,
			"the kernel has no cgroups for devices: nothing keeps a container from %zu "
			"nodes",
			job->devices.n);
		job->devices.n = 0;
	}
	job->fence.bpf = r > 0 && !job->cgroup.v1;
	return 0;
}

/* Begins the record, so that whatever comes can be taken back; a container is not stopped because
 * there is no place for it. */
static int begin_record(struct job *job, struct err *err)
{
	const struct apply_target *target = job->target;
	struct err none = {0};

	if (target->id == NULL)
		return 0;
	job->record.id = strdup(target->id);
	job->record.rootfs = strdup(target->rootfs);
	job->record.bundle = target->bundle == NULL ? NULL : strdup(target->bundle);
	if (job->record.id == NULL || job->record.rootfs == NULL ||
	    (target->bundle != NULL && job->record.bundle == NULL))
		return err_nomem(err);
	job->record.folder = job->alone.folder;
	job->record.init = job->process.pid;
	job->record.started = job->process.start_time;
	/* the clock of file systems, which ticks slower than the other one */
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &job->record.since);
	job->state_dir = record_open_dir(job->settings->state_dir, job->log, &none);
	if (job->state_dir >= 0 && record_write(job->state_dir, &job->record, &none) == 0)
		job->journal = record_open_journal(job->state_dir, target->id, &none);
	if (job->journal >= 0)
		return 0;
	if (none.code == EINVAL || none.code == ENOMEM) { /* not an id; or better not now */
		if (err != NULL)
			*err = none;
		return -none.code;
	}
	log_warn(job->log, MODULE, "%s: what is made in the image will not be taken back",
		 none.msg);
	if (job->state_dir >= 0)
		(void)close(job->state_dir);
	job->state_dir = -1;
	return 0;
}

/* A program that a runtime started for this container is younger than it. Another process that has
 * got the container's number since the state was written is not. A number that somebody typed may
 * be of a process that a script has just begun, before it became this program. */
static int check_age(const struct job *job, const struct ns_process *self, struct err *err)
{
	if (!job->target->confined || job->target->bundle == NULL ||
	    job->process.start_time <= self->start_time)
		return 0;
	return err_set(err, ESRCH, "process %d began after this one: the container's has ended",
		       (int)job->process.pid);
}

static int prepare(struct job *job, struct err *err)
{
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};
	size_t len;
	int r = check_target(job, err);

	if (r == 0 && job->target->id != NULL)
		r = revert_container(job->target, job->settings, &job->fence, &job->alone, err);
	if (r < 0)
		return r;
	job->procfd = mount_open_proc(err);
	if (job->procfd < 0)
		return job->procfd;
	r = ns_process_open(getpid(), &self, err);
	if (r == 0)
		r = check_age(job, &self, err);
	if (r == 0)
		r = ns_read(&self, "mountinfo", CGROUP_MAX_TEXT, &job->mounts, &len, err);
	if (r == 0)
		r = prepare_ops(job, err);
	if (r == 0)
		r = prepare_cgroup(job, err);
	if (r == 0)
		job->mounts = place_mounts_shorten(job->mounts);
	if (r == 0)
		r = begin_record(job, err);
	if (r == 0)
		r = mount_sources_flag(job->sources, job->plan->ops.n, err);
	if (r == 0) {
		job->own_mount = ns_open_own_mount(err);
		r = job->own_mount < 0 ? job->own_mount : 0;
	}
	return r;
}

/* ---- in the container's mount namespace ---- */

static int run_kind(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];

	switch (op->kind) {
	case OP_BIND:
		return op_bind_run(job, index, err);
	case OP_DEVICE:
		return op_device_run(job, index, err);
	case OP_LINK:
		return op_link_run(job, index, err);
	case OP_FILE:
		return (op->flags & OP_DIR) != 0 ? op_folder_run(job, index, err)
						 : op_file_run(job, index, err);
	case OP_LDCACHE:
		return op_ldcache_run(job, index, err);
	}
	return err_set(err, EINVAL, "operation of an unknown kind");
}

static int run_op(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	const struct job_folder *folder =
		op->target == NULL ? NULL : job_folder_of(job, op->target);
	const struct place_mark before = place_mark(&job->tree);
	int r = 1;

	if (folder != NULL && folder->left_out)
		return 0;
	if (folder == NULL && (op->flags & OP_IN_PROC) != 0 &&
	    (op->kind != OP_FILE || (op->flags & OP_DIR) == 0))
		r = job_is_in_proc(job, op, err);
	if (r > 0)
		r = run_kind(job, index, err);
	if (folder != NULL)
		place_forget(&job->tree, &before);
	return r;
}

static int run_inside(struct job *job, struct err *err)
{
	int r = treeroot_open(job, err);

	if (r == 0)
		r = place_tree_open(&job->tree, job->rootfd, err);
	job->tree.mounts = job->container;
	job->keeper.become = job->other_user;
	job->keeper.uid = job->uid;
	job->keeper.gid = job->gid;
	for (size_t i = 0; r == 0 && i < job->plan->ops.n; i++)
		r = run_op(job, i, err);
	if (r == 0)
		r = job_close_folders(job, err);
	if (r == 0)
		r = place_adopt(&job->tree, err);
	if (r == 0)
		r = ns_process_check(&job->process, err);
	/* last of all: nothing that follows can fail, so no rule has to be taken back */
	if (r == 0 && job->devices.n > 0)
		r = cgroup_allow(&job->cgroup, job->devices.items, job->devices.n, job->log, err);
	if (r < 0)
		return r;
	job->stats.cgroup_rules = (unsigned)r;
	return 0;
}

static void undo(struct job *job)
{
	struct err err = {0};

	/* who waited too long for the turn may have ended meanwhile */
	if (job->state_dir >= 0)
		job->left |= peers_drop_ended(&job->alone.peers, job->state_dir) > 0;
	if (job->rootfd >= 0)
		job->left |= !keeper_undo(&job->keeper);
	while (job->attached.n > 0) {
		int fd = job->attached.items[--job->attached.n];

		if (mount_detach(fd, &err) < 0)
			log_warn(job->log, MODULE, "%s", err.msg);
		(void)close(fd);
	}
	job->left |= !place_undo(&job->tree);
}

/* Joins, works, and returns in every case. */
static int visit(struct job *job, struct err *err)
{
	struct err back = {0};
	bool owned = job->fence.on && ns_owns_mount(&job->process);
	size_t len;
	int r = ns_read(&job->process, "mountinfo", CGROUP_MAX_TEXT, &job->container, &len, err);

	if (r == 0)
		r = ns_enter_mount(&job->process, err);
	if (r < 0)
		return r;
	if (job->other_user)
		r = privs_fs_become(job->uid, job->gid, err);
	if (r == 0)
		r = fence_enter(&job->fence, FENCE_INSIDE, err);
	job->fence.was_inside = r == 0;
	job->fence.foreign = !owned;
	if (r == 0)
		r = run_inside(job, err);
	if (r < 0)
		undo(job);
	mount_stage_done(&job->stage);
	if (job->other_user && privs_fs_restore(&back) < 0 && r == 0)
		log_warn(job->log, MODULE, "%s", back.msg);
	if (ns_return_mount(job->own_mount, &back) < 0) {
		/* whatever the caller does next, it would do in the container */
		if (r == 0) {
			undo(job);
			if (job->cgroup.v1)
				cgroup_v1_withdraw(&job->cgroup, job->devices.items,
						   job->devices.n);
		}
		if (err != NULL)
			*err = back;
		return -back.code;
	}
	/* too late to refuse; all that follows is a file of ours in a directory of ours */
	if (fence_enter(&job->fence, FENCE_BACK, &back) < 0)
		log_warn(job->log, MODULE, "%s", back.msg);
	return r;
}

/* ---- back ---- */

/* The record as it is now: inodes known, nothing that is not on the rootfs. */
static void finish_record(struct job *job)
{
	struct err err = {0};
	bool needed = false;
	int r = 0;

	if (job->state_dir < 0)
		return;
	vec_each(made, &job->tree.made)
	{
		struct record_item *item;

		if (!made->recorded)
			continue;
		item = vec_add(&job->record.items);
		if (item == NULL) { /* the journal tells what was about to be made */
			log_warn(job->log, MODULE, "no memory for the whole record");
			return;
		}
		*item = made->item;
		made->item.path = NULL;
		made->item.text = NULL;
		needed = true;
	}
	r = keeper_hand_over(&job->keeper, &job->record, &err);
	if (r == 0)
		r = needed || job->record.kept.n > 0
			    ? record_write(job->state_dir, &job->record, &err)
			    : record_delete(job->state_dir, job->record.id, &err);
	if (r < 0)
		log_warn(job->log, MODULE, "%s", err.msg);
}

static void job_done(struct job *job)
{
	vec_each(fd, &job->attached)(void) close(*fd);
	vec_done(&job->attached);
	vec_done(&job->folders);
	for (size_t i = 0; job->sources != NULL && i < job->plan->ops.n; i++)
		mount_source_done(&job->sources[i]);
	free(job->sources);
	free(job->mounts);
	free(job->container);
	vec_done(&job->devices);
	place_tree_done(&job->tree);
	ldcache_update_done(&job->ldcache);
	keeper_done(&job->keeper);
	strv_done(&job->foreign_links);
	cgroup_done(&job->cgroup);
	record_done(&job->record);
	peers_done(&job->alone.peers);
	ns_process_done(&job->process);
	auto_fd_release(&job->own_mount);
	auto_fd_release(&job->procfd);
	auto_fd_release(&job->state_dir);
	auto_fd_release(&job->journal);
	auto_fd_release(&job->rootfd);
	auto_fd_release(&job->host_rootfs);
	turn_done(&job->alone.turn); /* last: nothing is done to the rootfs any more */
}

static struct fence fence_of(const struct settings *settings, const struct apply_target *target,
			     const struct log *log)
{
	return (struct fence){
		.on = target->confined,
		.child = target->asks_driver,
		.cgroups = !settings->no_cgroups,
		.programs = !str_equal(settings->ldconfig, SETTINGS_LDCONFIG_NATIVE),
		.log = log,
	};
}

int apply_confine(const struct settings *settings, const struct apply_target *target,
		  const struct log *log, struct err *err)
{
	const struct fence fence = fence_of(settings, target, log);

	return fence_enter(&fence, FENCE_PREPARE, err);
}

int apply_end_asking(const struct settings *settings, const struct apply_target *target,
		     const struct log *log, struct err *err)
{
	const struct fence fence = fence_of(settings, target, log);

	return fence_end_child(&fence, err);
}

static void share(struct job *job)
{
	job->tree.procfd = job->procfd;
	job->tree.host_mounts = job->mounts;
	job->tree.id = job->target->id;
	job->tree.peers = &job->alone.peers;
	job->tree.journal = job->journal;
	job->tree.log = job->log;
	job->keeper.tree = &job->tree;
	job->keeper.log = job->log;
	job->keeper.id = job->target->id;
	job->keeper.state_dir = job->state_dir;
	job->keeper.journal = job->journal;
}

int apply_plan(const struct plan *plan, const struct host *host, const struct settings *settings,
	       const struct apply_target *target, const struct log *log, struct apply_stats *ret,
	       struct err *err)
{
	struct apply_target own = *target;
	auto_free char *id = NULL;
	auto_done(job) struct job job = {
		.plan = plan,
		.host = host,
		.settings = settings,
		.target = &own,
		.log = log,
		.fence = fence_of(settings, target, log),
		.process = {.proc_fd = -1},
		.own_mount = -1,
		.procfd = -1,
		.state_dir = -1,
		.journal = -1,
		.rootfd = -1,
		.stage = {.top = -1, .passing = true},
		.host_rootfs = -1,
		.cgroup = {.fd = -1},
		.alone = {.turn = TURN_NONE},
		.ldcache = {.ldconfig = {.program = -1}},
	};
	struct err failed = {0};
	int r;

	if (plan->ops.n == 0) {
		if (ret != NULL)
			*ret = job.stats;
		return 0;
	}
	if (target->id != NULL) {
		r = peers_choose_id(settings->state_dir, target->id, target->bundle, target->pid,
				    &id, err);
		if (r < 0)
			return r;
		own.id = id;
	}
	r = prepare(&job, err);
	if (r == 0) {
		share(&job);
		r = visit(&job, err);
		if (r == 0)
			finish_record(&job);
	}
	if (r < 0) {
		if (job.state_dir >= 0 && !job.left &&
		    record_delete(job.state_dir, own.id, &failed) < 0)
			log_warn(log, MODULE, "%s", failed.msg);
		return r;
	}
	place_report(&job.tree);
	job.stats.placeholders = job.tree.placeholders;
	job.stats.inodes = job.tree.inodes;
	if (ret != NULL)
		*ret = job.stats;
	return 0;
}
