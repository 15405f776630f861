/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd.h"

static int check_usage(const struct cmd *cmd, pid_t *ret_pid)
{
	const struct opts *opts = cmd->opts;
	const char *rootfs = opts->operands[0];
	struct err err = {0};
	uint64_t pid = 0;

	if (rootfs[0] != '/' || strspn(rootfs, "/") == strlen(rootfs)) {
		(void)err_set(&err, EINVAL,
			      "configure: ROOTFS must be an absolute path other than '/', not '%s'",
			      rootfs);
		return out_error(cmd->out, &err);
	}
	if (opts->ldconfig != NULL && opts->ldconfig[0] != '@') {
		(void)err_set(&err, EINVAL,
			      "configure: --ldconfig must begin with '@', not '%.64s'",
			      opts->ldconfig);
		(void)err_hint(&err, "no program of an image is run");
		return out_error(cmd->out, &err);
	}
	if (opts->no_devbind && !opts->no_cgroups) {
		(void)err_set(&err, EINVAL, "configure: --no-devbind needs --no-cgroups");
		(void)err_hint(&err, "nodes are allowed and bound together, or not at all");
		return out_error(cmd->out, &err);
	}
	if (opts->no_devbind && opts->devices.n > 0) {
		(void)err_set(&err, EINVAL, "configure: --no-devbind excludes --device");
		return out_error(cmd->out, &err);
	}
	/* without --pid a container's own tool has called us: its parent is the container */
	*ret_pid = getppid();
	if (opts->pid == NULL)
		return 0;
	if (!str_to_u64(opts->pid, strlen(opts->pid), 10, INT_MAX, &pid) || pid == 0) {
		(void)err_set(&err, EINVAL, "configure: --pid must be a process id, not '%s'",
			      opts->pid);
		return out_error(cmd->out, &err);
	}
	*ret_pid = (pid_t)pid;
	return 0;
}

int cmd_configure(const struct cmd *cmd)
{
	struct nvc_container container = {
		.size = sizeof(container),
		.rootfs = cmd->opts->operands[0],
		.id = cmd->opts->id,
	};
	struct nvc_request *request = NULL;
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	int status = check_usage(cmd, &container.pid);
	int rc;

	if (status != 0)
		return status;
	cmd->out->fault = "permission error";
	rc = nvc_confine(cmd->ctx);
	if (rc == 0) {
		cmd->out->fault = "input error";
		rc = cmd_request(cmd, "none", &request);
	}
	if (rc == 0)
		rc = cmd_find_plan(cmd, request, &container, &inv, &plan);
	if (rc == 0) {
		cmd->out->fault = "mount error";
		rc = nvc_apply(cmd->ctx, plan, &container, NULL);
	}
	status = rc < 0 ? out_context_error(cmd->out, cmd->ctx) : 0;
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	nvc_request_free(request);
	return status;
}
