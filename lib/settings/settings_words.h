/* SPDX-License-Identifier: Apache-2.0 */
/* Values of config.toml that are one of a few words, or a duration. For settings_keys.c only. Pure.
 */
#ifndef SETTINGS_SETTINGS_WORDS_H
#define SETTINGS_SETTINGS_WORDS_H

#include "format/toml.h"
#include "settings/settings.h"

#define SETTINGS_WORDS_COMPAT_MODE    "nvidia-container-runtime.modes.legacy.cuda-compat-mode"
#define SETTINGS_WORDS_COMPAT_ALLOW   "features.allow-cuda-compat-libs-from-container"
#define SETTINGS_WORDS_COMPAT_DISABLE "features.disable-cuda-compat-lib-hook"

struct settings_key;

struct settings_reader {
	struct settings *settings;
	const struct toml *toml;
	const char *file;
	const struct log *log;
	struct err *err;
};

/* Takes one entry of the right type. 0, -EINVAL or -ENOMEM with err filled. */
typedef int (*settings_take_fn)(const struct settings_reader *reader,
				const struct settings_key *key, const struct toml_entry *entry);

struct settings_key {
	const char *name;
	enum toml_type type;
	settings_take_fn take; /* NULL = known, but nothing here depends on it */
	size_t offset;         /* of the field in struct settings */
};

/** -EINVAL: "'KEY' WHAT" with its place. */
int settings_words_refuse(const struct settings_reader *reader, const struct toml_entry *entry,
			  const char *what);

int settings_words_mode(const struct settings_reader *reader, const struct settings_key *key,
			const struct toml_entry *entry);
int settings_words_lists(const struct settings_reader *reader, const struct settings_key *key,
			 const struct toml_entry *entry);
int settings_words_level(const struct settings_reader *reader, const struct settings_key *key,
			 const struct toml_entry *entry);
int settings_words_require(const struct settings_reader *reader, const struct settings_key *key,
			   const struct toml_entry *entry);
int settings_words_missing(const struct settings_reader *reader, const struct settings_key *key,
			   const struct toml_entry *entry);
/** "10s", "500ms" or seconds, from 100 ms to 600 s. */
int settings_words_timeout(const struct settings_reader *reader, const struct settings_key *key,
			   const struct toml_entry *entry);
/** One of the three keys above; the result does not depend on their order. */
int settings_words_compat(const struct settings_reader *reader, const struct settings_key *key,
			  const struct toml_entry *entry);

#endif
