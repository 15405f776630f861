/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/fence.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "sys/aside.h"
#include "sys/landlock.h"
#include "sys/privs.h"
#include "sys/sysfilter.h"

#define MODULE        "fence"
#define BIT(name)     (UINT64_C(1) << CAP_##name)
#define ALL_BITS      UINT32_MAX
#define FENCE_SIGNALS 5 /* calls that send one */
#define FENCE_NAMESPACES                                                                           \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

/* A sanitizer looks for leaks from a process of its own when the program ends. */
#if defined(__SANITIZE_ADDRESS__)
#define FENCE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FENCE_SANITIZED 1
#endif
#endif

/* ---- capabilities ---- */

/* The owner, mode and time of what is made or put back in an image: directories of anybody, files
 * that belong to the container's root or to whom the image's did, set-group-id bits. */
#define FENCE_CAPS_FILES (BIT(DAC_OVERRIDE) | BIT(CHOWN) | BIT(FOWNER) | BIT(FSETID))
/* mounts, setns(2), the "trusted" attributes, BPF; setns(2) of a mount namespace wants two; and
 * linkat(2) of an fd before Linux 6.10, or each of hundreds of placeholders costs a second call */
#define FENCE_CAPS_MOUNTS (BIT(SYS_ADMIN) | BIT(SYS_CHROOT) | BIT(DAC_READ_SEARCH))
/* setfsuid(2); and /proc/PID/ns of a process with more capabilities or another user */
#define FENCE_CAPS_JOIN (BIT(SETUID) | BIT(SETGID) | BIT(SYS_PTRACE))
/* the jail's child becomes the container's root, and is killed when it takes too long */
#define FENCE_CAPS_PROGRAMS (BIT(SETUID) | BIT(SETGID) | BIT(KILL))
/* older kernels want the one to attach a cgroup's program, and before 5.11 programs are locked
 * memory */
#define FENCE_CAPS_BPF (BIT(NET_ADMIN) | BIT(SYS_RESOURCE))

/* the driver child goes below the driver root and becomes nobody by what it inherits, and is killed
 */
#define FENCE_CAPS_BEQUEATHED (BIT(SETUID) | BIT(SETGID) | BIT(SYS_CHROOT))
#define FENCE_CAPS_CHILD      (FENCE_CAPS_BEQUEATHED | BIT(KILL))

static uint64_t caps_of(const struct fence *fence, enum fence_phase phase)
{
	uint64_t programs = fence->programs ? FENCE_CAPS_PROGRAMS : 0;

	switch (phase) {
	case FENCE_PREPARE:
		return FENCE_CAPS_FILES | FENCE_CAPS_MOUNTS | FENCE_CAPS_JOIN | programs |
		       (fence->cgroups ? FENCE_CAPS_BPF : 0) |
		       (fence->child ? FENCE_CAPS_CHILD : 0);
	case FENCE_INSIDE:
		return FENCE_CAPS_FILES | FENCE_CAPS_MOUNTS | programs |
		       (fence->bpf ? FENCE_CAPS_BPF : 0);
	case FENCE_FILES:
		return FENCE_CAPS_FILES;
	case FENCE_BACK:
		break;
	}
	return 0; /* the record is a file of ours in a directory of ours */
}

/* ---- system calls ---- */

/* What no phase needs. Not a list of what is needed: a program of another architecture, C library,
 * sanitizer or valgrind makes other calls, and the one that was forgotten would be found on
 * somebody's board. Calls younger than this list are refused by sysfilter_refuse(). */
