/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inventories and requests as a few lines of text, for tests of plan/ and render/:
 *
 *   platform board=Jetson_Nano l4t=32.7.1 cuda=10.2 ...   facts; "_" stands for a blank
 *   alt /usr/share/passthrough                            an alternate root
 *   list l4t.csv base | list extra.csv | list x.csv base error=...
 *   row lib /path [missing|refused|malformed]             lines are counted from 1 in each list
 *   row lib /path again                                   shares the items of the row before
 *   file /path [source=..] [root=N] [soname=..] [machine=183]
 *   dir /path | dev /path MAJOR:MINOR MODE GID | link /path TEXT
 *   socket /path
 *   extra file /path                                      an item without a row
 *   driver, gpu, mig, part, lack, proc                    tests/unit/plandriver.h; items behind a
 *                                                         part are that part's
 *   request none|all|void|ID,ID [require=NAME=EXPR] [lists=all|base] [disable-require]
 *           [caps=compute,utility] [without=mps] [channels=0,1] [compat=host] [missing=start]
 *           [gds] [gdrcopy] [mofed] [nvswitch] [mig-config] [mig-monitor]
 *   settings lists=all|base | require=warn | missing=start | compat=host
 *   image machine=62 libc=musl
 *   compat|compat-orin DIR VERSION [note] [cuda=12.9] [drivers=535,550] [fault=]
 *   compat-lib NAME SONAME MACHINE                        of the compat line before
 *   nolists                                               the folder is not there
 */
#ifndef TESTS_PLANCASE_H
#define TESTS_PLANCASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "planwords.h"

#include "plandriver.h"

static inline void plancase_platform(struct plancase *c, char *word)
{
	struct platform *p = &c->inv->platform;
	const struct {
		const char *key;
		struct fact *fact;
	} facts[] = {
		{"board", &p->board},
		{"model", &p->model},
		{"soc", &p->soc},
		{"chip", &p->chip_id},
		{"module", &p->module},
		{"l4t", &p->l4t},
		{"jetpack", &p->jetpack},
		{"cuda", &p->cuda},
		{"driver", &p->driver},
		{"gpu", &p->gpu},
		{"arch", &p->gpu_arch},
		{"compute", &p->compute},
		{"cuda-name", &p->cuda_name},
	};

	p->kind = PLATFORM_TEGRA;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		char *value = plancase_value(word, facts[i].key);

		if (value == NULL)
			continue;
		if (facts[i].fact == &p->l4t)
			p->l4t_major = (unsigned)strtoul(value, NULL, 10);
		plancase_blanks(value);
		assert_int_equal(fact_set(facts[i].fact, value, "/source/of/it"), 0);
		return;
	}
	fail_msg("no such fact: %s", word);
}

static inline void plancase_list(struct plancase *c, char **words, size_t n)
{
	struct list_file *file = vec_add(&c->inv->files);

	assert_non_null(file);
	assert_true(n >= 2);
	c->line = 0;
	c->inv->list_dir_found = true;
	*file = (struct list_file){.path = str_format("/etc/lists/%s", words[1]),
				   .name = strdup(words[1]),
				   .read = true};
	for (size_t i = 2; i < n; i++) {
		char *error = plancase_value(words[i], "error");

		file->base |= strcmp(words[i], "base") == 0;
		if (error == NULL)
			continue;
		plancase_blanks(error);
		file->read = false;
		file->error = strdup(error);
	}
}

static inline void plancase_row(struct plancase *c, char **words, size_t n)
{
	static const char *const states[] = {"found", "missing", "refused", "malformed"};
	static const char *const types[] = {"lib", "dir", "dev", "sym"};
	struct row *row = vec_add(&c->inv->rows);

	assert_non_null(row);
	assert_true(n >= 3 && c->inv->files.n > 0);
	c->in_part = false;
	*row = (struct row){.file = c->inv->files.n - 1,
			    .line = ++c->line,
			    .column = 6,
			    .type = ROW_UNKNOWN,
			    .path = strdup(words[2]),
			    .first_item = c->inv->items.n};
	c->inv->files.items[row->file].n_rows++;
	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(words[1], types[i]) == 0)
			row->type = (enum row_type)i;
		if (n > 3 && strcmp(words[3], states[i]) == 0)
			row->state = (enum row_state)i;
	}
	if (n > 3 && strcmp(words[3], "again") == 0) {
		assert_true(c->inv->rows.n > 1);
		row->first_item = row[-1].first_item;
		row->n_items = row[-1].n_items;
	}
	if (row->state != ROW_FOUND)
		row->reason = str_format("it is %s", states[row->state]);
}

