/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "oci/wish.h"

#define MODULE              "request"
#define MOUNT_DIR           "/var/run/nvidia-container-devices"
#define MAX_CAPS_BYTES      4096
#define MAX_SHOWN_BYTES     160 /* of a foreign text in a message */
#define MAX_REQUIRE_ENTRIES (4 * REQUEST_MAX_REQUIRES)
#define REQUIRE_PREFIX      "NVIDIA_REQUIRE_"

static const struct {
	const char *word;
	unsigned bit;
} cap_words[] = {
	{"compute", DRIVER_CAP_COMPUTE},   {"compat32", DRIVER_CAP_COMPAT32},
	{"graphics", DRIVER_CAP_GRAPHICS}, {"utility", DRIVER_CAP_UTILITY},
	{"video", DRIVER_CAP_VIDEO},       {"display", DRIVER_CAP_DISPLAY},
	{"ngx", DRIVER_CAP_NGX},           {"all", DRIVER_CAP_EVERY},
};

#define N_CAP_WORDS (sizeof(cap_words) / sizeof(cap_words[0]))

static unsigned cap_of_word(const char *word, size_t len)
{
	for (size_t i = 0; i < N_CAP_WORDS; i++) {
		if (strlen(cap_words[i].word) == len && memcmp(cap_words[i].word, word, len) == 0)
			return cap_words[i].bit;
	}
	return 0;
}

static unsigned supported_caps(const struct settings *settings)
{
	unsigned caps = 0;

	for (size_t i = 0; i < settings->supported_capabilities.n; i++) {
		const char *word = settings->supported_capabilities.items[i];

		caps |= cap_of_word(word, strlen(word));
	}
	return caps;
}

static int fault_cap(const char *word, size_t len, unsigned supported, struct err *err)
{
	auto_free char *copy = strndup(word, len);
	auto_done(strbuf) struct strbuf words = {0};
	char shown[MAX_SHOWN_BYTES];

	if (copy == NULL)
		return err_nomem(err);
	str_escape(copy, shown, sizeof(shown));
	for (size_t i = 0; i < N_CAP_WORDS; i++) {
		if ((cap_words[i].bit & ~supported) == 0 || cap_words[i].bit == DRIVER_CAP_EVERY)
			strbuf_addf(&words, "%s, ", cap_words[i].word);
	}
	strbuf_adds(&words, "none");
	return err_set(err, EINVAL,
		       "read NVIDIA_DRIVER_CAPABILITIES: '%s' is not one of those supported: %s",
		       shown, strbuf_failed(&words) ? "?" : words.data);
}

static int read_caps(const struct spec *spec, const struct settings *settings,
		     struct request *request, struct err *err)
{
	const char *text = spec_getenv(spec, "NVIDIA_DRIVER_CAPABILITIES");
	unsigned supported = supported_caps(settings);

	request->caps = 0;
	if (text == NULL || text[0] == '\0') {
		unsigned usual = request->legacy_image ? DRIVER_CAP_EVERY
						       : DRIVER_CAP_UTILITY | DRIVER_CAP_COMPUTE;

		request->caps = usual & supported;
		return 0;
	}
	if (strlen(text) > MAX_CAPS_BYTES)
		return err_set(err, EINVAL, "read NVIDIA_DRIVER_CAPABILITIES: longer than %d bytes",
			       MAX_CAPS_BYTES);
	for (;;) {
		struct wish_word word = wish_next_word(&text);
		unsigned bit = cap_of_word(word.start, word.len);

		if (word.start == NULL)
			return 0;
		if (bit == DRIVER_CAP_EVERY)
			request->caps |= supported;
		else if (bit != 0 && (bit & ~supported) == 0)
			request->caps |= bit;
		else if (word.len != 4 || memcmp(word.start, "none", 4) != 0)
			return fault_cap(word.start, word.len, supported, err);
	}
}

/* The words that Go's strconv.ParseBool takes for true. */
static bool is_true_word(const char *text)
{
	static const char *const words[] = {"1", "t", "T", "TRUE", "true", "True"};

	for (size_t i = 0; text != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], text) == 0)
			return true;
	}
	return false;
}

