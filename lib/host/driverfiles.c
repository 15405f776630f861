/* SPDX-License-Identifier: Apache-2.0 */
#include "host/driverfiles.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "host/libdirs.h"
#include "host/places.h"
#include "sys/entry.h"
#include "sys/rootfs.h"

#define FIRMWARE      "/lib/firmware"
#define FIRMWARE_PATH "/sys/module/firmware_class/parameters/path"
#define MAX_PATH_TEXT 4096u
#define MAX_STORES    8u
#define PROGRAMS      "/usr/bin"
#define DATA          "/usr/share"

/* ---- programs ---- */

static const char *const program_dirs[] = {
	"/usr/bin",
	"/usr/sbin",
	"/usr/local/bin",
	"/usr/local/sbin",
	"/usr/local/nvidia/bin",
	"/run/current-system/sw/bin",
	"/opt/bin",
	LIBDIRS_WINDOWS,
};

#define N_PROGRAM_DIRS (sizeof(program_dirs) / sizeof(program_dirs[0]))

/* 1 = found */
static int add_program(struct hunt *hunt, const struct lib_program *program, const char *dir,
		       struct err *err)
{
	const struct hunt_part part = {
		.kind = PART_FILE, .caps = program->caps, .name = program->name, .why = dir};
	auto_free char *target = str_format(PROGRAMS "/%s", program->name);
	int rc = target == NULL ? err_nomem(err) : hunt_find(hunt, dir, program->name, err);

	if (rc != ROW_FOUND)
		return rc < 0 ? rc : 0;
	rc = hunt_keep_end(hunt, target, err);
	if (rc == 0)
		rc = hunt_add_part(hunt, &part, err);
	return rc < 0 ? rc : 1;
}

