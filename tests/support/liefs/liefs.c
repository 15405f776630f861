/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liefs hang|lie LINK-TEXT FOLDER: a FUSE file system on FOLDER, served in the background until it
 * is unmounted, two minutes at most.
 *   hang   only its root answers, once: whoever asks for more waits. (Who waits for an answer to
 * what a server has read cannot even be killed; that ends with the server.) lie    every name
 * exists, as something else with another inode each time one looks: folder, file, link with
 * LINK-TEXT; what one makes is said to be made It speaks the protocol of the kernel itself:
 * <linux/fuse.h>.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROOM     (1024 * 1024)
#define LIFETIME 120u

struct server {
	int fd;
	bool hangs;
	const char *link;
	uint64_t looks;
};

static void answer(const struct server *server, const struct fuse_in_header *in, int error,
		   const void *data, size_t len)
{
	struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + len), .error = -error, .unique = in->unique};
	struct iovec parts[] = {{&out, sizeof(out)}, {(void *)(uintptr_t)data, len}};

	(void)!writev(server->fd, parts, 2);
}

static struct fuse_attr look_at(struct server *server, uint64_t node)
{
	static const uint32_t modes[] = {S_IFDIR | 0755, S_IFREG | 0755, S_IFLNK | 0777,
					 S_IFREG | 0644, S_IFDIR | 0777};
	uint64_t look = server->looks++;
	uint32_t mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : modes[look % 5];

	return (struct fuse_attr){.ino = node == FUSE_ROOT_ID ? 1 : 1000 + look,
				  .size = S_ISLNK(mode) ? strlen(server->link) : look * 4096,
				  .mode = mode,
				  .nlink = 1,
				  .mtime = look};
}

static void answer_entry(struct server *server, const struct fuse_in_header *in, bool opened)
{
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = {.entry = {.nodeid = 2 + server->looks}};

	out.entry.attr = look_at(server, out.entry.nodeid);
	answer(server, in, 0, &out, opened ? sizeof(out) : sizeof(out.entry));
}

static void answer_attr(struct server *server, const struct fuse_in_header *in)
{
	struct fuse_attr_out out = {.attr_valid = server->hangs ? LIFETIME : 0,
				    .attr = look_at(server, in->nodeid)};

	answer(server, in, 0, &out, sizeof(out));
	while (server->hangs)
		(void)pause();
}

static void answer_init(struct server *server, const struct fuse_in_header *in)
{
	struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
				    .minor = FUSE_KERNEL_MINOR_VERSION,
				    .max_readahead = 65536,
				    .max_write = 65536,
				    .max_background = 64,
				    .congestion_threshold = 48};

	answer(server, in, 0, &out, sizeof(out));
}

static void lie(struct server *server, const struct fuse_in_header *in)
{
	static const char noise[4096] = "\177ELF /lib include *";
	struct fuse_open_out opened = {.fh = 1};
	struct fuse_write_out written = {.size = 1};
	struct fuse_statfs_out statfs = {.st = {.blocks = 1000, .bfree = 1000, .bsize = 4096}};

	switch (in->opcode) {
	case FUSE_LOOKUP:
	case FUSE_MKDIR:
	case FUSE_MKNOD:
	case FUSE_SYMLINK:
	case FUSE_LINK:
		return answer_entry(server, in, false);
	case FUSE_CREATE:
		return answer_entry(server, in, true);
	case FUSE_SETATTR:
		return answer_attr(server, in);
	case FUSE_READLINK:
		return answer(server, in, 0, server->link, strlen(server->link));
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		return answer(server, in, 0, &opened, sizeof(opened));
	case FUSE_READ:
		return answer(server, in, 0, noise, server->looks % 3 == 0 ? 0 : sizeof(noise));
	case FUSE_READDIR:
		return answer(server, in, 0, NULL, 0);
	case FUSE_WRITE:
		return answer(server, in, 0, &written, sizeof(written));
	case FUSE_STATFS:
		return answer(server, in, 0, &statfs, sizeof(statfs));
	case FUSE_GETXATTR:
	case FUSE_LISTXATTR:
		return answer(server, in, ENODATA, NULL, 0);
	default: /* unlink, rename, flush, release and the like: done */
		return answer(server, in, 0, NULL, 0);
	}
}

static void serve(struct server *server)
{
	char *room = malloc(ROOM);

	if (room == NULL)
		_exit(1);
	for (;;) {
		ssize_t len = read(server->fd, room, ROOM);
		const struct fuse_in_header *in = (const void *)room;

		if (len < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
			continue;
		if (len < (ssize_t)sizeof(*in))
			_exit(0);
		if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET ||
		    in->opcode == FUSE_INTERRUPT)
			continue;
		if (in->opcode == FUSE_INIT)
			answer_init(server, in);
		else if (in->opcode > FUSE_LSEEK) /* statx and what else came later */
			answer(server, in, ENOSYS, NULL, 0);
		else if (in->opcode == FUSE_GETATTR)
			answer_attr(server, in);
		else if (!server->hangs)
			lie(server, in);
	}
}

int main(int argc, char **argv)
{
	struct server server = {.looks = 0};
	char options[128];
	pid_t pid;

	if (argc != 4 || (strcmp(argv[1], "hang") != 0 && strcmp(argv[1], "lie") != 0)) {
		(void)fputs("usage: liefs hang|lie LINK-TEXT FOLDER\n", stderr);
		return 2;
	}
	server.hangs = strcmp(argv[1], "hang") == 0;
	server.link = argv[2];
	server.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	(void)snprintf(options, sizeof(options),
		       "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", server.fd);
	if (server.fd < 0 || mount("liefs", argv[3], "fuse", 0, options) < 0) {
		(void)fprintf(stderr, "liefs: %s: %s\n", argv[3], strerror(errno));
		return 1;
	}
	pid = fork();
	if (pid != 0)
		return pid < 0;
	(void)alarm(LIFETIME);
	(void)setsid();
	for (int fd = 0; fd < 3; fd++)
		if (fd != server.fd)
			(void)close(fd); /* who waits for our end of a pipe must not */
	serve(&server);
}
