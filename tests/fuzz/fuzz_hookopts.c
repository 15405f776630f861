/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are the words of the hook's command line. */
#include "base/err.h"
#include "fuzz.h"
#include "hook/hookopts.h"

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
	fuzz_lies_in(&words, opts.config);
	fuzz_lies_in(&words, opts.bundle);
	fuzz_lies_in(&words, opts.rootfs);
	fuzz_lies_in(&words, opts.id);
	fuzz_lies_in(&words, opts.request);
	fuzz_lies_in(&words, opts.root);
	fuzz_lies_in(&words, opts.host_root);
	fuzz_lies_in(&words, opts.debug_file);
	return 0;
}