/* "11.4.2" gives 11 and 4: up to three numbers, a "v" before and "-anything" behind allowed. */
static bool read_version(const char *text, unsigned *major, unsigned *minor)
{
	uint64_t numbers[3] = {0};
	size_t n = 0;

	if (*text == 'v')
		text++;
	for (;;) {
		size_t len = strspn(text, "0123456789");

		if (n == 3 || !str_to_u64(text, len, 10, UINT32_MAX, &numbers[n++]))
			return false;
		text += len;
		if (*text != '.')
			break;
		text++;
	}
	*major = (unsigned)numbers[0];
	*minor = (unsigned)numbers[1];
	return *text == '\0' || *text == '-';
}

static int add_cuda_version(const char *version, struct request *request, struct err *err)
{
	char shown[MAX_SHOWN_BYTES];
	unsigned major;
	unsigned minor;

	if (read_version(version, &major, &minor)) {
		if (strv_addf(&request->requires, "CUDA_VERSION=cuda>=%u.%u", major, minor) < 0)
			return err_nomem(err);
		return 0;
	}
	if (request->disable_require)
		return 0;
	str_escape(version, shown, sizeof(shown));
	return err_set(err, EINVAL, "read CUDA_VERSION: '%s' is not a version", shown);
}

/* True if a variable of that name has been taken already. */
static bool has_require(const struct request *request, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < request->requires.n; i++) {
		const char *taken = request->requires.items[i];

		if (strncmp(taken, name, len) == 0 && taken[len] == '=')
			return true;
	}
	return false;
}

static int add_require(const struct spec *spec, const char *entry, size_t name_len,
		       struct request *request, struct err *err)
{
	auto_free char *name = strndup(entry, name_len);
	const char *value;

	if (name == NULL)
		return err_nomem(err);
	value = spec_getenv(spec, name);
	if (value == NULL || value[strspn(value, " ")] == '\0' || has_require(request, name))
		return 0;
	if (!wish_is_printable(name) || !wish_is_printable(value))
		return err_set(err, EINVAL,
			       "read %s*: a variable holds control characters or is not ASCII",
			       REQUIRE_PREFIX);
	if (request->requires.n == REQUEST_MAX_REQUIRES)
		return err_set(err, EINVAL, "read %s*: more than %d variables", REQUIRE_PREFIX,
			       REQUEST_MAX_REQUIRES);
	if (strv_addf(&request->requires, "%s=%s", name, value) < 0)
		return err_nomem(err);
	return 0;
}

static int read_requires(const struct spec *spec, const struct settings *settings,
			 struct request *request, struct err *err)
{
	size_t seen = 0;
	int rc = 0;

	request->disable_require = settings->disable_require ||
				   is_true_word(spec_getenv(spec, "NVIDIA_DISABLE_REQUIRE"));
	for (size_t i = 0; rc == 0 && i < spec->env.n; i++) {
		const char *entry = spec->env.items[i];
		size_t name_len = strcspn(entry, "=");

		if (entry[name_len] == '\0' || !str_starts_with(entry, REQUIRE_PREFIX) ||
		    str_starts_with(entry, REQUIRE_PREFIX "JETPACK"))
			continue;
		/* Repeated ones count here: each costs a walk over the whole environment. */
		if (++seen > MAX_REQUIRE_ENTRIES)
			return err_set(err, EINVAL, "read %s*: more than %d entries",
				       REQUIRE_PREFIX, MAX_REQUIRE_ENTRIES);
		rc = add_require(spec, entry, name_len, request, err);
	}
	if (rc == 0 && request->legacy_image)
		rc = add_cuda_version(spec_getenv(spec, "CUDA_VERSION"), request, err);
	return rc;
}

