/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up caches: what is written is read again, by us and by this machine's ldconfig. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ldcachelist.h"
#include "runprog.h"

#include "base/strv.h"
#include "base/vec.h"
#include "format/ldcache_file.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

struct maker {
	uint64_t seed;
	struct strv strings; /* what the entries borrow */
};

static void maker_done(struct maker *maker)
{
	strv_done(&maker->strings);
}

static unsigned draw(struct maker *maker, unsigned below)
{
	maker->seed = maker->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(maker->seed >> 33) % below;
}

static const char *keep(struct maker *maker, char *owned)
{
	auto_free char *text = owned;

	assert_non_null(text);
	assert_int_equal(strv_add(&maker->strings, text), 0);
	return maker->strings.items[maker->strings.n - 1];
}

static const char *make_name(struct maker *maker)
{
	static const char *const stems[] = {"libcuda", "libcudart", "libnv", "ld-linux",
					    "libz\xc3"};
	unsigned major = draw(maker, 12);

	switch (draw(maker, 3)) {
	case 0:
		return keep(maker, str_format("%s.so", stems[draw(maker, N(stems))]));
	case 1:
		return keep(maker, str_format("%s.so.%u", stems[draw(maker, N(stems))], major));
	default:
		return keep(maker, str_format("%s%u.so.%u.%u", stems[draw(maker, N(stems))],
					      draw(maker, 100), major, draw(maker, 3)));
	}
}

static void add_entry(struct maker *maker, struct ldcache *cache, bool hardware)
{
	static const char *const dirs[] = {"/usr/lib", "/lib/x86_64-linux-gnu", "/opt/a b"};
	static const char *const hwcaps[] = {"x86-64-v2", "x86-64-v3", "z", "a"};
	static const uint32_t flags[] = {0x303, 0x3, 0x803, 0x901, 0xa03};
	struct ldcache_entry entry = {.key = make_name(maker), .flags = flags[draw(maker, 5)]};

	entry.value = keep(maker, str_format("%s/%s%s", dirs[draw(maker, N(dirs))], entry.key,
					     draw(maker, 3) == 0 ? ".1" : ""));
	if (draw(maker, 5) == 0)
		entry.osversion = 0x30200 + draw(maker, 4);
	if (hardware && draw(maker, 4) == 0) {
		entry.hwcaps = hwcaps[draw(maker, N(hwcaps))];
		entry.isa_level = draw(maker, 4);
	} else if (draw(maker, 6) == 0) {
		entry.hwcap = 1ull << draw(maker, 62) | draw(maker, 8);
	}
	assert_int_equal(ldcache_add(cache, &entry, NULL), 0);
}

static void make_cache(struct maker *maker, struct ldcache *cache, unsigned n)
{
	bool hardware = draw(maker, 2) == 0;

	cache->marks_endian = hardware || draw(maker, 2) == 0;
	cache->old_align = !hardware && draw(maker, 3) == 0 ? 4 + 4 * draw(maker, 2) : 0;
	if (hardware) {
		cache->generator = "a test";
		cache->generator_len = 6;
	}
	for (unsigned i = 0; i < n; i++)
		add_entry(maker, cache, hardware);
}

static void ldcache_made_up_file_reads_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		auto_done(maker) struct maker maker = {.seed = seed};
		auto_done(ldcache) struct ldcache cache = {0}, again = {0};
		auto_free char *written = NULL, *twice = NULL;
		size_t len, twice_len;

		make_cache(&maker, &cache, draw(&maker, 40));
		assert_int_equal(ldcache_sort(&cache, NULL), 0);
		assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);

		assert_int_equal(ldcache_parse(written, len, &again, NULL), 0);
		cache_assert_equal(&cache, &again);
		assert_int_equal(ldcache_format(&again, &twice, &twice_len, NULL), 0);
		assert_int_equal(twice_len, len);
		assert_memory_equal(twice, written, len);
	}
}

