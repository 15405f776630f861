/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/capslist.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "model/drivercaps.h"
#include "oci/wish.h"

#define MAX_BYTES       4096
#define MAX_SHOWN_BYTES 160 /* of a foreign text in a message */

static unsigned supported_caps(const struct settings *settings)
{
	unsigned caps = 0;

	for (size_t i = 0; i < settings->supported_capabilities.n; i++) {
		const char *word = settings->supported_capabilities.items[i];

		caps |= drivercaps_of_word(word, strlen(word));
	}
	return caps;
}

static int fault(const struct wish_word *word, unsigned supported, struct err *err)
{
	auto_free char *copy = strndup(word->start, word->len);
	auto_done(strbuf) struct strbuf words = {0};
	char shown[MAX_SHOWN_BYTES];
	const char *name;

	if (copy == NULL)
		return err_nomem(err);
	str_escape(copy, shown, sizeof(shown));
	for (size_t i = 0; (name = drivercaps_word(i)) != NULL; i++) {
		if ((supported & 1u << i) != 0)
			strbuf_addf(&words, "%s, ", name);
	}
	strbuf_adds(&words, "all, none");
	return err_set(err, EINVAL,
		       "read NVIDIA_DRIVER_CAPABILITIES: '%s' is not one of those supported: %s",
		       shown, strbuf_failed(&words) ? "?" : words.data);
}

int capslist_read(const char *text, bool legacy_image, const struct settings *settings,
		  unsigned *ret, struct err *err)
{
	unsigned supported = supported_caps(settings);
	struct wish_word unknown = {0};
	unsigned caps = 0;

	if (text == NULL || text[0] == '\0') {
		*ret = supported;
		if (text != NULL || !legacy_image)
			*ret &= DRIVER_CAP_UTILITY | DRIVER_CAP_COMPUTE;
		return 0;
	}
	if (strlen(text) > MAX_BYTES)
		return err_set(err, EINVAL, "read NVIDIA_DRIVER_CAPABILITIES: longer than %d bytes",
			       MAX_BYTES);
	for (;;) {
		struct wish_word word = wish_next_word(&text);
		unsigned bit = drivercaps_of_word(word.start, word.len);

		if (word.start == NULL)
			break;
		if (bit == DRIVER_CAP_EVERY) {
			*ret = supported;
			return 0;
		}
		if (bit != 0 && (bit & ~supported) == 0)
			caps |= bit;
		else if (unknown.start == NULL &&
			 (word.len != 4 || memcmp(word.start, "none", 4) != 0))
			unknown = word;
	}
	if (unknown.start != NULL)
		return fault(&unknown, supported, err);
	*ret = caps;
	return 0;
}
