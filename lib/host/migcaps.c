/* SPDX-License-Identifier: Apache-2.0 */
#include "host/migcaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/strv.h"
#include "host/proctext.h"

#define MIGCAPS_MAX_INDEX 1023u
#define MIGCAPS_MODE      0444u /* what the driver's own tool gives where a file tells nothing */

/* Numbers of the names WORD followed by digits, in order. 1 = the folder is there. */
static int migcaps_numbers(const struct host *host, const char *path, const char *word,
			   struct strv *ret, struct err *err)
{
	auto_done(strv) struct strv names = {0};
	int rc = proctext_list(host, ROOT_MACHINE, path, word, &names, err);

	for (size_t i = 0; i < names.n && rc > 0; i++) {
		const char *digits = names.items[i] + strlen(word);
		uint64_t number;

		/* with leading zeros, so that they are sorted as numbers */
		if ((digits[0] != '0' || digits[1] == '\0') &&
		    str_to_u64(digits, strlen(digits), 10, MIGCAPS_MAX_INDEX, &number) &&
		    strv_addf(ret, "%04u", (unsigned)number) < 0)
			rc = err_nomem(err);
	}
	strv_sort(ret);
	return rc;
}

static unsigned migcaps_number(const char *digits)
{
	uint64_t number = 0;

	(void)str_to_u64(digits, strlen(digits), 10, MIGCAPS_MAX_INDEX, &number);
	return (unsigned)number;
}

static int migcaps_find_instances(const struct host *host, size_t index, unsigned gi,
				  struct inventory *inv, struct err *err)
{
	struct gpu *gpu = &inv->driver.gpus.items[index];
	auto_free char *path = str_format(PROCDRIVER_CAP_FILES "/gpu%d/mig/gi%u", gpu->minor, gi);
	auto_done(strv) struct strv found = {0};
	int rc = path == NULL ? err_nomem(err) : migcaps_numbers(host, path, "ci", &found, err);

	for (size_t i = 0; i < found.n && rc >= 0; i++) {
		struct mig *mig;

		if (inv->driver.migs.n >= DRIVER_MAX_MIGS) {
			log_warn(host->log, "host",
				 "more than %u MIG devices: the others are not used",
				 DRIVER_MAX_MIGS);
			break;
		}
		mig = vec_add(&inv->driver.migs);
		if (mig == NULL)
			return err_nomem(err);
		*mig = (struct mig){
			.gpu = index, .index = -1, .gi = gi, .ci = migcaps_number(found.items[i])};
		gpu->mig = true;
	}
	return rc < 0 ? rc : 0;
}

int migcaps_find(const struct host *host, struct inventory *inv, struct err *err)
{
	for (size_t i = 0; i < inv->driver.gpus.n; i++) {
		struct gpu *gpu = &inv->driver.gpus.items[i];
		auto_done(strv) struct strv found = {0};
		auto_free char *path = NULL;
		int rc;

		if (gpu->minor < 0)
			continue;
		path = str_format(PROCDRIVER_CAP_FILES "/gpu%d/mig", gpu->minor);
		rc = path == NULL ? err_nomem(err) : migcaps_numbers(host, path, "gi", &found, err);
		gpu->mig_capable = rc == 1;
		for (size_t j = 0; j < found.n && rc >= 0; j++)
			rc = migcaps_find_instances(host, i, migcaps_number(found.items[j]), inv,
						    err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool migcaps_same(const struct procdriver_cap *a, const struct procdriver_cap *b)
{
	return a->kind == b->kind &&
	       ((a->kind != CAP_GI && a->kind != CAP_CI) || (a->gpu == b->gpu && a->gi == b->gi)) &&
	       (a->kind != CAP_CI || a->ci == b->ci);
}

static int migcaps_look_up(const struct host *host, const struct procdriver_cap *want,
			   struct migcaps_node *ret, struct err *err)
{
	auto_free char *text = NULL;
	struct procdriver_cap cap;
	const char *rest;
	size_t len = 0;
	int rc = proctext_read(host, MIGCAPS_MINORS, PROCDRIVER_MAX_MINORS, &text, &len, err);

	if (rc <= 0)
		return rc;
	rest = text;
	while (procdriver_next_cap(&rest, &len, &cap)) {
		if (!migcaps_same(&cap, want))
			continue;
		*ret = (struct migcaps_node){cap.minor, MIGCAPS_MODE, true};
		return 1;
	}
	return 0;
}

int migcaps_node(const struct host *host, const struct procdriver_cap *cap,
		 struct migcaps_node *ret, struct err *err)
{
	char path[PROCDRIVER_CAP_PATH];
	auto_free char *text = NULL;
	uint64_t minor;
	uint64_t mode = MIGCAPS_MODE;
	uint64_t modify = 1;
	size_t len = 0;
	int rc;

	procdriver_cap_path(cap, path);
	rc = proctext_read(host, path, PROCDRIVER_MAX_BYTES, &text, &len, err);
	if (rc < 0)
		return rc;
	if (rc == 0 ||
	    !procdriver_number(text, len, "DeviceFileMinor", PROCDRIVER_MAX_MINOR, &minor))
		return migcaps_look_up(host, cap, ret, err);
	(void)procdriver_number(text, len, "DeviceFileMode", 07777, &mode);
	(void)procdriver_number(text, len, "DeviceFileModify", 1, &modify);
	*ret = (struct migcaps_node){(unsigned)minor, (mode_t)mode & 0777, modify != 0};
	return 1;
}
