/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/channels.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "model/driver.h"
#include "model/request.h"
#include "oci/request.h"
#include "oci/wish.h"

void channels_done(struct channels *channels)
{
	strv_done(&channels->numbers);
	*channels = (struct channels){0};
}

static int fault(const struct channels *channels, const char *word, struct err *err)
{
	char shown[128];

	str_escape(word, shown, sizeof(shown));
	return err_set(err, EINVAL, "read %s: '%s' is not a channel: they are numbers from 0 to %u",
		       channels->name, shown, DRIVER_MAX_CHANNELS - 1);
}

static int add_range(struct channels *channels, uint64_t first, uint64_t last, struct err *err)
{
	if (last - first >= REQUEST_MAX_CHANNELS - channels->n_words)
		return err_set(err, EINVAL, "read %s: more than %d channels", channels->name,
			       REQUEST_MAX_CHANNELS);
	channels->n_words += (size_t)(last - first) + 1;
	for (uint64_t number = first; number <= last; number++) {
		auto_free char *text = str_format("%" PRIu64, number);

		if (text == NULL || strv_add_unique(&channels->numbers, text) < 0)
			return err_nomem(err);
	}
	return 0;
}

int channels_add(struct channels *channels, const char *text, size_t len, struct err *err)
{
	auto_free char *word = strndup(text, len);
	const char *number = word;
	uint64_t first = 0;
	uint64_t last = 0;

	if (word == NULL)
		return err_nomem(err);
	if (strcmp(word, "void") == 0) {
		channels->is_void = true;
		return 0;
	}
	if (strcmp(word, "all") == 0) {
		channels->all = !channels->none;
		return 0;
	}
	if (strcmp(word, "none") == 0) {
		channels->none = !channels->all;
		return 0;
	}
	if (str_starts_with(word, "channel"))
		number += strlen("channel");
	if (str_to_u64(number, strlen(number), 10, DRIVER_MAX_CHANNELS - 1, &first))
		return add_range(channels, first, first, err);
	if (wish_read_range(word, DRIVER_MAX_CHANNELS - 1, &first, &last) <= 0)
		return fault(channels, word, err);
	return add_range(channels, first, last, err);
}

static int add_word(void *arg, const char *word, size_t len, struct err *err)
{
	return channels_add(arg, word, len, err);
}

int channels_add_list(struct channels *channels, const char *text, struct err *err)
{
	return wish_each_word(channels->name, text, add_word, channels, err);
}
