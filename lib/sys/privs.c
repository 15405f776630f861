/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/privs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/kfeature.h"
#include "sys/syscalls.h"

#define PRIVS_MAX_CAPS 64 /* there is room for no more in a set */
#define PRIVS_FIRST_FD 3
#define PRIVS_FD_TRIES 65536 /* fds closed by number where /proc cannot be listed */

static void privs_cap_free(cap_t *caps)
{
	if (*caps != NULL)
		(void)cap_free(*caps);
}

#define auto_caps __attribute__((cleanup(privs_cap_free))) cap_t

/* Whatever the limit is: it bounds what is opened, not what is open already. */
static void privs_close_by_number(int first)
{
	for (int fd = first; fd < PRIVS_FD_TRIES; fd++)
		(void)close(fd);
}

static void privs_close_listed(int first)
{
	auto_dir dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (dir == NULL) {
		privs_close_by_number(first);
		return;
	}
	/* procfs lists by number upwards, so closing on the way loses no entry */
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		uint64_t fd = 0;

		if (str_to_u64(entry->d_name, len, 10, INT_MAX, &fd) && (int)fd >= first &&
		    (int)fd != dirfd(dir))
			(void)close((int)fd);
	}
}

static void privs_close_all(int first)
{
	if (kfeature_has(KFEATURE_CLOSE_RANGE)) {
		if (syscalls_close_range((unsigned)first, UINT_MAX, 0) == 0)
			return;
		kfeature_missing(KFEATURE_CLOSE_RANGE);
	}
	privs_close_listed(first);
}

static int privs_open_standard(struct err *err)
{
	for (int fd = 0; fd < PRIVS_FIRST_FD; fd++) {
		int opened;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* the lowest free number is the missing one; no O_CLOEXEC: children need it too */
		opened = open("/dev/null", O_RDWR | O_NOCTTY);
		if (opened != fd)
			return err_sys(err, opened < 0 ? errno : EBADF, "open '/dev/null'");
	}
	return 0;
}

static int privs_reset_signals(struct err *err)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* fails for SIGKILL, SIGSTOP and the C library's own: they cannot be ignored either */
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return err_sys(err, errno, "unblock signals");
	return 0;
}

static int privs_clear_inheritable(struct err *err)
{
	auto_caps caps = cap_get_proc();

	if (caps == NULL || cap_clear_flag(caps, CAP_INHERITABLE) < 0 || cap_set_proc(caps) < 0)
		return err_sys(err, errno, "clear inheritable capabilities");
	/* EINVAL: before Linux 4.3 there are none */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L) < 0 && errno != EINVAL)
		return err_sys(err, errno, "clear ambient capabilities");
	return 0;
}

/* /proc/PID/exe is open to whoever has our user and our capabilities: without any that is root of a
 * container that shares our process ids, and the program is the host's. */
static int privs_hide(struct err *err)
{
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
		return err_sys(err, errno, "keep other processes out of this one");
	return 0;
}

/* A change of domain by SELinux sets AT_SECURE too: root keeps what it had. */
bool privs_are_lent(void)
{
	return getuid() != geteuid() || getgid() != getegid() ||
	       (getuid() != 0 && getauxval(AT_SECURE) != 0);
}

int privs_clean_child(int first, struct err *err)
{
	const struct rlimit no_core = {0, 0};
	int rc;

	privs_close_all(first);
	(void)clearenv(); /* nothing here or in a library uses it */
	rc = privs_open_standard(err);
	if (rc < 0)
		return rc;
	if (chdir("/") < 0)
		return err_sys(err, errno, "change the directory to '/'");
	(void)umask(022);
	rc = privs_reset_signals(err);
	if (rc < 0)
		return rc;
	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return err_sys(err, errno, "forbid core dumps");
	return privs_hide(err);
}

int privs_clean_start(struct err *err)
{
	int rc;

	if (privs_are_lent())
		return err_set(err, EPERM, "run with the rights of another user");
	rc = privs_clean_child(PRIVS_FIRST_FD, err);
	return rc < 0 ? rc : privs_clear_inheritable(err);
}

/* setfsuid(2) tells no error: the id there is asked for with one that is never valid. */
static int privs_set_fs_ids(uid_t uid, gid_t gid, struct err *err)
{
	(void)setfsgid(gid);
	if ((gid_t)setfsgid((gid_t)-1) != gid)
		return err_set(err, EPERM, "become group %u for files", gid);
	(void)setfsuid(uid);
	if ((uid_t)setfsuid((uid_t)-1) != uid)
		return err_set(err, EPERM, "become user %u for files", uid);
	return 0;
}

int privs_keep_caps(struct err *err)
{
	int bits = prctl(PR_GET_SECUREBITS, 0L, 0L, 0L, 0L);

	if (bits < 0)
		return err_sys(err, errno, "read the secure bits");
	if ((bits & SECBIT_NO_SETUID_FIXUP) == 0 &&
	    prctl(PR_SET_SECUREBITS, (unsigned long)bits | SECBIT_NO_SETUID_FIXUP, 0L, 0L, 0L) < 0)
		return err_sys(err, errno, "keep capabilities across a change of user");
	return 0;
}