static void read_lists(const struct spec *spec, struct request *request)
{
	if (str_equal(spec_getenv(spec, REQUIRE_PREFIX "JETPACK"), "csv-mounts=all"))
		request->lists = LISTS_ALL;
	/* An image that carries its own libraries must not get the board's over them: the
	 * narrower word wins when both are there. */
	if (str_equal(spec_getenv(spec, REQUIRE_PREFIX "JETPACK_HOST_MOUNTS"), "base-only"))
		request->lists = LISTS_BASE;
}

static void read_gates(const struct spec *spec, struct request *request)
{
	request->gds = str_equal(spec_getenv(spec, "NVIDIA_GDS"), "enabled");
	request->mofed = str_equal(spec_getenv(spec, "NVIDIA_MOFED"), "enabled");
	request->nvswitch = str_equal(spec_getenv(spec, "NVIDIA_NVSWITCH"), "enabled");
	request->gdrcopy = str_equal(spec_getenv(spec, "NVIDIA_GDRCOPY"), "enabled");
}

static bool is_legacy_image(const struct spec *spec)
{
	const char *version = spec_getenv(spec, "CUDA_VERSION");
	const char *require = spec_getenv(spec, REQUIRE_PREFIX "CUDA");

	return version != NULL && version[0] != '\0' && (require == NULL || require[0] == '\0');
}

/* Joins words and value to request->origin, fit to be shown and passed on. */
static int set_origin(struct request *request, const char *name, const char *value, struct err *err)
{
	char shown[MAX_SHOWN_BYTES];

	str_escape(value, shown, sizeof(shown));
	free(request->origin);
	request->origin = str_format("%s%s%s", name, value[0] == '\0' ? "" : "=", shown);
	return request->origin == NULL ? err_nomem(err) : 0;
}

/* The id that a mount below MOUNT_DIR stands for: NULL in *ret = it is not about a GPU. */
static int mount_id(const struct spec_mount *mount, const struct log *log, char **ret,
		    struct err *err)
{
	auto_free char *destination = path_normal(mount->destination);
	auto_free char *source = path_normal(mount->source == NULL ? "/" : mount->source);
	auto_free char *id = NULL;
	const char *rest;
	char *slash;

	*ret = NULL;
	if (destination == NULL || source == NULL)
		return err_nomem(err);
	if (strcmp(source, "/dev/null") != 0 || !path_is_below(destination, MOUNT_DIR) ||
	    strcmp(destination, MOUNT_DIR) == 0)
		return 0;
	rest = destination + strlen(MOUNT_DIR "/");
	if (str_starts_with(rest, "imex/"))
		return 0;
	id = strdup(str_starts_with(rest, "cdi/") ? rest + strlen("cdi/") : rest);
	if (id == NULL)
		return err_nomem(err);
	/* cdi/VENDOR/CLASS/NAME is another way to write VENDOR/CLASS=NAME. */
	slash = strrchr(id, '/');
	if (str_starts_with(rest, "cdi/") && strchr(id, '=') == NULL && slash != NULL)
		*slash = '=';
	if (str_starts_with(rest, "cdi/") && !wish_is_cdi_name(id)) {
		log_warn(log, MODULE, "mount '%s' does not name a CDI device: left out",
			 destination);
		return 0;
	}
	*ret = take_ptr(&id);
	return 0;
}

/* 1 = the mounts ask for something. */
static int read_mounts(const struct spec *spec, const struct log *log, struct request *request,
		       struct err *err)
{
	auto_done(wish) struct wish wish = {.name = MOUNT_DIR};
	bool any = false;

	for (size_t i = 0; i < spec->mounts.n; i++) {
		auto_free char *id = NULL;
		int rc = mount_id(&spec->mounts.items[i], log, &id, err);

		if (rc == 0 && id != NULL)
			rc = wish_add_id(&wish, id, strlen(id), err);
		if (rc < 0)
			return rc;
		any = any || id != NULL;
	}
	if (!any)
		return 0;
	wish_grant(&wish, request);
	return set_origin(request, "mounts below " MOUNT_DIR, "", err) < 0 ? -ENOMEM : 1;
}

