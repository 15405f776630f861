/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are the words of a runtime's command line. */
#include "fuzz.h"
#include "hook/rtargs.h"

/* What was found lies in one of the words. */
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
	struct rtargs args;

	fuzz_words(&data, &size, 64, &words);
	rtargs_scan((int)words.n, (const char *const *)words.items, &args);
	lies_in(&words, args.command);
	lies_in(&words, args.bundle);
	lies_in(&words, args.id);
	lies_in(&words, args.config);
	lies_in(&words, args.log);
	lies_in(&words, args.log_format);
	claim(!rtargs_creates(&args) || (args.command != NULL && args.id != NULL));
	return 0;
}
