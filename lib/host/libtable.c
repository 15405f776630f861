/* SPDX-License-Identifier: Apache-2.0 */
#include "host/libtable.h"

#include <elf.h>
#include <string.h>

#include "base/path.h"
#include "model/driver.h"

#define COMPUTE  DRIVER_CAP_COMPUTE
#define GRAPHICS DRIVER_CAP_GRAPHICS
#define UTILITY  DRIVER_CAP_UTILITY
#define VIDEO    DRIVER_CAP_VIDEO
#define NGX      DRIVER_CAP_NGX
/* video decodes and encodes by CUDA's libraries; display draws by those of graphics */
#define CUDA (DRIVER_CAP_COMPUTE | DRIVER_CAP_VIDEO)
#define DRAW (DRIVER_CAP_GRAPHICS | DRIVER_CAP_DISPLAY)

static const struct lib_entry libraries[] = {
	{"libnvidia-ml", "1", UTILITY, LIB_NEEDED | LIB_OPENED, NULL},
	{"libnvidia-cfg", "1", UTILITY, 0, NULL},
	{"libnvidia-nscq", "2", UTILITY, LIB_OWN, NULL},
	{"libnvidia-sandboxutils", "1", UTILITY, 0, NULL},

	{"libcuda", "1", CUDA, LIB_NEEDED | LIB_OPENED, NULL},
	{"libcudadebugger", "1", CUDA, 0, NULL},
	{"libnvidia-opencl", "1", CUDA, 0, NULL},
	/* compiles shaders as well, from 535 on */
	{"libnvidia-gpucomp", NULL, CUDA | DRAW, 0, NULL},
	{"libnvidia-ptxjitcompiler", "1", CUDA, LIB_NEEDED, NULL},
	{"libnvidia-fatbinaryloader", NULL, CUDA, 0, NULL},
	{"libnvidia-allocator", "1", CUDA | DRAW, 0, NULL},
	{"libnvidia-compiler", NULL, CUDA, 0, NULL},
	{"libnvidia-pkcs11", NULL, CUDA, 0, NULL},
	{"libnvidia-pkcs11-openssl3", NULL, CUDA, 0, NULL},
	{"libnvidia-nvvm", "4", CUDA, 0, NULL},
	{"libnvidia-nvvm70", "4", CUDA, 0, NULL},
	{"libnvidia-tileiras", NULL, CUDA, 0, NULL},

	{"libvdpau_nvidia", "1", VIDEO, 0, "vdpau"},
	{"libnvidia-encode", "1", VIDEO, LIB_NEEDED, NULL},
	{"libnvidia-opticalflow", "1", VIDEO, LIB_OPENED, NULL},
	{"libnvcuvid", "1", VIDEO, LIB_NEEDED, NULL},

	{"libnvidia-eglcore", NULL, DRAW, LIB_NEEDED, NULL},
	{"libnvidia-glcore", NULL, DRAW, LIB_NEEDED, NULL},
	{"libnvidia-tls", NULL, DRAW, LIB_ABI, NULL},
	{"libnvidia-glsi", NULL, DRAW, 0, NULL},
	{"libnvidia-fbc", "1", DRAW, 0, NULL},
	{"libnvidia-ifr", "1", DRAW, 0, NULL},
	{"libnvidia-rtcore", NULL, DRAW, 0, NULL},
	{"libnvoptix", "1", DRAW, 0, NULL},
	{"libGLX_nvidia", "0", DRAW, LIB_NEEDED, NULL},
	{"libEGL_nvidia", "0", DRAW, LIB_NEEDED, NULL},
	{"libGLESv2_nvidia", "2", DRAW, 0, NULL},
	{"libGLESv1_CM_nvidia", "1", DRAW, 0, NULL},
	{"libnvidia-glvkspirv", NULL, DRAW, 0, NULL},
	{"libnvidia-cbl", NULL, DRAW, 0, NULL},
	{"libnvidia-vulkan-producer", NULL, DRAW, 0, NULL},
	{"libnvidia-vksc-core", "1", DRAW, 0, NULL},
	{"libnvidia-present", NULL, DRAW, 0, NULL},
	{"libnvidia-wayland-client", NULL, DRAW, 0, NULL},
	{"libnvidia-api", "1", DRAW, LIB_OWN, NULL},
	{"libnvidia-egl-gbm", "1", DRAW, LIB_OWN, NULL},
	{"libnvidia-egl-wayland", "1", DRAW, LIB_OWN, NULL},
	{"libnvidia-egl-wayland2", "1", DRAW, LIB_OWN, NULL},
	{"libnvidia-egl-xcb", "1", DRAW, LIB_OWN, NULL},
	{"libnvidia-egl-xlib", "1", DRAW, LIB_OWN, NULL},

	{"libnvidia-ngx", "1", NGX, LIB_NEEDED, NULL},

	{"libdxcore", NULL, 0, LIB_WINDOWS | LIB_NEEDED, NULL},
	{"libd3d12", NULL, 0, LIB_WINDOWS, NULL},
	{"libd3d12core", NULL, 0, LIB_WINDOWS, NULL},
	{"libnvdxdlkernels", NULL, 0, LIB_WINDOWS, NULL},
	{"libnvwgf2umx", NULL, 0, LIB_WINDOWS, NULL},
	{"libnvoptix_loader", "1", DRAW, LIB_WINDOWS, NULL},
};

