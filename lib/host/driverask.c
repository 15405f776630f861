/* SPDX-License-Identifier: Apache-2.0 */
#include "host/driverask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "host/driveranswer.h"
#include "host/drivercalls.h"
#include "host/driveruser.h"
#include "host/trust.h"
#include "sys/rootfs.h"
#include "sys/spawn.h"
#include "sys/sysfilter.h"

#define NAME        "nvc-driver"
#define ASKING      "ask the driver's library"
#define END_MS      100u /* until one whose socket has closed is dead */
#define SPARE_CPU_S 5u

/* Where the loader's cache of a driver root may not lead. */
static const char *const usual_dirs[] = {
	"/usr/lib64",       "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
	"/usr/lib",         "/usr/lib64/nvidia",         "/usr/lib/x86_64-linux-gnu/nvidia/current",
	"/usr/lib/wsl/lib", "/run/opengl-driver/lib",
};

#define N_USUAL (sizeof(usual_dirs) / sizeof(usual_dirs[0]))

/* Borrowed strings: nothing of it is to be freed. */
struct request_parts {
	proto_request request;
	proto_dir first[PROTO_MAX_DIRS];
	proto_dir last[N_USUAL];
};

static bool is_real_root(const struct host *host, int slash)
{
	struct stat root, real;

	return fstat(host->fds[ROOT_DRIVER], &root) == 0 && fstat(slash, &real) == 0 &&
	       root.st_dev == real.st_dev && root.st_ino == real.st_ino;
}

static int make_request(const struct host *host, bool change_root, struct request_parts *parts,
			struct err *err)
{
	const struct strv *dirs = &host->settings->library_dirs;
	struct driveruser user;
	u_int n = 0;
	int r = driveruser_find(host, &user, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < dirs->n && n < PROTO_MAX_DIRS; i++)
		if (strlen(dirs->items[i]) <= PROTO_MAX_TEXT)
			parts->first[n++] = dirs->items[i];
	for (size_t i = 0; i < N_USUAL; i++)
		parts->last[i] = (char *)(uintptr_t)usual_dirs[i];
	parts->request = (proto_request){
		.format = PROTO_VERSION,
		.change_root = change_root,
		.change_user = user.change,
		.must_change = user.must,
		.uid = user.uid,
		.gid = user.gid,
		.seconds = host->settings->driver_timeout / 1000 + SPARE_CPU_S,
		.first = {n, parts->first},
		.last = {(u_int)N_USUAL, parts->last},
	};
	return 0;
}

/* What is executed with our rights must be root's or our own. */
static int open_program(const struct host *host, int slash, struct err *err)
{
	const char *path = host->settings->driver_program;
	struct trust trust;
	const char *fault;
	struct stat st;
	auto_fd fd = -1;

	if (path == NULL)
		path = NVC_DRIVER_PROGRAM;
	fd = rootfs_open(slash, path, O_PATH, err);
	if (fd < 0) {
		(void)err_wrap(err, "start the driver child");
		return err_hint(err, "it belongs to this package; driver-program says where it is");
	}
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat '%s'", path);
	trust_init(&trust);
	fault = trust_fault(&trust, &st);
	if (fault != NULL || !S_ISREG(st.st_mode))
		return err_set(err, EPERM, "start the driver child: '%s' %s", path,
			       fault != NULL ? fault : "is no regular file");
	return take_fd(&fd);
}

static int start(const struct host *host, struct spawn *spawn, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);
	auto_free char *said = NULL;
	auto_fd program = -1;
	struct request_parts parts;
	struct spawn_how how = {.name = NAME, .timeout_ms = host->settings->driver_timeout};
	bool change_root;
	int r;

	if (slash < 0)
		return slash;
	change_root = !is_real_root(host, slash);
	r = make_request(host, change_root, &parts, err);
	if (r == 0)
		r = driveranswer_request(&parts.request, &said, &how.said_len, err);
	if (r < 0)
		return r;
	program = open_program(host, slash, err);
	if (program < 0)
		return program;
	if (!sysfilter_built())
		log_info(host->log, "driver",
			 "nvc-driver runs without a system call filter: this build has none");
	how.said = said;
	how.program = program;
	how.root = change_root ? host->fds[ROOT_DRIVER] : -1;
	return spawn_start(&how, spawn, err);
}

