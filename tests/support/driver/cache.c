/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "board/file.h"
#include "format/ldflags.h"

void cache_done(struct cache *cache)
{
	ldcache_done(&cache->entries);
	strv_done(&cache->names);
}

int cache_add(struct cache *cache, const char *name, const char *path, struct err *err)
{
	unsigned bits = cache->machine == EM_386 || cache->machine == EM_ARM ? 32 : 64;
	uint32_t eflags = cache->machine == EM_ARM ? EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_HARD : 0;
	struct ldcache_entry entry = {.flags = ldflags_of(cache->machine, bits, eflags)};

	if (strv_add(&cache->names, name) < 0 || strv_add(&cache->names, path) < 0)
		return err_nomem(err);
	entry.key = cache->names.items[cache->names.n - 2];
	entry.value = cache->names.items[cache->names.n - 1];
	return ldcache_add(&cache->entries, &entry, err);
}

int cache_add_stale(struct cache *cache, struct err *err)
{
	static const char *const gone[][2] = {
		{"libcuda.so.1", "/opt/gone/lib/libcuda.so.1"},
		{"libnvidia-ml.so.1", "/opt/gone/lib/libnvidia-ml.so.1"},
		{"libnvidia-ifr.so.1", "/opt/gone/lib/libnvidia-ifr.so.1"},
	};

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (cache_add(cache, gone[i][0], gone[i][1], err) < 0)
			return -ENOMEM;
	return 0;
}

int cache_write(struct cache *cache, int fd, struct err *err)
{
	static const char generator[] =
		"ldconfig (Debian GLIBC 2.36-9+deb12u9) stable release version 2.36";
	auto_free char *data = NULL;
	size_t len = 0;
	int rc;

	cache->entries.generator = generator;
	cache->entries.generator_len = strlen(generator);
	cache->entries.marks_endian = true;
	rc = ldcache_sort(&cache->entries, err);
	if (rc == 0)
		rc = ldcache_format(&cache->entries, &data, &len, err);
	return rc < 0 ? rc : file_write(fd, "/etc/ld.so.cache", data, len, err);
}