static const struct sysfilter_rule never[] = {
	{.name = "socket"},
	{.name = "socketcall"},
	{.name = "connect"},
	{.name = "bind"},
	{.name = "listen"},
	{.name = "accept"},
	{.name = "accept4"},
	{.name = "sendto"},
	{.name = "sendmsg"},
	{.name = "sendmmsg"},
	{.name = "recvfrom"},
	{.name = "recvmsg"},
	{.name = "recvmmsg"},
	{.name = "recvmmsg_time64"},
	{.name = "process_vm_readv"},
	{.name = "process_vm_writev"},
	{.name = "process_madvise"},
	{.name = "pidfd_getfd"},
	{.name = "pidfd_send_signal"},
	{.name = "kcmp"},
	{.name = "add_key"},
	{.name = "request_key"},
	{.name = "keyctl"},
	{.name = "init_module"},
	{.name = "finit_module"},
	{.name = "delete_module"},
	{.name = "kexec_load"},
	{.name = "kexec_file_load"},
	{.name = "reboot"},
	{.name = "swapon"},
	{.name = "swapoff"},
	{.name = "acct"},
	{.name = "quotactl"},
	{.name = "quotactl_fd"},
	{.name = "syslog"},
	{.name = "sethostname"},
	{.name = "setdomainname"},
	{.name = "settimeofday"},
	{.name = "clock_settime"},
	{.name = "clock_settime64"},
	{.name = "adjtimex"},
	{.name = "clock_adjtime"},
	{.name = "clock_adjtime64"},
	{.name = "iopl"},
	{.name = "ioperm"},
	{.name = "modify_ldt"},
	{.name = "personality"},
	{.name = "io_uring_setup"},
	{.name = "io_uring_enter"},
	{.name = "io_uring_register"},
	{.name = "io_setup"},
	{.name = "io_submit"},
	{.name = "userfaultfd"},
	{.name = "perf_event_open"},
	{.name = "open_by_handle_at"},
	{.name = "name_to_handle_at"},
	{.name = "fanotify_init"},
	{.name = "fanotify_mark"},
	{.name = "lookup_dcookie"},
	{.name = "mknod"},
	{.name = "mknodat"},
	{"setns", 1, ALL_BITS, CLONE_NEWNS},
	{.name = NULL},
};

#ifndef FENCE_SANITIZED
static const struct sysfilter_rule tracing[] = {{.name = "ptrace"}, {.name = NULL}};

static const struct sysfilter_rule alone[] = {
	{.name = "execve"},
	{.name = "fork"},
	{.name = "vfork"},
	/* of mounts: before Linux 5.12 a namespace is needed in which they get their flags */
	{"unshare", 0, ALL_BITS & ~(uint32_t)(CLONE_FS | CLONE_NEWNS), 0},
	{.name = "pivot_root"},
	{.name = "memfd_create"},
	{.name = "setuid"},
	{.name = "setuid32"},
	{.name = "setgid"},
	{.name = "setgid32"},
	{.name = "setreuid"},
	{.name = "setreuid32"},
	{.name = "setregid"},
	{.name = "setregid32"},
	{.name = "process_mrelease"},
	{.name = "move_pages"},
	{.name = "migrate_pages"},
	{"prlimit64", 0, ALL_BITS, 0},
	{.name = NULL},
};

/* What the driver child is started with, and what it gives up its rights with: a filter is
 * inherited. Threads are made by clone with that flag. */
static const struct sysfilter_rule starting[] = {
	{.name = "execveat"},    {"clone", 0, CLONE_THREAD, CLONE_THREAD},
	{.name = "chroot"},      {.name = "setresuid"},
	{.name = "setresuid32"}, {.name = "setresgid"},
	{.name = "setresgid32"}, {.name = "setgroups"},
	{.name = "setgroups32"}, {.name = NULL},
};

/* While it may be started. */
static const struct sysfilter_rule plainly[] = {
	{"clone", 0, FENCE_NAMESPACES, 0},
	{.name = NULL},
};

/* First argument: the process that gets it. */
static const char *const signals[] = {"kill", "tgkill", "tkill", "rt_sigqueueinfo",
				      "rt_tgsigqueueinfo"};
#else
static const struct sysfilter_rule tracing[] = {{.name = NULL}};
static const struct sysfilter_rule alone[] = {{.name = "execve"}, {.name = NULL}};
static const struct sysfilter_rule starting[] = {{.name = "execveat"}, {.name = NULL}};
static const struct sysfilter_rule plainly[] = {{.name = NULL}};
static const char *const signals[] = {NULL};
#endif