/* "ended in X by signal 9", by what it left. */
static int say_ended(struct spawn *spawn, const char *call, struct err *err)
{
	int status;
	int code;

	if (!spawn_end(spawn, END_MS))
		return err_set(err, EPROTO, ASKING ": " NAME " stopped talking in %s", call);
	status = spawn->status;
	code = spawn_exec_error(status);
	if (code != 0)
		return err_sys(err, code, "execute " NAME);
	if (WIFSIGNALED(status))
		return err_set(err, EPROTO, ASKING ": " NAME " was ended in %s by signal %d", call,
			       WTERMSIG(status));
	return err_set(err, EPROTO, ASKING ": " NAME " ended in %s with code %d", call,
		       WEXITSTATUS(status));
}

static int explain(struct spawn *spawn, unsigned call, unsigned timeout_ms, const struct err *why,
		   struct err *err)
{
	const char *name = drivercalls_name(call);

	switch (why->code) {
	case ETIMEDOUT:
		(void)err_set(err, ETIMEDOUT, ASKING ": %s took longer than %u ms", name,
			      timeout_ms);
		return err_hint(err, "the kernel's log may say more; driver-timeout sets the time");
	case EPIPE:
		return say_ended(spawn, name, err);
	case EPROTO:
		return err_set(err, EPROTO, ASKING ": " NAME " sent %s, in %s", why->msg, name);
	default:
		return err_set(err, why->code, ASKING ": %s", why->msg);
	}
}

/* One frame; the caller frees it. */
static int receive(struct spawn *spawn, char **ret, size_t *ret_len, struct err *err)
{
	unsigned char head[DRIVERANSWER_HEAD];
	auto_free char *frame = NULL;
	size_t len = 0;
	int r = spawn_receive(spawn, head, sizeof(head), err);

	if (r == 0)
		r = driveranswer_length(head, &len, err);
	if (r < 0)
		return r;
	frame = malloc(len + 1);
	if (frame == NULL)
		return err_nomem(err);
	r = spawn_receive(spawn, frame, len, err);
	if (r == 0) {
		*ret = take_ptr(&frame);
		*ret_len = len;
	}
	return r;
}

/* Up to a message that is no step; *call is the last one that began. */
static int listen_to(struct spawn *spawn, unsigned *call, char **ret_frame, size_t *ret_len,
		     proto_message *ret, struct err *err)
{
	for (;;) {
		int r = receive(spawn, ret_frame, ret_len, err);

		if (r == 0)
			r = driveranswer_read(*ret_frame, *ret_len, ret, err);
		if (r < 0 || ret->kind != PROTO_STEP)
			return r;
		*call = ret->proto_message_u.step;
		driveranswer_done(ret);
		free(take_ptr(ret_frame));
	}
}

static int say_fault(const proto_fault *fault, struct err *err)
{
	(void)err_set(err, EIO, ASKING ": %s: %s (%d)", drivercalls_name(fault->call),
		      fault->text[0] == '\0' ? "an error" : fault->text, fault->code);
	return err_hint(err, "nvidia-smi on the host should say the same");
}

static int judge(const proto_message *message, struct err *err)
{
	const proto_failure *failure = &message->proto_message_u.failure;

	if (message->kind == PROTO_ANSWER)
		return 0;
	if (message->kind == PROTO_FAULT)
		return say_fault(&message->proto_message_u.fault, err);
	return err_set(err, failure->code, "start the driver child: %s", failure->text);
}

int driverask(const struct host *host, char **ret_frame, size_t *ret_len, proto_message *ret,
	      struct err *err)
{
	auto_done(spawn) struct spawn spawn = {.socket = -1, .tie = -1};
	auto_done(driveranswer) proto_message message = {0};
	auto_free char *frame = NULL;
	unsigned call = DRIVERCALLS_START;
	struct err why = {0};
	size_t len = 0;
	int r = start(host, &spawn, err);

	if (r < 0)
		return r;
	r = listen_to(&spawn, &call, &frame, &len, &message, &why);
	if (r < 0)
		return explain(&spawn, call, host->settings->driver_timeout, &why, err);
	r = judge(&message, err);
	if (r < 0)
		return r;
	*ret_frame = take_ptr(&frame);
	*ret_len = len;
	*ret = message;
	memset(&message, 0, sizeof(message));
	return 0;
}
