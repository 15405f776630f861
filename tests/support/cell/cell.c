/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell [OPTION...] BUNDLE -- HOOK [ARGUMENT...]: a container without a runtime, in a few
 * milliseconds. Makes a process with a mount namespace of its own, in which the root tree of the
 * bundle is a mount, and runs `HOOK ARGUMENT... prestart` for it as a runtime would, with the
 * container's state on its standard input; then ends the process and runs `HOOK ... poststop`.
 *
 *   --user              a user namespace besides: ids of the container are 100000 and up
 *   --map LINES         the lines of its uid_map and gid_map, separated by ';'
 *   --setgroups WORD    deny, for the user namespace
 *   --propagation KIND  of the namespace's mounts: private (default), slave, shared
 *   --volume SRC:DST[:ro|:rshared]  bind mount on BUNDLE's rootfs + DST, rbind; may be repeated
 *   --tmpfs DST         a tmpfs there; may be repeated
 *   --id ID             the container's id (default: cell)
 *   --rootfs DIR        default: BUNDLE/rootfs
 *   --state-root TEXT   the state's "root", which is else the rootfs; '' = none, as runc has it
 *   --stages LIST       of prestart,poststop; default both, poststop only after a prestart that was
 *                       done
 *   --inspect SCRIPT    for sh, between the two, in the mount namespace; its directory is the
 * rootfs
 *   --state FILE        this text instead of the state, in prestart
 *   --status FILE       gets "PRESTART INSPECT POSTSTOP": exit statuses, '-' = was not run
 *   --rusage FILE       a line is added for each hook: "ID STAGE STATUS MAXRSS_KB WALL_US"
 *   --forbid TEXT       if TEXT is in the container's mountinfo after prestart, the exit status is
 * 99
 *   --gate PREFIX       in front of each hook the id is added to the file PREFIX.STAGE, and the
 * hook is started when nobody holds an exclusive flock(2) on it
 *
 * The exit status is that of prestart if that is not 0, else of the inspection, else of poststop; a
 * signal counts as 128 and its number.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_VOLUMES 16
#define NOT_RUN     (-1)
#define ESCAPED     99

struct cell {
	const char *bundle;
	const char *rootfs;
	const char *id;
	const char *map;
	const char *setgroups;
	const char *stages;
	const char *inspect;
	const char *state;
	const char *state_root;
	const char *status;
	const char *rusage;
	const char *gate;
	const char *forbid;
	unsigned long propagation;
	bool user;
	const char *mounts[MAX_VOLUMES];
	bool is_tmpfs[MAX_VOLUMES];
	int n_mounts;
	char **hook;
	int n_hook;
	pid_t pid;
};

__attribute__((noreturn)) static void die(const char *what)
{
	(void)fprintf(stderr, "cell: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	(void)close(fd);
}

static void put_maps(const struct cell *cell)
{
	char lines[4096];
	char path[64];

	(void)snprintf(lines, sizeof(lines), "%s", cell->map);
	for (char *at = lines; *at != '\0'; at++)
		if (*at == ';')
			*at = '\n';
	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)cell->pid);
	put(path, lines);
	(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)cell->pid);
	if (cell->setgroups != NULL) /* before the groups are mapped only */
		put(path, cell->setgroups);
	(void)snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)cell->pid);
	put(path, lines);
}

static void mount_volume(const struct cell *cell, const char *volume)
{
	char text[4096];
	char target[8192];
	char *destination;
	char *option;

	(void)snprintf(text, sizeof(text), "%s", volume);
	destination = strchr(text, ':');
	if (destination == NULL) {
		errno = EINVAL;
		die(volume);
	}
	*destination++ = '\0';
	option = strchr(destination, ':');
	if (option != NULL)
		*option++ = '\0';
	(void)snprintf(target, sizeof(target), "%s%s", cell->rootfs, destination);
	if (mount(text, target, NULL, MS_BIND | MS_REC, NULL) < 0)
		die(target);
	if (option != NULL && strcmp(option, "ro") == 0 &&
	    mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		die(target);
	if (option != NULL && strcmp(option, "rshared") == 0 &&
	    mount(NULL, target, NULL, MS_SHARED | MS_REC, NULL) < 0)
		die(target);
}

/* As runc: the mount that the root tree lies on is not to carry what follows to the host. */
static void seclude_parent(const char *rootfs)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s", rootfs);
	while (mount(NULL, path, NULL, MS_PRIVATE, NULL) < 0) {
		char *slash = strrchr(path, '/');

		if (errno != EINVAL || slash == NULL || path[1] == '\0')
			die(path);
		slash[slash == path ? 1 : 0] = '\0';
	}
}

