/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes are a libcuda of an image, and, for themselves, NVIDIA's note in one. */
#include "fuzz.h"
#include "fuzzroot.h"
#include "oci/compat.h"
#include "plan/compat.h"

static void check_note(const struct image_compat *compat)
{
	for (size_t i = 0; i < compat->drivers.n; i++)
		claim(strspn(compat->drivers.items[i], "0123456789") ==
		      strlen(compat->drivers.items[i]));
	claim(compat->cuda == NULL ||
	      (compat->noted && *compat->cuda != '\0' &&
	       strspn(compat->cuda, "0123456789.") == strlen(compat->cuda)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const dirs[] = {"usr", "usr/local", "usr/local/cuda",
					   "usr/local/cuda/compat", NULL};
	const struct compat_host host = {.driver = "550.54.15"};
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	auto_done(image_compat) struct image_compat note = {.dir = NULL};
	int root = fuzzroot_open(dirs);
	const char *reason = NULL;
	struct err err = {0};

	fuzzroot_write(root, "usr/local/cuda/compat/libcuda.so.560.35.03", data, size);
	claim(compat_read(root, COMPAT_DIR, &compat, NULL) == 0);
	claim(compat.dir != NULL && strcmp(compat.dir, COMPAT_DIR) == 0);
	claim(compat.libraries.n == 1 || compat.fault != NULL);
	claim(compat.fault == NULL || compat.fault[strcspn(compat.fault, "\n\r\033")] == '\0');
	check_note(&compat);
	(void)compat_fits(&compat, &host, &reason);
	claim(reason != NULL);
	claim((compat_parse_note((const char *)data, size, &note, &err) < 0) ==
	      (err.msg[0] != '\0'));
	check_note(&note);
	return 0;
}
