/* SPDX-License-Identifier: Apache-2.0 */
/* Each parser of bytes, with each of its allocations failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloccorpus.h"
#include "apply/ldconf.h"
#include "apply/record.h"
#include "apply/withdraw.h"
#include "base/procfs.h"
#include "format/csv.h"
#include "format/elfinfo.h"
#include "format/fdt_compat.h"
#include "format/ldcache.h"
#include "format/ldset.h"
#include "format/muslpath.h"
#include "format/require.h"
#include "format/toml.h"
#include "model/request.h"
#include "settings/settings.h"

static void put_list(struct strbuf *text, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		strbuf_addf(text, "%s\n", list->items[i]);
}

static void put_text(struct strbuf *text, const char *value)
{
	strbuf_addf(text, "%s\n", value == NULL ? "(none)" : value);
}

static int run_toml(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(toml) struct toml toml = {0};
	int r;

	allocfail_start();
	r = toml_parse(input->data, input->len, &toml, err);
	allocfail_stop();
	vec_each(entry, &toml.entries)
	{
		strbuf_addf(text, "%s=%s\n", entry->key, entry->string ? entry->string : "");
		put_list(text, &entry->array);
	}
	return r;
}

static int run_settings(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	struct settings *settings;
	int r;

	allocfail_start();
	settings = settings_new();
	r = settings == NULL ? err_nomem(err)
			     : settings_parse(settings, "x", input->data, input->len, NULL, err);
	allocfail_stop();
	if (r == 0) {
		put_text(text, settings->root);
		put_text(text, settings->list_dir);
		put_text(text, settings->log_file);
		put_list(text, &settings->alt_roots);
		put_list(text, &settings->allowed_prefixes);
		put_list(text, &settings->supported_capabilities);
		put_list(text, &settings->runtimes);
		vec_each(rule, &settings->path_map)
			strbuf_addf(text, "%s:%s\n", rule->from, rule->to);
	}
	settings_free(settings);
	return r;
}

static int run_ldcache(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(ldcache) struct ldcache cache = {0};
	auto_free char *written = NULL;
	size_t len = 0;
	int r;

	allocfail_start();
	r = ldcache_parse(input->data, input->len, &cache, err);
	if (r == 0)
		r = ldcache_sort(&cache, err);
	if (r == 0)
		r = ldcache_format(&cache, &written, &len, err);
	allocfail_stop();
	for (size_t i = 0; i < len; i++)
		strbuf_addf(text, "%02x", (unsigned char)written[i]);
	return r;
}

static int run_ldconf(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(ldconf) struct ldconf conf = {0};
	int r;

	allocfail_start();
	r = ldconf_parse(&conf, input->data, input->len, err);
	allocfail_stop();
	put_list(text, &conf.dirs);
	return r;
}

static int run_elf(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(elfinfo) struct elfinfo info = {0};
	int r;

	allocfail_start();
	r = elfinfo_parse(input->data, input->len, &info, err);
	allocfail_stop();
	put_text(text, info.soname);
	put_text(text, info.interp);
	put_list(text, &info.needed);
	return r;
}

static int run_fdt(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(strv) struct strv list = {0};
	int r;

	allocfail_start();
	r = fdt_strings_parse(input->data, input->len, &list, err);
	allocfail_stop();
	if (r == 0)
		put_list(text, &list);
	return r;
}

static int run_muslpath(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(strv) struct strv dirs = {0};
	auto_done(strv) struct strv added = {0};
	auto_done(withdrawal) struct withdrawal back = {0};
	auto_free char *whole = NULL;
	int r;

	assert_int_equal(strv_add(&dirs, "/usr/lib/tegra"), 0);
	assert_int_equal(strv_add(&dirs, "/lib"), 0);
	allocfail_start();
	r = muslpath_add(input->data, input->len, &dirs, &whole, &added, err);
	if (r == 0 && whole != NULL)
		r = withdraw_items(whole, strlen(whole), "\n:", &added, &back, err);
	allocfail_stop();
	put_text(text, whole);
	put_text(text, back.data);
	return r;
}

static int run_withdraw(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	const char *end = memmem(input->data, input->len, "\n\n", 2);
	size_t head = end == NULL ? 0 : (size_t)(end - input->data) + 2;
	auto_done(strv) struct strv added = {0};
	auto_done(withdrawal) struct withdrawal back = {0};
	int r;

	assert_int_equal(strv_add(&added, "/b"), 0);
	assert_int_equal(strv_add(&added, "libz.so.1"), 0);
	allocfail_start();
	r = withdraw_items(input->data + head, input->len - head, "\n", &added, &back, err);
	if (r == 0 && input->len > 2000) {
		withdrawal_done(&back);
		r = withdraw_entries(-1, input->data + head, input->len - head, &added, &back, err);
	}
	allocfail_stop();
	strbuf_addf(text, "%zu %zu", back.taken, back.len);
	return r;
}

static int run_procfs(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_free char *path = NULL;
	auto_free char *point = NULL;
	auto_free char *root = NULL;
	auto_free char *next = NULL;
	const char *rest = input->data;
	size_t len = input->len;
	int r;

	allocfail_start();
	r = procfs_cgroup_path(input->data, input->len, "devices", &path, err);
	if (r >= 0)
		r = procfs_find_mount(input->data, input->len, "cgroup", "devices", &point, &root,
				      err);
	if (r >= 0)
		r = procfs_next_mount(&rest, &len, &next, err);
	allocfail_stop();
	put_text(text, next);
	put_text(text, path);
	put_text(text, point);
	put_text(text, root);
	return r;
}

static int run_request(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(request) struct request request = {0};
	auto_free char *again = NULL;
	int r;

	allocfail_start();
	r = request_decode(input->data, &request, err);
	if (r == 0) {
		again = request_encode(&request);
		r = again == NULL ? err_nomem(err) : 0;
	}
	allocfail_stop();
	put_text(text, again);
	return r;
}

static int run_record(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(record) struct record record = {0};
	auto_free char *again = NULL;
	int r;

	allocfail_start();
	r = record_parse(input->data, input->len, &record, err);
	if (r == 0) {
		again = record_format(&record);
		r = again == NULL ? err_nomem(err) : 0;
	}
	allocfail_stop();
	put_text(text, again);
	return r;
}

static int run_require(void *arg, struct err *err, struct strbuf *text)
{
	const struct require_facts facts = {"12.6", "8.7", "540.3.0", "Tesla", false, true};
	const struct alloccorpus_input *input = arg;
	int r;

	allocfail_start();
	r = require_check(input->data, &facts, err);
	allocfail_stop();
	strbuf_addf(text, "%d", r);
	return r;
}

static int run_ldset(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_free char *copy = strdup(input->data);
	auto_done(ldset) struct ldset set = {0};
	char *state = NULL;
	int r = 0;

	for (char *line = strtok_r(copy, "\n", &state); line != NULL && r == 0;
	     line = strtok_r(NULL, "\n", &state)) {
		char *blank = strchr(line, ' ');
		struct ldset_file file = {.soname = line};

		if (blank == NULL)
			continue;
		*blank = '\0';
		file.name = blank + 1;
		allocfail.on = true;
		r = ldset_add(&set, &file, err);
		allocfail_stop();
	}
	vec_each(item, &set.items) strbuf_addf(text, "%s %s\n", item->soname, item->name);
	return r;
}

static const struct {
	const char *area;
	allocfail_fn run;
} areas[] = {
	{"toml", run_toml},         {"toml", run_settings},     {"ldcache", run_ldcache},
	{"ldconf", run_ldconf},     {"elf", run_elf},           {"fdt", run_fdt},
	{"muslpath", run_muslpath}, {"withdraw", run_withdraw}, {"procfs", run_procfs},
	{"request", run_request},   {"record", run_record},     {"require", run_require},
};

static void alloc_failures_of_parsers_are_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		alloccorpus_sweep(areas[i].area, areas[i].run);
}

/* Counts over several calls: from where it is, each time. */
static int run_ldset_counted(void *arg, struct err *err, struct strbuf *text)
{
	allocfail.seen = 0;
	return run_ldset(arg, err, text);
}

static void alloc_failures_of_a_set_are_errors(void **state)
{
	(void)state;
	alloccorpus_sweep("ldset", run_ldset_counted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_failures_of_parsers_are_errors),
		cmocka_unit_test(alloc_failures_of_a_set_are_errors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_format");
	return failed;
}
