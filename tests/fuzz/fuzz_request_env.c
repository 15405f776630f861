/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines are environment entries. A request that was made can be passed on to the hook and read back
 * the same; nothing in it can be taken for a path or an option.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_passed_on(const struct request *request)
{
	auto_done(request) struct request again = {0};
	auto_free char *text = request_encode(request);
	auto_free char *text_again = NULL;

	if (text == NULL || request_decode(text, &again, NULL) < 0)
		abort();
	text_again = request_encode(&again);
	if (text_again == NULL || strcmp(text, text_again) != 0)
		abort();
}

static void check_request(const struct request *request)
{
	for (size_t i = 0; i < request->devices.n; i++) {
		const char *id = request->devices.items[i];

		if (id[0] == '/' || id[0] == '\0' || strstr(id, "..") != NULL ||
		    strpbrk(id, "\r\n\t") != NULL)
			abort();
	}
	for (size_t i = 0; i < request->channels.n; i++) {
		const char *number = request->channels.items[i];

		if (number[strspn(number, "0123456789")] != '\0' || strlen(number) - 1 > 6)
			abort();
	}
	if (request->refused != NULL && strchr(request->refused, '\n') != NULL)
		abort();
	if (request_wants_gpu(request))
		check_passed_on(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings = {.accept_env_unprivileged = size % 2 == 0};
	auto_done(spec) struct spec spec = {.has_process = true, .cap_sys_admin = size % 3 == 0};
	auto_done(request) struct request request = {0};
	struct err err = {0};
	int rc;

	while (size > 0) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end == NULL ? size : (size_t)(end - data);

		if (strv_addn(&spec.env, (const char *)data, len) < 0)
			return 0;
		len += end != NULL;
		data += len;
		size -= len;
	}
	(void)strv_add(&settings.swarm_resource, "SWARM");
	(void)strv_add(&settings.supported_capabilities, "compute");
	(void)strv_add(&settings.supported_capabilities, "utility");
	rc = request_from_spec(&spec, &settings, NULL, &request, &err);
	if ((rc == 0) != (err.code == 0))
		abort();
	if (rc == 0)
		check_request(&request);
	strv_done(&settings.swarm_resource);
	strv_done(&settings.supported_capabilities);
	return 0;
}
