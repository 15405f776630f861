/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte chooses the machine, the rest is the loader's cache of an image that has nothing
 * else. What is written is read again, is in order, and leads to our libraries first.
 */
#include <elf.h>

#include "apply/job.h"
#include "apply/ldmerge.h"
#include "format/ldcache.h"
#include "format/ldflags.h"
#include "fuzz.h"

static void add_library(struct op *op, const char *soname, const char *path, uint16_t machine)
{
	struct op_library *library = vec_add(&op->libraries);

	claim(library != NULL);
	*library = (struct op_library){
		.soname = strdup(soname),
		.path = strdup(path),
		.file = strdup(path),
		.machine = machine,
		.flags = ldflags_of(machine, machine == EM_ARM ? 32 : 64, EF_ARM_ABI_FLOAT_HARD),
	};
	claim(library->soname != NULL && library->path != NULL && library->file != NULL);
}

/* Ours are there, and nothing else of their name for the same programs. */
static void check_ours(const struct ldcache *cache, const struct op *op, uint16_t machine)
{
	vec_each(library, &op->libraries)
	{
		size_t found = 0;

		if (!ldflags_same_family(machine, library->machine))
			continue;
		vec_each(entry, &cache->entries)
		{
			if (strcmp(entry->key, library->soname) != 0 ||
			    !ldflags_same_class(entry->flags, library->flags))
				continue;
			claim(strcmp(entry->value, library->path) == 0);
			found++;
		}
		claim(found == 1);
	}
}

/* To sort it once more changes nothing. */
static void check_sorted(struct ldcache *cache, const struct ldmerge *merge)
{
	auto_free char *again = NULL;
	size_t len;

	claim(ldcache_sort(cache, NULL) == 0);
	claim(ldcache_format(cache, &again, &len, NULL) == 0);
	claim(len == merge->len && memcmp(again, merge->data, len) == 0);
}

static void check_merge(struct job *job, const struct op *op, const struct ldmerge_base *base)
{
	auto_done(ldmerge) struct ldmerge merge = {0};
	auto_done(ldcache) struct ldcache cache = {0};
	struct err err = {0};

	if (ldmerge_make(job, op, base, &merge, &err) < 0) {
		claim(err.msg[0] != '\0');
		return;
	}
	cache.unsigned_chars = ldflags_unsigned_chars(base->image->machine);
	claim(ldcache_parse(merge.data, merge.len, &cache, NULL) == 0);
	check_ours(&cache, op, base->image->machine);
	check_sorted(&cache, &merge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t machines[] = {EM_AARCH64, EM_X86_64, EM_ARM, 0};
	struct image image = {.known = true, .libc = LIBC_GLIBC};
	struct plan plan = {.empty_request = false};
	struct op op = {.kind = OP_LDCACHE};
	struct ldconf conf = {.cut = false};
	struct job job = {.plan = &plan, .rootfd = fuzz_empty_root()};
	struct ldmerge_base base = {.image = &image, .conf = &conf};

	if (size == 0)
		return 0;
	image.machine = machines[data[0] % 4];
	base.cache = (const char *)data + 1;
	base.len = size - 1;
	add_library(&op, "libcuda.so.1", "/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1",
		    EM_AARCH64);
	add_library(&op, "libz.so.1", "/usr/lib/aarch64-linux-gnu/nvidia/libz.so.1", EM_AARCH64);
	add_library(&op, "libm.so.6", "/usr/lib/x/libm.so.6", EM_X86_64);
	add_library(&op, "libfoo.so.10", "/usr/lib/y/libfoo.so.10", EM_ARM);
	check_merge(&job, &op, &base);
	op_done(&op);
	return 0;
}
