/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/str.h"
#include "format/toml.h"
#include "settings/settings_built.h"
#include "settings/settings_keys.h"
#include "sys/io.h"

#define MAX_ID_MAP     65536 /* bytes of a uid_map */
#define OVERFLOW_OWNER 65534u
#define MAX_LINKS      16u /* that lead to a config.toml */

static const char *const default_prefixes[] = {
	"/usr",        "/lib",          "/opt/nvidia",
	"/var/nvidia", "/dev",          "/etc/alternatives",
	"/etc/vulkan", "/etc/vulkansc", "/etc/nv_tegra_release",
};

static int add_all(struct strv *list, const char *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strv_add(list, items[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct settings *settings_new(void)
{
	static const char *const runtimes[] = {"runc", "crun"};
	struct settings *settings = calloc(1, sizeof(*settings));

	if (settings == NULL)
		return NULL;
	settings->accept_env_unprivileged = true;
	settings->log_level = LOG_LEVEL_INFO;
	settings->load_kmods = true;
	settings->driver_cache = true;
	settings->driver_timeout = SETTINGS_DRIVER_TIMEOUT;
	settings->cache_dir = strdup(SETTINGS_DEFAULT_CACHE_DIR);
	settings->root = strdup("/");
	settings->ldconfig = strdup(SETTINGS_LDCONFIG_NATIVE);
	settings->host_root = strdup("/");
	settings->state_dir = strdup(SETTINGS_DEFAULT_STATE_DIR);
	settings->log_file = strdup(SETTINGS_DEFAULT_LOG_FILE);
	if (settings->root == NULL || settings->ldconfig == NULL || settings->host_root == NULL ||
	    settings->state_dir == NULL || settings->log_file == NULL ||
	    settings->cache_dir == NULL || settings_built(settings) < 0 ||
	    add_all(&settings->runtimes, runtimes, 2) < 0 ||
	    add_all(&settings->supported_capabilities, settings_capabilities,
		    SETTINGS_N_CAPABILITIES) < 0 ||
	    add_all(&settings->allowed_prefixes, default_prefixes,
		    sizeof(default_prefixes) / sizeof(default_prefixes[0])) < 0) {
		settings_free(settings);
		return NULL;
	}
	return settings;
}

int settings_path_map_add(struct settings *settings, const char *from, const char *to)
{
	struct path_rule *rule = vec_add(&settings->path_map);

	if (rule == NULL)
		return -ENOMEM;
	rule->from = path_normal(from);
	rule->to = path_normal(to);
	return rule->from == NULL || rule->to == NULL ? -ENOMEM : 0;
}

void settings_path_map_clear(struct settings *settings)
{
	vec_each(rule, &settings->path_map)
	{
		free(rule->from);
		free(rule->to);
	}
	vec_done(&settings->path_map);
}

void settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	free(settings->path);
	strv_done(&settings->swarm_resource);
	strv_done(&settings->supported_capabilities);
	free(settings->root);
	free(settings->cli_debug);
	free(settings->ldconfig);
	free(settings->ldcache);
	free(settings->user);
	free(settings->compat_dir);
	free(settings->driver_program);
	free(settings->cache_dir);
	strv_done(&settings->library_dirs);
	free(settings->runtime_debug);
	strv_done(&settings->runtimes);
	free(settings->list_dir);
	free(settings->hook_path);
	free(settings->host_root);
	free(settings->state_dir);
	free(settings->log_file);
	strv_done(&settings->alt_roots);
	settings_path_map_clear(settings);
	strv_done(&settings->allowed_prefixes);
	strv_done(&settings->device_majors);
	free(settings);
}

int settings_parse(struct settings *settings, const char *name, const char *text, size_t len,
		   const struct log *log, struct err *err)
{
	auto_done(toml) struct toml toml = {0};
	struct err fault = {0};
	int ret = toml_parse(text, len, &toml, &fault);

	if (ret == 0)
		ret = settings_keys_apply(settings, &toml, name, log, &fault);
	if (ret == 0)
		return 0;
	if (err != NULL) {
		*err = fault;
		(void)err_wrap(err, "%s:%u:%u", name, fault.line, fault.column);
	}
	return ret;
}

/* In a user namespace root's files belong to the overflow id, which is nobody's outside of one. */
static bool is_overflow_root(uid_t owner)
{
	auto_fd fd = owner == OVERFLOW_OWNER ? io_open_host("/proc/self/uid_map", O_RDONLY) : -1;
	auto_free char *text = NULL;
	size_t len = 0;

	return fd >= 0 && io_read_fd(fd, MAX_ID_MAP, "uid_map", &text, &len, NULL) == 0 &&
	       !procfs_map_is_initial(text, len);
}

static bool is_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid() || is_overflow_root(owner);
}

/* Who can write this folder can put another file in the place of ours. In a sticky one only
 * owners of files can. */
static int check_folder(const char *path, size_t len, struct err *err)
{
	auto_free char *folder = len == 0 ? strdup("/") : strndup(path, len);
	struct stat st;

	if (folder == NULL)
		return err_nomem(err);
	if (stat(folder, &st) < 0)
		return 0; /* the file is not there either */
	if (is_trusted(st.st_uid) &&
	    ((st.st_mode & S_ISVTX) != 0 ||
	     ((st.st_mode & S_IWOTH) == 0 && ((st.st_mode & S_IWGRP) == 0 || st.st_gid == 0))))
		return 0;
	(void)err_set(err, EPERM, "read '%s': others than root can write its folder '%s'", path,
		      folder);
	return err_hint(err, "give the folder to root, and take the right away with chmod go-w");
}

/* The link at path, or what it leads to: *ret is NULL where it is no link. */
static int check_link(const char *path, size_t folder_len, char **ret, struct err *err)
{
	char text[PATH_MAX];
	struct stat st;
	ssize_t n;

	*ret = NULL;
	if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
		return 0;
	if (!is_trusted(st.st_uid)) {
		(void)err_set(err, EPERM, "read '%s': it is a link that belongs to user %u", path,
			      (unsigned)st.st_uid);
		return err_hint(err, "give it to root with chown -h");
	}
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0)
		return err_sys(err, errno, "read link '%s'", path);
	text[n] = '\0';
	*ret = text[0] == '/' ? strdup(text) : str_format("%.*s/%s", (int)folder_len, path, text);
	return *ret == NULL ? err_nomem(err) : 0;
}

