/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/bytes.h"
#include "format/ldcache.h"
#include "format/ldcache_file.h"

struct reader {
	struct bytes bytes;
	size_t base;      /* of the new header */
	uint32_t n;       /* entries */
	size_t extension; /* 0 = none */
	size_t hwcaps;    /* list of names; 0 = none */
	uint32_t n_hwcaps;
	size_t total; /* of what entries and sections refer to: it may be the same bytes often */
	struct ldcache cache;
};

static void reader_done(struct reader *reader)
{
	ldcache_done(&reader->cache);
}

static int invalid(struct err *err, const char *what)
{
	return err_set(err, EINVAL, "loader cache: %s", what);
}

static bool has_magic(const struct bytes *bytes, size_t at, const char *magic)
{
	size_t len = strlen(magic);

	return at <= bytes->len && bytes->len - at >= len &&
	       memcmp(bytes->data + at, magic, len) == 0;
}

/* True: there is room for it. What is counted twice is written twice. */
static bool count(struct reader *reader, size_t len)
{
	reader->total += len;
	return reader->total <= LDCACHE_MAX_BYTES;
}

static const char *string_at(struct reader *reader, uint64_t at)
{
	const struct bytes *bytes = &reader->bytes;
	size_t left, len;

	if (at >= bytes->len)
		return NULL;
	left = bytes->len - (size_t)at;
	len = strnlen((const char *)bytes->data + at,
		      left < LDCACHE_MAX_NAME + 1 ? left : LDCACHE_MAX_NAME + 1);
	if (len == left || len > LDCACHE_MAX_NAME || !count(reader, len + 1))
		return NULL;
	return (const char *)bytes->data + at;
}

static int find_header(struct reader *reader, struct err *err)
{
	struct bytes *bytes = &reader->bytes;
	size_t end, align = 8;
	uint32_t n;

	if (has_magic(bytes, 0, LDCACHE_FILE_OLD_MAGIC)) {
		bytes_seek(bytes, LDCACHE_FILE_OLD_HEADER - 4);
		n = bytes_u32(bytes);
		if (bytes->failed ||
		    n > (bytes->len - LDCACHE_FILE_OLD_HEADER) / LDCACHE_FILE_OLD_ENTRY)
			return invalid(err, "its old table is not whole");
		end = LDCACHE_FILE_OLD_HEADER + (size_t)n * LDCACHE_FILE_OLD_ENTRY;
		/* ldconfig writes an even number, so that both are the same */
		if (has_magic(bytes, (end + 3) / 4 * 4, LDCACHE_FILE_MAGIC))
			align = end % 8 == 0 ? 8 : 4;
		reader->cache.old_align = (unsigned)align;
		reader->base = (end + align - 1) / align * align;
	}
	if (!has_magic(bytes, reader->base, LDCACHE_FILE_MAGIC))
		return invalid(err, "not a file of the known formats");
	return 0;
}

static int read_header(struct reader *reader, struct err *err)
{
	struct bytes *bytes = &reader->bytes;
	uint32_t strings;
	const uint8_t *flags;
	unsigned endian;

	bytes_seek(bytes, reader->base + strlen(LDCACHE_FILE_MAGIC));
	reader->n = bytes_u32(bytes);
	strings = bytes_u32(bytes);
	flags = bytes_take(bytes, 4);
	reader->extension = bytes_u32(bytes);
	(void)bytes_take(bytes, 12);
	if (bytes->failed || flags == NULL)
		return invalid(err, "its header is not whole");
	endian = flags[0] & LDCACHE_FILE_ENDIAN_MASK;
	if (endian != 0 && endian != LDCACHE_FILE_ENDIAN_LITTLE)
		return invalid(err, "of a machine with another byte order");
	reader->cache.marks_endian = endian != 0;
	if (reader->n > LDCACHE_MAX_ENTRIES ||
	    reader->n > (bytes->len - bytes->pos) / LDCACHE_FILE_ENTRY)
		return invalid(err, "its entries are not whole, or too many");
	if (strings > bytes->len - bytes->pos - (size_t)reader->n * LDCACHE_FILE_ENTRY)
		return invalid(err, "its names are not whole");
	return 0;
}

