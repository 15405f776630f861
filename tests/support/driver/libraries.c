/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "board/file.h"
#include "board/stub.h"
#include "cache.h"
#include "stand.h"
#include "sys/io.h"

#define MAX_BYTES (64u * 1024 * 1024)

struct library {
	const char *name;   /* "libcuda" */
	const char *number; /* in the SONAME; NULL = the driver's version */
	const char *own;    /* version in the file's name where that is not the driver's */
	const char *dir;    /* below the library directory, which the loader's cache has not */
	bool both;          /* there is one of 32 bits */
	bool dev;           /* there is a link NAME.so */
};

static const struct library table[] = {
	{.name = "libcuda", .number = "1", .both = true, .dev = true},
	{.name = "libcudadebugger", .number = "1"},
	{.name = "libnvidia-ml", .number = "1", .both = true, .dev = true},
	{.name = "libnvidia-cfg", .number = "1", .dev = true},
	{.name = "libnvidia-opencl", .number = "1", .both = true},
	{.name = "libnvidia-ptxjitcompiler", .number = "1", .both = true, .dev = true},
	{.name = "libnvidia-nvvm", .number = "4", .both = true, .dev = true},
	{.name = "libnvidia-allocator", .number = "1", .both = true, .dev = true},
	{.name = "libnvidia-gpucomp", .both = true},
	{.name = "libnvidia-pkcs11"},
	{.name = "libnvidia-pkcs11-openssl3"},
	{.name = "libnvidia-sandboxutils", .number = "1"},
	{.name = "libnvcuvid", .number = "1", .both = true, .dev = true},
	{.name = "libnvidia-encode", .number = "1", .both = true, .dev = true},
	{.name = "libnvidia-opticalflow", .number = "1", .both = true, .dev = true},
	{.name = "libvdpau_nvidia", .number = "1", .dir = "vdpau", .both = true},
	{.name = "libnvidia-eglcore", .both = true},
	{.name = "libnvidia-glcore", .both = true},
	{.name = "libnvidia-glsi", .both = true},
	{.name = "libnvidia-tls", .both = true},
	{.name = "libnvidia-glvkspirv", .both = true},
	{.name = "libnvidia-rtcore"},
	{.name = "libnvidia-wayland-client"},
	{.name = "libnvidia-present"},
	{.name = "libnvidia-fbc", .number = "1", .both = true, .dev = true},
	{.name = "libnvidia-vksc-core", .number = "1"},
	{.name = "libnvoptix", .number = "1"},
	{.name = "libnvidia-ngx", .number = "1"},
	{.name = "libnvidia-api", .number = "1", .own = "1"},
	{.name = "libnvidia-egl-gbm", .number = "1", .own = "1.1.1"},
	{.name = "libnvidia-egl-wayland", .number = "1", .own = "1.1.13"},
	{.name = "libGLX_nvidia", .number = "0", .both = true},
	{.name = "libEGL_nvidia", .number = "0", .both = true},
	{.name = "libGLESv1_CM_nvidia", .number = "1", .both = true},
	{.name = "libGLESv2_nvidia", .number = "2", .both = true},
	/* of others: nobody may take them for the driver's */
	{.name = "libcudart", .number = "12", .own = "12.4.99", .dev = true},
	{.name = "libnvidia-container", .number = "1", .own = "1.17.0"},
	{.name = "libGL", .number = "1", .own = "1.7.0", .both = true},
	{.name = "libEGL", .number = "1", .own = "1.1.0", .both = true},
	{.name = "libOpenCL", .number = "1", .own = "1.0.0"},
};

