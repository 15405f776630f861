/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/ldconf.h"
#include "base/auto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Directories are absolute, none is there twice, and all of them are covered. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(ldconf) struct ldconf conf = {0};
	struct err err = {0};

	if (ldconf_parse(&conf, (const char *)data, size, &err) < 0)
		return 0;
	if (conf.dirs.n > LDCONF_MAX_DIRS)
		abort();
	for (size_t i = 0; i < conf.dirs.n; i++) {
		if (conf.dirs.items[i][0] != '/' || !ldconf_covers(&conf, conf.dirs.items[i]))
			abort();
		for (size_t k = 0; size < 4096 && k < i; k++) {
			if (strcmp(conf.dirs.items[i], conf.dirs.items[k]) == 0)
				abort();
		}
	}
	return 0;
}
