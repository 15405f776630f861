/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "format/elfinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	struct err err = {0};

	if (elfinfo_parse(data, size, &info, &err) == 0 &&
	    (!info.noted || info.isa_level > 31 || (info.bits != 32 && info.bits != 64) ||
	     info.needed.n > ELFINFO_MAX_NEEDED ||
	     (info.soname != NULL && strlen(info.soname) > ELFINFO_MAX_SONAME)))
		abort();
	return 0;
}
