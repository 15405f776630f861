/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "format/toml.h"
#include "settings/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(toml) struct toml toml = {0};
	struct err err = {0};
	struct settings *settings;

	if (toml_parse((const char *)data, size, &toml, &err) < 0) {
		if (err.line == 0 || err.column == 0 || err.msg[0] == '\0')
			abort();
	}
	vec_each(entry, &toml.entries)
	{
		if (toml_find(&toml, entry->key) != entry || entry->line < entry->key_line)
			abort();
	}
	settings = settings_new();
	if (settings != NULL)
		(void)settings_parse(settings, "x", (const char *)data, size, NULL, &err);
	settings_free(settings);
	return 0;
}
