/* SPDX-License-Identifier: Apache-2.0 */
/* Which machine this is: host_read_platform(). Each place is looked at, the first one that knows an
 * answer gives it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/fdt_compat.h"
#include "format/l4trelease.h"
#include "host/host.h"
#include "host/tegra.h"
#include "sys/rootfs.h"

#define PLATFORM_COMPATIBLE "/proc/device-tree/compatible"
#define PLATFORM_MODEL      "/proc/device-tree/model"
#define PLATFORM_FAMILY     "/sys/devices/soc0/family"
#define PLATFORM_SOC_ID     "/sys/devices/soc0/soc_id"
#define PLATFORM_MACHINE    "/sys/devices/soc0/machine"
#define PLATFORM_CHIP       "/sys/module/tegra_fuse/parameters/tegra_chip_id"
#define PLATFORM_RELEASE    "/etc/nv_tegra_release"

#define PLATFORM_MAX_BYTES 4096u /* of a file of /sys */
#define PLATFORM_MAX_SHOWN 300u  /* bytes of a value in a line of evidence */

/* What was read, before it is judged. Strings are owned; NULL = not there. */
struct evidence {
	struct strv compatible;
	char *model;
	char *family;
	char *soc_id;
	char *machine;
	char *chip;
	struct l4trelease release;
	bool released;
};

static void evidence_done(struct evidence *evidence)
{
	strv_done(&evidence->compatible);
	free(evidence->model);
	free(evidence->family);
	free(evidence->soc_id);
	free(evidence->machine);
	free(evidence->chip);
}

static int platform_look(struct platform *platform, const char *path, const char *found,
			 struct err *err)
{
	char shown[PLATFORM_MAX_SHOWN];

	str_escape(found, shown, sizeof(shown));
	if (strv_addf(&platform->looked, "%s: %s", path, shown) < 0)
		return err_nomem(err);
	return 0;
}

/* Reads a file without the blanks and NULs at its end. *ret stays NULL where there is none, with a
 * line of evidence that says so. */
static int platform_read(const struct host *host, struct platform *platform, const char *path,
			 size_t max, char **ret, size_t *ret_len, struct err *err)
{
	int rc = rootfs_read_any(host->fds[ROOT_MACHINE], path, max, ret, ret_len, NULL);

	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc == -ENOENT || rc == -ENOTDIR)
		return platform_look(platform, path, "not there", err);
	if (rc < 0)
		return platform_look(platform, path, strerror(-rc), err);
	while (*ret_len > 0 && strchr(" \t\r\n", (*ret)[*ret_len - 1]) != NULL)
		(*ret)[--*ret_len] = '\0';
	return 0;
}

/* As platform_read(), for one line of text; tells it as evidence. */
static int platform_read_line(const struct host *host, struct platform *platform, const char *path,
			      char **ret, struct err *err)
{
	size_t len = 0;
	int rc = platform_read(host, platform, path, PLATFORM_MAX_BYTES, ret, &len, err);

	if (rc < 0 || *ret == NULL)
		return rc;
	return platform_look(platform, path, *ret, err);
}

static int platform_read_compatible(const struct host *host, struct platform *platform,
				    struct strv *ret, struct err *err)
{
	auto_done(strbuf) struct strbuf shown = {0};
	auto_free char *data = NULL;
	auto_free char *text = NULL;
	size_t len = 0;
	int rc =
		platform_read(host, platform, PLATFORM_COMPATIBLE, FDT_MAX_BYTES, &data, &len, err);

	if (rc < 0 || data == NULL)
		return rc;
	rc = fdt_strings_parse(data, len, ret, NULL);
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc < 0)
		return platform_look(platform, PLATFORM_COMPATIBLE, "not a list of strings", err);
	for (size_t i = 0; i < ret->n; i++)
		strbuf_addf(&shown, "%s%s", i == 0 ? "" : ", ", ret->items[i]);
	text = strbuf_take(&shown);
	return text == NULL ? err_nomem(err)
			    : platform_look(platform, PLATFORM_COMPATIBLE, text, err);
}

static int platform_read_release(const struct host *host, struct platform *platform,
				 struct evidence *evidence, struct err *err)
{
	auto_free char *text = NULL;
	struct err fault = {0};
	size_t len = 0;
	int rc = platform_read(host, platform, PLATFORM_RELEASE, L4TRELEASE_MAX_BYTES, &text, &len,
			       err);

