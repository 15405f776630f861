/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvc-hook: OCI hook. Reads a container's state, finds out what it wants, and has libnvc put that
 * in or take it back. All decisions are the library's.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <nvc/nvc.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/path.h"
#include "base/str.h"
#include "hook/hooklog.h"
#include "hook/hookopts.h"
#include "hook/hookstate.h"

#define DEADLINE    60u /* seconds for everything, unless --timeout says otherwise */
#define GRACE       5u  /* seconds more, for the handler */
#define MAX_FILES   65536
#define DEFAULT_LOG "/run/nvc/hook.log"

#define TOO_LATE "not done in time (see --timeout)"

/* What the handler says in the log: made before, since all that it may do is write. */
static struct {
	struct timespec when; /* by the clock that the log has */
	char line[HOOKLOG_LINE_BYTES];
	size_t len;
	volatile sig_atomic_t fd;
} late = {.fd = -1};

static void on_alarm(int signal)
{
	static const char text[] = "nvc-hook: " TOO_LATE "\n";

	(void)signal;
	if (late.fd >= 0)
		(void)!write(late.fd, late.line, late.len);
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

/* Engines throw the standard error away; the file is what is left. */
static void prepare_late(const struct hooklog *log)
{
	late.len = hooklog_format(log, &late.when, NVC_LOG_ERROR, "hook", TOO_LATE, late.line);
	late.fd = log->fd;
}

/* A silent file system of somebody else's must not hold a runtime for ever. */
static void set_deadline(unsigned seconds)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	const unsigned grace = seconds < GRACE ? seconds : GRACE;
	const struct itimerspec last = {.it_value = {.tv_sec = (time_t)seconds + grace}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
	int timer = 0;

	(void)clock_gettime(CLOCK_REALTIME, &late.when);
	late.when.tv_sec += (time_t)seconds;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)alarm(seconds);
	/* a call that waits for a FUSE server is left for a fatal signal only, never for a handler.
	 * By number: timer_create(3) of glibc before 2.34 would take one more library. */
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0)
		(void)syscall(SYS_timer_settime, timer, 0, &last, NULL);
}

/* Every source and every mount is an fd. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= MAX_FILES)
		return;
	limit.rlim_cur = limit.rlim_max < MAX_FILES ? limit.rlim_max : MAX_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int fail(struct hooklog *log, const struct nvc_context *ctx)
{
	hooklog_fail(log, nvc_error_message(ctx), nvc_error_hint(ctx));
	return 1;
}

static int fail_err(struct hooklog *log, const struct err *err)
{
	hooklog_fail(log, err->msg, err->hint);
	return 1;
}

/* From the shim's argument, or else from the bundle. */
static int make_request(struct nvc_context *ctx, const struct hook_opts *opts,
			const struct nvc_state *state, struct nvc_request **ret)
{
	if (opts->request != NULL)
		return nvc_request_from_text(ctx, opts->request, ret);
	return nvc_request_from_bundle(ctx, opts->bundle != NULL ? opts->bundle : state->bundle,
				       ret);
}

/* crun's state has the rootfs, as its config.json writes it: relative ones are the library's work.
 */
static const char *rootfs_of(const struct hook_opts *opts, const struct nvc_state *state)
{
	if (opts->rootfs != NULL)
		return opts->rootfs;
	return state->root != NULL && state->root[0] == '/' ? state->root : NULL;
}

static void say(struct hooklog *log, enum nvc_log_level max, enum nvc_log_level level,
		const char *text)
{
	if (level <= max)
		hooklog_emit(log, level, "hook", text);
}

static void tell_notes(struct hooklog *log, const struct nvc_plan *plan, enum nvc_log_level level)
{
	const char *note;

	for (size_t i = 0; (note = nvc_plan_note(plan, i)) != NULL; i++)
		hooklog_emit(log, level, "plan", note);
}

static void report(struct hooklog *log, const struct nvc_plan *plan,
		   const struct nvc_applied *applied, const struct timespec *start)
{
	struct timespec now = {0};
	char text[256];

	tell_notes(log, plan, NVC_LOG_INFO);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof(text),
		       "done in %.1f ms: %u mounts, %u devices, %u links, %u files, %u kept, %u "
		       "placeholders, %u new inodes, %u cgroup rules, loader cache %s",
		       (double)(now.tv_sec - start->tv_sec) * 1e3 +
			       (double)(now.tv_nsec - start->tv_nsec) / 1e6,
		       applied->binds, applied->devices, applied->links, applied->files,
		       applied->kept, applied->placeholders, applied->inodes, applied->cgroup_rules,
		       applied->ldcache ? "updated" : "left alone");
	hooklog_emit(log, NVC_LOG_INFO, "hook", text);
}

