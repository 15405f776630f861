/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify PID BOARD LIST...: is every row of the lists that the board has visible in the container
 * of process PID, with the right type, identity, flags and link text? Shares no code with the
 * product: it reads lists, board and container by itself.
 *
 * Prints what is wrong, one line each, then "N rows: N files, N dirs, N nodes, N links, N missing,
 * N wrong". Exit status 0 only if nothing is wrong and something was checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_OBJECTS 20000
#define MAX_CHAIN   40

/* One object of the board, read before the container's namespace is joined. */
struct object {
	char path[PATH_MAX]; /* in the container */
	char link[PATH_MAX]; /* text, if it is a link */
	struct stat st;
	bool by_link; /* found at the end of a link */
};

static struct object *objects;
static size_t n_objects;
static unsigned n_rows, n_missing, n_wrong, n_files, n_dirs, n_nodes, n_links;

static void wrong(const struct object *object, const char *what)
{
	printf("%s: %s\n", object->path, what);
	n_wrong++;
}

/* Lexical: the boards of the tests have no links in the middle that ".." would cross. */
static void follow(const char *path, const char *text, char *ret)
{
	char joined[2 * PATH_MAX];
	char *save = NULL;
	size_t len = 0;

	if (text[0] == '/')
		snprintf(joined, sizeof(joined), "%s", text);
	else
		snprintf(joined, sizeof(joined), "%.*s/%s", (int)(strrchr(path, '/') - path), path,
			 text);
	ret[0] = '\0';
	for (char *part = strtok_r(joined, "/", &save); part != NULL;
	     part = strtok_r(NULL, "/", &save)) {
		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			while (len > 0 && ret[--len] != '/')
				;
			ret[len] = '\0';
			continue;
		}
		len += (size_t)snprintf(ret + len, PATH_MAX - len, "/%s", part);
	}
}

static bool add_object(const char *board, const char *path, struct object **ret)
{
	char host[2 * PATH_MAX];
	struct object *object = &objects[n_objects];
	ssize_t len;

	snprintf(host, sizeof(host), "%s%s", board, path);
	if (n_objects >= MAX_OBJECTS || lstat(host, &object->st) < 0)
		return false;
	snprintf(object->path, sizeof(object->path), "%s", path);
	object->link[0] = '\0';
	if (S_ISLNK(object->st.st_mode)) {
		len = readlink(host, object->link, sizeof(object->link) - 1);
		object->link[len < 0 ? 0 : len] = '\0';
	}
	n_objects++;
	*ret = object;
	return true;
}

/* A chain that ends nowhere gives nothing: the row counts as missing. */
static bool add_chain(const char *board, const char *path)
{
	char here[PATH_MAX];
	size_t first = n_objects;

	snprintf(here, sizeof(here), "%s", path);
	for (int i = 0; i < MAX_CHAIN; i++) {
		struct object *object;
		char next[PATH_MAX];

		if (!add_object(board, here, &object))
			break;
		object->by_link = i > 0;
		if (!S_ISLNK(object->st.st_mode))
			return true;
		follow(here, object->link, next);
		snprintf(here, sizeof(here), "%s", next);
	}
	n_objects = first;
	return false;
}

static void read_row(const char *board, const char *path)
{
	char pattern[2 * PATH_MAX];
	bool found = false;
	glob_t paths;

	n_rows++;
	snprintf(pattern, sizeof(pattern), "%s%s", board, path);
	if (strpbrk(path, "*?[") == NULL) {
		found = add_chain(board, path);
	} else if (glob(pattern, 0, NULL, &paths) == 0) {
		for (size_t i = 0; i < paths.gl_pathc; i++)
			found |= add_chain(board, paths.gl_pathv[i] + strlen(board));
		globfree(&paths);
	}
	if (!found)
		n_missing++;
}

static int read_list(const char *board, const char *name)
{
	FILE *file = fopen(name, "re");
	char line[2 * PATH_MAX];

	if (file == NULL) {
		perror(name);
		return -1;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		char *path = strchr(line, ',');
		char *end;

		if (line[0] == '#' || path == NULL)
			continue;
		path += 1 + strspn(path + 1, " \t");
		end = path + strlen(path);
		while (end > path && strchr(" \t\r\n", end[-1]) != NULL)
			*--end = '\0';
		if (path[0] == '/')
			read_row(board, path);
	}
	fclose(file);
	return 0;
}

static void check_flags(const struct object *object, unsigned long want)
{
	struct statvfs vfs;

	if (statvfs(object->path, &vfs) < 0)
		wrong(object, strerror(errno));
	else if ((vfs.f_flag & want) != want)
		wrong(object, "mount flags are missing");
}

static bool below_bound_dir(const struct object *object)
{
	for (size_t i = 0; i < n_objects; i++) {
		size_t len = strlen(objects[i].path);

		if (S_ISDIR(objects[i].st.st_mode) && !objects[i].by_link &&
		    strncmp(object->path, objects[i].path, len) == 0 && object->path[len] == '/')
			return true;
	}
	return false;
}

static unsigned n_below(const struct object *dir)
{
	size_t len = strlen(dir->path);
	unsigned n = 0;

	for (size_t i = 0; i < n_objects; i++)
		n += strncmp(objects[i].path, dir->path, len) == 0 && objects[i].path[len] == '/';
	return n;
}

static void check_link(const struct object *object)
{
	char text[PATH_MAX];
	ssize_t len = readlink(object->path, text, sizeof(text) - 1);

	n_links++;
	text[len < 0 ? 0 : len] = '\0';
	if (strcmp(text, object->link) != 0)
		wrong(object, "link text differs");
}

static void check_node(const struct object *object, const struct stat *st)
{
	n_nodes++;
	if (st->st_rdev != object->st.st_rdev)
		wrong(object, "another device");
	check_flags(object, below_bound_dir(object) ? ST_NOSUID : ST_NOSUID | ST_NOEXEC);
}

static void check_object(const struct object *object)
{
	struct stat st;

	if (lstat(object->path, &st) < 0) {
		wrong(object, strerror(errno));
		return;
	}
	if ((st.st_mode & S_IFMT) != (object->st.st_mode & S_IFMT)) {
		wrong(object, "another type");
		return;
	}
	if (S_ISDIR(st.st_mode) && object->by_link && n_below(object) > 0) {
		/* a link to a directory that the lists fill themselves */
		n_dirs++;
	} else if (S_ISLNK(st.st_mode)) {
		check_link(object);
	} else if (S_ISCHR(st.st_mode)) {
		check_node(object, &st);
	} else {
		n_files += S_ISREG(st.st_mode);
		n_dirs += S_ISDIR(st.st_mode);
		if (st.st_dev != object->st.st_dev || st.st_ino != object->st.st_ino)
			wrong(object, "not the host's object");
		check_flags(object, ST_RDONLY | ST_NOSUID | ST_NODEV);
	}
}

static int join(const char *pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0) {
		perror(path);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	objects = calloc(MAX_OBJECTS + 1, sizeof(*objects));
	if (argc < 4 || objects == NULL) {
		fprintf(stderr, "usage: verify PID BOARD LIST...\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		if (read_list(argv[2], argv[i]) < 0)
			return 2;
	}
	if (join(argv[1]) < 0)
		return 2;
	for (size_t i = 0; i < n_objects; i++)
		check_object(&objects[i]);
	printf("%u rows: %u files, %u dirs, %u nodes, %u links, %u missing, %u wrong\n", n_rows,
	       n_files, n_dirs, n_nodes, n_links, n_missing, n_wrong);
	return n_wrong == 0 && n_objects > 0 ? 0 : 1;
}
