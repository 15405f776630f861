/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of a directory, a line each: flag, SONAME, blank, name. One item for each SONAME and
 * class; names have one order.
 */
#include "format/ldcache.h"
#include "format/ldflags.h"
#include "format/ldset.h"
#include "fuzz.h"

static bool cut_line(char *word, struct ldset_file *ret)
{
	char *blank = strchr(word, ' ');

	if (word[0] == '\0' || blank == NULL)
		return false;
	*blank = '\0';
	*ret = (struct ldset_file){.name = blank + 1,
				   .is_link = (word[0] & 1) != 0,
				   .soname = word[1] == '\0' ? NULL : word + 1,
				   .flags = (word[0] & 2) != 0
						    ? LDCACHE_ELF_LIBC6
						    : LDCACHE_ELF_LIBC6 | LDCACHE_AARCH64_LIB64};
	return true;
}

static void check_order(const struct strv *lines)
{
	for (size_t i = 0; i + 2 < lines->n && i < 16; i++) {
		const char *a = lines->items[i];
		const char *b = lines->items[i + 1];
		const char *c = lines->items[i + 2];
		int ab = ldcache_compare_names(a, b, false);
		int bc = ldcache_compare_names(b, c, false);
		int ac = ldcache_compare_names(a, c, false);
		int ba = ldcache_compare_names(b, a, false);

		claim((ab < 0) == (ba > 0) && (ab == 0) == (ba == 0));
		claim(!(ab < 0 && bc < 0) || ac < 0);
		claim(ldcache_compare_names(a, a, true) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv lines = {0};
	auto_done(ldset) struct ldset set = {.unsigned_chars = size % 2 != 0};

	fuzz_words(&data, &size, 256, &lines);
	check_order(&lines);
	for (size_t i = 0; i < lines.n; i++) {
		struct ldset_file file;

		if (cut_line(lines.items[i], &file) && ldset_wants(file.name))
			claim(ldset_add(&set, &file, NULL) == 0);
	}
	for (size_t i = 0; i < set.items.n; i++) {
		claim(set.items.items[i].soname != NULL && set.items.items[i].name != NULL);
		for (size_t k = 0; k < i; k++)
			claim(strcmp(set.items.items[i].soname, set.items.items[k].soname) != 0 ||
			      set.items.items[i].flags != set.items.items[k].flags);
	}
	return 0;
}