static inline void plancase_item_word(struct item *item, char *word)
{
	char *value;

	if ((value = plancase_value(word, "source")) != NULL) {
		free(item->source);
		item->source = strdup(value);
	} else if ((value = plancase_value(word, "root")) != NULL) {
		item->root = (unsigned)strtoul(value, NULL, 10);
	} else if ((value = plancase_value(word, "soname")) != NULL) {
		item->elf.soname = strdup(value);
	} else if ((value = plancase_value(word, "machine")) != NULL) {
		item->elf.class = ELF_CLASS_64;
		item->elf.machine = (uint16_t)strtoul(value, NULL, 10);
	} else if (strcmp(word, "writable") == 0) {
		item->writable = true;
	} else if (strcmp(word, "module") == 0) {
		item->module = true;
	} else if (strcmp(word, "later") == 0) {
		item->later = true;
	} else if (strcmp(word, "compat32") == 0) {
		item->elf.class = ELF_CLASS_32;
	} else {
		fail_msg("no such word: %s", word);
	}
}

static inline void plancase_device(struct item *item, char **words, size_t n)
{
	char *colon;

	assert_true(n >= 5);
	colon = strchr(words[2], ':');
	assert_non_null(colon);
	item->rdev = makedev((unsigned)strtoul(words[2], NULL, 10),
			     (unsigned)strtoul(colon + 1, NULL, 10));
	item->mode = (mode_t)(S_IFCHR | strtoul(words[3], NULL, 8));
	item->gid = (gid_t)strtoul(words[4], NULL, 10);
}

static inline void plancase_item(struct plancase *c, struct item *item, char **words, size_t n)
{
	size_t rest = 2;

	assert_non_null(item);
	assert_true(n >= 2);
	*item = (struct item){.source = strdup(words[1]),
			      .target = strdup(words[1]),
			      .dev = 1,
			      .ino = c->inv->items.n + 100};
	if (strcmp(words[0], "link") == 0) {
		assert_true(n >= 3);
		item->kind = ITEM_LINK;
		item->link = strdup(words[2]);
		rest = 3;
	} else if (strcmp(words[0], "dev") == 0) {
		item->kind = ITEM_DEVICE;
		plancase_device(item, words, n);
		rest = 5;
	} else {
		item->kind = strcmp(words[0], "dir") == 0      ? ITEM_DIR
			     : strcmp(words[0], "socket") == 0 ? ITEM_SOCKET
							       : ITEM_FILE;
	}
	for (size_t i = rest; i < n; i++)
		plancase_item_word(item, words[i]);
}

static inline void plancase_request(struct plancase *c, char **words, size_t n)
{
	char *mode = words[1];

	assert_true(n >= 2);
	c->request.mode = strcmp(mode, "all") == 0    ? DEVICES_ALL
			  : strcmp(mode, "none") == 0 ? DEVICES_NONE
			  : strcmp(mode, "void") == 0 ? DEVICES_VOID
						      : DEVICES_LIST;
	if (c->request.mode == DEVICES_LIST) {
		char *save = NULL;

		for (char *id = strtok_r(mode, ",", &save); id != NULL;
		     id = strtok_r(NULL, ",", &save))
			assert_int_equal(strv_add(&c->request.devices, id), 0);
	}
	for (size_t i = 2; i < n; i++) {
		char *value;

		if ((value = plancase_value(words[i], "require")) != NULL) {
			plancase_blanks(strchr(value, '=') == NULL ? value : strchr(value, '='));
			assert_int_equal(strv_add(&c->request.requires, value), 0);
		} else if ((value = plancase_value(words[i], "lists")) != NULL) {
			c->request.lists = strcmp(value, "all") == 0 ? LISTS_ALL : LISTS_BASE;
		} else {
			plancase_wish(&c->request, words[i]);
		}
	}
}

static inline void plancase_settings(struct plancase *c, char *word)
{
	const char *value;

	if ((value = plancase_value(word, "lists")) != NULL)
		c->settings.lists =
			strcmp(value, "all") == 0 ? SETTINGS_LISTS_ALL : SETTINGS_LISTS_BASE;
	else if ((value = plancase_value(word, "require")) != NULL)
		c->settings.require_policy =
			strcmp(value, "warn") == 0 ? REQUIRE_WARN : REQUIRE_IGNORE;
	else if ((value = plancase_value(word, "missing")) != NULL)
		c->settings.when_missing = SETTINGS_MISSING_START;
	else if ((value = plancase_value(word, "compat")) != NULL)
		c->settings.cuda_compat = SETTINGS_COMPAT_HOST;
	else
		fail_msg("no such setting: %s", word);
}

static inline void plancase_image(struct plancase *c, char **words, size_t n)
{
	c->image.known = true;
	for (size_t i = 1; i < n; i++) {
		char *machine = plancase_value(words[i], "machine");

		if (machine != NULL)
			c->image.machine = (uint16_t)strtoul(machine, NULL, 10);
		else
			c->image.libc = LIBC_MUSL;
	}
}

