/* SPDX-License-Identifier: Apache-2.0 */
#include "standin.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD     64
#define GIGABYTE   (1ul << 30)
#define CHUNK      65536u
#define LINE_BYTES 512

extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

struct standin standin;

/* ---- the file ---- */

/* Copies the value of the word key=VALUE; nothing where it is not there. */
static void word(const char *line, const char *key, char *ret)
{
	size_t len = strlen(key);
	const char *at = line;

	while ((at = strstr(at, key)) != NULL) {
		if (at[len] == '=' && at > line && at[-1] == ' ') {
			(void)snprintf(ret, STANDIN_TEXT, "%.*s", (int)strcspn(at + len + 1, " \n"),
				       at + len + 1);
			return;
		}
		at += len;
	}
}

static unsigned number(const char *line, const char *key)
{
	char text[STANDIN_TEXT] = "0";

	word(line, key, text);
	return (unsigned)strtoul(text, NULL, 10);
}

static void read_gpu(const char *line, struct standin_gpu *gpu)
{
	const char *name = strstr(line, " name=");

	word(line, "minor", gpu->minor);
	word(line, "busid", gpu->busid);
	word(line, "uuid", gpu->uuid);
	word(line, "brand", gpu->brand);
	word(line, "compute", gpu->compute);
	word(line, "mig", gpu->mig);
	if (name != NULL)
		(void)snprintf(gpu->name, STANDIN_TEXT, "%.*s", (int)strcspn(name + 6, "\n"),
			       name + 6);
}

static void read_mig(const char *line, struct standin_mig *mig)
{
	mig->gpu = number(line, "gpu");
	mig->index = number(line, "index");
	mig->gi = number(line, "gi");
	mig->ci = number(line, "ci");
	word(line, "uuid", mig->uuid);
}

bool standin_numbers(const char *text, int base, unsigned *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *end;

		ret[i] = (unsigned)strtoul(text, &end, base);
		if (end == text || (i + 1 < n && *end == '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

/* The next word of the line. */
static const char *take_word(const char *line, char *ret)
{
	size_t len = strcspn(line, " \n");

	(void)snprintf(ret, STANDIN_TEXT, "%.*s", (int)len, line);
	return line + len + strspn(line + len, " \n");
}

static void read_line(const char *line)
{
	struct standin_rule rule = {.number = 0};

	rule.number = strtol(take_word(take_word(line, rule.verb), rule.call), NULL, 10);
	if (rule.verb[0] == '\0' || rule.verb[0] == '#')
		return;
	if (strcmp(rule.verb, "driver") == 0)
		(void)snprintf(standin.driver, sizeof(standin.driver), "%s", rule.call);
	else if (strcmp(rule.verb, "cuda") == 0)
		(void)snprintf(standin.cuda, sizeof(standin.cuda), "%s", rule.call);
	else if (strcmp(rule.verb, "gpu") == 0 && standin.n_gpus < STANDIN_GPUS)
		read_gpu(line, &standin.gpus[standin.n_gpus++]);
	else if (strcmp(rule.verb, "mig") == 0 && standin.n_migs < STANDIN_MIGS)
		read_mig(line, &standin.migs[standin.n_migs++]);
	else if (standin.n_rules < STANDIN_RULES)
		standin.rules[standin.n_rules++] = rule;
}

/* As a driver in a container, which sees those GPUs alone whose nodes are there. */
static void keep_visible(void)
{
	char path[STANDIN_TEXT + 16];
	size_t n = 0;

	for (size_t i = 0; i < standin.n_gpus; i++) {
		(void)snprintf(path, sizeof(path), "/dev/nvidia%s", standin.gpus[i].minor);
		if (access(path, F_OK) == 0)
			standin.gpus[n++] = standin.gpus[i];
	}
	standin.n_gpus = n;
}

/* What this library's symbols are by: the addresses in _DYNAMIC are the loader's in glibc, and the
 * file's in musl. */
static const char *table(uintptr_t base, ElfW(Sxword) tag)
{
	for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == tag)
			return (const char *)(entry->d_un.d_ptr +
					      (entry->d_un.d_ptr < base ? base : 0));
	return NULL;
}

/* No C library finds a symbol without a value. The symbols end where their names begin. */
static void take_out(const char *symbol)
{
	Dl_info self;
	const char *symbols, *names;
	uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);

	if (dladdr(&standin, &self) == 0)
		return;
	symbols = table((uintptr_t)self.dli_fbase, DT_SYMTAB);
	names = table((uintptr_t)self.dli_fbase, DT_STRTAB);
	if (symbols == NULL || names == NULL)
		abort();
	for (ElfW(Sym) *at = (ElfW(Sym) *)(uintptr_t)symbols; (const char *)(at + 1) <= names;
	     at++) {
		uintptr_t page = (uintptr_t)at / page_size * page_size;

		if (at->st_shndx == SHN_UNDEF || strcmp(names + at->st_name, symbol) != 0)
			continue;
		if (mprotect((void *)page, (uintptr_t)(at + 1) - page,
			     PROT_READ | PROT_WRITE | PROT_EXEC) < 0)
			abort();
		at->st_value = 0;
		at->st_shndx = SHN_UNDEF;
	}
}

__attribute__((constructor)) static void read_file(void)
{
	FILE *file = fopen(STANDIN_FILE, "re");
	char line[LINE_BYTES];

	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		read_line(line);
	(void)fclose(file);
	for (size_t i = 0; i < standin.n_rules; i++)
		if (strcmp(standin.rules[i].verb, "visible") == 0)
			keep_visible();
	for (size_t i = 0; i < standin.n_rules; i++)
		if (strcmp(standin.rules[i].verb, "missing") == 0)
			take_out(standin.rules[i].call);
}

/* ---- behaviour ---- */

static void sleep_ms(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static void write_all(const void *data, size_t len)
{
	for (int fd = 3; fd < MAX_FD; fd++)
		(void)!write(fd, data, len);
}

static void write_huge(void)
{
	static const unsigned char head[4] = {0x40, 0, 0, 0};
	static const char zeros[CHUNK];

	write_all(head, sizeof(head));
	for (size_t sent = 0; sent < GIGABYTE; sent += CHUNK)
		write_all(zeros, sizeof(zeros));
}

static void add(char *found, const char *what)
{
	size_t len = strlen(found);

	(void)snprintf(found + len, STANDIN_TEXT - len, " %s", what);
}

static void try_processes(char *found)
{
	char *const argv[] = {(char *)"true", NULL};
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0) {
		(void)waitpid(pid, NULL, 0);
		add(found, "fork");
	}
	(void)execve("/bin/true", argv, NULL);
	if (errno != EPERM && errno != ENOSYS)
		add(found, "exec");
	if (kill(getppid(), 0) == 0)
		add(found, "kill");
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
		add(found, "ptrace");
}

static void try_files(char *found)
{
	int fd = open("/made-by-the-stand-in", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && write(fd, "x", 1) == 1)
		add(found, "write");
	if (fd >= 0)
		(void)close(fd);
	if (mkdir("/made-by-the-stand-in.d", 0755) == 0)
		add(found, "mkdir");
	if (mknod("/made-by-the-stand-in.n", S_IFCHR | 0600, 0) == 0)
		add(found, "mknod");
	if (mount("none", "/", "tmpfs", 0, NULL) == 0)
		add(found, "mount");
	if (chroot("/") == 0)
		add(found, "chroot");
}

/* Who has the terminal of whoever asks can type into it. */
static void try_terminal(char *found)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	add(found, "terminal");
	if (ioctl(fd, TIOCSTI, "x") == 0)
		add(found, "typing");
	(void)close(fd);
}