	if (rc < 0 || text == NULL)
		return rc;
	evidence->released = true;
	if (l4trelease_parse(text, len, &evidence->release, &fault) < 0)
		return platform_look(platform, PLATFORM_RELEASE, fault.msg, err);
	text[strcspn(text, "\n")] = '\0';
	return platform_look(platform, PLATFORM_RELEASE, text, err);
}

static int platform_read_all(const struct host *host, struct platform *platform,
			     struct evidence *evidence, struct err *err)
{
	const struct {
		const char *path;
		char **text;
	} lines[] = {
		{PLATFORM_MODEL, &evidence->model},   {PLATFORM_FAMILY, &evidence->family},
		{PLATFORM_SOC_ID, &evidence->soc_id}, {PLATFORM_MACHINE, &evidence->machine},
		{PLATFORM_CHIP, &evidence->chip},
	};
	int rc = platform_read_compatible(host, platform, &evidence->compatible, err);

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && rc == 0; i++)
		rc = platform_read_line(host, platform, lines[i].path, lines[i].text, err);
	return rc < 0 ? rc : platform_read_release(host, platform, evidence, err);
}

/* "tegra234" of "nvidia,tegra234", with what some kernels append left out; NULL = not a Tegra. */
static int platform_soc_of(const char *compatible, char **ret)
{
	size_t digits;

	if (!str_starts_with(compatible, "nvidia,tegra"))
		return 0;
	compatible += strlen("nvidia,");
	digits = strspn(compatible + strlen("tegra"), "0123456789");
	if (digits == 0)
		return 0;
	*ret = strndup(compatible, strlen("tegra") + digits);
	return *ret == NULL ? -ENOMEM : 1;
}

/* Chip ids are decimal in /sys, some tools write them in hexadecimal. 0 = not a number. */
static unsigned platform_chip_number(const char *text)
{
	bool hex = text != NULL && str_starts_with(text, "0x");
	uint64_t number = 0;

	if (text == NULL)
		return 0;
	text += hex ? 2 : 0;
	if (!str_to_u64(text, strlen(text), hex ? 16 : 10, 0xff, &number))
		return 0;
	return (unsigned)number;
}

static int platform_set_chip(struct platform *platform, unsigned chip, const char *source)
{
	const struct tegra_soc *soc = tegra_soc_by_chip(chip);
	auto_free char *text = str_format("0x%02x", chip);
	int rc = text == NULL ? -ENOMEM : fact_set(&platform->chip_id, text, source);

	if (rc == 0 && soc != NULL)
		rc = fact_set(&platform->soc, soc->name, source);
	return rc;
}

static bool platform_family_is_tegra(const struct evidence *evidence)
{
	return evidence->family != NULL && strncasecmp(evidence->family, "tegra", 5) == 0;
}

static int platform_find_soc(struct platform *platform, const struct evidence *evidence)
{
	auto_free char *name = NULL;
	unsigned chip;

	for (size_t i = 0; i < evidence->compatible.n; i++) {
		int rc = platform_soc_of(evidence->compatible.items[i], &name);

		if (rc > 0)
			rc = fact_set(&platform->soc, name, PLATFORM_COMPATIBLE);
		if (rc < 0 || name != NULL)
			return rc;
	}
	chip = platform_family_is_tegra(evidence) ? platform_chip_number(evidence->soc_id) : 0;
	if (chip != 0)
		return platform_set_chip(platform, chip, PLATFORM_SOC_ID);
	chip = platform_chip_number(evidence->chip);
	return chip == 0 ? 0 : platform_set_chip(platform, chip, PLATFORM_CHIP);
}

/* What follows from the SoC, with the SoC's own evidence. */
static int platform_fill_soc(struct platform *platform)
{
	const char *source = platform->soc.source;
	const struct tegra_soc *soc =
		platform->soc.value == NULL ? NULL : tegra_soc_by_name(platform->soc.value);
	auto_free char *chip = NULL;
	int rc;

	if (soc == NULL)
		return 0;
	chip = str_format("0x%02x", soc->chip_id);
	if (chip == NULL)
		return -ENOMEM;
	rc = fact_set(&platform->chip_id, chip, source);
	if (rc == 0)
		rc = fact_set(&platform->gpu, soc->gpu, source);
	if (rc == 0)
		rc = fact_set(&platform->gpu_arch, soc->arch, source);
	if (rc == 0)
		rc = fact_set(&platform->compute, soc->compute, source);
	return rc < 0 ? rc : fact_set(&platform->cuda_name, soc->cuda_name, source);
}

