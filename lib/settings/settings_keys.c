/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/settings_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "settings/likeness.h"
#include "settings/settings_words.h"

#define MODULE       "settings"
#define CLI          "nvidia-container-cli."
#define RUNTIME      "nvidia-container-runtime."
#define MODES        RUNTIME "modes."
#define MAX_DISTANCE 2u
#define MAX_MAJOR    4095u /* 12 bits */
#define MAX_ACCOUNT  256u  /* bytes of a name; Linux programs take 32 */

const char *const settings_capabilities[SETTINGS_N_CAPABILITIES] = {
	"compat32", "compute", "display", "graphics", "ngx", "utility", "video"};

static void *field_of(const struct settings_reader *reader, const struct settings_key *key)
{
	return (char *)reader->settings + key->offset;
}

static int give_string(const struct settings_reader *reader, const struct settings_key *key,
		       char *text)
{
	char **field = field_of(reader, key);

	if (text == NULL)
		return err_nomem(reader->err);
	free(*field);
	*field = text;
	return 0;
}

static bool is_path(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	}
	return *text == '/';
}

static int take_bool(const struct settings_reader *reader, const struct settings_key *key,
		     const struct toml_entry *entry)
{
	*(bool *)field_of(reader, key) = entry->boolean;
	return 0;
}

static int take_path(const struct settings_reader *reader, const struct settings_key *key,
		     const struct toml_entry *entry)
{
	if (!is_path(entry->string))
		return settings_words_refuse(reader, entry, "wants an absolute path");
	return give_string(reader, key, path_normal(entry->string));
}

/* A path that has a default of its own where it is "". */
static int take_path_or_none(const struct settings_reader *reader, const struct settings_key *key,
			     const struct toml_entry *entry)
{
	char **field = field_of(reader, key);

	if (*entry->string != '\0')
		return take_path(reader, key, entry);
	free(*field);
	*field = NULL;
	return 0;
}

/* NVIDIA's template has root = "" for the host's own. */
static int take_root(const struct settings_reader *reader, const struct settings_key *key,
		     const struct toml_entry *entry)
{
	if (*entry->string == '\0')
		return give_string(reader, key, strdup("/"));
	return take_path(reader, key, entry);
}

/* A log file; "" and /dev/null mean none. */
static int take_log(const struct settings_reader *reader, const struct settings_key *key,
		    const struct toml_entry *entry)
{
	char **field = field_of(reader, key);

	if (*entry->string == '\0' || strcmp(entry->string, "/dev/null") == 0) {
		free(*field);
		*field = NULL;
		return 0;
	}
	return take_path(reader, key, entry);
}

/* NVIDIA's template names its own hook without a folder: that is our default, beside the shim. A
 * relative path would be looked for in the bundle. */
static int take_hook(const struct settings_reader *reader, const struct settings_key *key,
		     const struct toml_entry *entry)
{
	char **field = field_of(reader, key);

	if (*entry->string == '\0' || strcmp(entry->string, "nvidia-container-runtime-hook") == 0) {
		free(*field);
		*field = NULL;
		return 0;
	}
	return take_path(reader, key, entry);
}

static int take_ldconfig(const struct settings_reader *reader, const struct settings_key *key,
			 const struct toml_entry *entry)
{
	auto_free char *path = NULL;
	bool native = strcmp(entry->string, SETTINGS_LDCONFIG_NATIVE) == 0;

	if (!native && (entry->string[0] != '@' || !is_path(entry->string + 1))) {
		(void)settings_words_refuse(reader, entry,
					    "wants '@' and an absolute path of the host, or "
					    "\"" SETTINGS_LDCONFIG_NATIVE "\"");
		(void)err_hint(reader->err, "write \"@/sbin/ldconfig\": the '@' stands for the "
					    "host, the image's own is never run");
		return -EINVAL;
	}
	if (str_starts_with(key->name, CLI) && toml_find(reader->toml, "nvc.ldconfig") != NULL)
		return 0;
	if (native)
		return give_string(reader, key, strdup(entry->string));
	path = path_normal(entry->string + 1);
	return give_string(reader, key, path == NULL ? NULL : str_format("@%s", path));
}

/* Pieces of a comma list without blanks around them, empty ones left out. -ENOMEM. */
static int split_commas(const char *text, struct strv *ret)
{
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		const char *next = text + len + (text[len] == ',' ? 1 : 0);
		size_t skip = strspn(text, " \t");

		if (skip > len)
			skip = len;
		text += skip;
		len -= skip;
		while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
			len--;
		if (len > 0 && strv_addn(ret, text, len) < 0)
			return -ENOMEM;
		text = next;
	}
	return 0;
}

