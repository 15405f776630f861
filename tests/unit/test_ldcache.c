/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ldcachelist.h"

#include "base/bytes.h"
#include "format/ldcache_file.h"

struct fixture {
	const char *name;
	unsigned old_align;
	bool unsigned_chars;
	bool has_generator;
};

/* made by tests/cases/ldcache/make */
static const struct fixture fixtures[] = {
	{"amd64-2.31-compat", 8, false, false}, {"amd64-2.31-new", 0, false, false},
	{"amd64-2.36-new", 0, false, true},     {"amd64-2.41-new", 0, false, true},
	{"i386-2.31-compat", 8, false, false},  {"i386-2.36-new", 0, false, true},
	{"armhf-2.31-compat", 8, true, false},  {"armhf-2.36-new", 0, true, true},
	{"arm64-2.31-compat", 8, true, false},  {"arm64-2.36-new", 0, true, true},
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static char *load(const struct fixture *fixture, const char *suffix, size_t *ret_len)
{
	auto_free char *path = str_format("%s%s%s", LDCACHE_CASES, fixture->name, suffix);

	return cache_load(path, ret_len);
}

/* The fixture's cache, read; *data is what it borrows from. */
static void read_fixture(const struct fixture *fixture, char **data, struct ldcache *cache)
{
	struct err err = {0};
	size_t len;

	*data = load(fixture, ".cache", &len);
	cache->unsigned_chars = fixture->unsigned_chars;
	if (ldcache_parse(*data, len, cache, &err) < 0)
		fail_msg("%s: %s", fixture->name, err.msg);
}

static void ldcache_file_of_ldconfig_reads_as_ldconfig_lists_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(fixtures); i++) {
		auto_free char *data = NULL, *list = NULL, *expected = NULL;
		auto_done(ldcache) struct ldcache cache = {0};
		size_t len;

		read_fixture(&fixtures[i], &data, &cache);

		list = cache_list(&cache);
		expected = load(&fixtures[i], ".txt", &len);
		assert_string_equal(list, expected);
		assert_int_equal(cache.old_align, fixtures[i].old_align);
		assert_int_equal(cache.generator != NULL, fixtures[i].has_generator);
		assert_true(cache.marks_endian);
		assert_int_equal(cache.unsigned_chars, fixtures[i].unsigned_chars);
	}
}

static void ldcache_file_of_ldconfig_is_in_our_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(fixtures); i++) {
		auto_free char *data = NULL, *before = NULL, *after = NULL;
		auto_done(ldcache) struct ldcache cache = {0};

		read_fixture(&fixtures[i], &data, &cache);
		before = cache_list(&cache);
		assert_int_equal(ldcache_sort(&cache, NULL), 0);

		after = cache_list(&cache);
		assert_string_equal(before, after);
	}
}

/* Reverses runs of equal entries too: their values are made the same first. */
static void ldcache_sort_brings_back_the_order_of_ldconfig(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(fixtures); i++) {
		auto_free char *data = NULL, *before = NULL, *after = NULL;
		auto_done(ldcache) struct ldcache cache = {0};
		size_t n;

		read_fixture(&fixtures[i], &data, &cache);
		vec_each(entry, &cache.entries) entry->value = "/same";
		before = cache_list(&cache);
		n = cache.entries.n;
		for (size_t at = 0; at < n / 2; at++) {
			struct ldcache_entry entry = cache.entries.items[at];

			cache.entries.items[at] = cache.entries.items[n - 1 - at];
			cache.entries.items[n - 1 - at] = entry;
		}
		assert_int_equal(ldcache_sort(&cache, NULL), 0);

		after = cache_list(&cache);
		assert_string_equal(before, after);
	}
}

static void ldcache_written_file_reads_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(fixtures); i++) {
		auto_free char *data = NULL, *written = NULL;
		auto_done(ldcache) struct ldcache cache = {0}, again = {0};
		size_t len;

		read_fixture(&fixtures[i], &data, &cache);
		assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);

		assert_int_equal(ldcache_parse(written, len, &again, NULL), 0);
		cache_assert_equal(&cache, &again);
	}
}

