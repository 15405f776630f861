/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.toml as a struct: NVIDIA's keys with their meaning, ours under [nvc]. A missing file means
 * defaults; an unknown key is a warning with its line; a wrong type is an error with line and
 * column.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/vec.h"

#define SETTINGS_DEFAULT_PATH      "/etc/nvidia-container-runtime/config.toml"
#define SETTINGS_LDCONFIG_NATIVE   "native"
#define SETTINGS_DEFAULT_STATE_DIR "/var/lib/nvc"
#define SETTINGS_DEFAULT_LOG_FILE  "/run/nvc/hook.log"
#define SETTINGS_DEFAULT_CACHE_DIR "/run/nvc"
#define SETTINGS_DRIVER_TIMEOUT    10000u        /* ms */
#define SETTINGS_MAX_BYTES         (1024 * 1024) /* of a config.toml */

enum settings_mode { MODE_AUTO, MODE_LEGACY, MODE_CSV, MODE_CDI, MODE_JIT_CDI };
enum settings_lists { SETTINGS_LISTS_AUTO, SETTINGS_LISTS_BASE, SETTINGS_LISTS_ALL };

enum settings_compat {
	SETTINGS_COMPAT_AUTO, /* "ldconfig", "mount", "hook": the image's libraries where they fit
			       */
	SETTINGS_COMPAT_HOST, /* "disabled" */
};
enum settings_require { REQUIRE_FAIL, REQUIRE_WARN, REQUIRE_IGNORE };
enum settings_missing { SETTINGS_MISSING_FAIL, SETTINGS_MISSING_START };

/* One rule of path-map: a host directory appears in the container as another one. */
struct path_rule {
	char *from; /* owned, absolute, normal form */
	char *to;
};

struct settings {
	char *path; /* the file that was read, NULL = defaults */

	/* top level */
	bool disable_require;
	struct strv swarm_resource;         /* variables that replace NVIDIA_VISIBLE_DEVICES */
	bool accept_env_unprivileged;       /* default true */
	bool accept_volume_mounts;          /* default false */
	struct strv supported_capabilities; /* default: all seven */

	/* [nvidia-container-cli] */
	char *root;      /* driver root, default "/" */
	char *cli_debug; /* log file, NULL = none */
	char *ldconfig;  /* "native": the cache is written here; "@/sbin/ldconfig": the host's
			  * program writes it; [nvc] ldconfig wins over NVIDIA's key */
	bool no_cgroups; /* default false */
	bool load_kmods; /* default true: modules and nodes that are missing are made */
	char *ldcache;   /* the loader's cache inside the driver root; NULL = /etc/ld.so.cache */
	char *user;      /* "UID[:GID]" of the driver child; NULL = nobody's */

	/* [nvidia-container-runtime] */
	char *runtime_debug; /* NULL = none */
	enum log_level log_level;
	struct strv runtimes; /* default runc, crun */
	enum settings_mode mode;
	char *list_dir;                   /* modes.csv.mount-spec-path */
	char *compat_dir;                 /* modes.csv.compat-container-root; NULL = by the board */
	enum settings_compat cuda_compat; /* modes.legacy.cuda-compat-mode */

	/* [nvidia-container-runtime-hook] */
	char *hook_path; /* NULL = beside the shim, then PATH */

	/* [features] */
	bool ignore_channels;   /* ignore-imex-channel-requests */
	bool no_channel_making; /* disable-imex-channel-creation */
	bool no_gids;           /* no-additional-gids-for-device-nodes */

	/* [nvc] */
	char *host_root; /* machine root, default "/" */
	char *state_dir;
	char *log_file;
	struct strv alt_roots;
	bool alt_roots_named;           /* by the file, not by the build */
	VEC(struct path_rule) path_map; /* path-map = ["FROM:TO", ...] */
	struct strv allowed_prefixes;   /* of rows: design.md 8; replaces the default */
	struct strv device_majors; /* allowed-device-majors, in decimal; empty = host/nodes.h */
	enum settings_lists lists; /* csv-lists = "auto" | "base" | "all" */
	struct strv library_dirs;  /* library-dirs: looked at before the usual ones */
	char *driver_program;      /* driver-program: NULL = that of the build */
	unsigned driver_timeout; /* driver-timeout = "10s", "500ms": milliseconds, for the whole */
	bool driver_cache;       /* driver-cache, default true */
	char *cache_dir;         /* cache-dir, default /run/nvc */
	enum settings_require require_policy; /* require-policy = "fail" | "warn" | "ignore" */
	enum settings_missing when_missing;   /* mode-when-missing = "fail" | "start" */
};

/** A word of cuda-compat-mode; false: it is none. */
bool settings_compat_of_word(const char *word, enum settings_compat *ret);

/** Defaults only. NULL without memory. */
struct settings *settings_new(void);
/** Accepts NULL. */
void settings_free(struct settings *settings);

/** Parses text over the defaults. name is for messages. Pure.
 *  -EINVAL: syntax or type, with line and column. Unknown keys go to log as warnings. */
int settings_parse(struct settings *settings, const char *name, const char *text, size_t len,
		   const struct log *log, struct err *err);

/** Reads the file at path (NULL: the default path, which may be missing; a named one may not).
 *  -EPERM: the file, its folder, or a link to it can be written by others than root and
 *  the caller.
 *  *ret is the caller's. */
int settings_load(const char *path, const struct log *log, struct settings **ret, struct err *err);

#endif