/* What a runtime does before it calls its hooks. */
static void be_container(const struct cell *cell, int ready, int go)
{
	char target[8192];
	char byte;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNS | (cell->user ? CLONE_NEWUSER : 0)) < 0)
		die("unshare");
	if (write(ready, "1", 1) != 1 || read(go, &byte, 1) != 1)
		_exit(125);
	if (mount(NULL, "/", NULL, MS_REC | cell->propagation, NULL) < 0)
		die("change the propagation of /");
	seclude_parent(cell->rootfs);
	if (mount(cell->rootfs, cell->rootfs, NULL, MS_BIND | MS_REC, NULL) < 0)
		die(cell->rootfs);
	for (int i = 0; i < cell->n_mounts; i++) {
		if (!cell->is_tmpfs[i]) {
			mount_volume(cell, cell->mounts[i]);
			continue;
		}
		(void)snprintf(target, sizeof(target), "%s%s", cell->rootfs, cell->mounts[i]);
		if (mount("tmpfs", target, "tmpfs", 0, "mode=755") < 0)
			die(target);
	}
	if (write(ready, "2", 1) != 1)
		_exit(125);
	for (;;)
		(void)pause();
}

static void start(struct cell *cell)
{
	int ready[2];
	int go[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		die("pipe");
	cell->pid = fork();
	if (cell->pid < 0)
		die("fork");
	if (cell->pid == 0) {
		(void)close(ready[0]);
		(void)close(go[1]);
		be_container(cell, ready[1], go[0]);
	}
	(void)close(ready[1]);
	(void)close(go[0]);
	if (read(ready[0], &byte, 1) != 1)
		_exit(125);
	if (cell->user)
		put_maps(cell);
	if (write(go[1], "1", 1) != 1 || read(ready[0], &byte, 1) != 1)
		_exit(125);
	(void)close(ready[0]);
	(void)close(go[1]);
}

static int wait_with(pid_t pid, struct rusage *ret)
{
	int status;

	while (wait4(pid, &status, 0, ret) < 0)
		if (errno != EINTR)
			die("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wait_for(pid_t pid)
{
	struct rusage usage;

	return wait_with(pid, &usage);
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* One write for each line: many cells may share the file. The memory is that of the hook alone, or,
 * if that should be more, of the page tables that fork() copied. */
static void put_rusage(const struct cell *cell, const char *stage, int code,
		       const struct rusage *usage, int64_t wall)
{
	int fd;

	if (cell->rusage == NULL)
		return;
	fd = open(cell->rusage, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, "%s %s %d %ld %lld\n", cell->id, stage, code, usage->ru_maxrss,
			      (long long)wall) < 0)
		die(cell->rusage);
	(void)close(fd);
}

static int state_fd(const struct cell *cell, bool running)
{
	int fd = memfd_create("state", MFD_CLOEXEC);
	const char *root = cell->state_root != NULL ? cell->state_root : cell->rootfs;
	char member[8192] = "";
	char pid[32] = "";

	if (running && cell->state != NULL) {
		(void)close(fd);
		fd = open(cell->state, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			die(cell->state);
		return fd;
	}
	if (running)
		(void)snprintf(pid, sizeof(pid), "\"pid\":%d,", (int)cell->pid);
	if (root[0] != '\0')
		(void)snprintf(member, sizeof(member), "\"root\":\"%s\",", root);
	if (fd < 0 ||
	    dprintf(fd,
		    "{\"ociVersion\":\"1.0.2\",\"id\":\"%s\",\"status\":\"%s\",%s"
		    "%s\"bundle\":\"%s\"}",
		    cell->id, running ? "creating" : "stopped", pid, member, cell->bundle) < 0)
		die("state");
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static void wait_at_gate(const struct cell *cell, const char *stage)
{
	char path[4096];
	int fd;

	if (cell->gate == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s.%s", cell->gate, stage);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, "%s\n", cell->id) < 0 || flock(fd, LOCK_SH) < 0)
		die(path);
	(void)close(fd);
}

static int run_hook(const struct cell *cell, const char *stage)
{
	int fd = state_fd(cell, strcmp(stage, "prestart") == 0);
	struct rusage usage;
	int64_t begin;
	pid_t pid;
	int code;

	wait_at_gate(cell, stage);
	begin = now_us();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		char **words = calloc((size_t)cell->n_hook + 2, sizeof(*words));

		if (words == NULL || dup2(fd, STDIN_FILENO) < 0)
			die("start the hook");
		memcpy(words, cell->hook, (size_t)cell->n_hook * sizeof(*words));
		words[cell->n_hook] = strdup(stage);
		(void)execvp(words[0], words);
		die(words[0]);
	}
	(void)close(fd);
	code = wait_with(pid, &usage);
	put_rusage(cell, stage, code, &usage, now_us() - begin);
	return code;
}

static int run_inspection(const struct cell *cell)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		char path[64];
		int fd;

		(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)cell->pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNS) < 0 || chdir(cell->rootfs) < 0)
			die("join the container");
		(void)execlp("sh", "sh", "-euc", cell->inspect, (char *)NULL);
		die("sh");
	}
	return wait_for(pid);
}

/* Mounted in the container, or the container's mounts on it? */
static bool has_forbidden(const struct cell *cell)
{
	char path[64];
	char *line = NULL;
	bool found = false;
	size_t size = 0;
	FILE *file;

	if (cell->forbid == NULL)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)cell->pid);
	file = fopen(path, "re");
	if (file == NULL)
		die(path);
	while (getline(&line, &size, file) > 0) {
		if (strstr(line, cell->forbid) != NULL) {
			(void)fprintf(stderr, "cell: mounted: %s", line);
			found = true;
		}
	}
	free(line);
	(void)fclose(file);
	return found;
}