static const char *const wsl_names[] = {
	"libdxcore.so",
	"libd3d12.so",
	"libd3d12core.so",
	"libcuda.so",
	"libcuda.so.1",
	"libcuda.so.1.1",
	"libcudadebugger.so.1",
	"libnvcuvid.so.1",
	"libnvcuvid.so",
	"libnvidia-encode.so.1",
	"libnvidia-encode.so",
	"libnvidia-opticalflow.so.1",
	"libnvidia-opticalflow.so",
	"libnvidia-ml.so.1",
	"libnvidia-ngx.so.1",
	"libnvoptix.so.1",
	"libnvwgf2umx.so",
	"libnvdxdlkernels.so",
};

static const char *const store_names[] = {
	"libcuda.so.1.1",
	"libcuda_loader.so",
	"libnvidia-ml.so.1",
	"libnvidia-ml_loader.so",
	"libnvidia-ptxjitcompiler.so.1",
	"libnvdxgdmal.so.1",
	"libnvidia-nvvm.so.4",
	"libnvwgf2umx.so",
};

#define STORE "/usr/lib/wsl/drivers/nv_dispi.inf_amd64_0123456789abcdef"

static int copy_file(const char *from, int to, const char *path, struct err *err)
{
	auto_free char *data = NULL;
	size_t len;
	int rc = io_read_at(AT_FDCWD, from, MAX_BYTES, &data, &len, err);

	return rc < 0 ? rc : io_write_all(to, data, len, path, err);
}

static uint32_t cuda_of(const struct stand *stand)
{
	return strtoul(stand->version, NULL, 10) >= 550 ? 12040 : 11040;
}

static int write_stub(struct stand *stand, int file, uint16_t machine, const char *soname,
		      struct err *err)
{
	struct stub stub = {.machine = machine, .soname = soname};

	stub.functions[stub.n_functions++] =
		(struct stub_function){"nvc_stub_id", STUB_RETURN, stand->libraries};
	if (str_starts_with(soname, "libcuda.so")) {
		stub.functions[stub.n_functions++] =
			(struct stub_function){"cuInit", STUB_RETURN, 0};
		stub.functions[stub.n_functions++] =
			(struct stub_function){"cuDriverGetVersion", STUB_STORE, cuda_of(stand)};
		stub.functions[stub.n_functions++] =
			(struct stub_function){"cuDeviceGetCount", STUB_STORE, stand->gpus};
	}
	if (str_starts_with(soname, "libnvidia-tls.so"))
		stub.os_version = 0x00020363;
	return stub_write(file, &stub, err);
}

static int write_file(struct stand *stand, const char *path, uint16_t machine, const char *soname,
		      struct err *err)
{
	const char *own = str_starts_with(soname, "libnvidia-ml.so") ? stand->nvml
			  : str_starts_with(soname, "libcuda.so")    ? stand->cuda
								     : NULL;
	auto_fd file = file_create(stand->fd, path, err);
	int rc;

	if (file < 0)
		return file;
	stand->libraries++;
	rc = own != NULL && machine == stand->machine
		     ? copy_file(own, file, path, err)
		     : write_stub(stand, file, machine, soname, err);
	return rc < 0 ? err_wrap(err, "'%s'", path) : 0;
}

static int link_name(struct stand *stand, struct cache *cache, const char *dir, const char *name,
		     const char *text, struct err *err)
{
	auto_free char *path = str_format("%s/%s", dir, name);

	if (path == NULL)
		return err_nomem(err);
	if (stand_link(stand, path, text, err) < 0)
		return -EIO;
	return cache == NULL ? 0 : cache_add(cache, name, path, err);
}

/* NixOS: the directory that everybody knows has links into the store. */
static int link_store(struct stand *stand, const char *name, const char *path, struct err *err)
{
	auto_free char *link = str_format(
		"/nix/store/00000000000000000000000000000001-graphics-drivers/lib/%s", name);

	return link == NULL ? err_nomem(err) : stand_link(stand, link, path, err);
}

