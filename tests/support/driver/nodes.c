/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/str.h"
#include "board/file.h"
#include "stand.h"

struct node {
	unsigned major, minor;
	mode_t mode;
};

static int write_node(struct stand *stand, char *name, struct node node, struct err *err)
{
	auto_free char *owned = name;
	auto_free char *path = owned == NULL ? NULL : str_format("/dev/%s", owned);

	if (path == NULL)
		return err_nomem(err);
	if (file_make_parents(stand->fd, path, err) < 0)
		return -EIO;
	if (stand->no_nodes)
		return 0;
	/* boards have some of them, with a major of their own */
	if (unlinkat(stand->fd, path + 1, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove '%s'", path);
	if (mknodat(stand->fd, path + 1, S_IFCHR | node.mode, makedev(node.major, node.minor)) < 0)
		return err_sys(err, errno, "make the node '%s'", path);
	if (fchmodat(stand->fd, path + 1, node.mode, 0) < 0)
		return err_sys(err, errno, "set the mode of '%s'", path);
	stand->nodes++;
	return 0;
}

static int write_gpu(struct stand *stand, unsigned i, struct err *err)
{
	unsigned card = stand->first_card + i, render = stand->first_render + i;
	unsigned bus = STAND_BUS(i), minor = stand->minors[i];
	auto_free char *by_card = str_format("/dev/dri/by-path/pci-0000:%02x:00.0-card", bus);
	auto_free char *by_render = str_format("/dev/dri/by-path/pci-0000:%02x:00.0-render", bus);
	auto_free char *to_card = str_format("../card%u", card);
	auto_free char *to_render = str_format("../renderD%u", render);

	if (by_card == NULL || by_render == NULL || to_card == NULL || to_render == NULL)
		return err_nomem(err);
	if (write_node(stand, str_format("nvidia%u", minor),
		       (struct node){MAJOR_NVIDIA, minor, 0666}, err) < 0 ||
	    write_node(stand, str_format("dri/card%u", card), (struct node){MAJOR_DRM, card, 0660},
		       err) < 0 ||
	    write_node(stand, str_format("dri/renderD%u", render),
		       (struct node){MAJOR_DRM, render, 0660}, err) < 0)
		return -EIO;
	if (stand_link(stand, by_card, to_card, err) < 0)
		return -EIO;
	return stand_link(stand, by_render, to_render, err);
}

static int write_mig(struct stand *stand, struct err *err)
{
	for (unsigned i = 0; i < STAND_MIGS; i++) {
		for (int ci = -1; ci < 1; ci++) {
			unsigned minor = stand_mig_minor(stand->minors[0], stand_mig_gi[i], ci);

			if (write_node(stand, str_format("nvidia-caps/nvidia-cap%u", minor),
				       (struct node){MAJOR_CAPS, minor, 0444}, err) < 0)
				return -EIO;
		}
	}
	return 0;
}

static int write_gates(struct stand *stand, struct err *err)
{
	for (unsigned i = 0; i < 16; i++)
		if (write_node(stand, str_format("nvidia-fs%u", i),
			       (struct node){MAJOR_FS, i, 0666}, err) < 0)
			return -EIO;
	for (unsigned i = 0; i < 2; i++)
		if (write_node(stand, str_format("nvidia-nvswitch%u", i),
			       (struct node){MAJOR_NVSWITCH, i, 0666}, err) < 0 ||
		    write_node(stand, str_format("infiniband/uverbs%u", i),
			       (struct node){MAJOR_UVERBS, 192 + i, 0666}, err) < 0)
			return -EIO;
	if (write_node(stand, str_format("nvidia-nvswitchctl"),
		       (struct node){MAJOR_NVSWITCH, 255, 0666}, err) < 0 ||
	    write_node(stand, str_format("infiniband/rdma_cm"), (struct node){10, 121, 0666}, err) <
		    0 ||
	    write_node(stand, str_format("gdrdrv"), (struct node){MAJOR_GDRDRV, 0, 0666}, err) < 0)
		return -EIO;
	if (stand_text(stand, "/etc/cufile.json", err, "{}\n") < 0)
		return -EIO;
	return stand_text(stand, "/run/udev/data/c506:0", err, "I:1\n");
}

static int write_control(struct stand *stand, struct err *err)
{
	static const struct {
		const char *name;
		struct node node;
	} control[] = {
		{"nvidiactl", {MAJOR_NVIDIA, 255, 0666}},
		{"nvidia-modeset", {MAJOR_NVIDIA, 254, 0666}},
		{"nvidia-uvm", {MAJOR_UVM, 0, 0666}},
		{"nvidia-uvm-tools", {MAJOR_UVM, 1, 0666}},
		{"nvidia-caps/nvidia-cap1", {MAJOR_CAPS, 1, 0400}},
		{"nvidia-caps/nvidia-cap2", {MAJOR_CAPS, 2, 0444}},
	};

	for (size_t i = 0; i < sizeof(control) / sizeof(control[0]); i++)
		if (write_node(stand, str_format("%s", control[i].name), control[i].node, err) < 0)
			return -EIO;
	/* of the machine's own graphics */
	if (!stand->hybrid &&
	    write_node(stand, str_format("dri/card0"), (struct node){MAJOR_DRM, 0, 0660}, err) < 0)
		return -EIO;
	for (unsigned i = 0; i < stand->channels; i++)
		if (write_node(stand, str_format("nvidia-caps-imex-channels/channel%u", i),
			       (struct node){MAJOR_CHANNELS, i, 0666}, err) < 0)
			return -EIO;
	return 0;
}

int stand_write_nodes(struct stand *stand, struct err *err)
{
	if (stand->layout == LAYOUT_WSL)
		return write_node(stand, str_format("dxg"), (struct node){10, 125, 0666}, err);
	if (write_control(stand, err) < 0)
		return -EIO;
	for (unsigned i = 0; i < stand->gpus; i++)
		if (write_gpu(stand, i, err) < 0)
			return -EIO;
	if (stand->mig && write_mig(stand, err) < 0)
		return -EIO;
	return stand->gates ? write_gates(stand, err) : 0;
}
