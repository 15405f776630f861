/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are the words of the hook's command line. */
#include "base/err.h"
#include "fuzz.h"
#include "hook/hookopts.h"

static void lies_in(const struct strv *words, const char *text)
{
	for (size_t i = 0; text != NULL && i < words->n; i++) {
		if (text >= words->items[i] && text <= words->items[i] + strlen(words->items[i]))
			return;
	}
	claim(text == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv words = {0};
	struct hook_opts opts = {.command = HOOK_NONE};
	struct err err = {0};
	int r;

	claim(strv_add(&words, "nvc-hook") == 0);
	fuzz_words(&data, &size, 64, &words);
	r = hookopts_parse((int)words.n, words.items, &opts, &err);
	claim((r < 0) == (err.code != 0) && (r < 0) == (err.msg[0] != '\0'));
	claim(opts.command >= HOOK_NONE && opts.command <= HOOK_VERSION);
	lies_in(&words, opts.config);
	lies_in(&words, opts.bundle);
	lies_in(&words, opts.rootfs);
	lies_in(&words, opts.id);
	lies_in(&words, opts.request);
	lies_in(&words, opts.root);
	lies_in(&words, opts.host_root);
	lies_in(&words, opts.debug_file);
	return 0;
}