/* The order does not depend on how many were in it before. */
static void ldcache_sorting_bit_by_bit_is_sorting(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		auto_done(maker) struct maker maker = {.seed = seed};
		auto_done(ldcache) struct ldcache once = {0}, bits = {0};
		auto_free char *a = NULL, *b = NULL;

		make_cache(&maker, &once, 60);
		bits.generator = once.generator;
		bits.generator_len = once.generator_len;
		vec_each(entry, &once.entries)
		{
			assert_int_equal(ldcache_add(&bits, entry, NULL), 0);
			if (draw(&maker, 3) == 0)
				assert_int_equal(ldcache_sort(&bits, NULL), 0);
		}
		assert_int_equal(ldcache_sort(&once, NULL), 0);
		assert_int_equal(ldcache_sort(&bits, NULL), 0);

		a = cache_list(&once);
		b = cache_list(&bits);
		assert_string_equal(a, b);
	}
}

static char *find_ldconfig(void)
{
	static const char *const paths[] = {"/sbin/ldconfig", "/usr/sbin/ldconfig"};

	for (size_t i = 0; i < N(paths); i++) {
		if (access(paths[i], X_OK) == 0)
			return str_format("%s", paths[i]);
	}
	return NULL;
}

static void ldcache_made_up_file_is_listed_by_ldconfig(void **state)
{
	auto_done(scratch) struct scratch scratch = {0};
	auto_free char *ldconfig = find_ldconfig(), *file = NULL;
	const char *const env[] = {"LC_ALL=C", NULL};

	(void)state;
	if (ldconfig == NULL) {
		print_message("no ldconfig on this machine\n");
		skip();
	}
	scratch_open(&scratch);
	file = str_format("%s/cache", scratch.dir);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		auto_done(maker) struct maker maker = {.seed = seed * 1000};
		auto_done(ldcache) struct ldcache cache = {0};
		auto_free char *written = NULL, *ours = NULL, *theirs = NULL;
		auto_file stream = fopen(file, "we");
		const char *const argv[] = {ldconfig, "-p", "-C", file, NULL};
		size_t len;

		make_cache(&maker, &cache, 30);
		vec_each(entry, &cache.entries) entry->osversion = 0; /* not said by glibc 2.36 */
		assert_int_equal(ldcache_sort(&cache, NULL), 0);
		assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);
		assert_non_null(stream);
		assert_int_equal(fwrite(written, 1, len, stream), len);
		assert_int_equal(fflush(stream), 0);
		assert_int_equal(runprog(&scratch, ldconfig, argv, env, false), 0);

		ours = cache_list(&cache);
		theirs = scratch_read(&scratch, "stdout");
		assert_non_null(theirs);
		assert_string_equal(strchr(ours, '\n'), strchr(theirs, '\n'));
	}
}

static void ldcache_sections_not_understood_are_kept(void **state)
{
	static const uint8_t odd[] = {1, 2, 3};
	static const uint8_t more[] = {4, 5, 6, 7, 8};
	const struct ldcache_section sections[] = {
		{.tag = 7, .flags = 9, .data = odd, .len = sizeof(odd)},
		{.tag = 2, .flags = 0, .data = more, .len = sizeof(more)},
		{.tag = 7, .flags = 0, .data = more, .len = 0},
	};

	(void)state;
	for (int with = 0; with < 4; with++) {
		auto_done(maker) struct maker maker = {.seed = 3};
		auto_done(ldcache) struct ldcache cache = {0}, again = {0};
		auto_free char *written = NULL;
		size_t len;

		for (size_t i = 0; i < N(sections); i++) {
			struct ldcache_section *added = vec_add(&cache.sections);

			assert_non_null(added);
			*added = sections[i];
		}
		cache.generator = (with & 1) != 0 ? "" : NULL;
		for (int i = 0; i < 20; i++)
			add_entry(&maker, &cache, (with & 2) != 0);
		assert_int_equal(ldcache_sort(&cache, NULL), 0);
		assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);

		assert_int_equal(ldcache_parse(written, len, &again, NULL), 0);
		cache_assert_equal(&cache, &again);
	}
}

static void ldcache_name_at_the_end_of_its_path_takes_no_room(void **state)
{
	const struct ldcache_entry shared = {.key = "liba.so.1", .value = "/usr/lib/liba.so.1"};
	const struct ldcache_entry apart = {.key = "liba.so.1", .value = "/usr/lib/liba.so.2"};
	auto_done(ldcache) struct ldcache a = {0}, b = {0};
	auto_free char *x = NULL, *y = NULL;
	size_t x_len, y_len;

	(void)state;
	assert_int_equal(ldcache_add(&a, &shared, NULL), 0);
	assert_int_equal(ldcache_add(&b, &apart, NULL), 0);
	assert_int_equal(ldcache_format(&a, &x, &x_len, NULL), 0);
	assert_int_equal(ldcache_format(&b, &y, &y_len, NULL), 0);

	assert_int_equal(x_len,
			 LDCACHE_FILE_HEADER + LDCACHE_FILE_ENTRY + sizeof("/usr/lib/liba.so.1"));
	assert_int_equal(y_len, x_len + sizeof("liba.so.1"));
}

