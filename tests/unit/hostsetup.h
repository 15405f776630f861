/* SPDX-License-Identifier: Apache-2.0 */
/* A host over a tree, its inventory, and the inventory as text. Include cmocka.h first. */
#ifndef UNIT_HOSTSETUP_H
#define UNIT_HOSTSETUP_H

#include "base/str.h"
#include "host/host.h"
#include "tree.h"

#define LISTS "/etc/nvidia-container-runtime/host-files-for-container.d"

struct setup {
	struct settings settings;
	struct host host;
	struct inventory *inv;
	struct log log;
	unsigned warnings;
};

static inline void setup_count_warning(void *arg, enum log_level level, const char *module,
				       const char *text)
{
	struct setup *setup = arg;

	(void)module;
	(void)text;
	if (level == LOG_LEVEL_WARNING)
		setup->warnings++;
}

static inline void setup_settings(struct setup *setup, const char *root)
{
	static const char *const prefixes[] = {
		"/usr",        "/lib",
		"/dev",        "/opt/nvidia",
		"/var/nvidia", "/etc/alternatives",
		"/etc/vulkan", "/etc/nv_tegra_release",
	};

	setup->settings.root = strdup(root);
	setup->settings.host_root = strdup(root);
	setup->settings.list_dir = strdup(LISTS);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		assert_int_equal(strv_add(&setup->settings.allowed_prefixes, prefixes[i]), 0);
}

static inline void setup_map(struct setup *setup, const char *from, const char *to)
{
	struct path_rule *rule = vec_add(&setup->settings.path_map);

	assert_non_null(rule);
	rule->from = strdup(from);
	rule->to = strdup(to);
}

static inline int setup_read(struct setup *setup, enum host_lists which)
{
	struct err err = {0};
	int rc;

	setup->log = (struct log){LOG_LEVEL_DEBUG, setup_count_warning, setup};
	rc = host_open(&setup->host, &setup->settings, &setup->log, &err);
	setup->inv = inventory_new();
	assert_non_null(setup->inv);
	if (rc == 0)
		rc = host_read_lists(&setup->host, which, setup->inv, &err);
	if (rc < 0)
		print_message("%s\n", err.msg);
	return rc;
}

static inline void setup_done(struct setup *setup)
{
	host_close(&setup->host);
	inventory_free(setup->inv);
	free(setup->settings.root);
	free(setup->settings.host_root);
	free(setup->settings.list_dir);
	strv_done(&setup->settings.alt_roots);
	strv_done(&setup->settings.allowed_prefixes);
	vec_each(rule, &setup->settings.path_map)
	{
		free(rule->from);
		free(rule->to);
	}
	vec_done(&setup->settings.path_map);
	*setup = (struct setup){0};
}

static inline void dump_item(struct strbuf *text, const struct item *item)
{
	strbuf_addf(text, "  %s %u:%s", item_kind_name(item->kind), item->root, item->source);
	if (strcmp(item->source, item->target) != 0)
		strbuf_addf(text, " at %s", item->target);
	if (item->link != NULL)
		strbuf_addf(text, " -> %s", item->link);
	if (item->module)
		strbuf_adds(text, " module");
	if (item->later)
		strbuf_addf(text, " later %u:%u", major(item->rdev), minor(item->rdev));
	strbuf_addc(text, '\n');
}

/* A text of all rows and items, to compare as a whole. */
static inline char *dump(const struct inventory *inv)
{
	struct strbuf text = {0};

	vec_each(row, &inv->rows)
	{
		strbuf_addf(&text, "%u %s", row->line, row_state_name(row->state));
		if (row->reason != NULL)
			strbuf_addf(&text, ": %s", row->reason);
		strbuf_addc(&text, '\n');
		for (size_t i = 0; i < row->n_items; i++)
			dump_item(&text, &inv->items.items[row->first_item + i]);
	}
	return strbuf_take(&text);
}

#endif
