/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/compat.h"

#include <string.h>

#include "base/str.h"
#include "format/require.h"

#define FIRST_TEGRA_L4T 36u /* JetPack 6: before, no image could bring libraries for a Tegra */
#define ORIN_SOC        "tegra234"

static bool is_newer(const char *a, const char *b)
{
	int order;

	return require_compare_versions(a, b, &order) == 0 && order > 0;
}

static bool is_version(const char *text)
{
	int order;

	return text != NULL && require_compare_versions(text, text, &order) == 0;
}

static bool names_branch(const struct strv *branches, const char *version)
{
	size_t len = strcspn(version, ".");

	for (size_t i = 0; i < branches->n; i++) {
		if (strlen(branches->items[i]) == len &&
		    memcmp(branches->items[i], version, len) == 0)
			return true;
	}
	return false;
}

static bool fits_driver(const struct image_compat *compat, const char *driver,
			const char **ret_reason)
{
	*ret_reason = "they are newer, and made for drivers of that branch, too";
	if (!names_branch(&compat->drivers, driver))
		*ret_reason = "they are not made for drivers of that branch";
	else if (!is_newer(compat->version, driver))
		*ret_reason = "they are not newer";
	else
		return true;
	return false;
}

static bool fits_cuda(const struct image_compat *compat, const char *cuda, const char **ret_reason)
{
	bool fits = compat->cuda != NULL && cuda != NULL && is_newer(compat->cuda, cuda);

	if (cuda == NULL)
		*ret_reason = "the host's CUDA version is not known";
	else
		*ret_reason = fits ? "they are for a newer CUDA" : "they are not for a newer CUDA";
	return fits;
}

/* By what stands in front of the first dot. */
static bool is_newer_branch(const char *a, const char *b)
{
	uint64_t left = 0;
	uint64_t right = 0;

	return str_to_u64(a, strcspn(a, "."), 10, UINT32_MAX, &left) &&
	       str_to_u64(b, strcspn(b, "."), 10, UINT32_MAX, &right) && left > right;
}

static bool fits_by_name(const struct image_compat *compat, const struct compat_host *host,
			 const char **ret_reason)
{
	*ret_reason = "they are newer";
	if (!is_version(host->driver) || !is_version(compat->version))
		*ret_reason = "they do not tell for which hosts they are";
	else if (!is_newer_branch(compat->version, host->driver))
		*ret_reason = "they are not of a newer branch";
	else
		return true;
	return false;
}

bool compat_fits(const struct image_compat *compat, const struct compat_host *host,
		 const char **ret_reason)
{
	if (!compat->noted)
		return fits_by_name(compat, host, ret_reason);
	if (is_version(host->driver) && is_version(compat->version))
		return fits_driver(compat, host->driver, ret_reason);
	return fits_cuda(compat, host->cuda, ret_reason);
}

static bool is_orin(const struct platform *platform)
{
	return str_equal(platform->soc.value, ORIN_SOC);
}

/* The image's libraries that could be meant on this machine, and what decides; NULL = none. */
static const struct image_compat *find_compat(const struct draft *draft, const struct image *image,
					      struct compat_host *ret)
{
	const struct driver *driver = &draft->inv->driver;
	const struct platform *platform = &draft->inv->platform;
	const unsigned uses = DRIVER_CAP_COMPUTE | DRIVER_CAP_VIDEO;
	const struct image_compat *compat = &image->compat;

	*ret = (struct compat_host){.driver = driver->version.value};
	if (draft->grants->files) {
		if (ret->driver == NULL)
			ret->cuda = driver->cuda.value;
		if ((draft->request->caps & uses) == 0)
			return NULL;
	} else {
		*ret = (struct compat_host){.cuda = platform->cuda.value};
		if (platform->l4t_major < FIRST_TEGRA_L4T)
			return NULL;
		if (is_orin(platform))
			compat = &image->compat_orin;
	}
	return compat->dir == NULL ? NULL : compat;
}

static bool is_off(const struct draft *draft, const struct settings *settings)
{
	if (draft->request->compat != COMPAT_DEFAULT)
		return draft->request->compat == COMPAT_HOST;
	return settings->cuda_compat == SETTINGS_COMPAT_HOST;
}

static int tell(const struct draft *draft, const struct image_compat *compat,
		const struct compat_host *host, const char *reason)
{
	const char *words = host->driver != NULL ? "driver " : host->cuda != NULL ? "CUDA " : "";
	const char *version = host->driver != NULL ? host->driver : host->cuda;

	if (version == NULL)
		version = "of an unknown version";
	if (draft->compat != NULL)
		return strv_addf(&draft->plan->notes,
				 "CUDA: libraries of the image (%s, %s) before those of the host "
				 "(%s%s): %s",
				 compat->dir, compat->version, words, version, reason);
	return strv_addf(&draft->plan->notes,
			 "CUDA: libraries of the host (%s%s), not of the image (%s, %s): %s", words,
			 version, compat->dir, compat->version, reason);
}

int compat_choose(struct draft *draft, const struct image *image, const struct settings *settings)
{
	const struct image_compat *compat;
	struct compat_host host;
	const char *reason;
	bool fits = false;

	draft->compat = NULL;
	if (image == NULL || !image->known)
		return 0;
	compat = find_compat(draft, image, &host);
	if (compat == NULL)
		return 0;
	if (is_off(draft, settings))
		reason = "cuda-compat-mode is disabled";
	else if (compat->fault != NULL)
		reason = compat->fault;
	else
		fits = compat_fits(compat, &host, &reason);
	draft->compat = fits ? compat : NULL;
	return tell(draft, compat, &host, reason);
}