/* Every folder and link that leads to the file is as good as the file. */
static int check_way(const char *path, struct err *err)
{
	auto_free char *at = path[0] == '/' ? strdup(path) : str_format("./%s", path);

	for (unsigned links = 0; at != NULL && links <= MAX_LINKS; links++) {
		size_t folder_len = (size_t)(strrchr(at, '/') - at);
		char *next = NULL;
		int rc = check_folder(at, folder_len, err);

		if (rc == 0)
			rc = check_link(at, folder_len, &next, err);
		if (rc < 0)
			return rc;
		if (next == NULL)
			return 0;
		free(at);
		at = next;
	}
	return at == NULL ? err_nomem(err)
			  : err_set(err, ELOOP, "read '%s': more than %u links", path, MAX_LINKS);
}

/* Who can write this file decides what runs with our privileges. */
static int check_owner(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "read '%s': not a regular file", path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		(void)err_set(err, EPERM, "read '%s': others than its owner can write it", path);
		(void)err_hint(err, "take the right away with chmod go-w");
		return -EPERM;
	}
	if (!is_trusted(st.st_uid)) {
		(void)err_set(err, EPERM, "read '%s': it belongs to user %u", path,
			      (unsigned)st.st_uid);
		(void)err_hint(err, "give it to root with chown");
		return -EPERM;
	}
	return 0;
}

/* 1 = read, 0 = not there and need not be. */
static int read_file(const char *path, bool must_exist, char **ret, size_t *ret_len,
		     struct err *err)
{
	/* O_NONBLOCK: a FIFO of that name must not hold us. */
	auto_fd fd = io_open_host(path, O_RDONLY | O_NONBLOCK);
	int rc;

	if (fd < 0 && !must_exist && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_sys(err, errno, "open '%s'", path);
	rc = check_way(path, err);
	if (rc == 0)
		rc = check_owner(fd, path, err);
	if (rc == 0)
		rc = io_read_fd(fd, SETTINGS_MAX_BYTES, path, ret, ret_len, err);
	return rc < 0 ? rc : 1;
}

int settings_load(const char *path, const struct log *log, struct settings **ret, struct err *err)
{
	const char *file = path == NULL ? SETTINGS_DEFAULT_PATH : path;
	auto_free char *text = NULL;
	size_t len = 0;
	struct settings *settings;
	int rc = read_file(file, path != NULL, &text, &len, err);

	if (rc < 0)
		return rc;
	settings = settings_new();
	if (settings == NULL)
		return err_nomem(err);
	if (rc == 1) {
		settings->path = strdup(file);
		rc = settings->path == NULL ? err_nomem(err)
					    : settings_parse(settings, file, text, len, log, err);
	}
	if (rc < 0) {
		settings_free(settings);
		return rc;
	}
	*ret = settings;
	return 0;
}
