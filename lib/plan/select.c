/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/select.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/require.h"

#define FIRST_BASE_ONLY_L4T 34u /* R32 shipped one list per package; from R34 on only the base */
#define MAX_SHOWN           96u /* bytes of a name from a container in messages */

bool select_all_lists(const struct platform *platform, const struct request *request,
		      const struct settings *settings)
{
	enum request_lists said = request == NULL ? LISTS_DEFAULT : request->lists;

	if (settings->lists != SETTINGS_LISTS_AUTO)
		return settings->lists == SETTINGS_LISTS_ALL;
	if (said != LISTS_DEFAULT)
		return said == LISTS_ALL;
	return platform->l4t_major < FIRST_BASE_ONLY_L4T;
}

bool select_requires_known(const struct platform *platform)
{
	return platform->cuda.value != NULL && platform->compute.value != NULL;
}

bool select_requires_asked(const struct request *request, const struct settings *settings)
{
	return request->requires.n > 0 && !request->disable_require && !settings->disable_require;
}

/* An expression about what is not known of this board says nothing either way; the plan notes it.
 */
static bool can_be_judged(const struct platform *platform, const char *entry)
{
	const char *equals = strchr(entry, '=');
	const char *expression = equals == NULL ? entry : equals + 1;

	if (platform->cuda.value == NULL && strstr(expression, "cuda") != NULL)
		return false;
	return platform->compute.value != NULL || strstr(expression, "arch") == NULL;
}

static int check_one(const char *entry, const struct require_facts *facts, struct err *err)
{
	const char *equals = strchr(entry, '=');
	const char *expression = equals == NULL ? entry : equals + 1;
	size_t name_len = equals == NULL ? 0 : (size_t)(equals - entry);
	char shown[MAX_SHOWN] = "a requirement";
	struct err fault = {0};
	int rc;

	if (name_len > 0) {
		auto_free char *name = strndup(entry, name_len);

		if (name == NULL)
			return err_nomem(err);
		str_escape(name, shown, sizeof(shown));
	}
	rc = require_check(expression, facts, &fault);
	if (rc > 0)
		return 0;
	if (rc == 0) {
		(void)err_set(err, ENOTSUP, "%s is not met: needs %s", shown, fault.msg);
		return err_hint(err, "NVIDIA_DISABLE_REQUIRE=1 starts the container anyway");
	}
	(void)err_at(err, -rc, 0, fault.column, "%s: %s", shown, fault.msg);
	return err_hint(err, fault.hint != NULL ? fault.hint
						: "NVIDIA_DISABLE_REQUIRE=1 skips all of them");
}

int select_check_requires(const struct platform *platform, const struct request *request,
			  const struct settings *settings, struct err *err)
{
	struct require_facts facts = {
		.cuda = platform->cuda.value,
		.arch = platform->compute.value,
		.driver = platform->driver.value,
	};

	if (!select_requires_asked(request, settings))
		return 0;
	for (size_t i = 0; i < request->requires.n; i++) {
		const char *entry = request->requires.items[i];
		int rc = can_be_judged(platform, entry) ? check_one(entry, &facts, err) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

int select_check_devices(const struct inventory *inv, const struct request *request,
			 struct err *err)
{
	if (request->mode != DEVICES_LIST)
		return 0;
	for (size_t i = 0; i < request->devices.n; i++) {
		const char *id = request->devices.items[i];
		char shown[MAX_SHOWN];

		if (strcmp(id, "0") == 0 || strcmp(id, "all") == 0)
			continue;
		str_escape(id, shown, sizeof(shown));
		if (inv->platform.board.value != NULL)
			(void)err_set(err, ENODEV, "no GPU '%s' here: this machine (%s) has one, 0",
				      shown, inv->platform.board.value);
		else
			(void)err_set(err, ENODEV, "no GPU '%s' here: this machine has one, 0",
				      shown);
		return err_hint(err, "ask for 0 or all");
	}
	return 0;
}

bool select_asks_driver(const struct inventory *inv, const struct request *request,
			const struct settings *settings)
{
	(void)settings;
	return inv->driver.loaded && request == NULL;
}
