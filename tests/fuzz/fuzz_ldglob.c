/* SPDX-License-Identifier: Apache-2.0 */
/* First line: pattern, second: path, both as ldconf.c gives them, in normal form. */
#include "apply/ldglob.h"
#include "base/path.h"
#include "fuzz.h"
#include "host/wildcard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *word = fuzz_word(&data, &size);
	auto_free char *pattern = path_normal(word);
	auto_free char *other = fuzz_word(&data, &size);
	auto_free char *path = path_normal(other);
	bool fits;

	claim(pattern != NULL && path != NULL);
	fits = ldglob_fits(pattern, path);
	if (wildcard_is_pattern(pattern) || strchr(pattern, '\\') != NULL)
		return 0;
	/* longer names cannot be */
	claim(!fits || strcmp(pattern, path) == 0);
	return 0;
}
