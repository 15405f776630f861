/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a test finds what it reads: beside its own program, so that an installed one needs no
 * folder of the build. 'data' is the source tree or that part of it which is installed, 'shared' is
 * beside it, 'programs' and 'support' hold what the build made.
 */
#ifndef TESTS_UNIT_WHERE_H
#define TESTS_UNIT_WHERE_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHERE_PATHS 8 /* valid at the same time */

static char where_beside_program[PATH_MAX];
static char where_source[PATH_MAX];

/* Before main(): some tests leave the root that they began in. */
__attribute__((constructor)) static void where_begin(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", where_beside_program, PATH_MAX - 1);

	if (n <= 0)
		abort();
	where_beside_program[n] = '\0';
	*strrchr(where_beside_program, '/') = '\0';
	(void)snprintf(path, sizeof(path), "%.4000s/data", where_beside_program);
	if (realpath(path, where_source) == NULL)
		(void)snprintf(where_source, sizeof(where_source), "%s", path);
}

static inline const char *where_join(const char *base, const char *folder, const char *path)
{
	static char paths[WHERE_PATHS][PATH_MAX];
	static unsigned next;
	char *joined = paths[next++ % WHERE_PATHS];

	if (snprintf(joined, PATH_MAX, "%s%s%s", base, folder, path) >= PATH_MAX)
		abort();
	return joined;
}

/** A path of the source tree, "/csv"; valid until WHERE_PATHS more were asked for. */
static inline const char *where_data(const char *path)
{
	return where_join(where_source, "", path);
}

/** A path of the folder beside the source tree, which need not be there. */
static inline const char *where_shared(const char *path)
{
	return where_join(where_source, "/../shared", path);
}

/** What the build made: "/programs/nvc-runtime", "/support/nvml/libcuda.so.1". */
static inline const char *where_built(const char *path)
{
	return where_join(where_beside_program, "", path);
}

#endif