static void ldcache_empty_file_is_a_file(void **state)
{
	(void)state;
	for (unsigned align = 0; align <= 8; align += 4) {
		auto_done(ldcache) struct ldcache cache = {.old_align = align}, again = {0};
		auto_free char *written = NULL;
		size_t len;

		assert_int_equal(ldcache_sort(&cache, NULL), 0);
		assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);
		assert_int_equal(ldcache_parse(written, len, &again, NULL), 0);
		assert_int_equal(again.entries.n, 0);
		assert_int_equal(again.old_align != 0, align != 0);
	}
}

static void ldcache_a_hundred_thousand_entries(void **state)
{
	auto_done(maker) struct maker maker = {.seed = 5};
	auto_done(ldcache) struct ldcache cache = {0}, again = {0};
	auto_free char *written = NULL;
	size_t len;

	(void)state;
	for (int i = 0; i < 100000; i++)
		add_entry(&maker, &cache, true);
	assert_int_equal(ldcache_sort(&cache, NULL), 0);
	for (int i = 0; i < 150; i++)
		add_entry(&maker, &cache, true);
	assert_int_equal(ldcache_sort(&cache, NULL), 0);
	assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);

	assert_int_equal(ldcache_parse(written, len, &again, NULL), 0);
	assert_int_equal(again.entries.n, 100150);
	for (size_t i = 0; i < again.entries.n; i++)
		assert_string_equal(again.entries.items[i].value, cache.entries.items[i].value);
}

/* A small file whose entries all name the same long string would be written as a huge one. */
static void ldcache_file_that_would_grow_without_bounds_is_an_error(void **state)
{
	enum { ENTRIES = 20000 };
	auto_free char *path = malloc(LDCACHE_MAX_NAME + 1);
	auto_done(ldcache) struct ldcache cache = {0}, again = {0};
	auto_free char *written = NULL;
	size_t len, base = LDCACHE_FILE_HEADER + ENTRIES * LDCACHE_FILE_ENTRY;
	const struct ldcache_entry entry = {.key = "a", .value = "/a"};

	(void)state;
	assert_non_null(path);
	memset(path, '/', LDCACHE_MAX_NAME);
	path[LDCACHE_MAX_NAME] = '\0';
	for (int i = 0; i < ENTRIES; i++)
		assert_int_equal(ldcache_add(&cache, &entry, NULL), 0);
	cache.entries.items[0].value = path;
	assert_int_equal(ldcache_format(&cache, &written, &len, NULL), 0);
	for (size_t i = 1; i < ENTRIES; i++) {
		char *at = written + LDCACHE_FILE_HEADER + i * LDCACHE_FILE_ENTRY + 8;

		for (size_t byte = 0; byte < 4; byte++)
			at[byte] = (char)(base >> (8 * byte));
	}
	assert_int_equal(ldcache_parse(written, len, &again, NULL), -EINVAL);

	cache.entries.items[0].value = "/a";
	for (size_t i = 0; i < ENTRIES; i++)
		cache.entries.items[i].value = path;
	free(take_ptr(&written));
	assert_int_equal(ldcache_format(&cache, &written, &len, NULL), -EFBIG);
	assert_null(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ldcache_made_up_file_reads_the_same),
		cmocka_unit_test(ldcache_sorting_bit_by_bit_is_sorting),
		cmocka_unit_test(ldcache_made_up_file_is_listed_by_ldconfig),
		cmocka_unit_test(ldcache_sections_not_understood_are_kept),
		cmocka_unit_test(ldcache_name_at_the_end_of_its_path_takes_no_room),
		cmocka_unit_test(ldcache_empty_file_is_a_file),
		cmocka_unit_test(ldcache_a_hundred_thousand_entries),
		cmocka_unit_test(ldcache_file_that_would_grow_without_bounds_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
