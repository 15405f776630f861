/* SPDX-License-Identifier: Apache-2.0 */
/* main() for a fuzz target without libFuzzer: runs each file of the given folders once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	auto_file file = fopen(path, "re");
	auto_free uint8_t *data = NULL;
	struct stat st;

	if (file == NULL || fstat(fileno(file), &st) < 0)
		return -1;
	/* malloc(size) and no more: a read behind the end is then seen by asan and valgrind. */
	data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (data == NULL || fread(data, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
		return -1;
	(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	return 0;
}

static int run_dir(const char *path)
{
	auto_dir dir = opendir(path);
	int count = 0;

	if (dir == NULL)
		return -1;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		auto_free char *file = NULL;

		if (entry->d_name[0] == '.')
			continue;
		file = str_format("%s/%s", path, entry->d_name);
		if (file == NULL || run_file(file) < 0)
			return -1;
		count++;
	}
	return count;
}

/* For tests/run: what was run. A finding ends the program before it comes here, and the line that
 * says so was written before the first run. */
static void note_figure(const char *program, int tried, int bad)
{
	const char *folder = getenv("NVC_FIGURES");
	const char *name = strrchr(program, '/');
	auto_free char *path = NULL;
	auto_file file = NULL;

	if (folder == NULL)
		return;
	path = str_format("%s/%s.%d.tsv", folder, name == NULL ? program : name + 1, (int)getpid());
	file = path == NULL ? NULL : fopen(path, "we");
	if (file != NULL)
		fprintf(file, "fuzz\t%d\t%d\n", tried, bad);
}

int main(int argc, char **argv)
{
	int total = 0;

	note_figure(argv[0], 1, 1);
	for (int i = 1; i < argc; i++) {
		int count = run_dir(argv[i]);

		if (count <= 0) {
			fprintf(stderr, "%s: no inputs could be run\n", argv[i]);
			return EXIT_FAILURE;
		}
		total += count;
	}
	note_figure(argv[0], total, 0);
	printf("%d inputs\n", total);
	return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
