/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/rootwalk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"

#ifndef SECURITYFS_MAGIC
#define SECURITYFS_MAGIC 0x73636673
#endif
#define ROOTWALK_TEXT_MAX (2 * PATH_MAX) /* bytes still to walk, links expanded, with NUL */
#define ROOTWALK_TRYS     64             /* rounds of "is not there" and "is there" for one name */

struct rootwalk {
	const struct rootwalk_request *request;
	const char *path; /* the caller's */
	int root;
	int dirs[ROOTWALK_MAX_DEPTH]; /* owned */
	size_t n;                     /* of dirs; 0 = at the root */
	char text[ROOTWALK_TEXT_MAX];
	char *rest;     /* in text: what is still to be walked */
	size_t own_len; /* bytes at the end of rest that are the caller's, not a link's */
	unsigned links;
	bool refused;
};

static void rootwalk_pop(struct rootwalk *walk)
{
	if (walk->n > 0)
		(void)close(walk->dirs[--walk->n]);
}

static void rootwalk_done(struct rootwalk *walk)
{
	while (walk->n > 0)
		rootwalk_pop(walk);
}

static int rootwalk_here(const struct rootwalk *walk)
{
	return walk->n > 0 ? walk->dirs[walk->n - 1] : walk->root;
}

/* Links of these file systems may be magic: readlink gives a text that is only for people. The true
 * links there are relative and hold no ":", magic ones are absolute or like "pipe:[1]". */
static bool rootwalk_link_is_magic(int fd, const char *text)
{
	struct statfs fs;

	if (text[0] != '/' && strchr(text, ':') == NULL)
		return false;
	return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC ||
	       fs.f_type == SECURITYFS_MAGIC;
}

/* Puts the text of the link in front of what is left. */
static int rootwalk_expand(struct rootwalk *walk, int link)
{
	char text[PATH_MAX];
	size_t left = strlen(walk->rest);
	ssize_t len = readlinkat(link, "", text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	if (len == 0)
		return -ENOENT;
	text[len] = '\0';
	if (++walk->links > ROOTFS_MAX_LINKS || rootwalk_link_is_magic(link, text))
		return -ELOOP;
	if ((size_t)len + left + 1 > sizeof(walk->text))
		return -ENAMETOOLONG;
	memmove(walk->text + len, walk->rest, left + 1);
	memcpy(walk->text, text, (size_t)len);
	walk->rest = walk->text;
	if (text[0] == '/')
		rootwalk_done(walk);
	return 0;
}

/* Told with the caller's path up to the component that ends where rest begins. */
static int rootwalk_tell(struct rootwalk *walk, const char *name)
{
	size_t len = strlen(walk->path) - strlen(walk->rest);
	char path[PATH_MAX];
	int rc;

	if (walk->request->made == NULL)
		return 0;
	if (len >= sizeof(path)) /* the walk began with one that is shorter */
		return -ENAMETOOLONG;
	/* not on the heap: who is not told of it cannot remove it */
	memcpy(path, walk->path, len);
	path[len] = '\0';
	rc = walk->request->made(walk->request->arg, rootwalk_here(walk), name, path);
	walk->refused = rc < 0;
	return rc < 0 ? rc : 0;
}

/* The component as an O_PATH fd; a missing one is made if it is the caller's own text. */
static int rootwalk_step(struct rootwalk *walk, const char *name, bool own)
{
	for (int i = 0; i < ROOTWALK_TRYS; i++) {
		int fd = openat(rootwalk_here(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		int rc;

		if (fd >= 0)
			return fd;
		if (errno != ENOENT || !walk->request->make || !own)
			return -errno;
		if (mkdirat(rootwalk_here(walk), name, 0755) < 0) {
			if (errno != EEXIST)
				return -errno;
			continue; /* somebody else was quicker: look again */
		}
		rc = rootwalk_tell(walk, name);
		if (rc < 0)
			return rc;
	}
	return -EAGAIN;
}

static int rootwalk_push(struct rootwalk *walk, int *fd)
{
	if (walk->n == ROOTWALK_MAX_DEPTH)
		return -ENAMETOOLONG;
	walk->dirs[walk->n++] = take_fd(fd);
	return 0;
}

/* Takes the next component off rest: 1 = there is one, 0 = none is left. *ret_last: nothing follows
 * it, not even a slash. */
static int rootwalk_next(struct rootwalk *walk, char *ret_name, bool *ret_own, bool *ret_last)
{
	char *name = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(name, "/");

	if (len == 0)
		return 0;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(ret_name, name, len);
	ret_name[len] = '\0';
	walk->rest = name + len;
	*ret_last = *walk->rest == '\0';
	*ret_own = strlen(name) <= walk->own_len;
	if (*ret_own)
		walk->own_len = strlen(walk->rest);
	return 1;
}

/* 1 = *ret_fd is the end, 0 = go on. */
static int rootwalk_component(struct rootwalk *walk, const char *name, bool own, bool last,
			      int *ret_fd)
{
	auto_fd fd = -1;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		rootwalk_pop(walk);
		return 0;
	}
	fd = rootwalk_step(walk, name, own);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && !(last && walk->request->nofollow))
		return rootwalk_expand(walk, fd);
	if (S_ISDIR(st.st_mode) && !last)
		return rootwalk_push(walk, &fd);
	if (!last || (walk->request->directory && !S_ISDIR(st.st_mode)))
		return -ENOTDIR;
	*ret_fd = take_fd(&fd);
	return 1;
}

static int rootwalk_run(struct rootwalk *walk)
{
	char name[NAME_MAX + 1];
	bool own;
	bool last;
	int fd = -1;
	int rc;

	while ((rc = rootwalk_next(walk, name, &own, &last)) > 0) {
		rc = rootwalk_component(walk, name, own, last, &fd);
		if (rc != 0)
			return rc < 0 ? rc : fd;
	}
	if (rc < 0)
		return rc;
	/* "." of a directory that is held is that directory: nothing is looked up */
	fd = openat(rootwalk_here(walk), ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int rootwalk_open(int rootfd, const char *path, const struct rootwalk_request *request,
		  bool *ret_refused)
{
	auto_done(rootwalk) struct rootwalk walk = {
		.request = request, .path = path, .root = rootfd};
	size_t len = strlen(path);
	int rc;

	if (len == 0)
		return -ENOENT;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(walk.text, path, len + 1);
	walk.rest = walk.text;
	walk.own_len = len;
	rc = rootwalk_run(&walk);
	if (ret_refused != NULL)
		*ret_refused = walk.refused;
	return rc;
}
