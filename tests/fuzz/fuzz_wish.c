/* SPDX-License-Identifier: Apache-2.0 */
/* A list of device ids from a command line: what is taken has the form of an id, each once. */
#include "fuzz.h"
#include "model/request.h"
#include "oci/request.h"
#include "oci/wish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);
	auto_done(request) struct request request = {0};
	auto_done(wish) struct wish wish = {.name = "input"};
	struct err err = {0};
	int r;

	claim(text != NULL);
	r = wish_add_list(&wish, text, &err);
	claim((r < 0) == (err.msg[0] != '\0') && wish.n_words <= REQUEST_MAX_DEVICES + 1);
	(void)wish_is_cdi_name(text);
	err = (struct err){0};
	r = request_set_devices(&request, text, &err);
	claim((r < 0) == (err.msg[0] != '\0'));
	claim(request.devices.n <= REQUEST_MAX_DEVICES);
	for (size_t i = 0; r == 0 && i < request.devices.n; i++) {
		const char *id = request.devices.items[i];

		claim(id[0] != '\0' && id[0] != '/' && strlen(id) <= REQUEST_MAX_ID);
		claim(wish_is_printable(id) && strstr(id, "..") == NULL && strchr(id, ',') == NULL);
		for (size_t k = 0; k < i; k++)
			claim(strcmp(id, request.devices.items[k]) != 0);
	}
	return 0;
}
