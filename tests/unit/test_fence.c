/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a confined program still has in each phase of apply_plan() and apply_revert(): seen from
 * inside by the log sink, which each phase calls when it has begun. Nothing comes back, so each
 * start runs in a child that leaves what it saw in shared memory.
 */
#include "apply/fence.h"

#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "applyplan.h"
#include "fenceprobes.h"
#include "sys/syscalls.h"
#include "sys/sysfilter.h"

#define BIT(name) (UINT64_C(1) << CAP_##name)
#define FILES     (BIT(DAC_OVERRIDE) | BIT(CHOWN) | BIT(FOWNER) | BIT(FSETID))
#define MOUNTS    (BIT(SYS_ADMIN) | BIT(SYS_CHROOT) | BIT(DAC_READ_SEARCH))
#define PREPARE                                                                                    \
	(FILES | MOUNTS | BIT(SETUID) | BIT(SETGID) | BIT(SYS_PTRACE) | BIT(NET_ADMIN) |           \
	 BIT(SYS_RESOURCE))

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

struct seen {
	bool entered;
	uint64_t effective, permitted, inheritable, bounding;
	int no_new_privs, seccomp, filters, tid;
	bool refused[N_PROBES];
	int clone3, too_young; /* errno */
	int escape[8];         /* errno of each try to write elsewhere */
	int within;            /* beneath the rootfs */
};

struct look {
	struct seen phases[PHASES];
	struct seen asked; /* when the driver's library is asked no more */
	int rc;
	char message[ERR_MSG_MAX], warning[ERR_MSG_MAX];
	int procfd, outside, beneath;
	bool landlock_missing;
	struct apply_stats stats;
};

static uint64_t field(const char *text, const char *name, int base)
{
	const char *at = strstr(text, name);

	return at == NULL ? UINT64_MAX : strtoull(at + strlen(name), NULL, base);
}

static int attempt(int rc)
{
	return rc < 0 ? errno : 0;
}

