/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A runtime as an edit of dockerd's daemon.json. Pure: text in, text out; what is not ours stays
 * byte for byte.
 */
#ifndef RENDER_DAEMONJSON_H
#define RENDER_DAEMONJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DAEMONJSON_MAX_BYTES (1024 * 1024)
#define DAEMONJSON_MAX_NAME  64 /* bytes of a runtime's name */

struct daemonjson_wish {
	const char *name; /* of the runtime */
	const char *path; /* of its program */
	bool set_default; /* default-runtime too */
	bool remove;      /* the entry goes, and default-runtime where that names it */
};

enum daemonjson_deed {
	DAEMONJSON_ADDED = 1 << 0,
	DAEMONJSON_CHANGED = 1 << 1, /* an entry of that name led to another program */
	DAEMONJSON_DEFAULT = 1 << 2, /* is the default now */
	DAEMONJSON_REMOVED = 1 << 3,
	DAEMONJSON_NO_DEFAULT = 1 << 4, /* was the default, and there is none now */
};

/* Old values are shown as the text has them, without quotes. */
struct daemonjson_result {
	char *text; /* NULL = nothing was to be done */
	size_t len;
	unsigned done;     /* enum daemonjson_deed */
	bool had_ours;     /* the entry led to our program, wherever that lies, before the edit */
	char *old_path;    /* of an entry that was changed; NULL = it had none */
	char *old_default; /* that gave way; NULL = none */
};

/** file is for messages. A text of blanks alone is an empty object, as for dockerd. Only the path
 *  of an entry is changed, or added: its arguments stay. One for a containerd shim (runtimeType)
 *  becomes ours. What is removed is an entry that leads to wish->path, or to a program of the same
 *  name in another folder.
 *  -EINVAL with file, line and column: not JSON, a byte order mark, nested too deeply, something of
 *  another type than dockerd takes, a key of ours twice. -EINVAL: a name that no runtime can have,
 * a path that is neither absolute nor a name. -EEXIST: what is to be removed leads elsewhere. */
int daemonjson_edit(const char *file, const char *text, size_t len,
		    const struct daemonjson_wish *wish, struct daemonjson_result *ret,
		    struct err *err);
void daemonjson_result_done(struct daemonjson_result *result);

#endif
