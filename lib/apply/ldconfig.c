/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bytes.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/child.h"
#include "sys/entry.h"
#include "sys/jail.h"
#include "sys/privs.h"
#include "sys/rootfs.h"
#include "sys/sysfilter.h"

#define MODULE      "ldcache"
#define MAX_CALLS   256
#define TEMPORARY   "/etc/ld.so.cache~"
#define MACHINE_POS 18 /* e_machine of ELF32 and ELF64 */

/* exit codes of the child where it does not become ldconfig, which itself ends with 0 or 1 */
#define NOT_EXECUTED 125
#define NOT_ENTERED  126

/* Debian's /sbin/ldconfig is the program; Ubuntu's is a shell script around ldconfig.real. */
static int open_program(const char *path, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);
	auto_free char *real = str_format("%s.real", path);
	const char *const paths[] = {real,
				     path,
				     "/sbin/ldconfig.real",
				     "/sbin/ldconfig",
				     "/usr/sbin/ldconfig.real",
				     "/usr/sbin/ldconfig",
				     "/usr/bin/ldconfig"};

	if (slash < 0)
		return slash;
	if (real == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = rootfs_open(slash, paths[i], O_RDONLY, NULL);
		struct stat st;

		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 022) == 0 &&
		    (st.st_uid == 0 || st.st_uid == geteuid()))
			return fd;
		(void)close(fd);
	}
	return err_set(err, ENOENT, "the host has no '%s'", path);
}

int ldconfig_open(const char *setting, const struct log *log, struct ldconfig *ret, struct err *err)
{
	const char *path = setting != NULL && setting[0] == '@' ? setting + 1 : "/sbin/ldconfig";
	struct err missing = {0};
	uint8_t head[MACHINE_POS + 2] = {0};
	struct bytes bytes = bytes_of(head, sizeof(head));
	auto_fd fd = -1;
	int sealed;

	if (setting != NULL && setting[0] == '/')
		log_warn(log, MODULE,
			 "ldconfig = \"%s\" names a program of the image, which is never executed: "
			 "the host's is used (write \"@%s\")",
			 setting, setting);
	fd = open_program(path, &missing);
	if (fd < 0) {
		log_warn(log, MODULE, "%s: the loader's cache is written without it", missing.msg);
		return 0;
	}
	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head, "\177ELF", 4) != 0) {
		log_warn(log, MODULE,
			 "'%s' is no program: the loader's cache is written without it", path);
		return 0;
	}
	sealed = child_seal_program(fd, LDCONFIG_MAX_BYTES, err);
	if (sealed < 0)
		return sealed;
	bytes_seek(&bytes, MACHINE_POS);
	*ret = (struct ldconfig){.program = sealed, .machine = bytes_u16(&bytes)};
	return 1;
}

void ldconfig_done(struct ldconfig *ldconfig)
{
	if (ldconfig->program > 0)
		(void)close(ldconfig->program);
	*ldconfig = (struct ldconfig){.program = -1};
}

/* The loader and ldconfig look there anyway. */
static bool is_default(const char *dir)
{
	static const char *const dirs[] = {"/lib", "/usr/lib", "/lib64", "/usr/lib64"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (strcmp(dir, dirs[i]) == 0)
			return true;
	}
	return false;
}

static int arguments(const struct strv *dirs, struct strv *ret, struct err *err)
{
	/* it says of a directory that it could not read with -v only; its lists go nowhere */
	static const char *const fixed[] = {
		"ldconfig", "-v", "-X", "-f", "/etc/ld.so.conf", "-C", "/etc/ld.so.cache"};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(fixed) / sizeof(fixed[0]); i++)
		r = strv_add(ret, fixed[i]);
	for (size_t i = 0; r >= 0 && i < dirs->n; i++) {
		if (!is_default(dirs->items[i]) && dirs->items[i][0] == '/')
			r = strv_add(ret, dirs->items[i]);
	}
	return r < 0 ? err_nomem(err) : 0;
}

static int filter(struct err *err)
{
	const char *calls[MAX_CALLS];
	size_t n = 0;

	if (!sysfilter_built())
		return 0;
	while (n < MAX_CALLS - 3 && sysfilter_ldconfig[n] != NULL) {
		calls[n] = sysfilter_ldconfig[n];
		n++;
	}
	calls[n++] = "execveat";  /* of itself, from a sealed copy */
	calls[n++] = "prlimit64"; /* without CAP_SYS_RESOURCE limits only go down */
	calls[n] = NULL;
	/* glibc 2.36 and later fsync the cache, which is made anew at every start: a container need
	 * not wait for the disk. What a power failure leaves is healed by the record. */
	return sysfilter_allow_but(calls, sysfilter_sync, err);
}

