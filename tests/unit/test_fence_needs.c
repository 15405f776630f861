/* SPDX-License-Identifier: Apache-2.0 */
/* Each capability that the fence leaves is needed: a start without it does less. Not to be seen
 * here: DAC_READ_SEARCH (linkat before Linux 6.10), SETUID and SETGID (a user namespace: 20-userns,
 * 32-docker-userns), NET_ADMIN and SYS_RESOURCE (BPF of older kernels), KILL (a child of another
 * user that takes too long). */
#include "apply/fence.h"

#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "applyplan.h"
#include "sys/privs.h"

#define BIT(name) (UINT64_C(1) << CAP_##name)

struct outcome {
	int rc;
	struct apply_stats stats;
	char message[ERR_MSG_MAX], warning[ERR_MSG_MAX];
};

static void sink(void *arg, enum log_level level, const char *module, const char *text)
{
	struct outcome *outcome = arg;

	(void)module;
	if (level == LOG_LEVEL_WARNING)
		(void)snprintf(outcome->warning, sizeof(outcome->warning), "%s", text);
}

/* Nothing comes back, so in a child. */
static void start_without(struct world *world, uint64_t lost, struct outcome *outcome)
{
	struct log log = {.level = LOG_LEVEL_WARNING, .emit = sink, .arg = outcome};
	struct err err = {0};
	int status = 0;
	pid_t pid = fork();

	must(pid);
	if (pid == 0) {
		(void)alarm(60);
		outcome->rc = privs_limit(~lost, &err);
		if (outcome->rc == 0)
			outcome->rc = apply_confine(&world->settings, &world->target, &log, &err);
		if (outcome->rc == 0)
			outcome->rc = apply_plan(world->plan, &world->host, &world->settings,
						 &world->target, &log, &outcome->stats, &err);
		(void)snprintf(outcome->message, sizeof(outcome->message), "%s", err.msg);
		(void)syscall(SYS_exit_group, 0); /* a sanitizer's _exit() is something else */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* An image whose files are such that each right counts. */
static void make_demanding(struct world *world)
{
	free(world->settings.ldconfig);
	world->settings.ldconfig = strdup(SETTINGS_LDCONFIG_NATIVE);
	world->target.confined = true;
	add_some(world);
	add_loadable(world);
	must(mkdir(in(world, "rootfs/etc"), 0755));
	put(in(world, "rootfs/etc/ld.so.conf"), "/opt/else\n");
	must(chown(in(world, "rootfs/etc/ld.so.conf"), 1234, 2345));
	must(chmod(in(world, "rootfs/etc/ld.so.conf"), 02640));
	must(chown(in(world, "rootfs/usr/lib"), 1234, 1234));
	must(chmod(in(world, "rootfs/usr/lib"), 0500));
}

static bool did_all(const struct world *world, const struct outcome *outcome)
{
	struct stat st;

	return outcome->rc == 0 && outcome->stats.ldcache && outcome->warning[0] == '\0' &&
	       stat(in(world, "rootfs/etc/ld.so.conf"), &st) == 0 && st.st_uid == 1234 &&
	       st.st_gid == 2345 && (st.st_mode & 07777) == 02640 && st.st_size > 10;
}

static void does_all_but_without(void **state, const char *name, uint64_t lost)
{
	struct world *world = need_root(state);
	struct outcome *outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool all;

	assert_true(outcome != MAP_FAILED);
	make_demanding(world);
	start_without(world, lost, outcome);

	all = did_all(world, outcome);
	print_message("without %s: %s%s\n", name, outcome->message, outcome->warning);
	assert_true(all == (lost == 0));
	(void)munmap(outcome, sizeof(*outcome));
}

static void fence_holds_all_that_is_needed(void **state)
{
	does_all_but_without(state, "nothing", 0);
}

#define NEEDED(lower, NAME)                                                                        \
	static void fence_needs_##lower(void **state)                                              \
	{                                                                                          \
		does_all_but_without(state, #NAME, BIT(NAME));                                     \
	}

NEEDED(sys_admin, SYS_ADMIN)
NEEDED(sys_chroot, SYS_CHROOT)
NEEDED(sys_ptrace, SYS_PTRACE)
NEEDED(dac_override, DAC_OVERRIDE)
NEEDED(chown, CHOWN)
NEEDED(fowner, FOWNER)
NEEDED(fsetid, FSETID)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(fence_holds_all_that_is_needed),
		CASE(fence_needs_sys_admin),
		CASE(fence_needs_sys_chroot),
		CASE(fence_needs_sys_ptrace),
		CASE(fence_needs_dac_override),
		CASE(fence_needs_chown),
		CASE(fence_needs_fowner),
		CASE(fence_needs_fsetid),
	};

	return cmocka_run_group_tests_name("fence_needs", tests, NULL, NULL);
}
