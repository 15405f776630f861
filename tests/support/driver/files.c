/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "board/file.h"
#include "board/stub.h"
#include "stand.h"

static const char *const programs[] = {
	"nvidia-debugdump",        "nvidia-persistenced",    "nv-fabricmanager",
	"nvidia-cuda-mps-control", "nvidia-cuda-mps-server", "nvidia-imex",
	"nvidia-imex-ctl",         "nvidia-modprobe",
};

/* %s, where it is in one, is the driver's version. */
static const struct {
	const char *path;
	const char *text;
} texts[] = {
	{"/etc/OpenCL/vendors/nvidia.icd", "libnvidia-opencl.so.1\n"},
	{"/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
	 "{\n    \"file_format_version\" : \"1.0.0\",\n    \"ICD\" : {\n        \"library_path\" : "
	 "\"libEGL_nvidia.so.0\"\n    }\n}\n"},
	{"/usr/share/egl/egl_external_platform.d/10_nvidia_wayland.json",
	 "{\n    \"file_format_version\" : \"1.0.0\",\n    \"ICD\" : {\n        \"library_path\" : "
	 "\"libnvidia-egl-wayland.so.1\"\n    }\n}\n"},
	{"/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json",
	 "{\n    \"file_format_version\" : \"1.0.0\",\n    \"ICD\" : {\n        \"library_path\" : "
	 "\"libnvidia-egl-gbm.so.1\"\n    }\n}\n"},
	{"/usr/share/vulkan/icd.d/nvidia_icd.json",
	 "{\n    \"file_format_version\" : \"1.0.0\",\n    \"ICD\": {\n        \"library_path\": "
	 "\"libGLX_nvidia.so.0\",\n        \"api_version\" : \"1.3.277\"\n    }\n}\n"},
	{"/usr/share/vulkan/implicit_layer.d/nvidia_layers.json",
	 "{\n    \"file_format_version\" : \"1.0.0\",\n    \"layer\": {}\n}\n"},
	{"/usr/share/vulkansc/icd.d/nvidia_icd_vksc.json",
	 "{\n    \"file_format_version\" : \"1.0.0\",\n    \"ICD\": {\n        \"library_path\": "
	 "\"libnvidia-vksc-core.so.1\"\n    }\n}\n"},
	{"/usr/share/nvidia/nvoptix.bin", "optix\n"},
	{"/usr/share/nvidia/nvidia-application-profiles-%s-rc", "{}\n"},
	{"/usr/share/nvidia/nvidia-application-profiles-%s-key-documentation", "{}\n"},
	{"/usr/share/X11/xorg.conf.d/10-nvidia.conf",
	 "Section \"OutputClass\"\n    Identifier \"nvidia\"\n    MatchDriver \"nvidia-drm\"\n"
	 "    Driver \"nvidia\"\nEndSection\n"},
	{"/lib/firmware/nvidia/%s/gsp_ga10x.bin", "gsp\n"},
	{"/lib/firmware/nvidia/%s/gsp_tu10x.bin", "gsp\n"},
};

static int write_program(struct stand *stand, const char *dir, const char *name, struct err *err)
{
	auto_free char *path = str_format("%s/%s", dir, name);

	if (path == NULL)
		return err_nomem(err);
	/* runs in images, too: a shell and nothing else */
	if (stand_text(stand, path, err,
		       "#!/bin/sh\necho \"%s of the stand-in driver %s\"\n"
		       "for node in /dev/nvidia[0-9]*; do\n"
		       "\t[ -e \"$node\" ] && echo \"GPU node $node\"\ndone\nexit 0\n",
		       name, stand->version) < 0)
		return -EIO;
	return fchmodat(stand->fd, path + 1, 0755, 0) < 0 ? err_sys(err, errno, "chmod '%s'", path)
							  : 0;
}

