/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount is seen with all its flags or not at all: the attaching process is stopped in front of
 * and behind each of its system calls, and the container's mount table is looked at. Needs root.
 */
#include "sys/mounts.h"

#include <sys/ptrace.h>

#include "mounts_fixture.h"

static const char *source_of; /* below work */
static const char *target_of;
static const unsigned all_flags = MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC;

/* What the attaching process does, on its own. Its fds end with it. */
static void attach_and_exit(void)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	struct err err = {0};

	if (source_of != NULL)
		take(&source, source_of, all_flags);
	else
		must_err(mount_source_file(
				 &source,
				 &(struct io_new){.data = "made\n", .len = 5, .mode = 0644},
				 all_flags, &err),
			 &err);
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	(void)raise(SIGSTOP);
	_exit(attach(&source, target_of, NULL, &err) == 0 ? 0 : 1);
}

/* One line of mountinfo: id, parent, device, root, point, options, optional fields... */
struct line {
	char root[256];
	char point[256];
	char options[256];
	bool is_private;
};

static bool next_line(const char **at, struct line *ret)
{
	const char *end = strchr(*at, '\n');
	const char *dash = strstr(*at, " - ");
	const char *optional = NULL;
	int len = 0;

	if (end == NULL || dash == NULL)
		return false;
	assert_int_equal(sscanf(*at, "%*d %*d %*s %255s %255s %255s%n", ret->root, ret->point,
				ret->options, &len),
			 3);
	optional = *at + len;
	ret->is_private = optional == dash;
	*at = end + 1;
	return true;
}

static bool is_complete(const struct line *line)
{
	return strncmp(line->options, "ro,nosuid,nodev,noexec", 22) == 0 && line->is_private;
}

/* The mount of the source's is somewhere in the container's table: is that right? Before Linux 5.2
 * it lies on the stage first. */
static bool look(bool anywhere)
{
	auto_free char *table = mountinfo_of(container);
	auto_free char *point = str_format("%s/%s", work, target_of);
	auto_free char *root = str_format("/%s", source_of == NULL ? "?" : source_of);
	const char *at = table;
	struct line line;
	bool seen = false;

	while (next_line(&at, &line)) {
		if (strcmp(line.point, point) != 0 && (!anywhere || strcmp(line.root, root) != 0))
			continue;
		if (!is_complete(&line))
			fail_msg("'%s' is seen at '%s' with %s%s", line.root, line.point,
				 line.options, line.is_private ? "" : ", not private");
		seen |= strcmp(line.point, point) == 0;
	}
	return seen;
}

static void follow(pid_t pid, bool anywhere)
{
	int status = 0;
	int stops = 0;
	int seen = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	(void)ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_EXITKILL);
	for (;;) {
		must((int)ptrace(PTRACE_SYSCALL, pid, NULL, NULL));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			break;
		stops++;
		seen += look(anywhere);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* the calls after the attachment saw it */
	assert_true(seen > 2 && seen < stops);
}

static void take_away(void)
{
	struct joined joined;
	struct err err = {0};

	join(&joined, target_of);
	must_err(mount_detach(joined.target, &err), &err);
	leave(&joined);
}

static void on_each_kernel(const char *source, const char *target)
{
	source_of = source;
	target_of = target;
	for (size_t i = 0; i < COUNT(kernels); i++) {
		bool can_clone = true;
		pid_t pid;

		print_message("    kernel: %s\n", kernels[i].name);
		for (size_t k = 0; k < kernels[i].n; k++) {
			kfeature_missing(kernels[i].missing[k]);
			can_clone &= kernels[i].missing[k] != KFEATURE_OPEN_TREE &&
				     kernels[i].missing[k] != KFEATURE_MOVE_MOUNT;
		}
		pid = fork();
		if (pid == 0)
			attach_and_exit();
		kfeature_reset();
		follow(pid, can_clone);
		take_away();
	}
}

static void mounts_file_is_never_seen_without_its_flags(void **state)
{
	(void)state;
	on_each_kernel("host/file", "root/target");
}

static void mounts_directory_is_never_seen_without_its_flags(void **state)
{
	(void)state;
	on_each_kernel("host/dir", "root/dirtarget");
}

static void mounts_made_file_is_never_at_its_place_without_its_flags(void **state)
{
	(void)state;
	on_each_kernel(NULL, "root/target");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_file_is_never_seen_without_its_flags),
		cmocka_unit_test(mounts_directory_is_never_seen_without_its_flags),
		cmocka_unit_test(mounts_made_file_is_never_at_its_place_without_its_flags),
	};
	int failed;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0) {
		print_message("skipped: needs root for a mount namespace\n");
		return SKIPPED;
	}
	failed = cmocka_run_group_tests_name("mounts_window", tests, namespaces_make,
					     namespaces_remove);
	container_flags = CLONE_NEWNS | CLONE_NEWUSER;
	failed += cmocka_run_group_tests_name("mounts_window_remapped", tests, namespaces_make,
					      namespaces_remove);
	return failed;
}
