/* SPDX-License-Identifier: Apache-2.0 */
/* A config.toml as text, and what was logged of it.
 * Include after cmocka. */
#ifndef UNIT_SETTINGSTEXT_H
#define UNIT_SETTINGSTEXT_H

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "settings/settings.h"

/* Keeps what reaches the log, one line each. */
struct sink {
	struct log log;
	struct strbuf text;
};

static inline void keep(void *arg, enum log_level level, const char *module, const char *text)
{
	struct strbuf *all = arg;

	strbuf_addf(all, "%s %s %s\n", log_level_name(level), module, text);
}

static inline void sink_init(struct sink *sink, enum log_level level)
{
	*sink = (struct sink){.log = {level, keep, &sink->text}};
}

static inline void settings_release(struct settings **settings)
{
	settings_free(*settings);
}

#define auto_settings __attribute__((cleanup(settings_release))) struct settings *

static inline int parse(struct settings *settings, const char *text, struct err *err)
{
	return settings_parse(settings, "config.toml", text, strlen(text), NULL, err);
}

#endif
