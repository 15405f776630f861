/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2) is let through where a cgroup's device program may be replaced, and in no phase else. */
#include "apply/fence.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SKIPPED 77

static bool bpf_is_refused(void)
{
	return syscall(SYS_bpf, -1, NULL, 0) < 0 && errno == EPERM;
}

/* Phases in their order, a bit for each in which bpf is refused; in a child, since none comes back.
 * revert: from prepare to files, as after a container's end. */
static int refused_in(bool cgroups, bool bpf, bool revert)
{
	struct fence fence = {.on = true, .cgroups = cgroups, .bpf = bpf};
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int refused = 0;

		if (bpf_is_refused()) /* by a container around this */
			_exit(SKIPPED);
		for (enum fence_phase phase = FENCE_PREPARE; phase <= FENCE_BACK; phase++) {
			if (revert && (phase == FENCE_INSIDE || phase == FENCE_BACK))
				continue;
			if (fence_enter(&fence, phase, NULL) < 0)
				_exit(99);
			fence.was_inside = fence.was_inside || phase == FENCE_INSIDE;
			refused |= bpf_is_refused() << phase;
		}
		(void)syscall(SYS_exit_group, refused); /* a sanitizer's _exit() is another thing */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void fence_bpf_ends_with_its_need(void **state)
{
	const int files = 1 << FENCE_FILES;
	const int after = files | 1 << FENCE_BACK;
	static const struct {
		bool cgroups, bpf, revert;
	} cases[] = {{true, true, false},
		     {true, false, false},
		     {false, false, false},
		     {true, false, true},
		     {false, false, true}};
	const int expected[] = {after, after | 1 << FENCE_INSIDE,
				after | 1 << FENCE_INSIDE | 1 << FENCE_PREPARE, files,
				files | 1 << FENCE_PREPARE};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int seen = refused_in(cases[i].cgroups, cases[i].bpf, cases[i].revert);

		if (geteuid() != 0 || seen == SKIPPED) {
			print_message("skipped: needs root, and bpf(2)\n");
			skip();
		}
		if (seen != expected[i])
			fail_msg("case %zu: refused in %#x, not in %#x", i, (unsigned)seen,
				 (unsigned)expected[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fence_bpf_ends_with_its_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
