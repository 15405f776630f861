/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/settings_words.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define MODULE         "settings"
#define MIN_TIMEOUT_MS 100u
#define MAX_TIMEOUT_MS 600000u

int settings_words_refuse(const struct settings_reader *reader, const struct toml_entry *entry,
			  const char *what)
{
	return err_at(reader->err, EINVAL, entry->line, entry->column, "'%s' %s", entry->key, what);
}

/* Index of the text in the names, -1 = none of them. */
static int find_word(const char *const *names, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], text) == 0)
			return (int)i;
	}
	return -1;
}

int settings_words_mode(const struct settings_reader *reader, const struct settings_key *key,
			const struct toml_entry *entry)
{
	static const char *const names[] = {"auto", "legacy", "csv", "cdi", "jit-cdi"};
	int i = find_word(names, sizeof(names) / sizeof(names[0]), entry->string);

	(void)key;
	if (i < 0)
		return settings_words_refuse(reader, entry,
					     "wants auto, legacy, csv, cdi or jit-cdi");
	reader->settings->mode = (enum settings_mode)i;
	return 0;
}

int settings_words_lists(const struct settings_reader *reader, const struct settings_key *key,
			 const struct toml_entry *entry)
{
	static const char *const names[] = {"auto", "base", "all"};
	int i = find_word(names, sizeof(names) / sizeof(names[0]), entry->string);

	(void)key;
	if (i < 0)
		return settings_words_refuse(reader, entry, "wants auto, base or all");
	reader->settings->lists = (enum settings_lists)i;
	return 0;
}

int settings_words_require(const struct settings_reader *reader, const struct settings_key *key,
			   const struct toml_entry *entry)
{
	static const char *const names[] = {"fail", "warn", "ignore"};
	int i = find_word(names, sizeof(names) / sizeof(names[0]), entry->string);

	(void)key;
	if (i < 0)
		return settings_words_refuse(reader, entry, "wants fail, warn or ignore");
	reader->settings->require_policy = (enum settings_require)i;
	return 0;
}

int settings_words_missing(const struct settings_reader *reader, const struct settings_key *key,
			   const struct toml_entry *entry)
{
	static const char *const names[] = {"fail", "start"};
	int i = find_word(names, sizeof(names) / sizeof(names[0]), entry->string);

	(void)key;
	if (i < 0)
		return settings_words_refuse(reader, entry, "wants fail or start");
	reader->settings->when_missing = (enum settings_missing)i;
	return 0;
}

/* The names of NVIDIA's log library; a wrong one must not keep containers from starting. */
int settings_words_level(const struct settings_reader *reader, const struct settings_key *key,
			 const struct toml_entry *entry)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"panic", LOG_LEVEL_ERROR},     {"fatal", LOG_LEVEL_ERROR},
		{"error", LOG_LEVEL_ERROR},     {"warn", LOG_LEVEL_WARNING},
		{"warning", LOG_LEVEL_WARNING}, {"info", LOG_LEVEL_INFO},
		{"debug", LOG_LEVEL_DEBUG},     {"trace", LOG_LEVEL_DEBUG},
	};

	(void)key;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcasecmp(levels[i].name, entry->string) == 0) {
			reader->settings->log_level = levels[i].level;
			return 0;
		}
	}
	reader->settings->log_level = LOG_LEVEL_INFO;
	log_warn(reader->log, MODULE, "%s:%u: unknown log level '%s', info is taken", reader->file,
		 entry->line, entry->string);
	return 0;
}

/* Milliseconds; false: not a duration. */
static bool read_duration(const char *text, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;

	if (!str_to_u64(text, digits, 10, MAX_TIMEOUT_MS, ret))
		return false;
	if (strcmp(unit, "ms") == 0)
		return true;
	*ret *= 1000;
	return unit[0] == '\0' || strcmp(unit, "s") == 0;
}

int settings_words_timeout(const struct settings_reader *reader, const struct settings_key *key,
			   const struct toml_entry *entry)
{
	uint64_t ms = 0;

	(void)key;
	if (entry->type == TOML_INTEGER && entry->integer > 0 && entry->integer <= MAX_TIMEOUT_MS)
		ms = (uint64_t)entry->integer * 1000;
	if ((entry->type == TOML_STRING && !read_duration(entry->string, &ms)) ||
	    ms < MIN_TIMEOUT_MS || ms > MAX_TIMEOUT_MS)
		return settings_words_refuse(reader, entry,
					     "wants a time from \"100ms\" to \"600s\"");
	reader->settings->driver_timeout = (unsigned)ms;
	return 0;
}

static bool is_on(const struct settings_reader *reader, const char *name)
{
	const struct toml_entry *entry = toml_find(reader->toml, name);

	return entry != NULL && entry->type == TOML_BOOLEAN && entry->boolean;
}

bool settings_compat_of_word(const char *word, enum settings_compat *ret)
{
	static const char *const names[] = {"ldconfig", "mount", "hook", "disabled"};
	int i = find_word(names, sizeof(names) / sizeof(names[0]), word);

	if (i >= 0)
		*ret = i == 3 ? SETTINGS_COMPAT_HOST : SETTINGS_COMPAT_AUTO;
	return i >= 0;
}

/* What turns it off wins over what allows it, and both over the mode. */
int settings_words_compat(const struct settings_reader *reader, const struct settings_key *key,
			  const struct toml_entry *entry)
{
	enum settings_compat *field = &reader->settings->cuda_compat;

	(void)key;
	if (entry->type == TOML_STRING && !settings_compat_of_word(entry->string, field)) {
		*field = SETTINGS_COMPAT_HOST;
		log_warn(reader->log, MODULE,
			 "%s:%u: unknown cuda-compat-mode '%s', disabled is taken", reader->file,
			 entry->line, entry->string);
	}
	if (is_on(reader, SETTINGS_WORDS_COMPAT_DISABLE))
		*field = SETTINGS_COMPAT_HOST;
	else if (is_on(reader, SETTINGS_WORDS_COMPAT_ALLOW))
		*field = SETTINGS_COMPAT_AUTO;
	return 0;
}