static int read_section(struct reader *reader, struct err *err)
{
	struct bytes *bytes = &reader->bytes;
	struct ldcache *cache = &reader->cache;
	struct ldcache_section section = {.tag = bytes_u32(bytes), .flags = bytes_u32(bytes)};
	size_t offset = bytes_u32(bytes);
	struct ldcache_section *added;

	section.len = bytes_u32(bytes);
	if (bytes->failed || offset > bytes->len || section.len > bytes->len - offset ||
	    !count(reader, section.len))
		return invalid(err, "a section of its extension block lies outside");
	section.data = bytes->data + offset;
	if (section.tag == LDCACHE_FILE_GENERATOR) {
		if (cache->generator != NULL)
			return invalid(err, "two generators");
		cache->generator = (const char *)section.data;
		cache->generator_len = section.len;
		return 0;
	}
	if (section.tag == LDCACHE_FILE_HWCAPS) {
		if (reader->hwcaps != 0 || section.len % 4 != 0)
			return invalid(err, "no sound list of hardware directories");
		reader->hwcaps = offset;
		reader->n_hwcaps = (uint32_t)(section.len / 4);
		return 0;
	}
	added = vec_add(&cache->sections);
	if (added == NULL)
		return err_nomem(err);
	*added = section;
	return 0;
}

static int read_extension(struct reader *reader, struct err *err)
{
	struct bytes *bytes = &reader->bytes;
	uint32_t magic, n;
	int r = 0;

	if (reader->extension == 0)
		return 0;
	bytes_seek(bytes, reader->extension);
	magic = bytes_u32(bytes);
	n = bytes_u32(bytes);
	if (bytes->failed || reader->extension % LDCACHE_FILE_EXT_ALIGN != 0 ||
	    magic != LDCACHE_FILE_EXT_MAGIC || n > LDCACHE_FILE_EXT_MAX)
		return invalid(err, "its extension block is broken");
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = read_section(reader, err);
	return r;
}

/* Takes apart what stands in the place of hwcap. */
static bool read_hwcap(struct reader *reader, uint64_t hwcap, struct ldcache_entry *entry)
{
	uint32_t high = (uint32_t)(hwcap >> 32), index = (uint32_t)hwcap;
	struct bytes list = reader->bytes;

	if ((high & LDCACHE_FILE_HWCAP_KIND) != LDCACHE_FILE_HWCAP_EXTENSION) {
		entry->hwcap = hwcap;
		return true;
	}
	if (index >= reader->n_hwcaps)
		return false;
	bytes_seek(&list, reader->hwcaps + (size_t)index * 4);
	entry->hwcaps = string_at(reader, bytes_u32(&list));
	entry->isa_level = high & LDCACHE_FILE_HWCAP_ISA;
	return !list.failed && entry->hwcaps != NULL;
}

static int read_entry(struct reader *reader, uint32_t i, struct err *err)
{
	struct bytes *bytes = &reader->bytes;
	struct ldcache_entry entry = {.flags = bytes_u32(bytes)};
	uint32_t key = bytes_u32(bytes), value = bytes_u32(bytes);

	entry.osversion = bytes_u32(bytes);
	if (!read_hwcap(reader, bytes_u64(bytes), &entry))
		return err_set(err, EINVAL, "loader cache: entry %u: no such hardware directory",
			       i);
	/* ldconfig takes no relative directories */
	entry.key = string_at(reader, (uint64_t)reader->base + key);
	entry.value = string_at(reader, (uint64_t)reader->base + value);
	if (bytes->failed || entry.key == NULL || entry.value == NULL || entry.key[0] == '\0' ||
	    entry.value[0] != '/')
		return err_set(err, EINVAL, "loader cache: entry %u: no sound name or path", i);
	return ldcache_add(&reader->cache, &entry, err);
}

int ldcache_parse(const void *data, size_t len, struct ldcache *ret, struct err *err)
{
	auto_done(reader) struct reader reader = {.bytes = bytes_of(data, len)};
	int r;

	if (len > LDCACHE_MAX_BYTES)
		return invalid(err, "too long");
	r = find_header(&reader, err);
	if (r == 0)
		r = read_header(&reader, err);
	if (r == 0)
		r = read_extension(&reader, err);
	if (r < 0)
		return r;
	bytes_seek(&reader.bytes, reader.base + LDCACHE_FILE_HEADER);
	for (uint32_t i = 0; i < reader.n; i++) {
		r = read_entry(&reader, i, err);
		if (r < 0)
			return r;
	}
	reader.cache.unsigned_chars = ret->unsigned_chars;
	*ret = reader.cache;
	reader.cache = (struct ldcache){0};
	return 0;
}
