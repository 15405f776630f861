/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldtool add ROOT CACHE OUT LIBRARY...: to the cache of a root tree (CACHE and OUT are of this
 * machine) what the product adds for libraries (paths in ROOT) that a plan brings.
 * ldtool scan ROOT OUT [DIR...]: a cache of what the product finds in a root tree, DIRs first.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/job.h"
#include "apply/ldmerge.h"
#include "apply/ldscan.h"
#include "base/auto.h"
#include "base/str.h"
#include "format/elfinfo.h"
#include "format/ldcache.h"
#include "format/ldflags.h"
#include "sys/io.h"
#include "sys/rootfs.h"

#define MAX_FILE (64u << 20)

struct merge_input {
	struct op op;
	struct plan plan;
};

static void merge_input_done(struct merge_input *input)
{
	vec_each(library, &input->op.libraries)
	{
		free(library->soname);
		free(library->path);
		free(library->file);
	}
	vec_done(&input->op.libraries);
}

static void emit(void *arg, enum log_level level, const char *module, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s: %s: %s\n", log_level_name(level), module, text);
}

static const struct log to_stderr = {.level = LOG_LEVEL_INFO, .emit = emit};

static int read_elf(int rootfd, const char *path, struct elfinfo *ret, struct err *err)
{
	auto_free char *data = NULL;
	size_t len;
	int r = rootfs_read(rootfd, path, MAX_FILE, &data, &len, err);

	return r < 0 ? r : elfinfo_parse(data, len, ret, err);
}

/* What the tree's own ldconfig is built for. */
static int find_machine(int rootfd, uint16_t *ret, struct err *err)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	int r = read_elf(rootfd, "/sbin/ldconfig", &info, err);

	if (r == 0)
		*ret = info.machine;
	return r;
}

static int add_library(struct merge_input *input, int rootfd, const char *path, struct err *err)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	struct op_library *library;
	int r = read_elf(rootfd, path, &info, err);

	if (r < 0)
		return r;
	if (info.soname == NULL)
		return err_set(err, EINVAL, "'%s' has no SONAME", path);
	library = vec_add(&input->op.libraries);
	if (library == NULL)
		return err_nomem(err);
	library->soname = strdup(info.soname);
	library->path = strdup(path);
	library->file = strdup(path);
	library->machine = info.machine;
	library->flags = ldflags_of(info.machine, info.bits, info.flags);
	return library->soname == NULL || library->path == NULL || library->file == NULL
		       ? err_nomem(err)
		       : 0;
}

static int write_out(const char *path, const char *data, size_t len, struct err *err)
{
	const struct io_new content = {
		.data = data, .len = len, .mode = 0644, .uid = getuid(), .gid = getgid()};

	auto_free char *copy = strdup(path);
	auto_fd dir = copy == NULL ? -1 : open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(err, errno, "open the folder of '%s'", path);
	return io_replace_at(dir, strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1,
			     &content, err);
}

static int run_add(int rootfd, char **args, int n, struct err *err)
{
	auto_done(merge_input) struct merge_input input = {.op = {.kind = OP_LDCACHE}};
	auto_done(ldmerge) struct ldmerge merge = {0};
	auto_done(ldconf) struct ldconf conf = {0};
	struct image image = {.known = true, .libc = LIBC_GLIBC};
	struct job job = {.plan = &input.plan, .log = &to_stderr, .rootfd = rootfd};
	auto_free char *base = NULL;
	size_t len;
	int r = find_machine(rootfd, &image.machine, err);

	if (r == 0)
		r = io_read_at(AT_FDCWD, args[0], LDCACHE_MAX_BYTES, &base, &len, err);
	for (int i = 2; r == 0 && i < n; i++)
		r = add_library(&input, rootfd, args[i], err);
	if (r == 0)
		r = ldconf_read(rootfd, image.machine, &conf, err);
	if (r == 0)
		r = ldmerge_make(&job, &input.op, &(struct ldmerge_base){&image, &conf, base, len},
				 &merge, err);
	return r < 0 ? r : write_out(args[1], merge.data, merge.len, err);
}

static int run_scan(int rootfd, char **args, int n, struct err *err)
{
	auto_done(ldcache) struct ldcache cache = {.marks_endian = true};
	auto_done(ldscan) struct ldscan scan = {
		.rootfd = rootfd, .log = &to_stderr, .cache = &cache};
	auto_done(strv) struct strv first = {0};
	auto_free char *data = NULL;
	size_t len = 0;
	int r = find_machine(rootfd, &scan.machine, err);

	for (int i = 1; r == 0 && i < n; i++)
		r = strv_add(&first, args[i]) < 0 ? err_nomem(err) : 0;
	if (r < 0)
		return r;
	scan.glibc = ldscan_glibc(rootfd, scan.machine);
	cache.unsigned_chars = ldflags_unsigned_chars(scan.machine);
	r = ldscan_all(&scan, &first, err);
	if (r == 0)
		r = ldcache_sort(&cache, err);
	if (r == 0)
		r = ldcache_format(&cache, &data, &len, err);
	return r < 0 ? r : write_out(args[0], data, len, err);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	auto_fd rootfd = -1;
	int r;

	if (argc < 4) {
		fprintf(stderr,
			"usage: ldtool add ROOT CACHE OUT LIBRARY... | scan ROOT OUT [DIR...]\n");
		return 2;
	}
	rootfd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0)
		r = err_sys(&err, errno, "open '%s'", argv[2]);
	else if (strcmp(argv[1], "scan") == 0)
		r = run_scan(rootfd, argv + 3, argc - 3, &err);
	else if (strcmp(argv[1], "add") == 0 && argc > 5)
		r = run_add(rootfd, argv + 3, argc - 3, &err);
	else
		r = err_set(&err, EINVAL, "no such command: '%s'", argv[1]);
	if (r < 0)
		fprintf(stderr, "ldtool: %s\n", err.msg);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