/* Its conversation. */
static const struct sysfilter_rule talking[] = {{.name = "socketpair"}, {.name = NULL}};
static const struct sysfilter_rule nothing[] = {{.name = NULL}};

/* With a program of the host's in a jail, which has a filter of its own. */
static const struct sysfilter_rule jailing[] = {
	{"clone", 0, CLONE_NEWUSER, 0},
	{"unshare", 0, CLONE_NEWUSER, 0},
	{.name = NULL},
};

static const struct sysfilter_rule bpf[] = {{.name = "bpf"}, {.name = NULL}};

/* When all mounts are made, in a mount namespace of a child of our user namespace: its owner has
 * all capabilities there, whatever he has here. In others nothing of this is let through without.
 */
static const struct sysfilter_rule mounting[] = {
	{.name = "mount"},      {.name = "umount"},
	{.name = "umount2"},    {.name = "open_tree"},
	{.name = "move_mount"}, {.name = "fsopen"},
	{.name = "fsconfig"},   {.name = "fsmount"},
	{.name = "fspick"},     {.name = "mount_setattr"},
	{.name = "setns"},      {"unshare", 0, ALL_BITS, CLONE_FS},
	{.name = NULL},
};

/* -ENOSYS of a kernel without filters is no reason to keep containers from starting. */
static int refuse(const struct fence *fence, const struct sysfilter_rule *const *lists,
		  struct err *err)
{
	struct err failed = {0};
	int r = sysfilter_built() ? sysfilter_refuse(lists, &failed) : 0;

	if (r == -ENOSYS) {
		log_debug(fence->log, MODULE, "%s", failed.msg);
		return 0;
	}
	if (r < 0 && err != NULL)
		*err = failed;
	return r;
}

/* Signals for nobody but this process; kill() may be left out. */
static void own_signals(struct sysfilter_rule ret[FENCE_SIGNALS + 1], bool kill)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]) && signals[i] != NULL; i++)
		if (kill || strcmp(signals[i], "kill") != 0)
			ret[n++] = (struct sysfilter_rule){signals[i], 0, ALL_BITS,
							   (uint32_t)getpid()};
	ret[n].name = NULL;
}

/* A jail's child has to be killed, and the driver's. */
static int filter_first(const struct fence *fence, struct err *err)
{
	struct sysfilter_rule own[FENCE_SIGNALS + 1];
	const struct sysfilter_rule *lists[] = {
		never,   fence->programs ? jailing : alone, tracing, own, nothing,
		nothing, fence->cgroups ? nothing : bpf,    NULL};

	own_signals(own, !fence->child);
	if (fence->programs)
		lists[3] = nothing;
	if (!fence->child)
		lists[4] = talking;
	if (!fence->programs)
		lists[5] = fence->child ? plainly : starting;
	return refuse(fence, lists, err);
}

/* What was left open for the driver child, in the first three of lists; own is to outlive them. */
static void list_child(const struct fence *fence, struct sysfilter_rule own[FENCE_SIGNALS + 1],
		       const struct sysfilter_rule **lists)
{
	own_signals(own, true);
	lists[0] = talking;
	if (!fence->programs) {
		lists[1] = starting;
		lists[2] = own;
	}
}

/* What was left open for the driver child is closed with the phase; bpf when it turns out not to be
 * needed, and when it was; mounts where nothing else refuses them. A filter takes a tenth of a
 * millisecond, whatever it refuses. */
