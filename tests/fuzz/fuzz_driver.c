/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "fuzz.h"
#include "host/driveranswer.h"
#include "host/drivercheck.h"
#include "host/drivermerge.h"

/* What is read can be written, and is the same when it is read again. */
static void check_again(proto_message *message)
{
	auto_done(driveranswer) proto_message second = {0};
	auto_free char *frame = NULL;
	auto_free char *again = NULL;
	size_t len = 0;
	size_t len_again = 0;

	claim(driveranswer_message(message, &frame, &len, NULL) == 0);
	claim(driveranswer_read(frame + DRIVERANSWER_HEAD, len - DRIVERANSWER_HEAD, &second,
				NULL) == 0);
	claim(driveranswer_message(&second, &again, &len_again, NULL) == 0);
	claim(len == len_again && memcmp(frame, again, len) == 0);
}

static bool is_plain(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static void check_inventory(const struct driver *driver)
{
	claim(driver->asked && driver->gpus.n <= DRIVER_MAX_GPUS);
	for (size_t i = 0; i < driver->gpus.n; i++) {
		const struct gpu *gpu = &driver->gpus.items[i];

		claim(gpu->index == i && gpu->minor >= -1);
		claim(gpu->uuid == NULL || drivercheck_is_uuid(gpu->uuid, 1, false));
		claim(is_plain(gpu->model) && is_plain(gpu->brand) && is_plain(gpu->compute));
		claim(gpu->kind == GPU_DISCRETE || i == 0);
	}
	vec_each(mig, &driver->migs)
	{
		claim(mig->gpu < driver->gpus.n);
		claim(mig->uuid == NULL || drivercheck_is_uuid(mig->uuid, 2, true));
	}
	claim(is_plain(driver->slow) && is_plain(driver->cuda.value) &&
	      is_plain(driver->version.value));
}

/* An inventory that /proc began: the first GPU, and one more for each bit. */
static void know(struct inventory *inv, uint8_t bits)
{
	struct gpu *gpu;

	if ((bits & 1) != 0) {
		gpu = vec_add(&inv->driver.gpus);
		*gpu = (struct gpu){.kind = GPU_INTEGRATED, .minor = -1};
		inv->platform.kind = PLATFORM_TEGRA;
	}
	if ((bits & 2) != 0) {
		gpu = vec_add(&inv->driver.gpus);
		*gpu = (struct gpu){.kind = GPU_DISCRETE, .minor = 0};
		gpu->busid = strdup("00000000:01:00.0");
	}
	if ((bits & 4) != 0) {
		gpu = vec_add(&inv->driver.gpus);
		*gpu = (struct gpu){.kind = GPU_DISCRETE, .minor = -1};
		gpu->uuid = strdup("GPU-00000001-1111-2222-3333-444444444444");
	}
	if ((bits & 8) != 0 && inv->driver.gpus.n > 0) {
		struct mig *mig = vec_add(&inv->driver.migs);

		*mig = (struct mig){.gpu = inv->driver.gpus.n - 1, .index = -1, .gi = 1};
	}
}

/* The first byte is what was known before; the rest a frame, as the child or the kept file has it.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(driveranswer) proto_message message = {0};
	struct inventory *inv;
	struct err err = {0};

	if (size == 0)
		return 0;
	if (driveranswer_read((const char *)data + 1, size - 1, &message, &err) < 0) {
		claim(err.code == EPROTO && err.msg[0] != '\0' && is_plain(err.msg));
		return 0;
	}
	check_again(&message);
	if (message.kind != PROTO_ANSWER)
		return 0;
	inv = inventory_new();
	claim(inv != NULL);
	know(inv, data[0]);
	if (drivermerge(&message.proto_message_u.answer, inv, NULL, &err) == 0)
		check_inventory(&inv->driver);
	else
		claim(err.code == E2BIG);
	inventory_free(inv);
	return 0;
}