static int write_library(struct stand *stand, const struct library *library, bool is32,
			 struct cache *cache, struct err *err)
{
	uint16_t machine = is32 ? stand->machine32 : stand->machine;
	auto_free char *dir = str_format("%s%s%s", is32 ? stand->libdir32 : stand->libdir,
					 library->dir == NULL ? "" : "/",
					 library->dir == NULL ? "" : library->dir);
	auto_free char *file = str_format("%s.so.%s", library->name,
					  library->own == NULL ? stand->version : library->own);
	auto_free char *soname =
		str_format("%s.so.%s", library->name,
			   library->number == NULL ? stand->version : library->number);
	auto_free char *dev = str_format("%s.so", library->name);
	auto_free char *path = dir == NULL || file == NULL ? NULL : str_format("%s/%s", dir, file);
	struct cache *noted = library->dir == NULL ? cache : NULL;
	int rc;

	if (path == NULL || soname == NULL || dev == NULL)
		return err_nomem(err);
	rc = write_file(stand, path, machine, soname, err);
	if (rc == 0 && strcmp(file, soname) != 0)
		rc = link_name(stand, noted, dir, soname, file, err);
	else if (rc == 0 && noted != NULL)
		rc = cache_add(noted, soname, path, err);
	if (rc == 0 && library->dev)
		rc = link_name(stand, noted, dir, dev, soname, err);
	if (rc == 0 && stand->layout == LAYOUT_NIX) {
		rc = link_store(stand, file, path, err);
		if (rc == 0 && strcmp(file, soname) != 0) {
			auto_free char *own = str_format("%s/%s", dir, soname);

			rc = own == NULL ? err_nomem(err) : link_store(stand, soname, own, err);
		}
	}
	return rc;
}

static int write_all(struct stand *stand, bool is32, struct cache *cache, struct err *err)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (is32 && !table[i].both)
			continue;
		if (stand->no_nvml && strcmp(table[i].name, "libnvidia-ml") == 0)
			continue;
		if (write_library(stand, &table[i], is32, cache, err) < 0)
			return -EIO;
	}
	return 0;
}

static int write_wsl(struct stand *stand, struct cache *cache, struct err *err)
{
	for (size_t i = 0; i < sizeof(wsl_names) / sizeof(wsl_names[0]); i++) {
		auto_free char *path = str_format("/usr/lib/wsl/lib/%s", wsl_names[i]);

		if (path == NULL)
			return err_nomem(err);
		if (stand->no_nvml && str_starts_with(wsl_names[i], "libnvidia-ml."))
			continue;
		if (write_file(stand, path, stand->machine, wsl_names[i], err) < 0 ||
		    cache_add(cache, wsl_names[i], path, err) < 0)
			return -EIO;
	}
	for (size_t i = 0; i < sizeof(store_names) / sizeof(store_names[0]); i++) {
		auto_free char *path = str_format(STORE "/%s", store_names[i]);

		if (path == NULL)
			return err_nomem(err);
		if (write_file(stand, path, stand->machine, store_names[i], err) < 0)
			return -EIO;
	}
	return stand_text(stand, STORE "/nvcubins.bin", err, "cubins\n");
}

int stand_write_libraries(struct stand *stand, struct err *err)
{
	auto_done(cache) struct cache cache = {.machine = stand->machine};
	int rc;

	if (stand->layout == LAYOUT_WSL) {
		rc = write_wsl(stand, &cache, err);
	} else {
		rc = write_all(stand, false, &cache, err);
		cache.machine = stand->machine32;
		if (rc == 0 && stand->libdir32 != NULL)
			rc = write_all(stand, true, &cache, err);
		cache.machine = stand->machine;
	}
	if (rc == 0 && stand->layout == LAYOUT_NIX)
		rc = stand_link(stand, "/run/opengl-driver",
				"/nix/store/00000000000000000000000000000001-graphics-drivers",
				err);
	if (rc == 0 && stand->stale)
		rc = cache_add_stale(&cache, err);
	if (rc < 0 || stand->no_cache || stand->layout == LAYOUT_NIX)
		return rc;
	return cache_write(&cache, stand->fd, err);
}
