/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "format/ldcache.h"
#include "format/ldcache_file.h"

/* The parts in their order, known before the first byte is written. */
struct layout {
	size_t n_old;   /* entries of the old table */
	size_t base;    /* of the new header */
	size_t strings; /* the first */
	size_t n_sections;
	size_t extension; /* 0 = none */
	size_t len;
	const char **hwcaps; /* names of glibc-hwcaps directories, sorted, each once; owned */
	size_t n_hwcaps;
};

struct writer {
	const struct ldcache *cache;
	struct layout layout;
	uint8_t *data; /* owned */
	size_t old;    /* where the next one goes */
	size_t entry;
	size_t string;
	size_t section;
	size_t blob; /* what a section holds */
};

static void writer_done(struct writer *writer)
{
	free(writer->layout.hwcaps);
	free(writer->data);
}

static size_t align_up(size_t len, size_t align)
{
	return (len + align - 1) / align * align;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_hwcaps(const struct ldcache *cache, struct layout *layout)
{
	VEC(const char *) names = {0};
	size_t n = 0;

	vec_each(entry, &cache->entries)
	{
		const char **name;

		/* sorted entries: many of one directory, few directories */
		if (entry->hwcaps == NULL ||
		    (names.n > 0 && strcmp(names.items[names.n - 1], entry->hwcaps) == 0))
			continue;
		name = vec_add(&names);
		if (name == NULL) {
			vec_done(&names);
			return -ENOMEM;
		}
		*name = entry->hwcaps;
	}
	if (names.n > 0)
		qsort(names.items, names.n, sizeof(*names.items), compare_strings);
	for (size_t i = 0; i < names.n; i++) {
		if (n == 0 || strcmp(names.items[n - 1], names.items[i]) != 0)
			names.items[n++] = names.items[i];
	}
	layout->hwcaps = names.items;
	layout->n_hwcaps = n;
	return 0;
}

/* True if the key can be the end of the value: then it takes no room of its own. */
static bool shares(const char *key, size_t key_len, const char *value, size_t value_len)
{
	return key_len <= value_len && memcmp(value + value_len - key_len, key, key_len) == 0;
}

static size_t strings_len(const struct ldcache *cache, const struct layout *layout)
{
	size_t len = 0;

	vec_each(entry, &cache->entries)
	{
		size_t key = strlen(entry->key), value = strlen(entry->value);

		len += value + 1 + (shares(entry->key, key, entry->value, value) ? 0 : key + 1);
	}
	for (size_t i = 0; i < layout->n_hwcaps; i++)
		len += strlen(layout->hwcaps[i]) + 1;
	return len;
}

static bool is_old(const struct ldcache_entry *entry)
{
	return entry->hwcap == 0 && entry->hwcaps == NULL;
}

/* Sections are aligned as the block is, so that one of numbers stays readable. */
static size_t extension_len(const struct ldcache *cache, struct layout *layout)
{
	size_t len = align_up(cache->generator_len, LDCACHE_FILE_EXT_ALIGN) + 4 * layout->n_hwcaps;

	layout->n_sections = cache->sections.n + (cache->generator != NULL ? 1 : 0) +
			     (layout->n_hwcaps > 0 ? 1 : 0);
	vec_each(section, &cache->sections) len += align_up(section->len, LDCACHE_FILE_EXT_ALIGN);
	return len + LDCACHE_FILE_EXT_HEADER + layout->n_sections * LDCACHE_FILE_EXT_SECTION;
}

static int lay_out(const struct ldcache *cache, struct layout *layout, struct err *err)
{
	size_t len = 0;
	size_t extension;

	if (list_hwcaps(cache, layout) < 0)
		return err_nomem(err);
	if (cache->old_align != 0) {
		vec_each(entry, &cache->entries)
		{
			layout->n_old += is_old(entry) ? 1 : 0;
		}
		/* An even number, as ldconfig has it: the new header is aligned for all. */
		layout->n_old += layout->n_old % 2;
		layout->base =
			align_up(LDCACHE_FILE_OLD_HEADER + layout->n_old * LDCACHE_FILE_OLD_ENTRY,
				 cache->old_align);
	}
	layout->strings =
		layout->base + LDCACHE_FILE_HEADER + cache->entries.n * LDCACHE_FILE_ENTRY;
	len = layout->strings + strings_len(cache, layout);
	layout->len = len;
	extension = extension_len(cache, layout);
	if (layout->n_sections > 0) {
		layout->extension = align_up(len, LDCACHE_FILE_EXT_ALIGN);
		layout->len = layout->extension + extension;
	}
	if (cache->entries.n > LDCACHE_MAX_ENTRIES || layout->len > LDCACHE_MAX_BYTES ||
	    layout->n_sections > LDCACHE_FILE_EXT_MAX)
		return err_set(err, EFBIG, "loader cache: %zu entries in %zu bytes are too many",
			       cache->entries.n, layout->len);
	return 0;
}

static void put_u32(struct writer *writer, size_t *at, size_t value)
{
	for (size_t i = 0; i < 4; i++)
		writer->data[*at + i] = (uint8_t)(value >> (8 * i));
	*at += 4;
}

static void put(struct writer *writer, size_t *at, const void *data, size_t len)
{
	if (len > 0)
		memcpy(writer->data + *at, data, len);
	*at += len;
}

static void write_headers(struct writer *writer)
{
	const struct layout *layout = &writer->layout;
	size_t strings_end = layout->strings + strings_len(writer->cache, layout);
	size_t at = 0;

	if (writer->cache->old_align != 0) {
		put(writer, &at, LDCACHE_FILE_OLD_MAGIC, sizeof(LDCACHE_FILE_OLD_MAGIC));
		put_u32(writer, &at, layout->n_old);
		writer->old = at;
	}
	at = layout->base;
	put(writer, &at, LDCACHE_FILE_MAGIC, strlen(LDCACHE_FILE_MAGIC));
	put_u32(writer, &at, writer->cache->entries.n);
	put_u32(writer, &at, strings_end - layout->strings);
	put_u32(writer, &at, writer->cache->marks_endian ? LDCACHE_FILE_ENDIAN_LITTLE : 0);
	put_u32(writer, &at, layout->extension);
	writer->entry = layout->base + LDCACHE_FILE_HEADER;
	writer->string = layout->strings;
}

/* Where the name is in the list; the high half of hwcap is put behind it. */
static void put_hwcap(struct writer *writer, const struct ldcache_entry *entry)
{
	const char **found;

	if (entry->hwcaps == NULL) {
		put_u32(writer, &writer->entry, (uint32_t)entry->hwcap);
		put_u32(writer, &writer->entry, (uint32_t)(entry->hwcap >> 32));
		return;
	}
	found = bsearch(&entry->hwcaps, writer->layout.hwcaps, writer->layout.n_hwcaps,
			sizeof(*writer->layout.hwcaps), compare_strings);
	put_u32(writer, &writer->entry,
		found == NULL ? 0 : (size_t)(found - writer->layout.hwcaps));
	put_u32(writer, &writer->entry,
		LDCACHE_FILE_HWCAP_EXTENSION | (entry->isa_level & LDCACHE_FILE_HWCAP_ISA));
}

static size_t old_end(const struct writer *writer)
{
	return LDCACHE_FILE_OLD_HEADER + writer->layout.n_old * LDCACHE_FILE_OLD_ENTRY;
}

static void write_old(struct writer *writer, uint32_t flags, size_t key, size_t value)
{
	put_u32(writer, &writer->old, flags);
	put_u32(writer, &writer->old, key - old_end(writer));
	put_u32(writer, &writer->old, value - old_end(writer));
}

/* Of an odd number the last one stands there twice. */
static void fill_old(struct writer *writer)
{
	if (writer->cache->old_align != 0 && writer->old < old_end(writer))
		put(writer, &writer->old, writer->data + writer->old - LDCACHE_FILE_OLD_ENTRY,
		    LDCACHE_FILE_OLD_ENTRY);
}

static void write_entry(struct writer *writer, const struct ldcache_entry *entry)
{
	size_t base = writer->layout.base;
	size_t key_len = strlen(entry->key), value_len = strlen(entry->value);
	size_t value = writer->string, key = value + value_len - key_len;

	put(writer, &writer->string, entry->value, value_len + 1);
	if (!shares(entry->key, key_len, entry->value, value_len)) {
		key = writer->string;
		put(writer, &writer->string, entry->key, key_len + 1);
	}
	put_u32(writer, &writer->entry, entry->flags);
	put_u32(writer, &writer->entry, key - base);
	put_u32(writer, &writer->entry, value - base);
	put_u32(writer, &writer->entry, entry->osversion);
	put_hwcap(writer, entry);
	if (writer->cache->old_align != 0 && is_old(entry))
		write_old(writer, entry->flags, key, value);
}

static void write_section(struct writer *writer, const struct ldcache_section *section)
{
	put_u32(writer, &writer->section, section->tag);
	put_u32(writer, &writer->section, section->flags);
	put_u32(writer, &writer->section, writer->blob);
	put_u32(writer, &writer->section, section->len);
	if (section->data != NULL)
		put(writer, &writer->blob, section->data, section->len);
	writer->blob = align_up(writer->blob, LDCACHE_FILE_EXT_ALIGN);
}

static void write_extension(struct writer *writer)
{
	const struct ldcache *cache = writer->cache;
	const struct layout *layout = &writer->layout;

	writer->section = layout->extension;
	put_u32(writer, &writer->section, LDCACHE_FILE_EXT_MAGIC);
	put_u32(writer, &writer->section, layout->n_sections);
	writer->blob = writer->section + layout->n_sections * LDCACHE_FILE_EXT_SECTION;
	if (cache->generator != NULL)
		write_section(writer,
			      &(struct ldcache_section){.tag = LDCACHE_FILE_GENERATOR,
							.data = (const uint8_t *)cache->generator,
							.len = cache->generator_len});
	if (layout->n_hwcaps > 0) {
		size_t list = writer->blob;

		write_section(writer, &(struct ldcache_section){.tag = LDCACHE_FILE_HWCAPS,
								.len = 4 * layout->n_hwcaps});
		for (size_t i = 0; i < layout->n_hwcaps; i++) {
			put_u32(writer, &list, writer->string);
			put(writer, &writer->string, layout->hwcaps[i],
			    strlen(layout->hwcaps[i]) + 1);
		}
		writer->blob = list;
	}
	vec_each(section, &cache->sections) write_section(writer, section);
}

int ldcache_format(const struct ldcache *cache, char **ret, size_t *ret_len, struct err *err)
{
	auto_done(writer) struct writer writer = {.cache = cache};
	int r = lay_out(cache, &writer.layout, err);

	if (r < 0)
		return r;
	writer.data = calloc(1, writer.layout.len);
	if (writer.data == NULL)
		return err_nomem(err);
	write_headers(&writer);
	vec_each(entry, &cache->entries) write_entry(&writer, entry);
	fill_old(&writer);
	if (writer.layout.extension != 0)
		write_extension(&writer);
	*ret_len = writer.layout.len;
	*ret = (char *)take_ptr(&writer.data);
	return 0;
}
