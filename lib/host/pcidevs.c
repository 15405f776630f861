/* SPDX-License-Identifier: Apache-2.0 */
#include "host/pcidevs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/procdriver.h"
#include "host/proctext.h"
#include "sys/rootfs.h"

#define PCIDEVS         "/sys/bus/pci/devices"
#define PCIDEVS_MAX     64u /* bytes of one attribute */
#define PCIDEVS_VENDOR  0x10deu
#define PCIDEVS_DISPLAY 0x03u /* base class, PCI Code and ID Assignment Specification */

/* "0x10de" and the like. 1 = read, 0 = not there or no number. */
static int pcidevs_number(const struct host *host, const char *name, const char *attribute,
			  uint64_t *ret, struct err *err)
{
	auto_free char *path = str_format(PCIDEVS "/%s/%s", name, attribute);
	auto_free char *text = NULL;
	size_t len = 0;
	int rc;

	if (path == NULL)
		return err_nomem(err);
	rc = proctext_read(host, path, PCIDEVS_MAX, &text, &len, err);
	if (rc <= 0)
		return rc;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	return len > 2 && str_starts_with(text, "0x") &&
	       str_to_u64(text + 2, len - 2, 16, UINT32_MAX, ret);
}

/* True unless the link of that name says that another driver has the device. */
static bool pcidevs_is_free(const struct host *host, const char *name)
{
	auto_free char *path = str_format(PCIDEVS "/%s/driver", name);
	char last[NAME_MAX + 1];
	auto_fd dir =
		path == NULL ? -1 : rootfs_open_parent(host->fds[ROOT_MACHINE], path, last, NULL);
	auto_free char *text = NULL;

	if (dir < 0 || rootfs_readlinkat(dir, last, &text, NULL) < 0)
		return true;
	return str_starts_with(path_basename(text), "nvidia");
}

static int pcidevs_is_gpu(const struct host *host, const char *name, struct err *err)
{
	uint64_t vendor = 0;
	uint64_t class = 0;
	int rc = pcidevs_number(host, name, "vendor", &vendor, err);

	if (rc <= 0 || vendor != PCIDEVS_VENDOR)
		return rc < 0 ? rc : 0;
	rc = pcidevs_number(host, name, "class", &class, err);
	if (rc <= 0 || class >> 16 != PCIDEVS_DISPLAY)
		return rc < 0 ? rc : 0;
	return pcidevs_is_free(host, name);
}

int pcidevs_find(const struct host *host, struct strv *ret, struct err *err)
{
	auto_done(strv) struct strv names = {0};
	int rc = proctext_list(host, ROOT_MACHINE, PCIDEVS, "", &names, err);

	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < names.n; i++) {
		char busid[PROCDRIVER_BUSID];

		if (!procdriver_busid(names.items[i], strlen(names.items[i]), busid))
			continue;
		rc = pcidevs_is_gpu(host, names.items[i], err);
		if (rc > 0 && strv_add(ret, busid) < 0)
			rc = err_nomem(err);
		if (rc < 0)
			return rc;
	}
	strv_sort(ret);
	return 1;
}

bool pcidevs_may_have(const struct host *host, const char *busid)
{
	uint64_t vendor = 0;
	struct stat st;

	if (pcidevs_number(host, procdriver_short_busid(busid), "vendor", &vendor, NULL) == 1)
		return vendor == PCIDEVS_VENDOR;
	return rootfs_lstat(host->fds[ROOT_MACHINE], PCIDEVS, &st, NULL) != 1;
}