static inline void plancase_compat_word(struct image_compat *compat, char *word)
{
	char *value;
	char *save = NULL;

	if (strcmp(word, "note") == 0) {
		compat->noted = true;
	} else if ((value = plancase_value(word, "cuda")) != NULL) {
		compat->cuda = strdup(value);
	} else if ((value = plancase_value(word, "fault")) != NULL) {
		compat->fault = plancase_text(value);
	} else if ((value = plancase_value(word, "drivers")) != NULL) {
		for (char *one = strtok_r(value, ",", &save); one != NULL;
		     one = strtok_r(NULL, ",", &save))
			assert_int_equal(strv_add(&compat->drivers, one), 0);
	} else {
		fail_msg("no such word: %s", word);
	}
}

/* False if the line is about something else. */
static inline bool plancase_compat(struct plancase *c, char **words, size_t n)
{
	struct image_compat *compat;
	struct image_library *library;

	if (strcmp(words[0], "compat-lib") == 0) {
		compat =
			c->image.compat_orin.dir != NULL ? &c->image.compat_orin : &c->image.compat;
		library = vec_add(&compat->libraries);
		assert_non_null(library);
		assert_true(n >= 4);
		*library = (struct image_library){.name = strdup(words[1]),
						  .soname = strdup(words[2]),
						  .machine = (uint16_t)plancase_number(words[3]),
						  .is64 = true};
		return true;
	}
	if (strcmp(words[0], "compat") == 0)
		compat = &c->image.compat;
	else if (strcmp(words[0], "compat-orin") == 0)
		compat = &c->image.compat_orin;
	else
		return false;
	assert_true(n >= 3);
	c->image.known = true;
	compat->dir = strdup(words[1]);
	compat->version = strdup(words[2]);
	for (size_t i = 3; i < n; i++)
		plancase_compat_word(compat, words[i]);
	return true;
}

/* The last item belongs to the last row, or to the part behind it. */
static inline void plancase_own(struct plancase *c)
{
	if (c->in_part) {
		c->inv->driver.parts.items[c->inv->driver.parts.n - 1].n_items++;
		return;
	}
	assert_true(c->inv->rows.n > 0);
	c->inv->rows.items[c->inv->rows.n - 1].n_items++;
}

static inline void plancase_line(struct plancase *c, char **words, size_t n)
{
	if (strcmp(words[0], "platform") == 0) {
		for (size_t i = 1; i < n; i++)
			plancase_platform(c, words[i]);
	} else if (strcmp(words[0], "alt") == 0) {
		assert_true(n == 2 && ROOT_ALT + c->n_alt < ROOT_MAX);
		c->inv->roots[ROOT_ALT + c->n_alt++] = strdup(words[1]);
	} else if (strcmp(words[0], "list") == 0) {
		plancase_list(c, words, n);
	} else if (strcmp(words[0], "row") == 0) {
		plancase_row(c, words, n);
	} else if (strcmp(words[0], "extra") == 0) {
		plancase_item(c, vec_add(&c->inv->extras), words + 1, n - 1);
	} else if (strcmp(words[0], "request") == 0) {
		plancase_request(c, words, n);
	} else if (strcmp(words[0], "settings") == 0) {
		plancase_settings(c, words[1]);
	} else if (strcmp(words[0], "image") == 0) {
		plancase_image(c, words, n);
	} else if (plancase_compat(c, words, n)) {
		return;
	} else if (strcmp(words[0], "nolists") == 0) {
		c->inv->list_dir_found = false;
	} else if (!plandriver_line(c, words, n)) {
		plancase_item(c, vec_add(&c->inv->items), words, n);
		plancase_own(c);
	}
}

/* Reads the text; it is cut into pieces. */
static inline void plancase_read(struct plancase *c, char *text)
{
	char *save_line = NULL;

	*c = (struct plancase){.inv = inventory_new()};
	assert_non_null(c->inv);
	c->inv->list_dir = strdup("/etc/lists");
	c->request.caps = DRIVER_CAP_COMPUTE | DRIVER_CAP_UTILITY;
	for (char *line = strtok_r(text, "\n", &save_line); line != NULL;
	     line = strtok_r(NULL, "\n", &save_line)) {
		char none[1] = "";
		char *words[32];
		char *save = NULL;
		size_t n = 0;

		for (size_t i = 0; i < 32; i++)
			words[i] = none;

		for (char *word = strtok_r(line, " \t", &save); word != NULL && n < 32;
		     word = strtok_r(NULL, " \t", &save))
			words[n++] = word;
		if (n > 0 && words[0][0] != '#')
			plancase_line(c, words, n);
	}
}

static inline char *plancase_slurp(const char *path)
{
	auto_file file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (file == NULL)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		return strdup("");
	}
	return text;
}

#endif
