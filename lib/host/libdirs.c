/* SPDX-License-Identifier: Apache-2.0 */
#include "host/libdirs.h"

#include <errno.h>
#include <string.h>

/* "%t": the machine's triplet; "%v": the driver's branch, as Ubuntu named directories until 2018 */
static const char *const wide[] = {
	"/usr/lib/%t",
	"/usr/lib64",
	"/usr/lib/%t/nvidia",
	"/usr/lib/%t/nvidia/current",
	"/usr/lib64/nvidia",
	"/usr/lib/nvidia",
	"/usr/lib/nvidia-%v",
	"/usr/local/nvidia/lib64",
	"/var/lib/nvidia/lib64",
	"/run/opengl-driver/lib",
	"/usr/lib",
};

static const char *const narrow[] = {
	"/usr/lib/%t",
	"/usr/lib32",
	"/usr/lib32/nvidia",
	"/usr/lib32/nvidia-%v",
	"/usr/lib/nvidia",
	"/usr/local/nvidia/lib",
	"/var/lib/nvidia/lib",
	"/run/opengl-driver-32/lib",
	"/usr/lib",
};

static int add(struct strv *ret, const char *form, const char *triplet, const char *version)
{
	const char *at = strchr(form, '%');
	const char *word = at == NULL ? "" : at[1] == 't' ? triplet : version;
	size_t len = at != NULL && at[1] == 'v' && version != NULL ? strcspn(version, ".")
		     : word == NULL                                ? 0
								   : strlen(word);

	if (at == NULL)
		return strv_add(ret, form);
	if (len == 0)
		return 0;
	return strv_addf(ret, "%.*s%.*s%s", (int)(at - form), form, (int)len, word, at + 2);
}

int libdirs_usual(const struct lib_machine *machine, bool is32, const char *version,
		  struct strv *ret)
{
	size_t n = is32 ? sizeof(narrow) / sizeof(narrow[0]) : sizeof(wide) / sizeof(wide[0]);

	for (size_t i = 0; i < n; i++)
		if (add(ret, is32 ? narrow[i] : wide[i],
			is32 ? machine->triplet32 : machine->triplet, version) < 0)
			return -ENOMEM;
	return 0;
}
