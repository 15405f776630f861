/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of the text stays byte for byte behind what is put in, and a second time adds nothing.
 */
#include "apply/withdraw.h"
#include "format/muslpath.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv dirs = {0};
	auto_done(strv) struct strv added = {0};
	auto_done(strv) struct strv again = {0};
	auto_done(withdrawal) struct withdrawal back = {0};
	auto_free char *once = NULL;
	auto_free char *twice = NULL;
	const char *text;

	for (size_t n = size % 4; n > 0; n--) {
		auto_free char *dir = fuzz_word(&data, &size);

		if (dir[0] == '/')
			claim(strv_add(&dirs, dir) == 0);
	}
	text = (const char *)data;
	if (muslpath_add(text, size, &dirs, &once, &added, NULL) < 0)
		return 0;
	claim((once == NULL) == (added.n == 0));
	if (once == NULL)
		return 0;
	/* the text may hold NUL bytes */
	claim(memchr(text, '\0', size) != NULL || strlen(once) >= size);
	claim(muslpath_add(once, strlen(once), &dirs, &twice, &again, NULL) == 0);
	claim(memchr(text, '\0', size) != NULL || twice == NULL);
	claim(withdraw_items(once, strlen(once), "\n:", &added, &back, NULL) == 0);
	claim(back.taken >= added.n);
	return 0;
}