/* Entries of the old table as "flags key value" lines. */
static char *list_old(const char *data, size_t len)
{
	struct bytes bytes = bytes_of(data, len);
	struct strbuf buf = {0};
	uint32_t n;
	size_t end;

	assert_memory_equal(data, LDCACHE_FILE_OLD_MAGIC, strlen(LDCACHE_FILE_OLD_MAGIC));
	bytes_seek(&bytes, 12);
	n = bytes_u32(&bytes);
	end = 16 + (size_t)n * 12;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t flags = bytes_u32(&bytes);
		const char *key = bytes_string_at(&bytes, end + bytes_u32(&bytes));
		const char *value = bytes_string_at(&bytes, end + bytes_u32(&bytes));

		assert_non_null(key);
		assert_non_null(value);
		strbuf_addf(&buf, "%x %s %s\n", flags, key, value);
	}
	assert_false(bytes.failed);
	return strbuf_take(&buf);
}

static void ldcache_old_table_is_written_as_ldconfig_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(fixtures); i++) {
		auto_free char *data = NULL, *written = NULL, *theirs = NULL, *ours = NULL;
		auto_done(ldcache) struct ldcache cache = {0};
		size_t len, theirs_len;

		if (fixtures[i].old_align == 0)
			continue;
		read_fixture(&fixtures[i], &data, &cache);
		free(take_ptr(&data));
		data = load(&fixtures[i], ".cache", &theirs_len);
		ldcache_done(&cache);
		assert_int_equal(ldcache_parse(data, theirs_len, &cache, NULL), 0);
		assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);

		theirs = list_old(data, theirs_len);
		ours = list_old(written, len);
		assert_string_equal(ours, theirs);
	}
}

/* Offsets of the pieces do not depend on who packs the strings. */
static void ldcache_headers_are_those_of_ldconfig(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(fixtures); i++) {
		auto_free char *data = NULL, *written = NULL;
		auto_done(ldcache) struct ldcache cache = {0};
		size_t len, theirs_len, base;

		data = load(&fixtures[i], ".cache", &theirs_len);
		assert_int_equal(ldcache_parse(data, theirs_len, &cache, NULL), 0);
		assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);

		base = (size_t)((char *)memmem(data, theirs_len, LDCACHE_FILE_MAGIC, 20) - data);
		assert_memory_equal(written + base, data + base, 24);
		assert_int_equal(written[base + 28], data[base + 28]);
		assert_memory_equal(written + base + 36, data + base + 36, 12);
		assert_true(len <= theirs_len + 256);
	}
}

static void ldcache_any_cut_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(fixtures); i++) {
		size_t len;
		auto_free char *data = load(&fixtures[i], ".cache", &len);

		for (size_t cut = 0; cut < len; cut++) {
			auto_free char *part = malloc(cut + 1);
			struct ldcache cache = {0};
			struct err err = {0};

			assert_non_null(part);
			memcpy(part, data, cut);
			assert_int_equal(ldcache_parse(part, cut, &cache, &err), -EINVAL);
			assert_true(str_starts_with(err.msg, "loader cache: "));
			assert_null(cache.entries.items);
		}
	}
}

/* Where things are in amd64-2.36-new */
enum {
	AT_N = 20,
	AT_STRINGS = 24,
	AT_ENDIAN = 28,
	AT_EXTENSION = 32,
	AT_KEY = 48 + 4,
	AT_VALUE = 48 + 8,
	AT_HWCAP = 48 + 16,
};

static size_t extension_at(const char *data)
{
	struct bytes bytes = bytes_of(data, 48);

	bytes_seek(&bytes, AT_EXTENSION);
	return bytes_u32(&bytes);
}

