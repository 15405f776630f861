/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/auto.h"
#include "oci/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(oci_state) struct oci_state state = {0};
	struct err err = {0};
	int rc = oci_state_parse((const char *)data, size, &state, &err);

	if ((rc == 0) != (err.code == 0) || (rc == 0) != (state.id != NULL))
		abort();
	return 0;
}