static const struct lib_module modules[] = {
	{{"gbm"}, "nvidia-drm_gbm.so", false, DRAW},
	{{"nvidia/xorg", "xorg/modules/drivers"}, "nvidia_drv.so", false, DRAW},
	{{"nvidia/xorg", "xorg/modules/extensions"}, "libglxserver_nvidia.so", true, DRAW},
};

static const struct lib_program programs[] = {
	{"nvidia-smi", UTILITY, true},
	{"nvidia-debugdump", UTILITY, false},
	{"nvidia-persistenced", UTILITY, false},
	{"nv-fabricmanager", UTILITY, false},
	{"nvidia-imex", UTILITY, false},
	{"nvidia-imex-ctl", UTILITY, false},
	{"nvidia-cuda-mps-control", COMPUTE, false},
	{"nvidia-cuda-mps-server", COMPUTE, false},
	{"nvidia-ngx-updater", NGX, false},
};

static const struct lib_data data[] = {
	{"OpenCL/vendors", "nvidia.icd", COMPUTE, true, false},
	{"glvnd/egl_vendor.d", "10_nvidia.json", DRAW, false, true},
	{"egl/egl_external_platform.d", "09_nvidia_wayland2.json", DRAW, false, false},
	{"egl/egl_external_platform.d", "10_nvidia_wayland.json", DRAW, false, false},
	{"egl/egl_external_platform.d", "15_nvidia_gbm.json", DRAW, false, false},
	{"egl/egl_external_platform.d", "20_nvidia_xcb.json", DRAW, false, false},
	{"egl/egl_external_platform.d", "20_nvidia_xlib.json", DRAW, false, false},
	{"egl/egl_external_platform.d", "99_nvidia_wayland2.json", DRAW, false, false},
	{"vulkan/icd.d", "nvidia_icd.json", DRAW, true, false},
	{"vulkan/icd.d", "nvidia_icd.%m.json", DRAW, true, false},
	{"vulkan/implicit_layer.d", "nvidia_layers.json", DRAW, true, false},
	{"vulkansc/icd.d", "nvidia_icd_vksc.json", DRAW, true, false},
	{"X11/xorg.conf.d", "10-nvidia.conf", DRAW, false, false},
	{"X11/xorg.conf.d", "nvidia-drm-outputclass.conf", DRAW, false, false},
	{"nvidia", "nvoptix.bin", DRAW, false, false},
	{"nvidia", "nvidia-application-profiles-%s-rc", DRAW, false, false},
	{"nvidia", "nvidia-application-profiles-%s-key-documentation", DRAW, false, false},
};

/* The names by which the driver's library asks for them: /var/run is a link to /run. */
static const struct lib_service services[] = {
	{"nvidia-persistenced", "/var/run/nvidia-persistenced/socket", UTILITY,
	 SERVICE_PERSISTENCED, false},
	{"nvidia-fabricmanager", "/var/run/nvidia-fabricmanager/socket", UTILITY,
	 SERVICE_FABRICMANAGER, false},
	{"nvidia-mps", "/tmp/nvidia-mps", COMPUTE, SERVICE_MPS, true},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const struct lib_entry *libtable_library(size_t i)
{
	return i < COUNT(libraries) ? &libraries[i] : NULL;
}

const struct lib_module *libtable_module(size_t i)
{
	return i < COUNT(modules) ? &modules[i] : NULL;
}

const struct lib_program *libtable_program(size_t i)
{
	return i < COUNT(programs) ? &programs[i] : NULL;
}

const struct lib_data *libtable_data(size_t i)
{
	return i < COUNT(data) ? &data[i] : NULL;
}

const struct lib_service *libtable_service(size_t i)
{
	return i < COUNT(services) ? &services[i] : NULL;
}

size_t libtable_stem(const char *name)
{
	const char *found = NULL;

	for (const char *at = strstr(name, ".so"); at != NULL; at = strstr(at + 3, ".so"))
		if (at[3] == '\0' || at[3] == '.')
			found = at;
	return found == NULL ? 0 : (size_t)(found - name);
}

static const struct lib_machine machines[] = {
	{EM_X86_64, "x86_64", "x86_64-linux-gnu", EM_386, "i386-linux-gnu"},
	{EM_AARCH64, "aarch64", "aarch64-linux-gnu", EM_ARM, "arm-linux-gnueabihf"},
};

const struct lib_machine *libtable_machine(const char *version_text)
{
	size_t len = version_text == NULL ? 0 : strcspn(version_text, "\n");
	const char *end = version_text == NULL ? NULL : version_text + len;

	for (size_t i = 0; i < COUNT(machines); i++) {
		const char *at =
			version_text == NULL ? NULL : strstr(version_text, machines[i].name);

		if (at != NULL && at < end)
			return &machines[i];
	}
#if defined(__aarch64__) || defined(__arm__)
	return &machines[1];
#else
	return &machines[0];
#endif
}