static int take_commas(const struct settings_reader *reader, const struct settings_key *key,
		       const struct toml_entry *entry)
{
	struct strv *field = field_of(reader, key);

	strv_done(field);
	return split_commas(entry->string, field) < 0 ? err_nomem(reader->err) : 0;
}

static int add_capability(const struct settings_reader *reader, const struct toml_entry *entry,
			  const char *name, struct strv *field)
{
	bool all = strcmp(name, "all") == 0;
	bool known = false;

	for (size_t i = 0; i < SETTINGS_N_CAPABILITIES; i++) {
		if (!all && strcmp(name, settings_capabilities[i]) != 0)
			continue;
		known = true;
		if (strv_add_unique(field, settings_capabilities[i]) < 0)
			return err_nomem(reader->err);
	}
	if (!known)
		log_warn(reader->log, MODULE, "%s:%u: unknown driver capability '%s'", reader->file,
			 entry->line, name);
	return 0;
}

static int take_capabilities(const struct settings_reader *reader, const struct settings_key *key,
			     const struct toml_entry *entry)
{
	auto_done(strv) struct strv names = {0};
	struct strv *field = field_of(reader, key);
	int ret = 0;

	if (split_commas(entry->string, &names) < 0)
		return err_nomem(reader->err);
	strv_done(field);
	for (size_t i = 0; i < names.n && ret == 0; i++)
		ret = add_capability(reader, entry, names.items[i], field);
	return ret;
}

static int take_paths(const struct settings_reader *reader, const struct settings_key *key,
		      const struct toml_entry *entry)
{
	struct strv *field = field_of(reader, key);

	strv_done(field);
	for (size_t i = 0; i < entry->array.n; i++) {
		auto_free char *path = NULL;

		if (!is_path(entry->array.items[i]))
			return settings_words_refuse(reader, entry, "wants absolute paths");
		path = path_normal(entry->array.items[i]);
		if (path == NULL || strv_add(field, path) < 0)
			return err_nomem(reader->err);
	}
	return 0;
}

static int take_alt_roots(const struct settings_reader *reader, const struct settings_key *key,
			  const struct toml_entry *entry)
{
	reader->settings->alt_roots_named = true;
	return take_paths(reader, key, entry);
}

static int take_majors(const struct settings_reader *reader, const struct settings_key *key,
		       const struct toml_entry *entry)
{
	for (size_t i = 0; i < entry->array.n; i++) {
		const char *text = entry->array.items[i];
		uint64_t number;

		if (!str_to_u64(text, strlen(text), 10, MAX_MAJOR, &number) || text[0] == '0')
			return settings_words_refuse(reader, entry,
						     "wants major numbers, as \"195\"");
	}
	return strv_copy(field_of(reader, key), &entry->array) < 0 ? err_nomem(reader->err) : 0;
}

static bool is_account(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool alnum = (text[i] >= '0' && text[i] <= '9') ||
			     (text[i] >= 'a' && text[i] <= 'z') ||
			     (text[i] >= 'A' && text[i] <= 'Z');

		if (!alnum && (i == 0 || strchr("-.$", text[i]) == NULL) && text[i] != '_')
			return false;
	}
	return len > 0 && len <= MAX_ACCOUNT;
}

/* "USER[:GROUP]", numbers or names; whose these are is asked where they are needed. */
static int take_user(const struct settings_reader *reader, const struct settings_key *key,
		     const struct toml_entry *entry)
{
	const char *text = entry->string;
	size_t len = strcspn(text, ":");
	char **field = field_of(reader, key);

	if (*text == '\0') {
		free(*field);
		*field = NULL;
		return 0;
	}
	if (!is_account(text, len) ||
	    (text[len] == ':' && !is_account(text + len + 1, strlen(text + len + 1))))
		return settings_words_refuse(reader, entry,
					     "wants \"USER[:GROUP]\", numbers or names");
	return give_string(reader, key, strdup(text));
}

/* Names for PATH, or absolute paths. */
static int take_runtimes(const struct settings_reader *reader, const struct settings_key *key,
			 const struct toml_entry *entry)
{
	struct strv *field = field_of(reader, key);

	if (entry->array.n == 0)
		return settings_words_refuse(reader, entry, "wants at least one runtime");
	for (size_t i = 0; i < entry->array.n; i++) {
		if (!is_path(entry->array.items[i]) && !path_is_name(entry->array.items[i]))
			return settings_words_refuse(reader, entry,
						     "wants names of programs or absolute paths");
	}
	return strv_copy(field, &entry->array) < 0 ? err_nomem(reader->err) : 0;
}