static int write_programs(struct stand *stand, struct err *err)
{
	const char *dir = stand->layout == LAYOUT_NIX ? "/run/current-system/sw/bin" : "/usr/bin";

	if (stand->layout == LAYOUT_WSL) {
		if (write_program(stand, "/usr/lib/wsl/drivers/nv_dispi.inf_amd64_0123456789abcdef",
				  "nvidia-smi", err) < 0)
			return -EIO;
		return write_program(stand, "/usr/lib/wsl/lib", "nvidia-smi", err);
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (write_program(stand, dir, programs[i], err) < 0)
			return -EIO;
	return write_program(stand, dir, "nvidia-smi", err);
}

static int write_socket(struct stand *stand, const char *path, struct err *err)
{
	if (file_make_parents(stand->fd, path, err) < 0)
		return -EIO;
	if (mknodat(stand->fd, path + 1, S_IFSOCK | 0666, 0) < 0 && errno != EEXIST)
		return err_sys(err, errno, "make the socket '%s'", path);
	return fchmodat(stand->fd, path + 1, 0666, 0) < 0 ? err_sys(err, errno, "chmod '%s'", path)
							  : 0;
}

static int write_services(struct stand *stand, struct err *err)
{
	if (write_socket(stand, "/run/nvidia-persistenced/socket", err) < 0 ||
	    write_socket(stand, "/run/nvidia-fabricmanager/socket", err) < 0 ||
	    stand_link(stand, "/var/run", "/run", err) < 0)
		return -EIO;
	if (stand_text(stand, "/tmp/nvidia-mps/log", err, "%s", "") < 0)
		return -EIO;
	if (fchmodat(stand->fd, "tmp", 01777, 0) < 0 ||
	    fchmodat(stand->fd, "tmp/nvidia-mps", 0777, 0) < 0)
		return err_sys(err, errno, "chmod '/tmp/nvidia-mps'");
	return 0;
}

/* Modules that libraries load by path: no lib*.so of the loader's. */
static int write_module(struct stand *stand, const char *dir, const char *name, struct err *err)
{
	auto_free char *path = str_format("%s/%s", dir, name);
	struct stub stub = {.machine = stand->machine, .soname = name};
	auto_fd file = path == NULL ? -1 : file_create(stand->fd, path, err);

	if (file < 0)
		return path == NULL ? err_nomem(err) : file;
	stub.functions[stub.n_functions++] =
		(struct stub_function){"nvc_stub_id", STUB_RETURN, ++stand->libraries};
	return stub_write(file, &stub, err);
}

static int write_modules(struct stand *stand, struct err *err)
{
	auto_free char *server = str_format("libglxserver_nvidia.so.%s", stand->version);
	auto_free char *gbm = str_format("%s/gbm/nvidia-drm_gbm.so", stand->libdir);
	auto_free char *text = str_format("../libnvidia-allocator.so.%s", stand->version);
	auto_free char *xorg = str_format(
		"%s/xorg/modules", stand->layout == LAYOUT_MULTIARCH ? "/usr/lib" : stand->libdir);
	auto_free char *drivers = xorg == NULL ? NULL : str_format("%s/drivers", xorg);
	auto_free char *extensions = xorg == NULL ? NULL : str_format("%s/extensions", xorg);
	auto_free char *link =
		xorg == NULL ? NULL : str_format("%s/extensions/libglxserver_nvidia.so", xorg);

	if (server == NULL || gbm == NULL || text == NULL || drivers == NULL ||
	    extensions == NULL || link == NULL)
		return err_nomem(err);
	if (write_module(stand, drivers, "nvidia_drv.so", err) < 0 ||
	    write_module(stand, extensions, server, err) < 0 ||
	    stand_link(stand, link, server, err) < 0)
		return -EIO;
	return stand_link(stand, gbm, text, err);
}

int stand_write_files(struct stand *stand, struct err *err)
{
	if (write_programs(stand, err) < 0)
		return -EIO;
	if (stand->layout == LAYOUT_WSL)
		return 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *at = strstr(texts[i].path, "%s");
		auto_free char *path = at == NULL
					       ? strdup(texts[i].path)
					       : str_format("%.*s%s%s", (int)(at - texts[i].path),
							    texts[i].path, stand->version, at + 2);

		if (path == NULL)
			return err_nomem(err);
		if (stand_text(stand, path, err, "%s", texts[i].text) < 0)
			return -EIO;
	}
	if (write_services(stand, err) < 0)
		return -EIO;
	return write_modules(stand, err);
}
