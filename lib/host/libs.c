/* SPDX-License-Identifier: Apache-2.0 */
#include "base/auto.h"
#include "host/driverfiles.h"
#include "host/host.h"
#include "host/libsearch.h"

/* A Tegra's own driver has its files in mount lists. */
static bool libs_are_listed(const struct inventory *inv)
{
	bool listed = false;

	vec_each(gpu, &inv->driver.gpus)
	{
		if (gpu->kind == GPU_DISCRETE)
			return false;
		listed = true;
	}
	return listed && inv->list_dir_found;
}

int host_find_driver_files(const struct host *host, unsigned caps, struct inventory *inv,
			   struct err *err)
{
	auto_done(hunt) struct hunt hunt = {0};
	int rc;

	if ((!inv->driver.loaded && !inv->driver.wsl) || libs_are_listed(inv))
		return 0;
	hunt_init(&hunt, host, caps, inv);
	rc = libsearch_run(&hunt, err);
	if (rc == 0)
		rc = driverfiles_programs(&hunt, err);
	if (rc == 0 && inv->driver.wsl)
		return driverfiles_store(&hunt, err);
	if (rc == 0)
		rc = driverfiles_modules(&hunt, err);
	if (rc == 0)
		rc = driverfiles_data(&hunt, err);
	if (rc == 0)
		rc = driverfiles_firmware(&hunt, err);
	return rc < 0 ? rc : driverfiles_services(&hunt, err);
}
