/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are the words of a runtime's command line. */
#include "fuzz.h"
#include "hook/rtargs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv words = {0};
	struct rtargs args;

	fuzz_words(&data, &size, 64, &words);
	rtargs_scan((int)words.n, (const char *const *)words.items, &args);
	fuzz_lies_in(&words, args.command);
	fuzz_lies_in(&words, args.bundle);
	fuzz_lies_in(&words, args.id);
	fuzz_lies_in(&words, args.config);
	fuzz_lies_in(&words, args.log);
	fuzz_lies_in(&words, args.log_format);
	claim(!rtargs_creates(&args) || (args.command != NULL && args.id != NULL));
	return 0;
}