/* "FROM:TO", both absolute. */
static int add_path_rule(const struct settings_reader *reader, const struct toml_entry *entry,
			 const char *text)
{
	const char *colon = strchr(text, ':');
	auto_free char *from = colon == NULL ? NULL : strndup(text, (size_t)(colon - text));

	if (colon == NULL || strchr(colon + 1, ':') != NULL || !is_path(colon + 1))
		return settings_words_refuse(reader, entry,
					     "wants \"FROM:TO\" with absolute paths");
	if (from == NULL)
		return err_nomem(reader->err);
	if (!is_path(from))
		return settings_words_refuse(reader, entry,
					     "wants \"FROM:TO\" with absolute paths");
	return settings_path_map_add(reader->settings, from, colon + 1) < 0 ? err_nomem(reader->err)
									    : 0;
}

static int take_path_map(const struct settings_reader *reader, const struct settings_key *key,
			 const struct toml_entry *entry)
{
	int ret = 0;

	(void)key;
	settings_path_map_clear(reader->settings);
	for (size_t i = 0; i < entry->array.n && ret == 0; i++)
		ret = add_path_rule(reader, entry, entry->array.items[i]);
	return ret;
}

#define FIELD(name) offsetof(struct settings, name)

static const struct settings_key keys[] = {
	{"disable-require", TOML_BOOLEAN, take_bool, FIELD(disable_require)},
	{"swarm-resource", TOML_STRING, take_commas, FIELD(swarm_resource)},
	{"accept-nvidia-visible-devices-envvar-when-unprivileged", TOML_BOOLEAN, take_bool,
	 FIELD(accept_env_unprivileged)},
	{"accept-nvidia-visible-devices-as-volume-mounts", TOML_BOOLEAN, take_bool,
	 FIELD(accept_volume_mounts)},
	{"supported-driver-capabilities", TOML_STRING, take_capabilities,
	 FIELD(supported_capabilities)},
	{CLI "root", TOML_STRING, take_root, FIELD(root)},
	{CLI "path", TOML_STRING, NULL, 0},
	{CLI "environment", TOML_ARRAY, NULL, 0},
	{CLI "debug", TOML_STRING, take_log, FIELD(cli_debug)},
	{CLI "ldcache", TOML_STRING, take_path_or_none, FIELD(ldcache)},
	{CLI "load-kmods", TOML_BOOLEAN, take_bool, FIELD(load_kmods)},
	{CLI "no-pivot", TOML_BOOLEAN, NULL, 0},
	{CLI "no-cgroups", TOML_BOOLEAN, take_bool, FIELD(no_cgroups)},
	{CLI "user", TOML_STRING, take_user, FIELD(user)},
	{CLI "ldconfig", TOML_STRING, take_ldconfig, FIELD(ldconfig)},
	{RUNTIME "debug", TOML_STRING, take_log, FIELD(runtime_debug)},
	{RUNTIME "log-level", TOML_STRING, settings_words_level, 0},
	{RUNTIME "runtimes", TOML_ARRAY, take_runtimes, FIELD(runtimes)},
	{RUNTIME "mode", TOML_STRING, settings_words_mode, 0},
	{MODES "csv.mount-spec-path", TOML_STRING, take_path, FIELD(list_dir)},
	{MODES "csv.compat-container-root", TOML_STRING, take_path_or_none, FIELD(compat_dir)},
	{MODES "cdi.spec-dirs", TOML_ARRAY, NULL, 0},
	{MODES "cdi.default-kind", TOML_STRING, NULL, 0},
	{MODES "cdi.annotation-prefixes", TOML_ARRAY, NULL, 0},
	{MODES "jit-cdi.nvcdi-feature-flags", TOML_ARRAY, NULL, 0},
	{MODES "jit-cdi.nvcdi-disable-hooks", TOML_ARRAY, NULL, 0},
	{SETTINGS_WORDS_COMPAT_MODE, TOML_STRING, settings_words_compat, 0},
	{"nvidia-container-runtime-hook.path", TOML_STRING, take_hook, FIELD(hook_path)},
	{"nvidia-container-runtime-hook.skip-mode-detection", TOML_BOOLEAN, NULL, 0},
	{"nvidia-ctk.path", TOML_STRING, NULL, 0},
	{SETTINGS_WORDS_COMPAT_ALLOW, TOML_BOOLEAN, settings_words_compat, 0},
	{"features.allow-ldconfig-from-container", TOML_BOOLEAN, NULL, 0},
	{"features.allow-unknown-oci-spec-fields", TOML_BOOLEAN, NULL, 0},
	{SETTINGS_WORDS_COMPAT_DISABLE, TOML_BOOLEAN, settings_words_compat, 0},
	{"features.disable-imex-channel-creation", TOML_BOOLEAN, take_bool,
	 FIELD(no_channel_making)},
	{"features.ignore-imex-channel-requests", TOML_BOOLEAN, take_bool, FIELD(ignore_channels)},
	{"features.no-additional-gids-for-device-nodes", TOML_BOOLEAN, take_bool, FIELD(no_gids)},
	{"nvc.host-root", TOML_STRING, take_path, FIELD(host_root)},
	{"nvc.state-dir", TOML_STRING, take_path, FIELD(state_dir)},
	{"nvc.log-file", TOML_STRING, take_log, FIELD(log_file)},
	{"nvc.ldconfig", TOML_STRING, take_ldconfig, FIELD(ldconfig)},
	{"nvc.alt-roots", TOML_ARRAY, take_alt_roots, FIELD(alt_roots)},
	{"nvc.path-map", TOML_ARRAY, take_path_map, 0},
	{"nvc.allowed-prefixes", TOML_ARRAY, take_paths, FIELD(allowed_prefixes)},
	{"nvc.allowed-device-majors", TOML_ARRAY, take_majors, FIELD(device_majors)},
	{"nvc.csv-lists", TOML_STRING, settings_words_lists, 0},
	{"nvc.library-dirs", TOML_ARRAY, take_paths, FIELD(library_dirs)},
	{"nvc.driver-program", TOML_STRING, take_path_or_none, FIELD(driver_program)},
	{"nvc.driver-timeout", TOML_STRING, settings_words_timeout, 0},
	{"nvc.driver-timeout", TOML_INTEGER, settings_words_timeout, 0},
	{"nvc.driver-cache", TOML_BOOLEAN, take_bool, FIELD(driver_cache)},
	{"nvc.cache-dir", TOML_STRING, take_path, FIELD(cache_dir)},
	{"nvc.require-policy", TOML_STRING, settings_words_require, 0},
	{"nvc.mode-when-missing", TOML_STRING, settings_words_missing, 0},
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* The known key that was perhaps meant, or NULL. */
static const char *find_similar(const char *name)
{
	const char *best = NULL;
	unsigned least = MAX_DISTANCE + 1;

	if (strlen(name) > LIKENESS_MAX)
		return NULL;
	for (size_t i = 0; i < N_KEYS; i++) {
		unsigned d = likeness_distance(name, keys[i].name);

		if (d < least) {
			least = d;
			best = keys[i].name;
		}
	}
	return best;
}

static void warn_unknown(const struct settings_reader *reader, const struct toml_entry *entry)
{
	const char *similar = find_similar(entry->key);

	if (similar != NULL)
		log_warn(reader->log, MODULE, "%s:%u: unknown key '%s'; did you mean '%s'?",
			 reader->file, entry->key_line, entry->key, similar);
	else if (str_starts_with(entry->key, "features."))
		log_debug(reader->log, MODULE, "%s:%u: '%s' has no effect here", reader->file,
			  entry->key_line, entry->key);
	else
		log_warn(reader->log, MODULE, "%s:%u: unknown key '%s' has no effect", reader->file,
			 entry->key_line, entry->key);
}

/* A key may have a row for each of two types. */
static int take_entry(const struct settings_reader *reader, const struct toml_entry *entry)
{
	static const char *const type_names[] = {"a string", "an integer", "a boolean",
						 "an array of strings"};
	const struct settings_key *named = NULL;

	for (size_t i = 0; i < N_KEYS; i++) {
		if (strcmp(keys[i].name, entry->key) != 0)
			continue;
		if (named == NULL)
			named = &keys[i];
		if (keys[i].type != entry->type)
			continue;
		if (keys[i].take != NULL)
			return keys[i].take(reader, &keys[i], entry);
		log_debug(reader->log, MODULE, "%s:%u: '%s' has no effect here", reader->file,
			  entry->key_line, entry->key);
		return 0;
	}
	if (named != NULL)
		return err_at(reader->err, EINVAL, entry->line, entry->column,
			      "'%s' wants %s, not %s", entry->key, type_names[named->type],
			      type_names[entry->type]);
	warn_unknown(reader, entry);
	return 0;
}

int settings_keys_apply(struct settings *settings, const struct toml *toml, const char *file,
			const struct log *log, struct err *err)
{
	const struct settings_reader reader = {settings, toml, file, log, err};

	vec_each(entry, &toml->entries)
	{
		int ret = take_entry(&reader, entry);

		if (ret < 0)
			return ret;
	}
	return 0;
}
