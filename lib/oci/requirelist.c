/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/requirelist.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/wish.h"

#define MAX_SHOWN_BYTES     160 /* of a foreign text in a message */
#define MAX_REQUIRE_ENTRIES (4 * REQUEST_MAX_REQUIRES)
#define REQUIRE_PREFIX      "NVIDIA_REQUIRE_"

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

int requirelist_read(const struct spec *spec, const struct settings *settings,
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
