/* SPDX-License-Identifier: Apache-2.0 */
/* The corpora of the fuzz targets as inputs for allocfail.h. Include cmocka.h first. */
#ifndef UNIT_ALLOCCORPUS_H
#define UNIT_ALLOCCORPUS_H

#include <dirent.h>
#include <sys/stat.h>

#include "allocfail.h"
#include "where.h"

#define ALLOCCORPUS_MOST 120 /* runs for one input */

struct alloccorpus_input {
	char *data;
	size_t len;
};

static inline void alloccorpus_file(const char *area, const char *path, allocfail_fn run)
{
	auto_file file = fopen(path, "re");
	struct alloccorpus_input input = {NULL, 0};
	const struct allocfail_case test = {.name = path + strlen(path) -
						    strlen(strstr(path, area)),
					    .run = run,
					    .arg = &input,
					    .most = ALLOCCORPUS_MOST};
	struct stat st;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	input.len = (size_t)st.st_size;
	input.data = calloc(1, input.len + 1);
	assert_non_null(input.data);
	assert_int_equal(fread(input.data, 1, input.len, file), input.len);
	allocfail_sweep(&test);
	free(input.data);
}

static inline void alloccorpus_sweep(const char *area, allocfail_fn run)
{
	auto_free char *folder = str_format("%s/%s", where_data("/tests/fuzz/corpus"), area);
	auto_dir dir = opendir(folder);
	unsigned long bad = allocfail.bad;
	unsigned n = 0;

	/* an installed test has not every corpus: tests/ptest/install.cmake */
	if (dir == NULL && access(where_data("/CMakeLists.txt"), F_OK) < 0) {
		print_message("skipped: no corpus of %s\n", area);
		return;
	}
	assert_non_null(dir);
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		auto_free char *path = str_format("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		alloccorpus_file(area, path, run);
		n++;
	}
	assert_true(n > 0);
	assert_int_equal(allocfail.bad, bad);
}

#endif
