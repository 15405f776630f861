/* SPDX-License-Identifier: Apache-2.0 */
#include "stand.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "board/file.h"

const unsigned stand_mig_gi[STAND_MIGS] = {1, 2};

int stand_text(struct stand *stand, const char *path, struct err *err, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		text = NULL;
		return err_nomem(err);
	}
	stand->files++;
	return file_write(stand->fd, path, text, (size_t)len, err);
}

int stand_link(struct stand *stand, const char *path, const char *text, struct err *err)
{
	int rc = file_make_parents(stand->fd, path, err);

	if (rc < 0)
		return rc;
	if (symlinkat(text, stand->fd, path + 1) < 0 && errno != EEXIST)
		return err_sys(err, errno, "link '%s'", path);
	stand->links++;
	return 0;
}

/* Two global ones, then for each GPU 15 GPU instances, each with 8 compute instances. */
unsigned stand_mig_minor(unsigned gpu_minor, unsigned gi, int ci)
{
	return 3 + (gpu_minor * 15 + gi) * 9 + (ci < 0 ? 0 : 1 + (unsigned)ci);
}
