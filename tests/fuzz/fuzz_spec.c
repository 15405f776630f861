/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/auto.h"
#include "oci/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(spec) struct spec spec = {0};
	struct err err = {0};
	int rc = spec_parse("input", (const char *)data, size, &spec, &err);

	if ((rc == 0) != (err.code == 0))
		abort();
	if (rc == 0) {
		(void)spec_getenv(&spec, "PATH");
		(void)spec_grants_device(&spec, 'c', 195, 0);
	}
	return 0;
}
