/* SPDX-License-Identifier: Apache-2.0 */
/* A spec to make requests of, and settings for it.
 * Include after cmocka. */
#ifndef UNIT_REQUESTSPEC_H
#define UNIT_REQUESTSPEC_H

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/request.h"

static struct settings settings;
static struct spec spec;

static inline void add_env(const char *entry)
{
	assert_int_equal(strv_add(&spec.env, entry), 0);
}

static inline void add_mount(const char *destination, const char *source)
{
	struct spec_mount *mount = vec_add(&spec.mounts);

	assert_non_null(mount);
	mount->destination = strdup(destination);
	mount->source = source == NULL ? NULL : strdup(source);
}

static inline int setup(void **unused)
{
	static const char *const words[] = {"compat32", "compute", "display", "graphics",
					    "ngx",      "utility", "video"};

	(void)unused;
	settings = (struct settings){.accept_env_unprivileged = true};
	spec = (struct spec){.has_process = true};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(strv_add(&settings.supported_capabilities, words[i]), 0);
	return 0;
}

static inline int teardown(void **unused)
{
	(void)unused;
	strv_done(&settings.supported_capabilities);
	strv_done(&settings.swarm_resource);
	spec_done(&spec);
	return 0;
}

#endif
