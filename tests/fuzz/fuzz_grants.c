/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are the ids of a request, for a machine with two GPUs, one of them in MIG mode. */
#include "fuzz.h"
#include "plan/deviceid.h"
#include "plan/grants.h"

static struct inventory *machine(void)
{
	static struct inventory *inv;
	struct gpu *gpu;
	struct mig *mig;

	if (inv != NULL)
		return inv;
	inv = inventory_new();
	claim(inv != NULL);
	inv->driver.loaded = true;
	for (unsigned i = 0; i < 2; i++) {
		gpu = vec_add(&inv->driver.gpus);
		claim(gpu != NULL);
		*gpu = (struct gpu){.kind = GPU_DISCRETE, .index = i, .minor = (int)i};
		gpu->uuid = strdup(i == 0 ? "GPU-11111111-2222-3333-4444-555555555555"
					  : "GPU-11111111-9999-3333-4444-555555555555");
		gpu->busid = strdup(i == 0 ? "00000000:01:00.0" : "00000000:41:00.0");
		gpu->mig = i == 1;
		mig = vec_add(&inv->driver.migs);
		claim(mig != NULL);
		*mig = (struct mig){.gpu = 1, .index = (int)i, .gi = i + 1};
		mig->uuid = strdup(i == 0 ? "MIG-aaaaaaaa-2222-3333-4444-555555555555"
					  : "MIG-bbbbbbbb-2222-3333-4444-555555555555");
	}
	return inv;
}

static void check_id(const char *word)
{
	const struct deviceid id = deviceid_read(word);

	claim(id.form != DEVICEID_BUS ||
	      (strlen(id.bus) == 16 && strspn(id.bus, "0123456789abcdef:.") == 16));
	claim(id.form != DEVICEID_MIG_PATH || id.uuid_len < strlen(word));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct inventory *inv = machine();
	struct request request = {.mode = DEVICES_LIST};
	auto_free char *text = malloc(size + 1);
	auto_done(grants) struct grants grants = {0};
	struct err err = {0};
	char *save = NULL;
	int rc;

	claim(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *word = strtok_r(text, "\n", &save); word != NULL;
	     word = strtok_r(NULL, "\n", &save)) {
		check_id(word);
		claim(strv_add(&request.devices, word) == 0);
	}
	rc = grants_find(&grants, inv, &request, &err);
	claim((rc < 0) == (err.msg[0] != '\0'));
	claim(err.msg[strcspn(err.msg, "\n\r\033")] == '\0');
	claim(rc < 0 || (grants_count(&grants) > 0) == (request.devices.n > 0));
	/* a MIG device never without its GPU */
	claim(rc < 0 || !(grants.migs[0] || grants.migs[1]) || grants.gpus[1]);
	strv_done(&request.devices);
	return 0;
}
