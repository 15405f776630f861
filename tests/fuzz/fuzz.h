/* SPDX-License-Identifier: Apache-2.0 */
/* What several fuzz targets need: a claim that must hold, and ways to cut the input. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In every build: a finding is a crash. */
static inline void claim(bool holds)
{
	if (!holds)
		abort();
}

/* The next line, without its newline; moves on. */
static inline const char *fuzz_line(const uint8_t **data, size_t *size, size_t *ret_len)
{
	const char *line = (const char *)*data;
	const uint8_t *end = *size == 0 ? NULL : memchr(*data, '\n', *size);
	size_t len = end == NULL ? *size : (size_t)(end - *data);
	size_t step = len + (end != NULL);

	if (step > 0)
		*data += step;
	*size -= step;
	*ret_len = len;
	return line;
}

/* The next line as a string of its own, cut at a NUL; the caller frees. */
static inline char *fuzz_word(const uint8_t **data, size_t *size)
{
	size_t len;
	const char *line = fuzz_line(data, size, &len);
	size_t n = len == 0 ? 0 : strnlen(line, len);
	char *word = malloc(n + 1);

	claim(word != NULL);
	if (n > 0)
		memcpy(word, line, n);
	word[n] = '\0';
	return word;
}

/* The fd of a directory in which there is nothing and nothing can be made: it has been removed. */
static inline int fuzz_empty_root(void)
{
	static int fd = -1;
	char path[] = "/tmp/nvc-fuzz-XXXXXX";

	if (fd < 0) {
		claim(mkdtemp(path) != NULL);
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		claim(fd >= 0 && rmdir(path) == 0);
	}
	return fd;
}

/* At most max lines as strings. */
static inline void fuzz_words(const uint8_t **data, size_t *size, size_t max, struct strv *ret)
{
	while (*size > 0 && ret->n < max) {
		auto_free char *word = fuzz_word(data, size);

		claim(strv_add(ret, word) == 0);
	}
}

/* What was found, if anything, lies in one of the words. */
static inline void fuzz_lies_in(const struct strv *words, const char *text)
{
	for (size_t i = 0; text != NULL && i < words->n; i++) {
		if (text >= words->items[i] && text <= words->items[i] + strlen(words->items[i]))
			return;
	}
	claim(text == NULL);
}

#endif
