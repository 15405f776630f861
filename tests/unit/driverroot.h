/* SPDX-License-Identifier: Apache-2.0 */
/* A driver root in a temporary folder, and what is found in it as text. Include cmocka.h first. */
#ifndef UNIT_DRIVERROOT_H
#define UNIT_DRIVERROOT_H

#include "base/auto.h"
#include "base/str.h"
#include "base/strv.h"
#include "format/ldcache.h"
#include "format/ldflags.h"
#include "host/libtable.h"
#include "hostsetup.h"
#include "model/drivercaps.h"
#include "treelib.h"
#include "treelib32.h"

#define VERSION  "550.54.15"
#define MODULE   "NVRM version: NVIDIA UNIX x86_64 Kernel Module  " VERSION "  Tue Mar  5\nGCC 12\n"
#define MULTI    "/usr/lib/x86_64-linux-gnu"
#define MULTI_32 "/usr/lib/i386-linux-gnu"

struct driverroot {
	struct tree tree;
	struct setup setup;
	struct strbuf told; /* warnings and notes */
	char *text;         /* of parts, items and lacks */
	bool wsl;
	bool no_driver;
};

/* soname NULL: it has none. Windows' driver tells no machine, so that is this one's. */
static inline void root_library(const struct driverroot *root, const char *path, const char *soname)
{
	treelib_write_for(&root->tree, path, soname,
			  root->wsl ? libtable_machine(NULL)->machine : EM_X86_64);
}

static inline void root_link(struct driverroot *root, const char *path, const char *text)
{
	const struct tree_entry link = {TREE_LINK, path, text, 0};

	tree_add(&root->tree, &link);
}

/* DIR/NAME.so.VERSION with a link of its SONAME, NAME.so.NUMBER, and the link NAME.so. */
static inline void root_add(struct driverroot *root, const char *dir, const char *name,
			    const char *number)
{
	auto_free char *file = str_format("%s.so.%s", name, VERSION);
	auto_free char *soname = str_format("%s.so.%s", name, number);
	auto_free char *path = str_format("%s/%s", dir, file);
	auto_free char *link = str_format("%s/%s", dir, soname);
	auto_free char *plain = str_format("%s/%s.so", dir, name);

	if (strstr(dir, "i386") != NULL || strstr(dir, "32") != NULL)
		treelib32_write(&root->tree, path, soname);
	else
		root_library(root, path, soname);
	root_link(root, link, file);
	root_link(root, plain, soname);
}

/* Entries of the cache: "KEY VALUE", of 32 bits with a '-' in front; NULL behind the last. */
static inline void root_cache(struct driverroot *root, const char *const *entries)
{
	auto_done(ldcache) struct ldcache cache = {0};
	auto_done(strv) struct strv words = {0};
	auto_free char *data = NULL;
	size_t len = 0;

	for (; *entries != NULL; entries++) {
		bool narrow = **entries == '-';
		const char *at = *entries + narrow;
		size_t key = strcspn(at, " ");
		struct ldcache_entry entry = {.flags = narrow ? LDCACHE_ELF_LIBC6
							      : LDCACHE_ELF_LIBC6 |
									LDCACHE_X8664_LIB64};

		assert_int_equal(strv_addn(&words, at, key), 0);
		assert_int_equal(strv_add(&words, at + key + 1), 0);
		entry.key = words.items[words.n - 2];
		entry.value = words.items[words.n - 1];
		assert_int_equal(ldcache_add(&cache, &entry, NULL), 0);
	}
	assert_int_equal(ldcache_sort(&cache, NULL), 0);
	assert_int_equal(ldcache_format(&cache, &data, &len, NULL), 0);
	tree_write(&root->tree, "/etc/ld.so.cache", data, len, 0644);
}

static inline void root_make(struct driverroot *root)
{
	*root = (struct driverroot){0};
	tree_make(&root->tree, NULL);
	setup_settings(&root->setup, root->tree.root);
	strv_done(&root->setup.settings.allowed_prefixes); /* they are for lists */
}

static inline void root_hear(void *arg, enum log_level level, const char *module, const char *text)
{
	struct driverroot *root = arg;

	(void)module;
	if (level <= LOG_LEVEL_INFO)
		strbuf_addf(&root->told, "%s: %s\n", log_level_name(level), text);
	root->setup.warnings += level == LOG_LEVEL_WARNING;
}

static inline void root_dump(struct driverroot *root)
{
	const struct driver *driver = &root->setup.inv->driver;
	struct strbuf text = {0};

	vec_each(part, &driver->parts)
	{
		strbuf_addf(&text, "%s%s: %s\n", part->name, part->compat32 ? " (32)" : "",
			    part->why);
		for (size_t i = 0; i < part->n_items; i++)
			dump_item(&text, &root->setup.inv->items.items[part->first_item + i]);
	}
	vec_each(lack, &driver->lacks)
		strbuf_addf(&text, "lacks %s: %s\n", lack->name, lack->reason);
	root->text = strbuf_take(&text);
	assert_non_null(root->text);
}

/* Looks for everything of the capabilities; the text is in root->text. */
static inline void root_find(struct driverroot *root, unsigned caps)
{
	struct setup *setup = &root->setup;
	struct err err = {0};
	int rc;

	setup->log = (struct log){LOG_LEVEL_DEBUG, root_hear, root};
	assert_int_equal(host_open(&setup->host, &setup->settings, &setup->log, &err), 0);
	setup->inv = inventory_new();
	assert_non_null(setup->inv);
	setup->inv->driver.loaded = !root->wsl && !root->no_driver;
	setup->inv->driver.wsl = root->wsl;
	if (!root->wsl) {
		assert_int_equal(fact_set(&setup->inv->driver.version, VERSION, "test"), 0);
		setup->inv->driver.version_text = strdup(MODULE);
	}
	rc = host_find_driver_files(&setup->host, caps, setup->inv, &err);
	if (rc < 0)
		fail_msg("%s", err.msg);
	root_dump(root);
}

static inline bool root_told(const struct driverroot *root, const char *text)
{
	return root->told.data != NULL && strstr(root->told.data, text) != NULL;
}

/* True if there is such a part, from there. */
static inline bool root_has(const struct driverroot *root, const char *part)
{
	auto_free char *line = str_format("\n%s\n", part);
	auto_free char *all = str_format("\n%s", root->text);

	return strstr(all, line) != NULL;
}

static inline void root_done(struct driverroot *root)
{
	tree_remove(&root->tree);
	strv_done(&root->setup.settings.library_dirs);
	free(root->setup.settings.ldcache);
	setup_done(&root->setup);
	strbuf_done(&root->told);
	free(root->text);
	*root = (struct driverroot){0};
}

#endif