struct child {
	const struct ldconfig *ldconfig;
	const struct ldconfig_job *job;
	char **argv;
};

static int enter(const struct child *child, struct err *err)
{
	const struct ldconfig_job *job = child->job;
	int r = jail_enter(job->rootfd, "/etc", err);

	if (r == 0 && job->become)
		r = jail_become(job->uid, job->gid, err);
	if (r == 0)
		r = privs_drop_all(err);
	if (r == 0)
		r = filter(err);
	if (r == 0) /* after the filter was built: a sanitizer's memory is beyond any limit */
		r = jail_limit(err);
	return r;
}

static int child_main(void *arg)
{
	const struct child *child = arg;
	struct err err = {0};
	int code = NOT_ENTERED;

	if (enter(child, &err) == 0) {
		(void)jail_exec(child->ldconfig->program, child->argv, &err);
		code = NOT_EXECUTED;
	}
	/* standard error is the way to the parent, which makes a log line of it */
	(void)!write(STDERR_FILENO, err.msg, strlen(err.msg));
	return code;
}

/* What it says last is why it ended; the rest are warnings. */
static const char *last_line(char *output)
{
	size_t len = strlen(output);
	const char *line;

	while (len > 0 && output[len - 1] == '\n')
		output[--len] = '\0';
	line = strrchr(output, '\n');
	return line == NULL ? output : line + 1;
}

/* It ends with 0 also when it could not look at a file, and its cache lacks that one then. What it
 * says besides, of links and empty files, is every image's. Cuts output; NULL: nothing of that. */
static const char *omission(char *output)
{
	char *state = NULL;

	for (char *line = strtok_r(output, "\n", &state); line != NULL;
	     line = strtok_r(NULL, "\n", &state)) {
		if (str_ends_with(line, strerror(ENOENT)) || str_ends_with(line, strerror(ENOTDIR)))
			continue; /* directories that an image need not have */
		if (strstr(line, ": Can't ") != NULL || strstr(line, ": Cannot ") != NULL ||
		    strstr(line, ": Input file ") != NULL)
			return line;
	}
	return NULL;
}

static int run(struct child *child, const struct log *log, struct err *err)
{
	struct child_result result = {0};
	const char *line;
	int r = child_run(child_main, child,
			  CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
				  CLONE_NEWCGROUP,
			  LDCONFIG_DEADLINE, &result, err);
	if (r < 0)
		return err_wrap(err, "ldconfig");
	if (WIFSIGNALED(result.status))
		return err_set(err, EIO, "ldconfig was ended by signal %d: %s",
			       WTERMSIG(result.status), last_line(result.output));
	if (WEXITSTATUS(result.status) == NOT_EXECUTED)
		return err_set(err, ENOEXEC, "the host's ldconfig cannot be executed: %s",
			       last_line(result.output));
	if (WEXITSTATUS(result.status) != 0)
		return err_set(err, EIO, "ldconfig ended with code %d: %s",
			       WEXITSTATUS(result.status), last_line(result.output));
	if (result.output[0] != '\0')
		log_debug(log, MODULE, "ldconfig: %s", result.output);
	line = omission(result.output);
	if (line != NULL)
		log_warn(log, MODULE, "the loader's cache may lack a library: %s", line);
	return 0;
}

/* One that was ended, or that found no room, leaves its unfinished cache. */
static void remove_temporary(int rootfd)
{
	char name[NAME_MAX + 1];
	auto_fd dir = rootfs_open_parent(rootfd, TEMPORARY, name, NULL);

	if (dir >= 0)
		(void)entry_remove(dir, name);
}

int ldconfig_run(const struct ldconfig *ldconfig, const struct ldconfig_job *job,
		 const struct log *log, struct err *err)
{
	auto_done(strv) struct strv argv = {0};
	struct child child = {.ldconfig = ldconfig, .job = job};
	struct stat st;
	bool was_there = rootfs_lstat(job->rootfd, TEMPORARY, &st, NULL) != 0;
	int r = arguments(job->dirs, &argv, err);

	if (r < 0)
		return r;
	child.argv = argv.items;
	r = run(&child, log, err);
	if (r < 0 && !was_there)
		remove_temporary(job->rootfd);
	return r;
}
