/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvc-runtime: stands in for runc or crun. Prepares the bundle of a container that asks for a GPU,
 * and hands every command over to the low-level runtime with arguments, environment and file
 * descriptors as they came.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nvc/nvc.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "hook/programs.h"
#include "hook/rtargs.h"
#include "hook/rtlog.h"

#define EXEC_TRYS 3

static void context_release(struct nvc_context **ctx)
{
	nvc_close(*ctx);
}

#define auto_context __attribute__((cleanup(context_release))) struct nvc_context *

/* What is opened later must not become stdin, stdout or stderr of anything. The low-level runtime
 * sees them closed as they were. */
static void reserve_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

/* The file that NVIDIA's programs take their configuration from, absolute: the hook that it is
 * passed on to has another current folder. *ret = NULL: the default one. */
static int find_config(char **ret)
{
	const char *path = secure_getenv("NVIDIA_CTK_CONFIG_FILE_PATH");
	auto_free char *cwd = NULL;

	*ret = NULL;
	if (path == NULL || path[0] == '\0')
		return 0;
	cwd = path[0] == '/' ? strdup("/") : getcwd(NULL, 0);
	if (cwd == NULL)
		return -1;
	*ret = path_join(cwd, path);
	return *ret == NULL ? -1 : 0;
}

static int prepare_bundle(struct nvc_context *ctx, const struct rtargs *args, const char *config,
			  struct rtlog *log)
{
	auto_free char *hook = programs_find_hook(
		nvc_setting(ctx, "nvidia-container-runtime-hook.path"), secure_getenv("PATH"));
	const struct nvc_bundle_args bundle = {
		.size = sizeof(bundle),
		.bundle = args->bundle == NULL ? "." : args->bundle,
		.id = args->id,
		.hook = hook,
		.config = config,
	};
	char id[128];
	int rc;

	str_escape(args->id, id, sizeof(id));
	rtlog_open_debug(log, nvc_setting(ctx, "nvidia-container-runtime.debug"));
	nvc_set_log(ctx, rtlog_emit, log, args->debug ? NVC_LOG_DEBUG : nvc_setting_log_level(ctx));
	if (args->config != NULL) {
		rtlog_emit(log, NVC_LOG_WARNING, "runtime",
			   "the container is not made from its bundle's config.json: no GPU is "
			   "given to it");
		return 0;
	}
	rc = nvc_bundle_prepare(ctx, &bundle);
	if (rc < 0) {
		rtlog_fail(log, nvc_error_message(ctx), nvc_error_hint(ctx));
		return -1;
	}
	if (nvc_setting_log_level(ctx) >= NVC_LOG_INFO || args->debug)
		rtlog_emit(log, NVC_LOG_INFO, id,
			   rc > 0 ? "bundle prepared" : "nothing to do in the bundle");
	return 0;
}

/* The caller frees; NULL has been said. */
static char *find_runtime(const struct nvc_context *ctx, struct rtlog *log)
{
	static const char *const usual[] = {"runc", "crun", NULL};
	const char *const *names = ctx == NULL ? usual : nvc_setting_runtimes(ctx);
	char *path = programs_find(names[0] == NULL ? usual : names, secure_getenv("PATH"));

	if (path == NULL)
		rtlog_fail(log, "find the low-level runtime: none of those configured is there",
			   "set nvidia-container-runtime.runtimes in config.toml");
	return path;
}

/* Returns only on failure: of more than a moment, since the bundle is edited already. */
static void hand_over(char *path, char **argv, struct rtlog *log)
{
	argv[0] = path;
	for (int i = 0; i < EXEC_TRYS; i++)
		(void)execv(path, argv);
	rtlog_fail(log, "start the low-level runtime: it cannot be executed", NULL);
}

int main(int argc, char **argv)
{
	struct rtargs args;
	struct rtlog log = {.fd = -1, .debug_fd = -1};
	struct nvc_options options = {.size = sizeof(options), .log_level = NVC_LOG_WARNING};
	auto_context ctx = NULL;
	auto_free char *config = NULL;
	auto_free char *path = NULL;

	reserve_stdio();
	if (argc < 1)
		return EXIT_FAILURE;
	/* before --log or a variable makes it open anything */
	if (nvc_check_caller() < 0) {
		rtlog_fail(&log,
			   "run with the rights of another user (set-user-ID, or capabilities of "
			   "the file): refused",
			   NULL);
		return EXIT_FAILURE;
	}
	rtargs_scan(argc - 1, (const char *const *)argv + 1, &args);
	log.path = args.log;
	log.json = str_equal(args.log_format, "json");
	if (args.version) {
		(void)printf("nvc-runtime version %s\n", nvc_version());
		(void)fflush(stdout);
	}
	if (rtargs_creates(&args)) {
		options.log = rtlog_emit;
		options.log_arg = &log;
	}
	if (find_config(&config) < 0) {
		rtlog_fail(&log, "find the configuration: no memory or no current folder", NULL);
		return EXIT_FAILURE;
	}
	options.config = config;
	/* A broken configuration keeps containers from starting, not from being stopped. */
	if (nvc_open(&options, &ctx) < 0 && rtargs_creates(&args)) {
		rtlog_fail(&log, ctx == NULL ? "out of memory" : nvc_error_message(ctx),
			   ctx == NULL ? NULL : nvc_error_hint(ctx));
		return EXIT_FAILURE;
	}
	/* before the bundle is edited */
	path = find_runtime(ctx, &log);
	if (path == NULL || (rtargs_creates(&args) && prepare_bundle(ctx, &args, config, &log) < 0))
		return EXIT_FAILURE;
	hand_over(path, argv, &log);
	rtlog_done(&log);
	return EXIT_FAILURE;
}