/* Where there is a /proc: the memory of others of the same user. */
static void try_neighbours(char *found)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		long pid = strtol(entry->d_name, NULL, 10);
		char path[64];
		int fd;

		if (pid <= 0 || pid == (long)getpid())
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%ld/mem", pid);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		add(found, "memory");
		(void)close(fd);
	}
	if (proc != NULL)
		(void)closedir(proc);
}

/* Everything here must be refused. */
static void attack(void)
{
	char found[STANDIN_TEXT] = "attack:";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		add(found, "socket");
	if (setuid(0) == 0 && getuid() != 0)
		add(found, "setuid");
	try_processes(found);
	try_files(found);
	try_terminal(found);
	try_neighbours(found);
	for (size_t i = 0; i < standin.n_gpus; i++)
		memcpy(standin.gpus[i].name, found, sizeof(found));
}

static int act(const struct standin_rule *rule)
{
	static volatile sig_atomic_t forever = 1;
	static const char noise[] = "\xff\xfe garbage \x01\x02 and more of it";

	if (strcmp(rule->verb, "error") == 0)
		return (int)rule->number;
	if (strcmp(rule->verb, "sleep") == 0)
		sleep_ms(rule->number);
	while (forever && strcmp(rule->verb, "hang") == 0)
		sleep_ms(1000);
	while (forever && strcmp(rule->verb, "busy") == 0)
		;
	if (strcmp(rule->verb, "crash") == 0)
		(void)raise(SIGSEGV);
	if (strcmp(rule->verb, "exit") == 0)
		_exit((int)rule->number); /* a sanitizer makes more of exit() */
	if (strcmp(rule->verb, "garbage") == 0)
		write_all(noise, sizeof(noise));
	if (strcmp(rule->verb, "huge") == 0)
		write_huge();
	if (strcmp(rule->verb, "attack") == 0)
		attack();
	return 0;
}

int standin_call(const char *call)
{
	int code = 0;

	for (size_t i = 0; i < standin.n_rules && code == 0; i++)
		if (strcmp(standin.rules[i].call, call) == 0)
			code = act(&standin.rules[i]);
	return code;
}
