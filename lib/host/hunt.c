/* SPDX-License-Identifier: Apache-2.0 */
#include "host/hunt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

void hunt_init(struct hunt *hunt, const struct host *host, unsigned caps, struct inventory *inv)
{
	*hunt = (struct hunt){
		.host = host,
		.inv = inv,
		.caps = caps,
		.version = inv->driver.wsl ? NULL : inv->driver.version.value,
		.machine = libtable_machine(inv->driver.version_text),
		.first_item = inv->items.n,
	};
	finder_init(&hunt->finder, host, inv);
	hunt->finder.driver = true;
	hunt->finder.known_from = hunt->first_item;
}

void hunt_done(struct hunt *hunt)
{
	finder_done(&hunt->finder);
	free(hunt->dir);
	hunt->dir = NULL;
	strv_done(&hunt->libdirs);
}

bool hunt_wants(const struct hunt *hunt, unsigned caps)
{
	return caps == 0 || (caps & hunt->caps) != 0;
}

static int hunt_refuse(struct hunt *hunt, enum log_level level)
{
	finder_forget(&hunt->finder);
	log_write(hunt->host->log, level, "host", "a file of the driver is not used: %s",
		  hunt->finder.reason);
	return ROW_REFUSED;
}

/* What lies at the end must be a file: a list may name a directory, our tables never do. */
static int hunt_check_type(struct hunt *hunt, const char *path, struct err *err)
{
	const struct finder *finder = &hunt->finder;
	int rc;

	if (finder->known || finder->items.items[finder->items.n - 1].kind == ITEM_FILE)
		return ROW_FOUND;
	rc = finder_say(&hunt->finder, ROW_REFUSED, err, "'%s' is no regular file", path);
	return rc < 0 ? rc : hunt_refuse(hunt, LOG_LEVEL_WARNING);
}

int hunt_find(struct hunt *hunt, const char *dir, const char *name, struct err *err)
{
	const struct dircache_entry *entry;
	auto_free char *path = NULL;
	int rc = dircache_get(&hunt->finder.cache, ROOT_DRIVER, dir, strlen(dir), &entry, err);

	if (rc < 0)
		return rc;
	if (entry->error != 0)
		return ROW_MISSING;
	if (!str_equal(hunt->dir, entry->real)) {
		free(hunt->dir);
		hunt->dir = strdup(entry->real);
	}
	/* by its true name: what is found by way of a link to the directory is the same */
	path = hunt->dir == NULL
		       ? NULL
		       : str_format("%s/%s", strcmp(hunt->dir, "/") == 0 ? "" : hunt->dir, name);
	if (path == NULL)
		return err_nomem(err);
	rc = finder_find(&hunt->finder, path, ROW_LIB, err);
	if (rc == ROW_REFUSED)
		return hunt_refuse(hunt, LOG_LEVEL_WARNING);
	return rc == ROW_FOUND ? hunt_check_type(hunt, path, err) : rc;
}

int hunt_check_library(struct hunt *hunt, uint16_t machine, struct err *err)
{
	const struct item *end = &hunt->finder.items.items[hunt->finder.items.n - 1];
	/* /usr/lib is for 64 bits on one distribution and for 32 on another */
	enum log_level level =
		end->elf.class == ELF_CLASS_NONE ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG;
	int rc;

	if (end->elf.class != ELF_CLASS_NONE && end->elf.machine == machine)
		return ROW_FOUND;
	if (end->elf.class == ELF_CLASS_NONE)
		rc = finder_say(&hunt->finder, ROW_REFUSED, err, "'%s' is no ELF library",
				end->source);
	else
		rc = finder_say(&hunt->finder, ROW_REFUSED, err,
				"'%s' is a library for ELF machine %u, not %u", end->source,
				end->elf.machine, machine);
	return rc < 0 ? rc : hunt_refuse(hunt, level);
}

void hunt_mark_module(struct hunt *hunt)
{
	struct finder *finder = &hunt->finder;
	struct item *end = finder->items.n == 0 ? NULL : &finder->items.items[finder->items.n - 1];

	if (end != NULL && end->kind == ITEM_FILE && path_is_below(end->source, hunt->dir))
		end->module = true;
}

int hunt_give(struct hunt *hunt, struct err *err)
{
	return finder_give(&hunt->finder, hunt->inv, err);
}

int hunt_keep_end(struct hunt *hunt, const char *target, struct err *err)
{
	struct finder *finder = &hunt->finder;
	char *copy = strdup(target);

	if (copy == NULL)
		return err_nomem(err);
	while (finder->items.n > 1) {
		item_done(&finder->items.items[0]);
		finder->items.n--;
		memmove(finder->items.items, finder->items.items + 1,
			finder->items.n * sizeof(finder->items.items[0]));
	}
	free(finder->items.items[0].target);
	finder->items.items[0].target = copy;
	return 0;
}

int hunt_add_part(struct hunt *hunt, const struct hunt_part *form, struct err *err)
{
	int rc = hunt_give(hunt, err);
	struct part *part = rc < 0 ? NULL : vec_add(&hunt->inv->driver.parts);

	if (rc < 0)
		return rc;
	if (part == NULL)
		return err_nomem(err);
	*part = (struct part){
		.kind = form->kind,
		.caps = form->caps,
		.compat32 = form->compat32,
		.service = form->service,
		.gpu = NO_INDEX,
		.mig = NO_INDEX,
		.name = strdup(form->name),
		.why = strdup(form->why),
		.first_item = hunt->first_item,
		.n_items = hunt->inv->items.n - hunt->first_item,
	};
	hunt->first_item = hunt->inv->items.n;
	hunt->finder.known_from = hunt->first_item;
	return part->name == NULL || part->why == NULL ? err_nomem(err) : 0;
}

int hunt_lack(struct hunt *hunt, unsigned caps, const char *name, struct err *err, const char *fmt,
	      ...)
{
	char text[ERR_MSG_MAX];
	struct lack *lack;
	va_list args;

	if (!hunt_wants(hunt, caps))
		return 0;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	lack = vec_add(&hunt->inv->driver.lacks);
	if (lack == NULL)
		return err_nomem(err);
	lack->caps = caps;
	lack->name = strdup(name);
	lack->reason = strdup(text);
	return lack->name == NULL || lack->reason == NULL ? err_nomem(err) : 0;
}
