/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/swap.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "apply/record.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/entry.h"

static int note(const struct swap *swap, const char *temporary, struct err *err)
{
	auto_free char *dir = path_dirname(swap->path);
	auto_free char *path = dir == NULL ? NULL : path_join(dir, temporary);
	const struct record_item item = {.kind = RECORD_CONF, .path = path};

	if (swap->journal < 0)
		return 0;
	if (path == NULL)
		return err_nomem(err);
	/* a record that cannot be written must not stop anything */
	(void)record_note_item(swap->journal, &item, NULL);
	return 0;
}

int swap_write(const struct swap *swap, const struct io_new *content, struct timespec mtime,
	       struct stat *ret, struct err *err)
{
	char temporary[IO_TEMPORARY_MAX];
	struct stat st;
	int r = io_temporary_name(temporary, err);

	if (r == 0)
		r = note(swap, temporary, err);
	if (r == 0)
		r = io_make_at(swap->dir, temporary, content, mtime, &st, err);
	if (r < 0)
		return r;
	if (entry_rename(swap->dir, temporary, swap->name) < 0) {
		r = err_sys(err, errno, "rename to '%s'", swap->name);
		(void)entry_remove(swap->dir, temporary);
		return r;
	}
	if (ret != NULL)
		*ret = st;
	return 0;
}
