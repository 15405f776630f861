/* SPDX-License-Identifier: Apache-2.0 */
/* nvc-cli, also nvidia-container-cli: what the machine has, what a container would get, and the
 * giving of it. Exit status 0 or 1, as NVIDIA's program has it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd.h"

#define DEBUG_SETTING "nvidia-container-cli.debug"
#define NVIDIA_NAME   "nvidia-container-cli"

static int run_command(const struct cmd *cmd)
{
	cmd->out->fault = NULL; /* the command line, until the command says otherwise */
	switch (cmd->opts->command) {
	case COMMAND_INFO:
		return cmd_info(cmd);
	case COMMAND_LIST:
		return cmd_list(cmd);
	case COMMAND_PLAN:
		return cmd_plan(cmd);
	case COMMAND_CONFIGURE:
		return cmd_configure(cmd);
	case COMMAND_CSV:
		return cmd_csv(cmd);
	case COMMAND_RUNTIME:
		return cmd_runtime(cmd);
	case COMMAND_NONE:
		break;
	}
	return 1;
}

static int fail_path(const struct out *out, const char *path)
{
	struct err err = {0};

	(void)err_sys(&err, errno, "find '%s'", path);
	return out_error(out, &err);
}

/* configure runs with privilege, in whatever folder and with whatever fds its caller had. */
static int start_clean(const struct opts *opts, struct out *out)
{
	const char *paths[] = {opts->root, opts->host_root, opts->config, opts->debug};
	struct err err = {0};
	int rc;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (paths[i] == NULL || paths[i][0] == '/')
			continue;
		(void)err_set(&err, EINVAL, "configure: '%s' is no absolute path", paths[i]);
		return out_error(out, &err);
	}
	rc = nvc_clean_start();
	out->fault = rc == -EPERM ? "permission error" : "initialization error";
	if (rc == 0)
		return 0;
	(void)err_sys(&err, -rc, "configure: leave the caller's surroundings");
	return out_error(out, &err);
}

/* "UID:GID" of the caller where --user has no value; else NULL. */
static char *own_user(const struct opts *opts)
{
	if (opts->user == NULL || opts->user[0] != '\0')
		return NULL;
	return str_format("%u:%u", (unsigned)geteuid(), (unsigned)getegid());
}

static int open_and_run(const struct opts *opts, struct out *out)
{
	auto_free char *lists = NULL;
	struct nvc_context *ctx = NULL;
	auto_free char *self = own_user(opts);
	struct nvc_options options = {
		.size = sizeof(options),
		.config = opts->command == COMMAND_RUNTIME ? NULL : opts->config,
		.root = opts->root,
		.host_root = opts->host_root,
		.ldcache = opts->ldcache,
		.user = self != NULL ? self : opts->user,
		.no_cache = opts->no_cache,
		.no_cgroups = opts->no_cgroups,
		.no_config = opts->command == COMMAND_RUNTIME,
		.log = out_log,
		.log_arg = out,
		.log_level = NVC_LOG_DEBUG,
	};
	struct cmd cmd = {.opts = opts, .out = out};
	int status;

	if (opts->command == COMMAND_CONFIGURE && start_clean(opts, out) != 0)
		return 1;
	if (opts->command == COMMAND_CSV && opts->n_operands > 1) {
		/* a board in a folder has the path of its own lists */
		lists = opts->host_root != NULL ? strdup(opts->operands[1])
						: realpath(opts->operands[1], NULL);
		if (lists == NULL)
			return fail_path(out, opts->operands[1]);
		options.list_dir = lists;
	}
	if (opts->debug != NULL)
		out_open_log(out, opts->debug);
	out->fault = "initialization error";
	if (nvc_open(&options, &ctx) < 0) {
		status = out_context_error(out, ctx);
	} else {
		const char *debug = nvc_setting(ctx, DEBUG_SETTING);

		if (opts->debug == NULL && debug != NULL && opts->command == COMMAND_CONFIGURE)
			out_open_log(out, debug);
		if (out->log_fd < 0 && opts->command != COMMAND_CSV) /* else none reads it */
			nvc_set_log(ctx, out_log, out, NVC_LOG_WARNING);
		cmd.ctx = ctx;
		if (opts->load_kmods &&
		    nvc_load_modules(
			    ctx, NVC_LOAD_ALWAYS |
					 (opts->no_channel_making ? NVC_LOAD_NO_CHANNELS : 0u)) < 0)
			status = out_context_error(out, ctx);
		else
			status = run_command(&cmd);
	}
	nvc_close(ctx);
	out_close(out);
	return status;
}

static int show_version(const struct out *out)
{
	printf("cli-version: %s\nlib-version: %s\n", NVC_VERSION_TEXT, nvc_version());
	return out_text(out, "");
}

int main(int argc, char **argv)
{
	struct out out = {.program = argc > 0 ? path_basename(argv[0]) : "nvc-cli", .log_fd = -1};
	auto_done(opts) struct opts opts = {0};
	struct err err = {0};

	out.nvidia = strcmp(out.program, NVIDIA_NAME) == 0;
	if (opts_parse(argc, argv, &opts, &err) < 0)
		return out_error(&out, &err);
	if (opts.version)
		return show_version(&out);
	if (opts.help)
		opts_help(out.program, opts.command, stdout);
	else if (opts.print_completion)
		opts_completion(stdout);
	else if (opts.print_options)
		opts_list(stdout);
	else
		return open_and_run(&opts, &out);
	return out_text(&out, "");
}