static void ldcache_hostile_fields_are_errors(void **state)
{
	static const struct {
		size_t at;
		bool in_extension;
		uint32_t value;
	} cases[] = {
		{0, false, 0},                   /* magic */
		{16, false, 0x322e31},           /* version */
		{AT_N, false, 0xffffffff},       /* entries */
		{AT_N, false, 500001},           /* */
		{AT_N, false, 60},               /* more than there is room for */
		{AT_STRINGS, false, 0xffffffff}, /* */
		{AT_STRINGS, false, 1403 - 48 - 18 * 24 + 1},
		{AT_ENDIAN, false, 3},             /* most significant byte first */
		{AT_ENDIAN, false, 1},             /* */
		{AT_EXTENSION, false, 0xfffffffc}, /* */
		{AT_EXTENSION, false, 1},          /* not aligned */
		{AT_EXTENSION, false, 4},          /* no such block */
		{AT_KEY, false, 0xffffffff},       /* */
		{AT_KEY, false, 0x7fffffff},       /* */
		{AT_KEY, false, 1400},             /* the generator: without an end */
		{AT_KEY, false, 29},               /* an empty name */
		{AT_VALUE, false, 0xffffffff},     /* */
		{AT_VALUE, false, 0},              /* not a path */
		{AT_HWCAP, false, 3},              /* no such name */
		{AT_HWCAP, false, 0xffffffff},     /* */
		{0, true, 0},                      /* magic */
		{4, true, 0xffffffff},             /* sections */
		{8, true, 1},                      /* two lists of glibc-hwcaps */
		{8 + 16, true, 0},                 /* two generators */
		{8 + 8, true, 0xffffffff},         /* where the generator is */
		{8 + 12, true, 0xffffffff},        /* how long it is */
		{8 + 16 + 8, true, 0xffffff00},    /* where the list is */
		{8 + 16 + 12, true, 15},           /* no whole numbers */
		{8 + 16 + 12, true, 8},            /* a name fewer */
		{8 + 32, true, 0xffffffff},        /* where a name is */
		{8 + 32, true, 1402},              /* without an end */
	};
	size_t len;
	auto_free char *data = load(&fixtures[2], ".cache", &len);

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		auto_free char *copy = malloc(len);
		struct ldcache cache = {0};
		size_t at = cases[i].at + (cases[i].in_extension ? extension_at(data) : 0);

		assert_non_null(copy);
		memcpy(copy, data, len);
		for (size_t byte = 0; byte < 4; byte++)
			copy[at + byte] = (char)(cases[i].value >> (8 * byte));
		if (ldcache_parse(copy, len, &cache, NULL) != -EINVAL)
			fail_msg("case %zu is read", i);
		assert_null(cache.entries.items);
	}
}

static void ldcache_names_are_ordered_as_by_the_loader(void **state)
{
	static const struct {
		const char *a, *b;
		int expected;
		bool unsigned_chars;
	} cases[] = {
		{"", "", 0, false},
		{"liba.so.1", "liba.so.1", 0, false},
		{"liba.so.9", "liba.so.10", -1, false},
		{"liba.so.010", "liba.so.10", 0, false},
		{"liba.so.1", "liba.so", 1, false},
		{"liba.so", "liba.so.1", -1, false},
		{"liba1", "libaz", 1, false},
		{"libaz", "liba1", -1, false},
		{"libB", "liba", -1, false},
		{"lib10a2", "lib10a11", -1, false},
		{"1", "", 1, false},
		{"", "1", -1, false},
		{"lib\xe4", "lib", -1, false},
		{"lib", "lib\xe4", 1, false},
		{"lib\xe4", "lib", 1, true},
		{"lib\xe4", "liba", -1, false},
		{"lib\xe4", "liba", 1, true},
		{"lib\xe4", "lib\xe5", -1, false},
		{"lib.2147483648", "lib.0", -1, false}, /* an int in the loader */
		{"lib.4294967296", "lib.0", 0, false},
		{"lib.4294967297", "lib.0", 1, false},
		{"lib.20220101123456", "lib.3", -1, false},
		{"lib.20230101123456", "lib.3", 1, false},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		int order = ldcache_compare_names(cases[i].a, cases[i].b, cases[i].unsigned_chars);

		if ((order > 0) - (order < 0) != cases[i].expected)
			fail_msg("'%s' and '%s': %d", cases[i].a, cases[i].b, order);
	}
}

static bool is_alpha(void *arg, const struct ldcache_entry *entry)
{
	(*(size_t *)arg)++;
	return str_starts_with(entry->key, "libalpha.so");
}