/* One that each driver has is looked for everywhere, and says where the others are. */
int driverfiles_programs(struct hunt *hunt, struct err *err)
{
	const struct lib_program *program;
	bool known = false;
	size_t first = 0;
	int rc;

	for (size_t i = 0; (program = libtable_program(i)) != NULL; i++) {
		size_t end = known && !program->needed ? first + 2 : N_PROGRAM_DIRS;

		rc = 0;
		if (!hunt_wants(hunt, program->caps))
			continue;
		for (size_t j = first; rc == 0 && j < end && j < N_PROGRAM_DIRS; j++) {
			rc = add_program(hunt, program, program_dirs[j], err);
			known = known || rc == 1;
			if (rc == 1 && program->needed)
				first = j;
		}
		if (rc == 0 && program->needed)
			rc = hunt_lack(hunt, program->caps, program->name, err,
				       "not in %zu directories", N_PROGRAM_DIRS);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- modules ---- */

/* A module may be a link to a library that has the driver's version in its name. */
static bool module_fits(const struct hunt *hunt)
{
	const struct finder *finder = &hunt->finder;
	const char *file = path_basename(finder->items.items[finder->items.n - 1].source);
	const char *version = strstr(file, ".so.");

	return version == NULL || hunt->version == NULL ||
	       strcmp(version + strlen(".so."), hunt->version) == 0;
}

/* 1 = found */
static int add_module(struct hunt *hunt, const struct lib_module *module, const char *dir,
		      struct err *err)
{
	const struct hunt_part part = {
		.kind = PART_FILE, .caps = module->caps, .name = module->name, .why = dir};
	bool versioned = module->versioned && hunt->version != NULL;
	auto_free char *name =
		versioned ? str_format("%s.%s", module->name, hunt->version) : strdup(module->name);
	int rc = name == NULL ? err_nomem(err) : hunt_find(hunt, dir, name, err);

	if (rc == ROW_FOUND && !module_fits(hunt)) {
		finder_forget(&hunt->finder);
		return 0;
	}
	if (rc == ROW_FOUND)
		rc = hunt_check_library(hunt, hunt->machine->machine, err);
	if (rc != ROW_FOUND)
		return rc < 0 ? rc : 0;
	hunt_mark_module(hunt);
	rc = hunt_give(hunt, err);
	if (rc == 0 && versioned)
		rc = hunt_find(hunt, dir, module->name, err);
	if (rc == ROW_FOUND && versioned && !hunt->finder.known)
		finder_forget(&hunt->finder);
	if (rc >= 0)
		rc = hunt_add_part(hunt, &part, err);
	return rc < 0 ? rc : 1;
}

static int find_module(struct hunt *hunt, const struct lib_module *module, const char *libdir,
		       struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 4 && module->dirs[i] != NULL; i++) {
		auto_free char *dir = path_join(libdir, module->dirs[i]);

		rc = dir == NULL ? err_nomem(err) : add_module(hunt, module, dir, err);
	}
	return rc;
}

int driverfiles_modules(struct hunt *hunt, struct err *err)
{
	static const char *const plain[] = {"/usr/lib", "/usr/lib64"};
	const struct lib_module *module;

	for (size_t i = 0; (module = libtable_module(i)) != NULL; i++) {
		int rc = 0;

		if (!hunt_wants(hunt, module->caps))
			continue;
		for (size_t j = 0; rc == 0 && j < hunt->libdirs.n; j++)
			rc = find_module(hunt, module, hunt->libdirs.items[j], err);
		/* X has its modules there whatever the libraries' directory is called */
		for (size_t j = 0; rc == 0 && j < sizeof(plain) / sizeof(plain[0]); j++)
			if (!strv_contains(&hunt->libdirs, plain[j]))
				rc = find_module(hunt, module, plain[j], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- data ---- */

static const char *const data_dirs[] = {"/etc", "/usr/local/share", DATA,
					"/run/opengl-driver/share"};

/* The name with "%s" and "%m" filled in; NULL without memory. *ret_known: it could be. */
static char *data_name(const struct hunt *hunt, const struct lib_data *data, bool *ret_known)
{
	const char *at = strchr(data->name, '%');
	const char *word = at == NULL ? "" : at[1] == 'm' ? hunt->machine->name : hunt->version;

	*ret_known = word != NULL;
	return at == NULL || word == NULL
		       ? strdup(data->name)
		       : str_format("%.*s%s%s", (int)(at - data->name), data->name, word, at + 2);
}

/* 1 = found */
static int add_data(struct hunt *hunt, const struct lib_data *data, const char *name,
		    const char *root, struct err *err)
{
	auto_free char *dir = path_join(root, data->dir);
	auto_free char *target =
		dir == NULL ? NULL
			    : str_format("%s/%s/%s", data->stays ? root : DATA, data->dir, name);
	const struct hunt_part part = {
		.kind = PART_FILE, .caps = data->caps, .name = name, .why = dir};
	int rc = target == NULL ? err_nomem(err) : hunt_find(hunt, dir, name, err);

	if (rc != ROW_FOUND)
		return rc < 0 ? rc : 0;
	rc = hunt_keep_end(hunt, target, err);
	if (rc == 0)
		rc = hunt_add_part(hunt, &part, err);
	return rc < 0 ? rc : 1;
}

static int find_data(struct hunt *hunt, const struct lib_data *data, struct err *err)
{
	size_t n = sizeof(data_dirs) / sizeof(data_dirs[0]);
	bool known;
	auto_free char *name = data_name(hunt, data, &known);
	int rc = name == NULL ? err_nomem(err) : 0;

	if (rc == 0 && !known)
		return 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_data(hunt, data, name, data_dirs[i], err);
	if (rc == 0 && data->needed)
		rc = hunt_lack(hunt, data->caps, name, err, "not in '%s' of %zu directories",
			       data->dir, n);
	return rc < 0 ? rc : 0;
}

int driverfiles_data(struct hunt *hunt, struct err *err)
{
	const struct lib_data *data;
	int rc = 0;

	for (size_t i = 0; rc == 0 && (data = libtable_data(i)) != NULL; i++)
		if (hunt_wants(hunt, data->caps))
			rc = find_data(hunt, data, err);
	return rc;
}

/* ---- firmware ---- */

/* Names in a directory of the driver root that begin and end so, sorted. */
static int list_names(struct hunt *hunt, const char *dir, const char *begin, const char *end,
		      struct strv *ret, struct err *err)
{
	auto_dir stream = NULL;
	int rc = rootfs_list(hunt->host->fds[ROOT_DRIVER], dir, &stream, err);
	const struct dirent *entry;
	unsigned n = 0;

	if (rc < 0 || stream == NULL)
		return rc;
	while ((errno = 0, entry = readdir(stream)) != NULL && n++ < DRIVERFILES_MAX_ENTRIES)
		if (str_starts_with(entry->d_name, begin) && str_ends_with(entry->d_name, end) &&
		    strv_add(ret, entry->d_name) < 0)
			return err_nomem(err);
	if (entry == NULL && errno != 0)
		return err_sys(err, errno, "read the directory '%s'", dir);
	strv_sort(ret);
	return 0;
}

static int add_firmware(struct hunt *hunt, const char *dir, const char *name, struct err *err)
{
	auto_free char *target = str_format(FIRMWARE "/nvidia/%s/%s", hunt->version, name);
	const struct hunt_part part = {
		.kind = PART_FILE, .service = SERVICE_GSP_FIRMWARE, .name = name, .why = dir};
	int rc = target == NULL ? err_nomem(err) : hunt_find(hunt, dir, name, err);

	if (rc != ROW_FOUND)
		return rc < 0 ? rc : 0;
	rc = hunt_keep_end(hunt, target, err);
	return rc < 0 ? rc : hunt_add_part(hunt, &part, err);
}

/* Number of files, or negative. */
static int firmware_in(struct hunt *hunt, const char *root, struct err *err)
{
	auto_done(strv) struct strv names = {0};
	auto_free char *dir = str_format("%s/nvidia/%s", root, hunt->version);
	int rc = dir == NULL ? err_nomem(err) : list_names(hunt, dir, "gsp", ".bin", &names, err);

	for (size_t i = 0; rc == 0 && i < names.n && i < DRIVERFILES_MAX_FIRMWARE; i++)
		rc = add_firmware(hunt, dir, names.items[i], err);
	return rc < 0 ? rc : (int)names.n;
}

int driverfiles_firmware(struct hunt *hunt, struct err *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int rc = 0;

	if (hunt->version == NULL)
		return 0;
	/* where the kernel looks first, if it was told so */
	if (rootfs_read_any(hunt->host->fds[ROOT_MACHINE], FIRMWARE_PATH, MAX_PATH_TEXT, &text,
			    &len, NULL) == 0) {
		text[strcspn(text, "\n")] = '\0';
		rc = text[0] == '/' ? firmware_in(hunt, text, err) : 0;
	}
	if (rc == 0)
		rc = firmware_in(hunt, FIRMWARE "/updates", err);
	if (rc == 0)
		rc = firmware_in(hunt, FIRMWARE, err);
	return rc < 0 ? rc : 0;
}

/* ---- services ---- */

static int add_service_item(struct hunt *hunt, const struct lib_service *service,
			    const struct dircache_entry *dir, const struct stat *st,
			    struct err *err)
{
	struct item *item = vec_add(&hunt->inv->items);

	if (item == NULL)
		return err_nomem(err);
	*item = (struct item){
		.kind = service->dir ? ITEM_DIR : ITEM_SOCKET,
		.root = ROOT_DRIVER,
		.source = path_join(dir->real, path_basename(service->path)),
		.target = places_target(hunt->host->settings, service->path),
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.writable = service->dir,
	};
	return item->source == NULL || item->target == NULL ? err_nomem(err) : 0;
}

/* NULL = it may be handed out; else why not. */
static const char *service_fault(const struct hunt *hunt, const struct lib_service *service,
				 const struct stat *st)
{
	const struct stat owner = {.st_mode = S_IFDIR, .st_uid = st->st_uid};

	if (!service->dir)
		return S_ISSOCK(st->st_mode) ? NULL : "is no socket";
	return S_ISDIR(st->st_mode) ? trust_fault(&hunt->finder.trust, &owner) : "is no directory";
}

static int find_service(struct hunt *hunt, const struct lib_service *service, struct err *err)
{
	const char *name = path_basename(service->path);
	const struct dircache_entry *dir;
	const char *fault;
	struct stat st;
	int rc = dircache_get(&hunt->finder.cache, ROOT_DRIVER, service->path,
			      (size_t)(name - service->path) - 1, &dir, err);

	if (rc == 0 && dir->error != 0 && dir->error != ENOENT && dir->error != ENOTDIR)
		log_warn(hunt->host->log, "host", "'%s' cannot be looked at: %s", service->path,
			 strerror(dir->error));
	if (rc < 0 || dir->error != 0)
		return rc;
	if (entry_stat(dir->fd, name, &st) < 0)
		return err_is_trouble(errno) ? err_sys(err, errno, "look at '%s'", service->path)
					     : 0;
	fault = service_fault(hunt, service, &st);
	if (fault != NULL) {
		log_warn(hunt->host->log, "host", "'%s' is not handed on: it %s", service->path,
			 fault);
		return 0;
	}
	rc = add_service_item(hunt, service, dir, &st, err);
	if (rc == 0) {
		auto_free char *why = strdup(dir->real);
		const struct hunt_part part = {.kind = PART_IPC,
					       .caps = service->caps,
					       .service = service->service,
					       .name = service->name,
					       .why = why};

		rc = why == NULL ? err_nomem(err) : hunt_add_part(hunt, &part, err);
	}
	return rc;
}

int driverfiles_services(struct hunt *hunt, struct err *err)
{
	const struct lib_service *service;
	int rc = 0;

	for (size_t i = 0; rc == 0 && (service = libtable_service(i)) != NULL; i++)
		if (hunt_wants(hunt, service->caps))
			rc = find_service(hunt, service, err);
	return rc;
}

/* ---- WSL ---- */

static int find_stored(struct hunt *hunt, const char *dir, const char *name, struct err *err)
{
	const struct hunt_part part = {.kind = PART_FILE, .name = name, .why = dir};
	int rc = hunt_find(hunt, dir, name, err);

	if (rc == ROW_FOUND && libtable_stem(name) != 0)
		rc = hunt_check_library(hunt, hunt->machine->machine, err);
	if (rc != ROW_FOUND)
		return rc < 0 ? rc : 0;
	return hunt_add_part(hunt, &part, err);
}

int driverfiles_store(struct hunt *hunt, struct err *err)
{
	static const char *const names[] = {
		"libcuda.so.1.1",         "libcuda_loader.so",   "libnvidia-ml.so.1",
		"libnvidia-ml_loader.so", "libnvidia-nvvm.so.4", "libnvidia-ptxjitcompiler.so.1",
		"libnvdxgdmal.so.1",      "libnvwgf2umx.so",     "nvcubins.bin",
	};
	auto_done(strv) struct strv stores = {0};
	/* of other makers too: NVIDIA's begin so */
	int rc = list_names(hunt, LIBDIRS_STORE, "nv", "", &stores, err);

	for (size_t i = 0; rc == 0 && i < stores.n && i < MAX_STORES; i++) {
		auto_free char *dir = path_join(LIBDIRS_STORE, stores.items[i]);

		if (dir == NULL)
			return err_nomem(err);
		for (size_t j = 0; rc == 0 && j < sizeof(names) / sizeof(names[0]); j++)
			rc = find_stored(hunt, dir, names[j], err);
	}
	return rc;
}