/* Merges the variables that count. *ret_name = the first of them, NULL = none is set. */
static int read_variables(const struct spec *spec, const struct settings *settings,
			  struct wish *wish, const char **ret_name, struct err *err)
{
	static const char usual[] = "NVIDIA_VISIBLE_DEVICES";
	const char *first = NULL;

	for (size_t i = 0; i <= settings->swarm_resource.n; i++) {
		bool last = i == settings->swarm_resource.n;
		const char *name = last ? usual : settings->swarm_resource.items[i];
		const char *value = spec_getenv(spec, name);
		int rc;

		if (value == NULL || (last && first != NULL))
			continue;
		if (first == NULL)
			first = name;
		wish->name = name;
		rc = wish_add_list(wish, value, err);
		if (rc < 0)
			return rc;
	}
	*ret_name = first;
	return 0;
}

static int refuse(const char *name, const char *value, struct request *request, struct err *err)
{
	char shown[MAX_SHOWN_BYTES];

	str_escape(value, shown, sizeof(shown));
	request->refused =
		str_format("%s=%s is not honoured: the container lacks CAP_SYS_ADMIN and "
			   "accept-nvidia-visible-devices-envvar-when-unprivileged is false",
			   name, shown);
	return request->refused == NULL ? err_nomem(err) : 0;
}

static int read_environment(const struct spec *spec, const struct settings *settings,
			    struct request *request, struct err *err)
{
	auto_done(wish) struct wish wish = {0};
	bool allowed = settings->accept_env_unprivileged || spec->cap_sys_admin;
	const char *name = NULL;
	int rc = read_variables(spec, settings, &wish, &name, allowed ? err : NULL);

	/* Who may not ask need not ask properly. */
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc < 0 && !allowed)
		return refuse(wish.name, spec_getenv(spec, wish.name), request, err);
	if (rc < 0)
		return rc;
	if (name == NULL && request->legacy_image) {
		wish.all = true;
		name = "CUDA_VERSION";
	}
	if (!wish_wants_gpu(&wish))
		return 0;
	if (!allowed)
		return refuse(name, spec_getenv(spec, name), request, err);
	wish_grant(&wish, request);
	return set_origin(request, name, spec_getenv(spec, name), err);
}

/* What the hook could not read back must not be written into its arguments. */
static int check_size(const struct request *request, struct err *err)
{
	auto_free char *text = request_encode(request);

	if (text == NULL)
		return err_nomem(err);
	if (strlen(text) > REQUEST_MAX_ENCODED)
		return err_set(err, EINVAL,
			       "read NVIDIA_* variables: together larger than %u bytes",
			       REQUEST_MAX_ENCODED);
	return 0;
}

static int read_details(const struct spec *spec, const struct settings *settings,
			struct request *request, struct err *err)
{
	int rc = read_caps(spec, settings, request, err);

	if (rc == 0)
		rc = read_requires(spec, settings, request, err);
	if (rc < 0)
		return rc;
	read_lists(spec, request);
	read_gates(spec, request);
	return check_size(request, err);
}

int request_from_spec(const struct spec *spec, const struct settings *settings,
		      const struct log *log, struct request *ret, struct err *err)
{
	auto_done(request) struct request request = {.mode = DEVICES_VOID};
	int rc = 0;

	request.legacy_image = is_legacy_image(spec);
	if (settings->accept_volume_mounts)
		rc = read_mounts(spec, log, &request, err);
	if (rc == 0)
		rc = read_environment(spec, settings, &request, err);
	/* The rest of the variables is nobody's concern where no GPU is asked for. */
	if (rc >= 0 && request_wants_gpu(&request))
		rc = read_details(spec, settings, &request, err);
	if (rc < 0)
		return rc;
	*ret = request;
	request = (struct request){0};
	return 0;
}

int request_set_devices(struct request *request, const char *text, struct err *err)
{
	auto_done(wish) struct wish wish = {.name = "the device list"};
	int rc = wish_add_list(&wish, text, err);

	if (rc < 0)
		return rc;
	wish_grant(&wish, request);
	return 0;
}