int privs_fs_become(uid_t uid, gid_t gid, struct err *err)
{
	int r = privs_keep_caps(err);

	return r < 0 ? r : privs_set_fs_ids(uid, gid, err);
}

int privs_fs_restore(struct err *err)
{
	return privs_set_fs_ids(0, 0, err);
}

/* Who may not drop may have nothing to drop; then only reading tells where the kernel's end. */
static int privs_drop_bounding(struct err *err)
{
	for (unsigned long cap = 0; cap < PRIVS_MAX_CAPS; cap++) {
		int code = prctl(PR_CAPBSET_DROP, cap, 0L, 0L, 0L) < 0 ? errno : 0;
		int there = code == 0 ? 0 : prctl(PR_CAPBSET_READ, cap, 0L, 0L, 0L);

		if (there < 0)
			return 0;
		if (there > 0)
			return err_sys(err, code, "drop capability %lu", cap);
	}
	return 0;
}

/* By the bare calls: libcap's get and set allocate, and this is done several times in a start. */
static int privs_get(struct __user_cap_data_struct ret[2], struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	if (syscall(SYS_capget, &head, ret) < 0)
		return err_sys(err, errno, "read the capabilities");
	return 0;
}

static int privs_set(const struct __user_cap_data_struct data[2], struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(err, errno, "set the capabilities");
	return 0;
}

int privs_seal(struct err *err)
{
	struct __user_cap_data_struct caps[2] = {{0, 0, 0}, {0, 0, 0}};
	int r = privs_get(caps, err);

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return err_sys(err, errno, "set no_new_privs");
	if ((caps[0].effective & (1u << CAP_SETPCAP)) == 0)
		return 0;
	r = privs_keep_caps(err);
	return r < 0 ? r : privs_drop_bounding(err);
}

int privs_bequeath(uint64_t mask, struct err *err)
{
	const uint32_t half[2] = {(uint32_t)mask, (uint32_t)(mask >> 32)};
	struct __user_cap_data_struct caps[2] = {{0, 0, 0}, {0, 0, 0}};
	int r = privs_get(caps, err);

	if (r < 0)
		return r;
	for (int i = 0; i < 2; i++)
		caps[i].inheritable |= caps[i].permitted & half[i];
	return privs_set(caps, err);
}

static int privs_limit_to(uint64_t mask, bool inherit, struct err *err)
{
	const uint32_t half[2] = {(uint32_t)mask, (uint32_t)(mask >> 32)};
	struct __user_cap_data_struct caps[2] = {{0, 0, 0}, {0, 0, 0}};
	int r = privs_get(caps, err);

	if (r < 0)
		return r;
	for (int i = 0; i < 2; i++) {
		caps[i].permitted &= half[i];
		caps[i].effective = caps[i].permitted;
		caps[i].inheritable = inherit ? caps[i].inheritable & half[i] : 0;
	}
	return privs_set(caps, err);
}

int privs_limit_own(uint64_t mask, struct err *err)
{
	return privs_limit_to(mask, true, err);
}

int privs_limit(uint64_t mask, struct err *err)
{
	return privs_limit_to(mask, false, err);
}

int privs_raise(uint64_t effective, struct err *err)
{
	struct __user_cap_data_struct caps[2] = {{0, 0, 0}, {0, 0, 0}};
	int r = privs_get(caps, err);

	if (r < 0)
		return r;
	caps[0].effective = (uint32_t)effective;
	caps[1].effective = (uint32_t)(effective >> 32);
	return privs_set(caps, err);
}

int privs_lower(uint64_t mask, uint64_t *ret, struct err *err)
{
	struct __user_cap_data_struct caps[2] = {{0, 0, 0}, {0, 0, 0}};
	uint64_t before;
	int r = privs_get(caps, err);

	if (r < 0)
		return r;
	before = caps[0].effective | (uint64_t)caps[1].effective << 32;
	r = privs_raise(before & mask, err);
	if (r == 0)
		*ret = before;
	return r;
}

int privs_drop_all(struct err *err)
{
	auto_caps none = cap_init();
	int r = privs_hide(err);

	if (r < 0)
		return r;
	if (none == NULL)
		return err_nomem(err);
	/* the bounding set first: dropping from it takes CAP_SETPCAP */
	r = privs_drop_bounding(err);
	if (r < 0)
		return r;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L) < 0 && errno != EINVAL)
		return err_sys(err, errno, "clear ambient capabilities");
	if (cap_set_proc(none) < 0)
		return err_sys(err, errno, "drop all capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return err_sys(err, errno, "set no_new_privs");
	return 0;
}

bool privs_can_mount(void)
{
	auto_caps caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	return caps != NULL && cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &value) == 0 &&
	       value == CAP_SET;
}
