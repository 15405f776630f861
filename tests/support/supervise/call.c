/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/path.h"

#define NO_ARG (-1)
#define CWD    (-2) /* a path from the current folder */

/* Numbers of the arguments of a name: fd (or CWD), path (or NO_ARG: an fd alone). */
struct shape_name {
	int fd, path;
};

#define AT(dir, name)                                                                              \
	{                                                                                          \
		(dir), (name)                                                                      \
	}
#define PATH(name)                                                                                 \
	{                                                                                          \
		CWD, (name)                                                                        \
	}
#define FD(number)                                                                                 \
	{                                                                                          \
		(number), NO_ARG                                                                   \
	}
#define NONE                                                                                       \
	{                                                                                          \
		NO_ARG, NO_ARG                                                                     \
	}

static const struct shape {
	const char *word;
	struct shape_name names[CALL_MAX_NAMES];
} shapes[] = {
	{"openat", {AT(0, 1), NONE}},
	{"openat2", {AT(0, 1), NONE}},
	{"newfstatat", {AT(0, 1), NONE}},
	{"fstatat64", {AT(0, 1), NONE}},
	{"statx", {AT(0, 1), NONE}},
	{"readlinkat", {AT(0, 1), NONE}},
	{"faccessat", {AT(0, 1), NONE}},
	{"faccessat2", {AT(0, 1), NONE}},
	{"mkdirat", {AT(0, 1), NONE}},
	{"mknodat", {AT(0, 1), NONE}},
	{"unlinkat", {AT(0, 1), NONE}},
	{"renameat", {AT(0, 1), AT(2, 3)}},
	{"renameat2", {AT(0, 1), AT(2, 3)}},
	{"linkat", {AT(0, 1), AT(2, 3)}},
	{"symlinkat", {AT(1, 2), NONE}},
	{"fchmodat", {AT(0, 1), NONE}},
	{"fchownat", {AT(0, 1), NONE}},
	{"utimensat", {AT(0, 1), NONE}},
	{"name_to_handle_at", {AT(0, 1), NONE}},
	{"open_tree", {AT(0, 1), NONE}},
	{"move_mount", {AT(0, 1), AT(2, 3)}},
	{"mount_setattr", {AT(0, 1), NONE}},
	{"mount", {PATH(0), PATH(1)}},
	{"umount2", {PATH(0), NONE}},
	{"open", {PATH(0), NONE}},
	{"stat", {PATH(0), NONE}},
	{"lstat", {PATH(0), NONE}},
	{"access", {PATH(0), NONE}},
	{"readlink", {PATH(0), NONE}},
	{"mkdir", {PATH(0), NONE}},
	{"rmdir", {PATH(0), NONE}},
	{"unlink", {PATH(0), NONE}},
	{"rename", {PATH(0), PATH(1)}},
	{"chdir", {PATH(0), NONE}},
	{"chroot", {PATH(0), NONE}},
	{"pivot_root", {PATH(0), PATH(1)}},
	{"statfs", {PATH(0), NONE}},
	{"execve", {PATH(0), NONE}},
	{"getxattr", {PATH(0), NONE}},
	{"lgetxattr", {PATH(0), NONE}},
	{"setxattr", {PATH(0), NONE}},
	{"lsetxattr", {PATH(0), NONE}},
	{"fgetxattr", {FD(0), NONE}},
	{"fsetxattr", {FD(0), NONE}},
	{"fstat", {FD(0), NONE}},
	{"fstatfs", {FD(0), NONE}},
	{"fchdir", {FD(0), NONE}},
	{"fchmod", {FD(0), NONE}},
	{"fchown", {FD(0), NONE}},
	{"ftruncate", {FD(0), NONE}},
	{"fallocate", {FD(0), NONE}},
	{"fsync", {FD(0), NONE}},
	{"fdatasync", {FD(0), NONE}},
	{"getdents64", {FD(0), NONE}},
	{"read", {FD(0), NONE}},
	{"write", {FD(0), NONE}},
	{"pread64", {FD(0), NONE}},
	{"pwrite64", {FD(0), NONE}},
	{"lseek", {FD(0), NONE}},
	{"fcntl", {FD(0), NONE}},
	{"ioctl", {FD(0), NONE}},
	{"close", {FD(0), NONE}},
	{"dup", {FD(0), NONE}},
	{"dup3", {FD(0), NONE}},
	{"setns", {FD(0), NONE}},
	{"mmap", {FD(4), NONE}},
	{"landlock_add_rule", {NONE, NONE}},
};

