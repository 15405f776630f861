/* SPDX-License-Identifier: Apache-2.0 */
/* Where a caller without rights keeps an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <sys/prctl.h>

#include "driverworld.h"
#include "host/drivercache.h"
#include "host/driverdir.h"

#define USER      61187u
#define USERS_DIR DRIVERDIR_USERS "/61187"

static bool write_map(const char *path, const char *text)
{
	auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* As rootless engines make themselves root. */
static bool become_root_inside(void)
{
	return unshare(CLONE_NEWUSER) == 0 && write_map("/proc/self/setgroups", "deny") &&
	       write_map("/proc/self/uid_map", "0 61187 1") &&
	       write_map("/proc/self/gid_map", "0 61187 1") && geteuid() == 0;
}

/* What a user without rights keeps and finds: 0 if he finds it, 1 if not, 3 where users cannot
 * make user namespaces. */
static int user_keeps(const struct driverworld *world, bool inside)
{
	const proto_answer answer = {.format = PROTO_VERSION};
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		auto_free char *frame = NULL;
		size_t len = 0;

		if (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0)
			_exit(2);
		/* who had rights is not asked what he owns: that is for a new program */
		if (inside && (prctl(PR_SET_DUMPABLE, 1) < 0 || !become_root_inside()))
			_exit(3);
		drivercache_keep(&world->host, "key\n\n", &answer, "frame", 5);
		_exit(drivercache_find(&world->host, "key\n\n", &frame, &len, NULL) == 1 &&
				      len == 5 && memcmp(frame, "frame", 5) == 0
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The machine's folder of a user, and whether he keeps an answer in it. */
static void check_user(bool inside)
{
	static const struct {
		uid_t owner;
		mode_t mode;
		mode_t inner; /* of nvc in it, if that is there before */
		bool other;   /* another folder is configured */
		bool keeps;
	} cases[] = {
		{USER, 0700, 0, false, true},     {USER, 0755, 0700, false, true},
		{USER, 0770, 0700, false, false}, {USER, 0777, 0, false, false},
		{USER, 01777, 0, false, false},   {0, 0755, 0700, false, false},
		{USER, 0700, 0770, false, false}, {USER, 0700, 0, true, false},
	};
	struct driverworld world;
	bool lacking = false;
	bool made;

	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	/* he must come as far as the machine's folders */
	made = mkdir(DRIVERDIR_USERS, 0755) == 0;
	for (size_t i = 0; !lacking && i < sizeof(cases) / sizeof(cases[0]); i++) {
		int kept;

		driverworld_set(&world.settings->cache_dir,
				cases[i].other ? "/run/nvc-other" : SETTINGS_DEFAULT_CACHE_DIR);
		assert_int_equal(mkdir(USERS_DIR, 0700), 0);
		assert_int_equal(cases[i].inner == 0 ? 0 : mkdir(USERS_DIR "/nvc", 0700), 0);
		assert_int_equal(cases[i].inner == 0 ? 0 : chmod(USERS_DIR "/nvc", cases[i].inner),
				 0);
		assert_int_equal(cases[i].inner == 0 ? 0 : chown(USERS_DIR "/nvc", USER, USER), 0);
		assert_int_equal(chown(USERS_DIR, cases[i].owner, cases[i].owner), 0);
		assert_int_equal(chmod(USERS_DIR, cases[i].mode), 0);
		kept = user_keeps(&world, inside);
		(void)nftw(USERS_DIR, tree_remove_one, 4, FTW_DEPTH | FTW_PHYS);
		lacking = kept == 3;
		if (!lacking && kept != !cases[i].keeps)
			fail_msg("case %zu: %d", i, kept);
	}
	assert_int_equal(made ? rmdir(DRIVERDIR_USERS) : 0, 0);
	driverworld_done(&world);
	if (lacking) {
		print_message("skipped: users cannot make user namespaces here\n");
		skip();
	}
}

static void driverdir_user_has_a_folder_of_his_own(void **state)
{
	(void)state;
	check_user(false);
}

static void driverdir_root_of_a_user_namespace_has_the_users(void **state)
{
	(void)state;
	check_user(true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(driverdir_user_has_a_folder_of_his_own),
		cmocka_unit_test(driverdir_root_of_a_user_namespace_has_the_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
