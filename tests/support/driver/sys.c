/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "board/file.h"
#include "stand.h"

#define TREE "/sys/devices/pci0000:00"

struct function {
	unsigned bus, device, number;
	const char *vendor, *id, *class, *driver;
};

static int write_attribute(struct stand *stand, const char *dir, const char *name,
			   const char *value, struct err *err)
{
	auto_free char *path = str_format("%s/%s", dir, name);

	return path == NULL ? err_nomem(err) : stand_text(stand, path, err, "%s\n", value);
}

/* One function of a device, with the link by which it is found; *ret is its folder. */
static int write_function(struct stand *stand, const struct function *function, char **ret,
			  struct err *err)
{
	auto_free char *name =
		str_format("0000:%02x:%02x.%u", function->bus, function->device, function->number);
	auto_free char *dir = name == NULL ? NULL : str_format(TREE "/%s", name);
	auto_free char *link = name == NULL ? NULL : str_format("/sys/bus/pci/devices/%s", name);
	auto_free char *text =
		name == NULL ? NULL : str_format("../../../devices/pci0000:00/%s", name);
	auto_free char *driver = dir == NULL ? NULL : str_format("%s/driver", dir);
	auto_free char *to = str_format("../../../bus/pci/drivers/%s", function->driver);

	if (dir == NULL || link == NULL || text == NULL || driver == NULL || to == NULL)
		return err_nomem(err);
	if (write_attribute(stand, dir, "vendor", function->vendor, err) < 0 ||
	    write_attribute(stand, dir, "device", function->id, err) < 0 ||
	    write_attribute(stand, dir, "class", function->class, err) < 0 ||
	    stand_link(stand, link, text, err) < 0 || stand_link(stand, driver, to, err) < 0)
		return -EIO;
	*ret = take_ptr(&dir);
	return 0;
}

static int write_drm(struct stand *stand, const char *dir, const char *name, unsigned minor,
		     struct err *err)
{
	auto_free char *path = str_format("%s/drm/%s/dev", dir, name);
	auto_free char *link = str_format("/sys/class/drm/%s", name);
	auto_free char *to = str_format("../../%s/drm/%s", dir + strlen("/sys/"), name);

	if (path == NULL || link == NULL || to == NULL)
		return err_nomem(err);
	if (stand_text(stand, path, err, "%u:%u\n", MAJOR_DRM, minor) < 0)
		return -EIO;
	return stand_link(stand, link, to, err);
}

static int write_gpu(struct stand *stand, unsigned i, struct err *err)
{
	const struct function gpu = {STAND_BUS(i), 0, 0, "0x10de", "0x2331", "0x030200", "nvidia"};
	unsigned card = stand->first_card + i, render = stand->first_render + i;
	auto_free char *card_name = str_format("card%u", card);
	auto_free char *render_name = str_format("renderD%u", render);
	auto_free char *dir = NULL;

	if (card_name == NULL || render_name == NULL)
		return err_nomem(err);
	if (write_function(stand, &gpu, &dir, err) < 0 ||
	    write_drm(stand, dir, card_name, card, err) < 0)
		return -EIO;
	return write_drm(stand, dir, render_name, render, err);
}

int stand_write_sys(struct stand *stand, struct err *err)
{
	/* graphics of the machine's own, and sound of the card's: no GPUs of the driver */
	const struct function others[] = {
		{0xf0, 0, 0, "0x1a03", "0x2000", "0x030000", "ast"},
		{1, 0, 1, "0x10de", "0x22ba", "0x040300", "snd_hda_intel"},
	};

	if (stand->layout == LAYOUT_WSL)
		return 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		auto_free char *dir = NULL;

		if (write_function(stand, &others[i], &dir, err) < 0)
			return -EIO;
		if (i == 0 && !stand->hybrid && write_drm(stand, dir, "card0", 0, err) < 0)
			return -EIO;
	}
	for (unsigned i = 0; i < stand->gpus; i++)
		if (write_gpu(stand, i, err) < 0)
			return -EIO;
	return 0;
}