static const struct shape *find_shape(const char *word)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i].word, word) == 0)
			return &shapes[i];
	return NULL;
}

/* Pages of the other process one by one: what follows the string's page may not be there. */
static void read_text(pid_t pid, uint64_t address, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = '\0';
	while (address != 0 && len + 1 < size) {
		size_t part = 4096 - (size_t)((address + len) & 4095);
		struct iovec local = {.iov_base = ret + len};
		struct iovec remote = {.iov_base = (void *)(uintptr_t)(address + len)};
		ssize_t n;

		if (part > size - 1 - len)
			part = size - 1 - len;
		local.iov_len = part;
		remote.iov_len = part;
		n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
		if (n <= 0)
			break;
		if (memchr(ret + len, '\0', (size_t)n) != NULL)
			return;
		len += (size_t)n;
	}
	ret[len] = '\0';
}

static void read_object(pid_t pid, struct call_name *name, const struct call_root *root,
			bool *in_root)
{
	char link[64];
	struct stat st;
	ssize_t n;

	if (name->fd == AT_FDCWD)
		(void)snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	else
		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, name->fd);
	n = readlink(link, name->object, sizeof(name->object) - 1);
	name->object[n < 0 ? 0 : n] = '\0';
	if (root->path != NULL && path_is_below(name->object, root->path))
		*in_root = true;
	if (root->dev != 0 && stat(link, &st) == 0 && st.st_dev == root->dev)
		*in_root = true;
}

static void read_name(const struct seccomp_notif *stop, const struct shape_name *shape,
		      const struct call_root *root, struct call *call)
{
	struct call_name *name = &call->names[call->n];
	bool in_root = false;

	if (shape->fd == NO_ARG && shape->path == NO_ARG)
		return;
	*name = (struct call_name){.fd = shape->fd == CWD ? AT_FDCWD
							  : (int)stop->data.args[shape->fd]};
	if (shape->path != NO_ARG) {
		name->has_path = true;
		read_text((pid_t)stop->pid, stop->data.args[shape->path], name->path,
			  sizeof(name->path));
	}
	if (name->path[0] != '/')
		read_object((pid_t)stop->pid, name, root, &in_root);
	else if (root->path != NULL && path_is_below(name->path, root->path))
		in_root = true;
	call->in_root = call->in_root || in_root;
	call->n++;
}

void call_read(const struct seccomp_notif *stop, const struct call_root *root, struct call *ret)
{
	char *word = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, stop->data.nr);
	const struct shape *shape;

	ret->n = 0;
	ret->in_root = false;
	(void)snprintf(ret->word, sizeof(ret->word), "%s", word == NULL ? "?" : word);
	free(word);
	shape = find_shape(ret->word);
	for (size_t i = 0; shape != NULL && i < CALL_MAX_NAMES; i++)
		read_name(stop, &shape->names[i], root, ret);
}

/* A name may have any bytes; a line has none that end it. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void call_format(const struct call *call, char *ret, size_t size)
{
	size_t len;

	(void)snprintf(ret, size, "%s\t%s", call->word, call->in_root ? "root" : "-");
	for (size_t i = 0; i < call->n; i++) {
		const struct call_name *name = &call->names[i];
		char text[9000];

		if (!name->has_path)
			(void)snprintf(text, sizeof(text), "%d<%s>", name->fd, name->object);
		else if (name->path[0] == '/')
			(void)snprintf(text, sizeof(text), "\"%s\"", name->path);
		else
			(void)snprintf(text, sizeof(text), "<%s>\"%s\"", name->object, name->path);
		make_printable(text);
		len = strlen(ret);
		(void)snprintf(ret + len, size - len, "\t%s", text);
	}
}