/* NULL: nothing is known of it. What is wrong with the container is told when it is entered. */
static struct nvc_image *look_at_image(struct nvc_context *ctx,
				       const struct nvc_container *container, struct hooklog *log)
{
	struct nvc_image *image = NULL;

	if (nvc_image_new(ctx, container, &image) < 0 &&
	    nvc_setting_log_level(ctx) >= NVC_LOG_DEBUG)
		hooklog_emit(log, NVC_LOG_DEBUG, "hook", nvc_error_message(ctx));
	return image;
}

static int put_in(struct nvc_context *ctx, const struct hook_opts *opts,
		  const struct nvc_state *state, const struct nvc_request *request,
		  struct hooklog *log)
{
	const struct nvc_container container = {
		.size = sizeof(container),
		.pid = state->pid,
		.rootfs = rootfs_of(opts, state),
		.id = opts->id != NULL ? opts->id : state->id,
		.bundle = opts->bundle != NULL ? opts->bundle : state->bundle,
		.devices_granted = opts->devices_granted,
	};
	struct nvc_applied applied = {.size = sizeof(applied)};
	struct nvc_inventory *inv = NULL;
	struct nvc_image *image = NULL;
	struct nvc_plan *plan = NULL;
	struct timespec start = {0};
	int rc;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	rc = nvc_inventory_new(ctx, request, &inv);
	if (rc >= 0)
		image = look_at_image(ctx, &container, log);
	if (rc >= 0)
		rc = nvc_plan_new(ctx, inv, request, image, &plan);
	nvc_image_free(image);
	nvc_inventory_free(inv); /* early: a machine may start hundreds of hooks at once */
	if (rc >= 0 && nvc_plan_is_empty(plan)) {
		tell_notes(log, plan, NVC_LOG_WARNING);
		nvc_plan_free(plan);
		return 0;
	}
	if (rc >= 0)
		rc = nvc_apply(ctx, plan, &container, &applied);
	if (rc < 0)
		(void)fail(log, ctx);
	else if (nvc_setting_log_level(ctx) >= NVC_LOG_INFO || opts->debug)
		report(log, plan, &applied, &start);
	nvc_plan_free(plan);
	return rc < 0 ? 1 : 0;
}

static int prestart(struct nvc_context *ctx, const struct hook_opts *opts,
		    const struct nvc_state *state, struct hooklog *log)
{
	enum nvc_log_level level = opts->debug ? NVC_LOG_DEBUG : nvc_setting_log_level(ctx);
	struct nvc_request *request = NULL;
	int rc;

	if (state->pid <= 0) {
		hooklog_fail(log, "the container's state has no pid", NULL);
		return 1;
	}
	if (opts->request == NULL && opts->bundle == NULL && state->bundle == NULL) {
		hooklog_fail(log, "the container's state has no bundle", NULL);
		return 1;
	}
	if (make_request(ctx, opts, state, &request) < 0)
		return fail(log, ctx);
	if (nvc_request_refused(request) != NULL)
		say(log, level, NVC_LOG_WARNING, nvc_request_refused(request));
	if (!nvc_request_wants_gpu(request)) {
		say(log, level, NVC_LOG_DEBUG, "the container asks for no GPU");
		rc = 0;
	} else {
		rc = put_in(ctx, opts, state, request, log);
	}
	nvc_request_free(request);
	return rc;
}

static int poststop(struct nvc_context *ctx, const struct hook_opts *opts,
		    const struct nvc_state *state, struct hooklog *log)
{
	const struct nvc_container container = {
		.size = sizeof(container),
		.rootfs = rootfs_of(opts, state),
		.id = opts->id != NULL ? opts->id : state->id,
		.bundle = opts->bundle != NULL ? opts->bundle : state->bundle,
	};

	return nvc_revert(ctx, &container) < 0 ? fail(log, ctx) : 0;
}

static int run_command(struct nvc_context *ctx, const struct hook_opts *opts,
		       const struct nvc_state *state, struct hooklog *log)
{
	hooklog_set_id(log, opts->id != NULL ? opts->id : state->id);
	prepare_late(log);
	return opts->command == HOOK_POSTSTOP ? poststop(ctx, opts, state, log)
					      : prestart(ctx, opts, state, log);
}

static bool is_inside(const char *path, const char *dir)
{
	return path != NULL && dir != NULL && dir[0] == '/' && path_is_below(path, dir);
}

