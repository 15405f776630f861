/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "format/procdriver.h"
#include "fuzz.h"

static void check_version(const char *text, size_t size)
{
	char version[PROCDRIVER_MAX_DIGITS] = "";

	if (!procdriver_version(text, size, version))
		return;
	claim(memmem(text, size, version, strlen(version)) != NULL);
	claim(strspn(version, "0123456789.") == strlen(version) && strchr(version, '.') != NULL);
}

/* A normal form is its own normal form, and a name without a slash. */
static void check_busid(const char *text, size_t size)
{
	char busid[PROCDRIVER_BUSID] = "";
	char again[PROCDRIVER_BUSID] = "";

	if (!procdriver_busid(text, size, busid))
		return;
	claim(procdriver_busid(busid, strlen(busid), again) && strcmp(busid, again) == 0);
	claim(strspn(busid, "0123456789abcdef:.") == 16);
	claim(procdriver_busid(procdriver_short_busid(busid), strlen(procdriver_short_busid(busid)),
			       again));
	claim(strcmp(busid, again) == 0);
}

static void check_gpu(const char *text, size_t size)
{
	struct procdriver_gpu gpu;

	procdriver_gpu_parse(text, size, &gpu);
	claim(strnlen(gpu.model, sizeof(gpu.model)) < sizeof(gpu.model));
	claim(gpu.uuid[0] == '\0' || strlen(gpu.uuid) == 36 || strlen(gpu.uuid) == 40);
	claim(gpu.minor >= -1 && gpu.minor <= (int)PROCDRIVER_MAX_MINOR);
	for (const char *at = gpu.model; *at != '\0'; at++)
		claim((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void check_caps(const char *text, size_t size)
{
	const char *rest = text;
	size_t len = size;
	struct procdriver_cap cap;
	size_t found = 0;

	while (procdriver_next_cap(&rest, &len, &cap)) {
		char path[PROCDRIVER_CAP_PATH];

		claim(rest + len == text + size && cap.minor <= PROCDRIVER_MAX_MINOR);
		procdriver_cap_path(&cap, path);
		claim(str_starts_with(path, PROCDRIVER_CAP_FILES "/") &&
		      strlen(path) < sizeof(path));
		found++;
	}
	claim(len == 0 && rest == text + size && found <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	uint64_t value = 0;

	if (size == 0)
		return 0;
	check_version(text, size);
	check_busid(text, size);
	check_gpu(text, size);
	check_caps(text, size);
	if (procdriver_number(text, size, "DeviceFileMode", 07777, &value))
		claim(value <= 07777);
	return 0;
}
