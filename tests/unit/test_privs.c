/* SPDX-License-Identifier: Apache-2.0 */
/* Each check changes the whole process, so it runs in a child whose exit code is the answer: 0, or
 * the line that is wrong. */
#include "sys/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "sys/kfeature.h"
#include "sys/rootfs.h"

/* exit codes are bytes: the number of the wanted fact, counted from 1 */
#define WANT(number, fact)                                                                         \
	do {                                                                                       \
		if (!(fact))                                                                       \
			_exit(number);                                                             \
	} while (0)

static void in_child(void (*check)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		check();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: needs root\n");
	skip();
}

static void make_mess(void)
{
	sigset_t all;

	(void)setenv("LD_PRELOAD", "/nowhere.so", 1);
	(void)dup2(0, 50);
	(void)dup2(0, 300);
	(void)close(0);
	(void)close(2);
	(void)!chdir("/tmp");
	(void)umask(0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

static void check_clean(void)
{
	char cwd[16] = "";
	struct sigaction action;
	struct rlimit core;
	sigset_t mask;

	make_mess();
	WANT(1, privs_clean_start(NULL) == 0);
	WANT(2, fcntl(50, F_GETFD) < 0 && fcntl(300, F_GETFD) < 0);
	WANT(3, fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0);
	WANT(4, getcwd(cwd, sizeof(cwd)) != NULL && strcmp(cwd, "/") == 0);
	WANT(5, umask(0) == 022);
	WANT(6, sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
	WANT(7, sigaction(SIGTERM, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
	WANT(8, sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGTERM) == 0);
	WANT(11, environ == NULL || environ[0] == NULL);
	WANT(9, getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	for (int fd = 3; fd < 400; fd++)
		WANT(10, fcntl(fd, F_GETFD) < 0);
}

static void check_clean_by_proc(void)
{
	kfeature_missing(KFEATURE_CLOSE_RANGE);
	check_clean();
}

/* No number is left for the folder of /proc that lists them, and the limit says that there are none
 * above 2. */
static void check_clean_below_limit(void)
{
	struct rlimit limit;
	static const int fds[] = {0, 1, 2, 7, 200};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		WANT(1, null == fds[i] || dup2(null, fds[i]) == fds[i]);
	WANT(2, getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 3;
	WANT(3, setrlimit(RLIMIT_NOFILE, &limit) == 0);
	WANT(4, open("/proc/self/fd", O_RDONLY) < 0 && errno == EMFILE);
	kfeature_missing(KFEATURE_CLOSE_RANGE);
	WANT(5, privs_clean_start(NULL) == 0);
	WANT(6, fcntl(7, F_GETFD) < 0);
	WANT(7, fcntl(200, F_GETFD) < 0);
}

static void check_clean_keeps_rootfs_usable(void)
{
	char *text = NULL;
	size_t len = 0;
	int root = open("/", O_PATH | O_DIRECTORY);

	/* opens the procfs that clean_start closes; its number then means another file */
	WANT(1, rootfs_read(root, "/etc/passwd", 1 << 20, &text, &len, NULL) == 0);
	WANT(2, privs_clean_start(NULL) == 0);
	for (int i = 0; i < 4; i++)
		root = open("/", O_PATH | O_DIRECTORY);
	free(text);
	WANT(3, rootfs_read(root, "/etc/passwd", 1 << 20, &text, &len, NULL) == 0);
	free(text);
}

static void privs_clean_start_leaves_nothing_inherited(void **state)
{
	(void)state;
	in_child(check_clean);
	in_child(check_clean_by_proc);
}

static void privs_clean_start_closes_what_the_limit_hides(void **state)
{
	(void)state;
	in_child(check_clean_below_limit);
	in_child(check_clean_keeps_rootfs_usable);
}

static void check_inheritable(void)
{
	cap_t caps = cap_get_proc();
	cap_value_t value = CAP_CHOWN;
	cap_flag_value_t flag = CAP_SET;

	WANT(1, cap_set_flag(caps, CAP_INHERITABLE, 1, &value, CAP_SET) == 0);
	WANT(2, cap_set_proc(caps) == 0);
	WANT(3, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)CAP_CHOWN, 0L, 0L) == 0);
	(void)cap_free(caps);
	WANT(4, privs_clean_start(NULL) == 0);
	WANT(5,
	     prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, (unsigned long)CAP_CHOWN, 0L, 0L) == 0);
	caps = cap_get_proc();
	WANT(6, cap_get_flag(caps, CAP_CHOWN, CAP_INHERITABLE, &flag) == 0 && flag == CAP_CLEAR);
	WANT(7, cap_get_flag(caps, CAP_CHOWN, CAP_PERMITTED, &flag) == 0 && flag == CAP_SET);
	(void)cap_free(caps);
}

static void privs_clean_start_clears_inheritable_capabilities(void **state)
{
	(void)state;
	need_root();
	in_child(check_inheritable);
}

static void check_become(void)
{
	char path[] = "/tmp/nvc-test-privs-XXXXXX";
	struct stat st;
	int dir;
	int fd;

	WANT(1, mkdtemp(path) != NULL && chmod(path, 0700) == 0);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	WANT(2, privs_fs_become(12345, 23456, NULL) == 0);
	/* root's directory: only the kept capability lets us in */
	fd = openat(dir, "file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	WANT(3, fd >= 0);
	WANT(4, fstat(fd, &st) == 0 && st.st_uid == 12345 && st.st_gid == 23456);
	WANT(5, privs_fs_restore(NULL) == 0);
	WANT(6, unlinkat(dir, "file", 0) == 0);
	fd = openat(dir, "file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	WANT(7, fstat(fd, &st) == 0 && st.st_uid == 0 && st.st_gid == 0);
	WANT(8, unlinkat(dir, "file", 0) == 0 && rmdir(path) == 0);
}

static void privs_files_get_the_owner_and_capabilities_stay(void **state)
{
	(void)state;
	need_root();
	in_child(check_become);
}

static void check_drop(void)
{
	cap_t caps;
	cap_t none = cap_init();

	WANT(1, privs_can_mount());
	WANT(2, privs_drop_all(NULL) == 0);
	caps = cap_get_proc();
	WANT(3, cap_compare(caps, none) == 0);
	WANT(4, !privs_can_mount());
	WANT(5, prctl(PR_CAPBSET_READ, (unsigned long)CAP_CHOWN, 0L, 0L, 0L) == 0);
	WANT(6, prctl(PR_CAPBSET_READ, (unsigned long)CAP_SYS_ADMIN, 0L, 0L, 0L) == 0);
	WANT(7, prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1);
	WANT(8, chown("/tmp", 1, 1) < 0);
	(void)cap_free(caps);
	(void)cap_free(none);
}

static void privs_drop_all_is_for_good(void **state)
{
	(void)state;
	need_root();
	in_child(check_drop);
}

static uint64_t caps_of(const char *name)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	uint64_t ret = UINT64_MAX;
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			ret = strtoull(line + strlen(name), NULL, 16);
	if (file != NULL)
		(void)fclose(file);
	return ret;
}

static void check_seal(void)
{
	uint64_t before = caps_of("CapPrm:");

	WANT(1, before != 0 && caps_of("CapBnd:") != 0);
	WANT(2, privs_seal(NULL) == 0);
	WANT(3, caps_of("CapBnd:") == 0 && caps_of("CapPrm:") == before);
	WANT(4, prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1);
	/* a second time nothing is left to do */
	WANT(5, privs_seal(NULL) == 0);
	/* files can get another owner without CAP_SETPCAP */
	WANT(6, privs_limit(UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID, NULL) == 0);
	WANT(7, privs_fs_become(12345, 12345, NULL) == 0 && privs_fs_restore(NULL) == 0);
}

static void check_seal_without_setpcap(void)
{
	uint64_t mask = ~(UINT64_C(1) << CAP_SETPCAP);

	WANT(1, privs_limit(mask, NULL) == 0);
	WANT(2, privs_seal(NULL) == 0);
	WANT(3, caps_of("CapBnd:") != 0);
	WANT(4, prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1);
}

static void privs_seal_leaves_nothing_to_gain(void **state)
{
	(void)state;
	need_root();
	in_child(check_seal);
	in_child(check_seal_without_setpcap);
}

static void check_limit(void)
{
	uint64_t chown_only = UINT64_C(1) << CAP_CHOWN;

	WANT(1, privs_limit(chown_only | UINT64_C(1) << 62, NULL) == 0);
	WANT(2, caps_of("CapPrm:") == chown_only && caps_of("CapEff:") == chown_only);
	/* for good */
	WANT(3, privs_limit(UINT64_MAX, NULL) == 0 && caps_of("CapPrm:") == chown_only);
	WANT(4, privs_raise(UINT64_C(1) << CAP_SYS_ADMIN, NULL) == -EPERM);
	WANT(5, privs_limit(0, NULL) == 0 && caps_of("CapPrm:") == 0);
}

static void privs_limit_is_for_good(void **state)
{
	(void)state;
	need_root();
	in_child(check_limit);
}

static void check_lower(void)
{
	uint64_t all = caps_of("CapEff:");
	uint64_t before = 0;

	WANT(1, privs_lower(UINT64_C(1) << CAP_CHOWN, &before, NULL) == 0);
	WANT(2, before == all && caps_of("CapEff:") == UINT64_C(1) << CAP_CHOWN);
	WANT(3, caps_of("CapPrm:") == all && !privs_can_mount());
	WANT(4, privs_raise(before, NULL) == 0 && caps_of("CapEff:") == all);
}

static void privs_lower_is_taken_back_by_raise(void **state)
{
	(void)state;
	need_root();
	in_child(check_lower);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privs_clean_start_leaves_nothing_inherited),
		cmocka_unit_test(privs_clean_start_closes_what_the_limit_hides),
		cmocka_unit_test(privs_clean_start_clears_inheritable_capabilities),
		cmocka_unit_test(privs_files_get_the_owner_and_capabilities_stay),
		cmocka_unit_test(privs_drop_all_is_for_good),
		cmocka_unit_test(privs_seal_leaves_nothing_to_gain),
		cmocka_unit_test(privs_limit_is_for_good),
		cmocka_unit_test(privs_lower_is_taken_back_by_raise),
	};

	return cmocka_run_group_tests_name("privs", tests, NULL, NULL);
}
