/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "model/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be decoded must come out the same after another round. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	auto_done(request) struct request request = {0};
	auto_done(request) struct request again = {0};
	auto_free char *once = NULL;
	auto_free char *twice = NULL;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (request_decode(text, &request, NULL) < 0)
		return 0;
	once = request_encode(&request);
	if (once == NULL || strlen(once) > REQUEST_MAX_ENCODED)
		return 0;
	if (request_decode(once, &again, NULL) < 0)
		abort();
	twice = request_encode(&again);
	if (twice != NULL && strcmp(once, twice) != 0)
		abort();
	return 0;
}