static void put_status(const struct cell *cell, const int *codes)
{
	FILE *file = cell->status == NULL ? NULL : fopen(cell->status, "we");

	if (cell->status == NULL)
		return;
	if (file == NULL)
		die(cell->status);
	for (int i = 0; i < 3; i++) {
		if (codes[i] == NOT_RUN)
			(void)fputs("- ", file);
		else
			(void)fprintf(file, "%d ", codes[i]);
	}
	(void)fputs("\n", file);
	if (fclose(file) != 0)
		die(cell->status);
}

static int run(struct cell *cell)
{
	int codes[3] = {NOT_RUN, NOT_RUN, NOT_RUN};
	bool forbidden;

	start(cell);
	if (strstr(cell->stages, "prestart") != NULL)
		codes[0] = run_hook(cell, "prestart");
	forbidden = has_forbidden(cell);
	if (cell->inspect != NULL && codes[0] <= 0)
		codes[1] = run_inspection(cell);
	(void)kill(cell->pid, SIGKILL);
	(void)wait_for(cell->pid);
	if (strstr(cell->stages, "poststop") != NULL && codes[0] <= 0)
		codes[2] = run_hook(cell, "poststop");
	put_status(cell, codes);
	if (forbidden)
		return ESCAPED;
	for (int i = 0; i < 3; i++)
		if (codes[i] > 0)
			return codes[i];
	return 0;
}

static int usage(void)
{
	(void)fputs("usage: cell [OPTION...] BUNDLE -- HOOK [ARGUMENT...]\n", stderr);
	return 2;
}

static unsigned long propagation(const char *word)
{
	if (strcmp(word, "shared") == 0)
		return MS_SHARED;
	return strcmp(word, "slave") == 0 ? MS_SLAVE : MS_PRIVATE;
}

static bool option(struct cell *cell, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **field;
	} texts[] = {{"--setgroups", &cell->setgroups},
		     {"--map", &cell->map},
		     {"--id", &cell->id},
		     {"--rootfs", &cell->rootfs},
		     {"--stages", &cell->stages},
		     {"--inspect", &cell->inspect},
		     {"--state", &cell->state},
		     {"--status", &cell->status},
		     {"--state-root", &cell->state_root},
		     {"--rusage", &cell->rusage},
		     {"--gate", &cell->gate},
		     {"--forbid", &cell->forbid}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].field = value;
			return true;
		}
	}
	if (strcmp(name, "--propagation") == 0) {
		cell->propagation = propagation(value);
		return true;
	}
	if ((strcmp(name, "--volume") == 0 || strcmp(name, "--tmpfs") == 0) &&
	    cell->n_mounts < MAX_VOLUMES) {
		cell->is_tmpfs[cell->n_mounts] = strcmp(name, "--tmpfs") == 0;
		cell->mounts[cell->n_mounts++] = value;
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct cell cell = {.id = "cell",
			    .map = "0 100000 65536",
			    .stages = "prestart,poststop",
			    .propagation = MS_PRIVATE};
	char rootfs[4096];
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--user") == 0)
			cell.user = true;
		else if (i + 1 == argc || !option(&cell, argv[i], argv[i + 1]))
			return usage();
		else
			i++;
	}
	if (i + 2 >= argc || strcmp(argv[i + 1], "--") != 0)
		return usage();
	cell.bundle = argv[i];
	cell.hook = argv + i + 2;
	cell.n_hook = argc - i - 2;
	(void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", cell.bundle);
	if (cell.rootfs == NULL)
		cell.rootfs = rootfs;
	return run(&cell);
}