/* "p3448-0000" at the start of text, NULL when it does not start like that; the caller frees. */
static int platform_module_of(const char *text, char **ret)
{
	const char *digits = "0123456789";
	bool module = text[0] == 'p' && strspn(text + 1, digits) == 4 && text[5] == '-' &&
		      strspn(text + 6, digits) == 4;

	if (!module)
		return 0;
	*ret = strndup(text, strlen("p0000-0000"));
	return *ret == NULL ? -ENOMEM : 0;
}

static int platform_fill_board(struct platform *platform, const struct evidence *evidence)
{
	const char *at = "";
	const struct tegra_board *board = tegra_board_find(&evidence->compatible, &at);
	auto_free char *module = NULL;
	int rc = 0;

	if (evidence->model != NULL)
		rc = fact_set(&platform->model, evidence->model, PLATFORM_MODEL);
	else if (evidence->machine != NULL)
		rc = fact_set(&platform->model, evidence->machine, PLATFORM_MACHINE);
	if (rc == 0 && board != NULL)
		rc = platform_module_of(at, &module);
	if (rc == 0 && module != NULL)
		rc = fact_set(&platform->module, module, PLATFORM_COMPATIBLE);
	if (rc < 0)
		return rc;
	if (board != NULL)
		return fact_set(&platform->board, board->name, PLATFORM_COMPATIBLE);
	return fact_set(&platform->board, platform->model.value, platform->model.source);
}

/* JetPack, CUDA and driver, which follow from the L4T version. */
static int platform_fill_release(struct platform *platform, const char *version)
{
	bool exact = false;
	bool is_l4t = false;
	const struct tegra_release *release = tegra_release_find(
		platform->l4t_major, platform->l4t_minor, platform->l4t_patch, &exact);
	const char *driver =
		tegra_driver_version(platform->l4t_major, platform->l4t_minor, &is_l4t);
	auto_free char *series = NULL;
	int rc = fact_set(&platform->driver, is_l4t ? version : driver, PLATFORM_RELEASE);

	if (rc < 0 || release == NULL)
		return rc;
	if (exact) {
		rc = fact_set(&platform->jetpack, release->jetpack, PLATFORM_RELEASE);
		return rc < 0 ? rc : fact_set(&platform->cuda, release->cuda, PLATFORM_RELEASE);
	}
	/* a release that the table does not have: no JetPack, and CUDA as of the one before */
	series = str_format("%s, by series R%u.%u", PLATFORM_RELEASE, release->major,
			    release->minor);
	return series == NULL ? -ENOMEM : fact_set(&platform->cuda, release->cuda, series);
}

static int platform_fill_l4t(struct platform *platform, const struct evidence *evidence)
{
	const struct l4trelease *release = &evidence->release;
	auto_free char *version = NULL;
	int rc;

	if (release->major == 0)
		return 0;
	version = str_format("%u.%u.%u", release->major, release->minor, release->patch);
	if (version == NULL)
		return -ENOMEM;
	platform->l4t_major = release->major;
	platform->l4t_minor = release->minor;
	platform->l4t_patch = release->patch;
	rc = fact_set(&platform->l4t, version, PLATFORM_RELEASE);
	return rc < 0 ? rc : platform_fill_release(platform, version);
}

static int platform_decide(struct platform *platform, const struct evidence *evidence,
			   struct err *err)
{
	bool hardware = platform->soc.value != NULL || platform->chip_id.value != NULL ||
			platform_family_is_tegra(evidence);

	platform->kind = hardware || evidence->released ? PLATFORM_TEGRA : PLATFORM_NONE;
	if (hardware || !evidence->released)
		return 0;
	return platform_look(
		platform, PLATFORM_RELEASE,
		"the only sign of a Tegra, and a claim of the OS: the SoC is not known", err);
}

int host_read_platform(const struct host *host, struct inventory *inv, struct err *err)
{
	auto_done(evidence) struct evidence evidence = {0};
	struct platform *platform = &inv->platform;
	int rc;

	for (size_t i = 0; i < host->n; i++) {
		if (host->fds[i] < 0)
			continue;
		free(inv->roots[i]);
		inv->roots[i] = strdup(host->paths[i]);
		if (inv->roots[i] == NULL)
			return err_nomem(err);
	}
	rc = platform_read_all(host, platform, &evidence, err);
	if (rc < 0)
		return rc;
	rc = platform_find_soc(platform, &evidence);
	if (rc == 0)
		rc = platform_fill_soc(platform);
	if (rc == 0)
		rc = platform_fill_board(platform, &evidence);
	if (rc == 0)
		rc = platform_fill_l4t(platform, &evidence);
	return rc < 0 ? err_nomem(err) : platform_decide(platform, &evidence, err);
}