static int filter(const struct fence *fence, enum fence_phase phase, struct err *err)
{
	/* inside it goes where it is not needed; afterwards where it was, or where inside never was
	 */
	bool ends_bpf = fence->cgroups &&
			(phase == FENCE_INSIDE ? !fence->bpf : fence->bpf || !fence->was_inside);
	bool ends_child = fence->child && !fence->was_inside;
	bool ends_mounts = phase != FENCE_INSIDE && fence->foreign;
	struct sysfilter_rule own[FENCE_SIGNALS + 1];
	const struct sysfilter_rule *lists[] = {nothing, nothing, nothing, nothing, nothing, NULL};

	if (phase == FENCE_PREPARE)
		return filter_first(fence, err);
	if (!ends_bpf && !ends_child && !ends_mounts)
		return 0;
	if (ends_child)
		list_child(fence, own, lists);
	if (ends_bpf)
		lists[3] = bpf;
	if (ends_mounts)
		lists[4] = mounting;
	return refuse(fence, lists, err);
}

int fence_end_child(const struct fence *fence, struct err *err)
{
	const struct fence without = {.programs = fence->programs, .cgroups = fence->cgroups};
	struct sysfilter_rule own[FENCE_SIGNALS + 1];
	const struct sysfilter_rule *lists[] = {nothing, nothing, nothing, NULL};
	int r;

	if (!fence->on || !fence->child)
		return 0;
	list_child(fence, own, lists);
	r = privs_limit(caps_of(&without, FENCE_PREPARE), err);
	if (r == 0)
		r = refuse(fence, lists, err);
	if (r == 0)
		log_debug(fence->log, MODULE, "the driver's library is asked no more");
	return r;
}

/* ---- phases ---- */

const char *fence_phase_name(enum fence_phase phase)
{
	switch (phase) {
	case FENCE_PREPARE:
		return "prepare";
	case FENCE_INSIDE:
		return "inside";
	case FENCE_FILES:
		return "files";
	case FENCE_BACK:
		break;
	}
	return "back";
}

int fence_enter(const struct fence *fence, enum fence_phase phase, struct err *err)
{
	int r = 0;

	if (!fence->on)
		return 0;
	if (phase == FENCE_INSIDE && !sysfilter_built()) /* when prepare begins no log is open */
		log_info(fence->log, MODULE, "no system call filters: this build has none");
	if (phase == FENCE_PREPARE && fence->child)
		r = privs_bequeath(FENCE_CAPS_BEQUEATHED, err);
	if (r == 0 && phase == FENCE_PREPARE)
		r = privs_seal(err);
	if (r == 0)
		r = phase == FENCE_PREPARE && fence->child
			    ? privs_limit_own(caps_of(fence, phase), err)
			    : privs_limit(caps_of(fence, phase), err);
	if (r == 0)
		r = filter(fence, phase, err);
	if (r == 0)
		log_debug(fence->log, MODULE, "phase '%s'", fence_phase_name(phase));
	return r;
}

struct fence_work {
	const struct fence *fence;
	const int *dirs;
	size_t n;
	int (*fn)(void *arg, struct err *err);
	void *arg;
};

static int work(void *arg, struct err *err)
{
	const struct fence_work *work = arg;
	int r = landlock_write_beneath(work->dirs, work->n, err);

	if (r == 0)
		log_debug(work->fence->log, MODULE,
			  "the kernel has no Landlock: writing is not restricted to the root tree");
	if (r >= 0)
		r = fence_enter(work->fence, FENCE_FILES, err);
	return r < 0 ? err_wrap(err, "restrict the writing of files") : work->fn(work->arg, err);
}

int fence_files(const struct fence *fence, const int *dirs, size_t n,
		int (*fn)(void *arg, struct err *err), void *arg, struct err *err)
{
	struct fence_work fenced = {.fence = fence, .dirs = dirs, .n = n, .fn = fn, .arg = arg};

	/* a jail makes mounts, which Landlock forbids to a thread's children too */
	if (!fence->on || fence->programs)
		return fn(arg, err);
	return aside_run(work, &fenced, err);
}

int fence_lower(uint64_t *ret_before, struct err *err)
{
	return privs_lower(FENCE_CAPS_FILES, ret_before, err);
}

int fence_raise(uint64_t before, struct err *err)
{
	return privs_raise(before, err);
}
