/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are the words of the command line of nvc-cli. */
#include "fuzz.h"
#include "opts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv words = {0};
	auto_done(opts) struct opts opts = {.help = false};
	struct err err = {0};
	int r;

	claim(strv_add(&words, "nvc-cli") == 0);
	fuzz_words(&data, &size, 64, &words);
	r = opts_parse((int)words.n, words.items, &opts, &err);
	claim((r < 0) == (err.msg[0] != '\0'));
	claim(opts.n_operands <= OPTS_MAX_OPERANDS);
	return 0;
}