/* Each leaves things as they are where it is let through. */
static void try_to_escape(const struct look *look, struct seen *seen)
{
	int fd = look->outside;

	seen->escape[0] = attempt(openat(fd, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	seen->escape[1] = attempt(openat(fd, "there", O_WRONLY | O_CLOEXEC));
	seen->escape[2] = attempt(mkdirat(fd, "newdir", 0700));
	seen->escape[3] = attempt(symlinkat("x", fd, "newlink"));
	seen->escape[4] = attempt(unlinkat(fd, "there", 0));
	seen->escape[5] = attempt(unlinkat(fd, "dir", AT_REMOVEDIR));
	seen->escape[6] = attempt(renameat(fd, "there", fd, "away"));
	seen->escape[7] = attempt(renameat(fd, "there", look->beneath, "here"));
	seen->within = attempt(openat(look->beneath, "mine", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	(void)unlinkat(look->beneath, "mine", 0);
}

static void look_around(const struct look *look, enum fence_phase phase, struct seen *seen)
{
	int fd = openat(look->procfd, "thread-self/status", O_RDONLY | O_CLOEXEC);
	char text[4096] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return;
	(void)close(fd);
	seen->entered = true;
	seen->effective = field(text, "CapEff:", 16);
	seen->permitted = field(text, "CapPrm:", 16);
	seen->inheritable = field(text, "CapInh:", 16);
	seen->bounding = field(text, "CapBnd:", 16);
	seen->no_new_privs = (int)field(text, "NoNewPrivs:", 10);
	seen->seccomp = (int)field(text, "Seccomp:", 10);
	seen->filters = (int)field(text, "Seccomp_filters:", 10);
	seen->tid = (int)field(text, "\nPid:", 10);
	fd = openat(look->procfd, "thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < N_PROBES; i++)
		seen->refused[i] = is_refused(&probes[i], fd);
	(void)close(fd);
	seen->clone3 = attempt((int)syscall(435, NULL, 0));
	seen->too_young = attempt((int)syscall(462, 0, 0, ~0ul)); /* mseal, Linux 6.10 */
	if (phase == FENCE_FILES)
		try_to_escape(look, seen);
}

static void sink(void *arg, enum log_level level, const char *module, const char *text)
{
	struct look *look = arg;

	if (level == LOG_LEVEL_WARNING)
		(void)snprintf(look->warning, sizeof(look->warning), "%s", text);
	if (strcmp(module, "fence") != 0)
		return;
	look->landlock_missing |= strstr(text, "no Landlock") != NULL;
	if (strstr(text, "asked no more") != NULL)
		look_around(look, FENCE_PREPARE, &look->asked);
	for (enum fence_phase phase = FENCE_PREPARE; phase <= FENCE_BACK; phase++) {
		char want[64];

		(void)snprintf(want, sizeof(want), "phase '%s'", fence_phase_name(phase));
		if (strcmp(text, want) == 0)
			look_around(look, phase, &look->phases[phase]);
	}
}

enum stage { APPLY, ASKED, REVERT };

/* Confined, in a child; before gets the child ready. */
static struct look *live(struct world *world, enum stage stage, void (*before)(struct world *world))
{
	struct look *look = mmap(NULL, sizeof(*look), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct log log = {.level = LOG_LEVEL_DEBUG, .emit = sink, .arg = look};
	struct err err = {0};
	int status = 0;
	pid_t pid;

	assert_true(look != MAP_FAILED);
	look->procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	look->outside = open(in(world, "outside"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	look->beneath = open(in(world, "rootfs/usr"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	world->target.confined = true;
	pid = fork();
	must(pid);
	if (pid == 0) {
		(void)alarm(60);
		if (before != NULL)
			before(world);
		look->rc = apply_confine(&world->settings, &world->target, &log, &err);
		if (look->rc == 0 && stage == ASKED) {
			look->rc = apply_end_asking(&world->settings, &world->target, &log, &err);
			world->target.asks_driver = false;
		}
		if (look->rc == 0)
			look->rc = stage != REVERT
					   ? apply_plan(world->plan, &world->host, &world->settings,
							&world->target, &log, &look->stats, &err)
					   : apply_revert(&world->target, &world->settings, &log,
							  &err);
		(void)snprintf(look->message, sizeof(look->message), "%s", err.msg);
		(void)syscall(SYS_exit_group, 0); /* a sanitizer's _exit() is something else */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(look->procfd);
	(void)close(look->outside);
	(void)close(look->beneath);
	return look;
}

static void forget(struct look *look)
{
	(void)munmap(look, sizeof(*look));
}

static void make_ready(struct world *world)
{
	free(world->settings.ldconfig);
	world->settings.ldconfig = strdup(SETTINGS_LDCONFIG_NATIVE);
	must(mkdir(in(world, "outside"), 0755));
	must(mkdir(in(world, "outside/dir"), 0755));
	put(in(world, "outside/there"), "there");
	must(mkdir(in(world, "rootfs/etc"), 0755));
	put(in(world, "rootfs/etc/ld.so.conf"), "/opt/else\n");
	add_some(world);
	add_loadable(world);
}

static void has(const struct seen *seen, const char *name, enum fence_phase phase, uint64_t caps,
		int filters)
{
	if (!seen->entered)
		fail_msg("phase '%s' was not entered", name);
	print_message("%-8s capabilities %#llx, filters %d\n", name,
		      (unsigned long long)seen->effective, seen->filters);
	assert_int_equal(seen->permitted, caps);
	assert_int_equal(seen->effective, caps);
	assert_int_equal(seen->inheritable, 0);
	assert_int_equal(seen->bounding, 0);
	assert_int_equal(seen->no_new_privs, 1);
	assert_int_equal(seen->seccomp, 2);
	if (seen->filters != -1) /* Linux 5.9 */
		assert_int_equal(seen->filters, filters);
	for (size_t i = 0; i < N_PROBES; i++) {
		if (SANITIZED && probes[i].sanitizer)
			continue;
		if (seen->refused[i] != probes[i].phases[phase])
			fail_msg("phase '%s': %s is %s", name, probes[i].name,
				 seen->refused[i] ? "refused" : "let through");
	}
	assert_int_equal(seen->clone3, ENOSYS);
	assert_int_equal(seen->too_young, ENOSYS);
}

static void has_phase(const struct look *look, enum fence_phase phase, uint64_t caps, int filters)
{
	has(&look->phases[phase], fence_phase_name(phase), phase, caps, filters);
}

/* What the test itself has may be less than all, in a container. */
static uint64_t own_caps(void)
{
	auto_file file = fopen("/proc/self/status", "re");
	char text[4096] = "";

	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	return field(text, "CapPrm:", 16);
}

static void fence_apply_holds_less_from_phase_to_phase(void **state)
{
	struct world *world = need_root(state);
	uint64_t own = own_caps();
	struct look *look;
	struct stat st;

	make_ready(world);
	look = live(world, APPLY, NULL);

	if (look->rc < 0)
		fail_msg("%s", look->message);
	has_phase(look, FENCE_PREPARE, PREPARE & own, 1);
	has_phase(look, FENCE_INSIDE, (FILES | MOUNTS) & own, 2);
	has_phase(look, FENCE_FILES, FILES & own, 2 + probe_one_more());
	has_phase(look, FENCE_BACK, 0, 2 + probe_one_more());
	assert_int_equal(look->phases[FENCE_INSIDE].tid, look->phases[FENCE_BACK].tid);
	assert_int_not_equal(look->phases[FENCE_INSIDE].tid, look->phases[FENCE_FILES].tid);
	assert_int_equal(look->stats.binds, 4);
	assert_true(look->stats.ldcache);
	has_text(inside(world, "/opt/new/liba.so.1.1"), "host a");
	must(stat(in(world, "rootfs/etc/ld.so.cache"), &st));
	assert_true(st.st_size > 0);
	forget(look);
}

static void fence_room_for_the_driver_child_is_taken_back(void **state)
{
	const uint64_t lent = BIT(SETUID) | BIT(SETGID) | BIT(SYS_CHROOT);
	struct world *world = need_root(state);
	struct look *look;

	make_ready(world);
	world->target.asks_driver = true;
	look = live(world, ASKED, NULL);

	if (look->rc < 0)
		fail_msg("%s", look->message);
	assert_int_equal(look->phases[FENCE_PREPARE].permitted, (PREPARE | BIT(KILL)) & own_caps());
	assert_int_equal(look->phases[FENCE_PREPARE].inheritable, lent & own_caps());
	assert_false(look->phases[FENCE_PREPARE].refused[probe_of("execveat")]);
	assert_true(look->phases[FENCE_PREPARE].refused[probe_of("execve")]);
	has(&look->asked, "asked", FENCE_PREPARE, PREPARE & own_caps(), 2);
	has_phase(look, FENCE_INSIDE, (FILES | MOUNTS) & own_caps(), 3);
	has_phase(look, FENCE_BACK, 0, 3 + probe_one_more());
	forget(look);

	/* and with the phase, for who reads no image */
	look = live(world, APPLY, NULL);
	if (look->rc < 0)
		fail_msg("%s", look->message);
	assert_false(look->asked.entered);
	has_phase(look, FENCE_INSIDE, (FILES | MOUNTS) & own_caps(), 2);
	forget(look);
}

static void fence_revert_writes_files_and_mounts_nothing(void **state)
{
	struct world *world = need_root(state);
	struct look *look;

	make_ready(world);
	forget(live(world, APPLY, NULL));
	stop_container(world);
	start_container(world);
	look = live(world, REVERT, NULL);

	if (look->rc < 0)
		fail_msg("%s", look->message);
	has_phase(look, FENCE_PREPARE, PREPARE & own_caps(), 1);
	has_phase(look, FENCE_FILES, FILES & own_caps(), 2);
	assert_false(is_there(in(world, "rootfs/opt")));
	assert_false(is_there(in(world, "rootfs/etc/ld.so.cache")));
	has_text(in(world, "rootfs/etc/ld.so.conf"), "/opt/else\n");
	forget(look);
}

static void fence_files_writes_beneath_rootfs_and_state_only(void **state)
{
	struct world *world = need_root(state);
	struct look *look;
	const struct seen *seen;

	make_ready(world);
	look = live(world, APPLY, NULL);

	assert_int_equal(look->rc, 0);
	if (look->landlock_missing) {
		print_message("skipped: this kernel has no Landlock\n");
		forget(look);
		skip();
	}
	seen = &look->phases[FENCE_FILES];
	for (size_t i = 0; i < 7; i++) {
		if (seen->escape[i] != EACCES)
			fail_msg("try %zu: errno %d", i, seen->escape[i]);
	}
	assert_true(seen->escape[7] == EXDEV || seen->escape[7] == EACCES);
	assert_int_equal(seen->within, 0);
	has_text(in(world, "outside/there"), "there");
	forget(look);
}

static void lose_landlock(struct world *world)
{
	static const char *const calls[] = {"landlock_create_ruleset", NULL};

	(void)world;
	if (sysfilter_deny(calls, ENOSYS, NULL) < 0)
		abort();
}

static void fence_without_landlock_works_and_says_so(void **state)
{
	struct world *world = need_root(state);
	struct look *look;

	make_ready(world);
	look = live(world, APPLY, lose_landlock);

	if (look->rc < 0)
		fail_msg("%s", look->message);
	assert_true(look->landlock_missing);
	assert_true(look->stats.ldcache);
	assert_int_equal(look->phases[FENCE_FILES].within, 0);
	/* the rest of the fence is there */
	assert_int_equal(look->phases[FENCE_FILES].permitted, FILES & own_caps());
	forget(look);
}

static void lose_filters(struct world *world)
{
	static const char *const calls[] = {"seccomp", NULL};

	(void)world;
	if (sysfilter_deny(calls, ENOSYS, NULL) < 0)
		abort();
}

static void fence_without_filters_works(void **state)
{
	struct world *world = need_root(state);
	struct look *look;

	make_ready(world);
	look = live(world, APPLY, lose_filters);

	if (look->rc < 0)
		fail_msg("%s", look->message);
	assert_int_equal(look->phases[FENCE_BACK].permitted, 0);
	assert_false(look->phases[FENCE_BACK].refused[0]);
	forget(look);
}

static void lose_capset(struct world *world)
{
	static const char *const calls[] = {"capset", NULL};

	(void)world;
	if (sysfilter_deny(calls, EPERM, NULL) < 0)
		abort();
}

static void fence_that_cannot_be_set_is_an_error(void **state)
{
	struct world *world = need_root(state);
	auto_free char *before = NULL;
	auto_free char *after = NULL;
	struct look *look;

	make_ready(world);
	before = snapshot(world);
	look = live(world, APPLY, lose_capset);

	assert_int_equal(look->rc, -EPERM);
	assert_non_null(strstr(look->message, "capabilities"));
	after = snapshot(world);
	assert_string_equal(before, after);
	forget(look);
}

static void fence_with_ldconfig_lets_it_be_executed(void **state)
{
	struct world *world = need_root(state);
	uint64_t more = BIT(SETUID) | BIT(SETGID) | BIT(KILL);
	struct look *look;
	struct stat st;

	make_ready(world);
	free(world->settings.ldconfig);
	world->settings.ldconfig = strdup("@/sbin/ldconfig");
	look = live(world, APPLY, NULL);

	if (look->rc < 0)
		fail_msg("%s", look->message);
	assert_int_equal(look->phases[FENCE_PREPARE].permitted, (PREPARE | more) & own_caps());
	assert_int_equal(look->phases[FENCE_INSIDE].permitted,
			 (FILES | MOUNTS | more) & own_caps());
	assert_false(look->phases[FENCE_FILES].entered);
	assert_int_equal(look->phases[FENCE_BACK].permitted, 0);
	assert_string_equal(look->warning, "");
	assert_true(look->stats.ldcache);
	must(stat(in(world, "rootfs/etc/ld.so.cache"), &st));
	forget(look);
}

static void fence_directories_made_for_files_are_signed(void **state)
{
	struct world *world = need_root(state);
	char id[16] = "";
	struct look *look;

	make_ready(world);
	put(in(world, "rootfs/etc/ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n");
	look = live(world, APPLY, NULL);

	assert_int_equal(look->rc, 0);
	assert_true(is_there(in(world, "rootfs/etc/ld.so.conf.d/000-nvc.conf")));
	/* an attribute that the thread which made it could not set */
	must((int)getxattr(in(world, "rootfs/etc/ld.so.conf.d"), "trusted.nvc", id, sizeof(id)));
	assert_string_equal(id, ID);
	forget(look);
}

static void unconfined_apply_leaves_the_caller_alone(void **state)
{
	struct world *world = need_root(state);
	uint64_t own = own_caps();
	struct apply_stats stats = {0};

	make_ready(world);
	apply_well(world, &stats);

	assert_int_equal(own_caps(), own);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(fence_apply_holds_less_from_phase_to_phase),
		CASE(fence_room_for_the_driver_child_is_taken_back),
		CASE(fence_revert_writes_files_and_mounts_nothing),
		CASE(fence_files_writes_beneath_rootfs_and_state_only),
		CASE(fence_without_landlock_works_and_says_so),
		CASE(fence_without_filters_works),
		CASE(fence_that_cannot_be_set_is_an_error),
		CASE(fence_with_ldconfig_lets_it_be_executed),
		CASE(fence_directories_made_for_files_are_signed),
		CASE(unconfined_apply_leaves_the_caller_alone),
	};

	return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
