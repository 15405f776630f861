/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/select.h"

#include "plan/grants.h"
#include "plan/requires.h"

#define FIRST_BASE_ONLY_L4T 34u /* R32 shipped one list per package; from R34 on only the base */

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

/* A GPU whose facts the kernel does not tell: only a discrete one, or Windows' own. */
static bool can_ask(const struct inventory *inv)
{
	if (inv->driver.wsl)
		return true;
	return inv->driver.loaded && (inv->driver.gpus.n == 0 || !grants_only_lists(inv));
}

/* WSL hands out all of them by one node, whatever they are. */
static bool devices_ask(const struct inventory *inv, const struct request *request)
{
	if (request->mode == DEVICES_ALL)
		return !inv->driver.wsl &&
		       (inv->driver.gpus.n == 0 || grants_lacks_minors(&inv->driver));
	if (request->mode != DEVICES_LIST)
		return false;
	for (size_t i = 0; i < request->devices.n; i++) {
		if (grants_needs_driver(inv, request->devices.items[i]))
			return true;
	}
	return false;
}

bool select_asks_driver(const struct inventory *inv, const struct request *request,
			const struct settings *settings)
{
	if (!can_ask(inv))
		return false;
	return request == NULL ||
	       (request_wants_gpu(request) &&
		(devices_ask(inv, request) || requires_ask_driver(request, settings)));
}