static void ldcache_drop_keeps_the_others_in_order(void **state)
{
	auto_free char *data = NULL;
	auto_done(ldcache) struct ldcache cache = {0};
	size_t asked = 0, n;

	(void)state;
	read_fixture(&fixtures[3], &data, &cache);
	n = cache.entries.n;

	assert_int_equal(ldcache_drop(&cache, is_alpha, &asked), 7);
	assert_int_equal(asked, n);
	assert_int_equal(cache.entries.n, n - 7);
	assert_string_equal(cache.entries.items[0].hwcaps, "a-b");
	assert_string_equal(cache.entries.items[3].key, "libdate.so.20220101123456");
	assert_string_equal(cache.entries.items[4].key, "libalph\xe4.so.1");
	assert_int_equal(ldcache_drop(&cache, is_alpha, &asked), 0);
}

static void ldcache_added_entry_comes_behind_equal_ones(void **state)
{
	auto_free char *data = NULL;
	auto_done(ldcache) struct ldcache cache = {0};
	const struct ldcache_entry entries[] = {
		{.key = "libgpu.so", .value = "/new", .flags = 0x303},
		{.key = "libz.so", .value = "/z", .flags = 0x303},
		{.key = "libgpu.so", .value = "/newer", .flags = 0x303},
	};

	(void)state;
	read_fixture(&fixtures[3], &data, &cache);
	for (size_t i = 0; i < N(entries); i++)
		assert_int_equal(ldcache_add(&cache, &entries[i], NULL), 0);
	assert_int_equal(ldcache_sort(&cache, NULL), 0);

	assert_string_equal(cache.entries.items[0].value, "/z");
	assert_string_equal(cache.entries.items[2].value, "/opt/driver/libgpu.so");
	assert_string_equal(cache.entries.items[3].value, "/new");
	assert_string_equal(cache.entries.items[4].value, "/newer");
}

static void ldcache_add_refuses_what_no_file_can_hold(void **state)
{
	auto_free char *longest = calloc(1, LDCACHE_MAX_NAME + 2);
	auto_done(ldcache) struct ldcache cache = {0};
	struct ldcache_entry entry = {.key = "", .value = "/a"};

	(void)state;
	assert_non_null(longest);
	memset(longest, '/', LDCACHE_MAX_NAME + 1);
	assert_int_equal(ldcache_add(&cache, &entry, NULL), -EINVAL);
	entry = (struct ldcache_entry){.key = "a", .value = "a"};
	assert_int_equal(ldcache_add(&cache, &entry, NULL), -EINVAL);
	entry = (struct ldcache_entry){.key = "a", .value = longest};
	assert_int_equal(ldcache_add(&cache, &entry, NULL), -EINVAL);
	entry = (struct ldcache_entry){.key = longest, .value = "/a"};
	assert_int_equal(ldcache_add(&cache, &entry, NULL), -EINVAL);
	longest[LDCACHE_MAX_NAME] = '\0';
	assert_int_equal(ldcache_add(&cache, &entry, NULL), 0);
	assert_int_equal(cache.entries.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ldcache_file_of_ldconfig_reads_as_ldconfig_lists_it),
		cmocka_unit_test(ldcache_file_of_ldconfig_is_in_our_order),
		cmocka_unit_test(ldcache_sort_brings_back_the_order_of_ldconfig),
		cmocka_unit_test(ldcache_written_file_reads_the_same),
		cmocka_unit_test(ldcache_old_table_is_written_as_ldconfig_does),
		cmocka_unit_test(ldcache_headers_are_those_of_ldconfig),
		cmocka_unit_test(ldcache_any_cut_is_an_error),
		cmocka_unit_test(ldcache_hostile_fields_are_errors),
		cmocka_unit_test(ldcache_names_are_ordered_as_by_the_loader),
		cmocka_unit_test(ldcache_drop_keeps_the_others_in_order),
		cmocka_unit_test(ldcache_added_entry_comes_behind_equal_ones),
		cmocka_unit_test(ldcache_add_refuses_what_no_file_can_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