/* The bundle too: its folders may be the image's. Whoever made the image could have the log end in
 * any file of the host by a link in it. */
static void open_log(const char *path, const struct hook_opts *opts, const struct nvc_state *state,
		     struct hooklog *log)
{
	const char *bundle = opts->bundle != NULL ? opts->bundle : state->bundle;
	auto_free char *normal = path == NULL ? NULL : path_normal(path);

	if (!is_inside(normal, rootfs_of(opts, state)) && !is_inside(normal, state->root) &&
	    (str_equal(bundle, "/") || !is_inside(normal, bundle))) {
		hooklog_open(log, path);
		return;
	}
	hooklog_open(log, DEFAULT_LOG);
	hooklog_emit(log, NVC_LOG_WARNING, "hook",
		     "the log file as configured lies in the container's bundle: this one instead");
}

static int read_state(struct nvc_context *ctx, struct nvc_state *ret, struct err *err)
{
	auto_free char *text = NULL;
	size_t len;
	int rc = hookstate_read(STDIN_FILENO, &text, &len, err);

	if (rc < 0)
		return rc;
	rc = nvc_state_parse(ctx, text, len, ret);
	if (rc == 0)
		return 0;
	(void)err_set(err, -rc, "%s", nvc_error_message(ctx));
	return err_hint(err, nvc_error_hint(ctx));
}

static int run(const struct hook_opts *opts, struct hooklog *log)
{
	const struct nvc_options options = {
		.size = sizeof(options),
		.config = opts->config,
		.root = opts->root,
		.host_root = opts->host_root,
		.log = hooklog_emit,
		.log_arg = log,
		.log_level = opts->debug ? NVC_LOG_DEBUG : NVC_LOG_WARNING,
	};
	struct nvc_state state = {.size = sizeof(state)};
	struct nvc_context *ctx = NULL;
	struct err err = {0};
	const char *log_file;
	int rc = nvc_open(&options, &ctx);
	int rc_state;

	if (ctx == NULL) {
		hooklog_fail(log, "out of memory", NULL);
		return 1;
	}
	/* no program is run and no node made once rights are given up */
	if (rc == 0 && opts->command == HOOK_PRESTART)
		rc = nvc_load_modules(ctx, 0);
	/* before anything is read that others wrote */
	if (rc == 0)
		rc = nvc_confine(ctx);
	rc_state = rc < 0 ? 0 : read_state(ctx, &state, &err);
	/* what is wrong with config.toml must be somewhere too */
	log_file = rc < 0 ? DEFAULT_LOG : nvc_setting(ctx, "nvc.log-file");
	open_log(opts->debug_file != NULL ? opts->debug_file : log_file, opts, &state, log);
	if (!opts->debug)
		nvc_set_log(ctx, hooklog_emit, log, nvc_setting_log_level(ctx));
	if (rc < 0)
		rc = fail(log, ctx);
	else
		rc = rc_state < 0 ? fail_err(log, &err) : run_command(ctx, opts, &state, log);
	nvc_state_done(&state);
	nvc_close(ctx);
	return rc;
}

int main(int argc, char **argv)
{
	struct hook_opts opts = {.command = HOOK_NONE};
	struct hooklog log = {.fd = -1};
	struct err err = {0};
	int rc;

	rc = nvc_clean_start();
	if (rc < 0) {
		hooklog_fail(&log,
			     rc == -EPERM ? "run with the rights of another user (set-user-ID, or "
					    "capabilities of the file): refused"
					  : "cannot make the process's state safe",
			     NULL);
		return 1;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files must not end us by way of the log */
	raise_file_limit();
	if (hookopts_parse(argc, argv, &opts, &err) < 0) {
		err.hint = "see nvc-hook --help";
		(void)fail_err(&log, &err);
		return 2;
	}
	set_deadline(opts.timeout == 0 ? DEADLINE : opts.timeout);
	switch (opts.command) {
	case HOOK_NONE:
		(void)!write(STDERR_FILENO, hookopts_usage, strlen(hookopts_usage));
		return 2;
	case HOOK_HELP:
		return fputs(hookopts_usage, stdout) < 0;
	case HOOK_VERSION:
		return printf("nvc-hook %s\n", nvc_version()) < 0;
	case HOOK_POSTSTART:
		return 0;
	case HOOK_PRESTART:
	case HOOK_POSTSTOP:
		break;
	}
	rc = run(&opts, &log);
	late.fd = -1;
	hooklog_done(&log);
	return rc;
}
