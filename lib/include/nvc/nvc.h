/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnvc: finds an NVIDIA GPU's device nodes and driver files from a board's mount lists, plans
 * what a container gets, and puts it there.
 *
 * Every function that returns int gives 0 (or a positive result where that is said) on success and
 * -errno on failure; the context then holds the error's code, text and advice until the next call.
 * Handles are opaque and belong to the caller. A context must not be used by two threads at a time;
 * nvc_apply() and nvc_revert() need a process with a single thread, as setns(2) of a mount
 * namespace does. The library never prints, never exits and installs no signal handler.
 */
#ifndef NVC_NVC_H
#define NVC_NVC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NVC_EXPORT __attribute__((visibility("default")))
#else
#define NVC_EXPORT
#endif

struct nvc_context;
struct nvc_inventory;
struct nvc_request;
struct nvc_plan;
struct nvc_image;

enum nvc_log_level { NVC_LOG_ERROR, NVC_LOG_WARNING, NVC_LOG_INFO, NVC_LOG_DEBUG };

/* module and text are valid during the call only; text has no newline and no control characters. */
typedef void (*nvc_log_fn)(void *arg, enum nvc_log_level level, const char *module,
			   const char *text);

struct nvc_options {
	size_t size;           /* sizeof(struct nvc_options): lets later releases add fields */
	const char *config;    /* config.toml; NULL = /etc/nvidia-container-runtime/config.toml */
	const char *root;      /* driver root; NULL = as configured */
	const char *host_root; /* machine root; NULL = as configured */
	nvc_log_fn log;        /* NULL = no log */
	void *log_arg;
	enum nvc_log_level log_level;
	const char
		*list_dir; /* folder of mount lists below the machine root; NULL = as configured */
	const char *ldcache; /* loader's cache inside the driver root; NULL = as configured */
	const char *user;    /* "UID[:GID]" of the driver child; NULL = as configured */
	bool no_cache;       /* ask the driver's library anew */
	bool no_cgroups;     /* leave every cgroup alone; nvc_confine() refuses what that takes */
	bool no_config;      /* defaults; no config.toml is read, and config has to be NULL */
};

/** Version of the library, "0.1.0". */
NVC_EXPORT const char *nvc_version(void);

/** Opens a context: reads the configuration, opens the roots. options may be NULL. *ret is set on
 *  failure too when memory allowed, so that the error can be asked for; close it in any case. */
NVC_EXPORT int nvc_open(const struct nvc_options *options, struct nvc_context **ret);
/** Accepts NULL. Handles made from the context must be freed before. */
NVC_EXPORT void nvc_close(struct nvc_context *ctx);

/** The last error: positive errno (0 = none), text, advice (NULL = none), place in the input
 *  (0 = does not apply). Valid until the next call with this context. */
NVC_EXPORT int nvc_error_code(const struct nvc_context *ctx);
NVC_EXPORT const char *nvc_error_message(const struct nvc_context *ctx);
NVC_EXPORT const char *nvc_error_hint(const struct nvc_context *ctx);
NVC_EXPORT unsigned nvc_error_line(const struct nvc_context *ctx);
NVC_EXPORT unsigned nvc_error_column(const struct nvc_context *ctx);

/** A setting by its name in config.toml ("nvidia-container-runtime.debug", "nvc.log-file", ...),
 *  strings only; NULL = unset or unknown. Valid as long as the context. */
NVC_EXPORT const char *nvc_setting(const struct nvc_context *ctx, const char *name);
/** The low-level runtimes to look for, in order; NULL-terminated. */
NVC_EXPORT const char *const *nvc_setting_runtimes(const struct nvc_context *ctx);
NVC_EXPORT enum nvc_log_level nvc_setting_log_level(const struct nvc_context *ctx);
/** Changes the sink after opening: once the configured log file is known. */
NVC_EXPORT void nvc_set_log(struct nvc_context *ctx, nvc_log_fn log, void *arg,
			    enum nvc_log_level level);

/* ---- requests ---- */

/** What the container of that bundle (a folder with config.json) wants. */
NVC_EXPORT int nvc_request_from_bundle(struct nvc_context *ctx, const char *bundle,
				       struct nvc_request **ret);

enum nvc_service {
	NVC_PERSISTENCED = 1 << 0,
	NVC_FABRICMANAGER = 1 << 1,
	NVC_GSP_FIRMWARE = 1 << 2,
	NVC_MPS = 1 << 3,
};

struct nvc_request_args {
	size_t size;                 /* sizeof(struct nvc_request_args) */
	const char *devices;         /* "all", "none", ids with commas; NULL = "all" */
	const char *capabilities;    /* words with commas; NULL = all */
	const char *const *requires; /* expressions, NULL-terminated; NULL = none */
	const char *const *env;  /* NAME=VALUE of an image, looked at for list words; NULL = none */
	const char *mig_config;  /* "all"; NULL = none */
	const char *mig_monitor; /* "all"; NULL = none */
	const char *imex_channels; /* numbers with commas; NULL = none */
	const char *cuda_compat;   /* a word of cuda-compat-mode; NULL = as configured */
	unsigned without;          /* enum nvc_service: left out */
};

/** A request from a command line. args may be NULL. */
NVC_EXPORT int nvc_request_from_args(struct nvc_context *ctx, const struct nvc_request_args *args,
				     struct nvc_request **ret);
/** The form that travels in hook arguments. */
NVC_EXPORT int nvc_request_from_text(struct nvc_context *ctx, const char *text,
				     struct nvc_request **ret);
/** False: the container asks for no GPU. */
NVC_EXPORT bool nvc_request_wants_gpu(const struct nvc_request *request);
/** Where the wish came from, for people; NULL = nowhere. */
NVC_EXPORT const char *nvc_request_origin(const struct nvc_request *request);
/** A wish that policy turned down, in one line; NULL = none. */
NVC_EXPORT const char *nvc_request_refused(const struct nvc_request *request);
NVC_EXPORT void nvc_request_free(struct nvc_request *request);

/* ---- facts and plan ---- */

enum nvc_load {
	NVC_LOAD_ALWAYS = 1 << 0,      /* whatever load-kmods says */
	NVC_LOAD_NO_CHANNELS = 1 << 1, /* no node of an IMEX channel; else as configured */
};

/** Loads the driver's kernel modules and makes its nodes where a machine with a card lacks them,
 *  unless load-kmods says not to. For root of the machine; nothing is done for anybody else, nor in
 *  a user namespace. To be called before nvc_confine(). What cannot be done is told in the log.
 *  flags: enum nvc_load. */
NVC_EXPORT int nvc_load_modules(struct nvc_context *ctx, unsigned flags);

/** Reads the machine. request (may be NULL: everything) decides which lists are looked up. */
NVC_EXPORT int nvc_inventory_new(struct nvc_context *ctx, const struct nvc_request *request,
				 struct nvc_inventory **ret);
/** The same without the driver's own files: what the machine is, its lists, GPUs and nodes. */
NVC_EXPORT int nvc_inventory_facts(struct nvc_context *ctx, struct nvc_inventory **ret);
NVC_EXPORT void nvc_inventory_free(struct nvc_inventory *inv);
/** True if the machine is one that this library can serve; if there is a folder of mount lists. */
NVC_EXPORT bool nvc_inventory_has_gpu(const struct nvc_inventory *inv);
NVC_EXPORT bool nvc_inventory_has_lists(const struct nvc_inventory *inv);

struct nvc_container;

/** What little a plan depends on of an image, read from a container's root tree; rootfs alone, with
 *  pid 0, is a folder of the host. Never fails on account of what the image holds. After
 *  nvc_confine() an inventory has to be made before: the driver's library is not asked any more. */
NVC_EXPORT int nvc_image_new(struct nvc_context *ctx, const struct nvc_container *container,
			     struct nvc_image **ret);
NVC_EXPORT void nvc_image_free(struct nvc_image *image);

/** Plans. image may be NULL: nothing is known of it. -ENODEV: no such GPU here; -ENOTSUP: a
 *  requirement is not met. */
NVC_EXPORT int nvc_plan_new(struct nvc_context *ctx, const struct nvc_inventory *inv,
			    const struct nvc_request *request, const struct nvc_image *image,
			    struct nvc_plan **ret);
NVC_EXPORT void nvc_plan_free(struct nvc_plan *plan);
NVC_EXPORT bool nvc_plan_is_empty(const struct nvc_plan *plan);
/** Notes for people, NULL after the last. */
NVC_EXPORT const char *nvc_plan_note(const struct nvc_plan *plan, size_t index);

enum nvc_rendering {
	NVC_INFO_TEXT,
	NVC_INFO_JSON,
	NVC_LIST_TEXT,
	NVC_LIST_JSON,
	NVC_PLAN_TEXT,
	NVC_PLAN_JSON,
	NVC_ROWS_TEXT,  /* each row of the lists with what became of it */
	NVC_INFO_CSV,   /* as nvidia-container-cli info --csv */
	NVC_INFO_PLAIN, /* as nvidia-container-cli info, and nothing else */
};

enum nvc_listed {
	NVC_LISTED_DEVICES = 1 << 0,
	NVC_LISTED_LIBRARIES = 1 << 1,
	NVC_LISTED_BINARIES = 1 << 2,
	NVC_LISTED_IPCS = 1 << 3,
	NVC_LISTED_FIRMWARES = 1 << 4,
	NVC_LISTED_COMPAT32 = 1 << 5,
	NVC_LISTED_MIG = 1 << 6, /* what configuring and watching MIG needs */
};

/** Gives a text of the caller's (free(3)). plan may be NULL for the INFO renderings. */
NVC_EXPORT int nvc_render(struct nvc_context *ctx, const struct nvc_inventory *inv,
			  const struct nvc_request *request, const struct nvc_plan *plan,
			  enum nvc_rendering rendering, char **ret);

/** NVC_LIST_TEXT of some kinds of things only: enum nvc_listed; 0 = everything. */
NVC_EXPORT int nvc_render_list(struct nvc_context *ctx, const struct nvc_inventory *inv,
			       const struct nvc_plan *plan, unsigned listed, char **ret);

/** Checks the lists as `nvc-cli csv check` does: number of rows that are malformed or refused; each
 *  goes to the log as a warning with file:line:column. */
NVC_EXPORT int nvc_check_lists(struct nvc_context *ctx, const struct nvc_inventory *inv);

/* ---- effects ---- */

struct nvc_bundle_args {
	size_t size;
	const char *bundle; /* folder with config.json */
	const char *id;     /* container id */
	const char *hook;   /* absolute path of nvc-hook */
	const char *config; /* passed on to the hook; NULL = none */
};

/** The shim's part: edits BUNDLE/config.json so that the container gets its GPU. Returns 1 when it
 *  was changed, 0 when there was nothing to do. While it lasts the calling thread has no effective
 *  capabilities but those of files, except for what nvc_load_modules() does, which is called where
 *  a GPU is wanted. */
NVC_EXPORT int nvc_bundle_prepare(struct nvc_context *ctx, const struct nvc_bundle_args *args);

struct nvc_container {
	size_t size;
	pid_t pid;
	const char *rootfs;   /* NULL = from the bundle's config.json */
	const char *id;       /* NULL = nothing is recorded */
	const char *bundle;   /* NULL = unknown */
	bool devices_granted; /* the spec has rules for every node */
	bool no_cgroups;
};

struct nvc_applied {
	size_t size;
	unsigned binds, devices, links, files, kept, placeholders, inodes, cgroup_rules;
	bool ldcache;
};

/** Carries the plan out. All or nothing. ret may be NULL. */
NVC_EXPORT int nvc_apply(struct nvc_context *ctx, const struct nvc_plan *plan,
			 const struct nvc_container *container, struct nvc_applied *ret);
/** Takes back what nvc_apply() left in the image of that container. */
NVC_EXPORT int nvc_revert(struct nvc_context *ctx, const struct nvc_container *container);

/** -EPERM for a set-user-ID program, or one with capabilities of its file: its caller is not to be
 *  trusted. For programs that have to keep their surroundings; changes nothing. */
NVC_EXPORT int nvc_check_caller(void);

/** For programs that run with privilege, before anything else: closes every fd above 2, fills
 *  missing ones of 0 to 2 with /dev/null, chdir("/"), umask 022, default signals, no core dumps, no
 *  environment, no inheritable or ambient capabilities, no ptrace by the same user. -EPERM, and
 *  nothing is done, as of nvc_check_caller(). */
NVC_EXPORT int nvc_clean_start(void);

/** For programs that end after one nvc_apply() or nvc_revert() with this context: the calling
 *  thread gives up capabilities, no_new_privs is set, and system calls that are of no use are
 *  refused; nvc_apply() and nvc_revert() then give up more from phase to phase, and write files of
 *  the image in a thread that Landlock restricts to it. Nothing comes back. */
NVC_EXPORT int nvc_confine(struct nvc_context *ctx);

/* ---- registration with an engine ---- */

struct nvc_engine_args {
	size_t size;
	const char *engine;       /* "docker" */
	const char *config;       /* its file; NULL = /etc/docker/daemon.json */
	const char *image_root;   /* folder with the tree of an image, in which config lies; NULL =
				   * this   machine */
	const char *runtime_name; /* NULL = "nvidia" */
	const char *runtime_path; /* NULL = nvc-runtime where this build is installed */
	bool set_default;         /* the engine's default too */
	bool remove;              /* take it out again */
	bool dry_run;             /* write nothing */
};

enum nvc_engine_deed {
	NVC_ENGINE_ADDED = 1 << 0,
	NVC_ENGINE_CHANGED = 1 << 1, /* an entry of that name led elsewhere */
	NVC_ENGINE_DEFAULT = 1 << 2,
	NVC_ENGINE_REMOVED = 1 << 3,
	NVC_ENGINE_NO_DEFAULT = 1 << 4, /* there is no default-runtime any more */
	NVC_ENGINE_NO_PROGRAM = 1 << 5, /* the runtime's program is not there (yet) */
	NVC_ENGINE_OLD_BACKUP = 1 << 6, /* the backup is of an earlier change, and stays */
};

struct nvc_engine_change {
	size_t size;
	unsigned done; /* enum nvc_engine_deed */
	/* owned by the struct: nvc_engine_change_done() */
	char *runtime_name, *runtime_path;
	char *file;                   /* behind all links */
	char *backup;                 /* see below; NULL = there was no file */
	char *before;                 /* NULL = there was no file */
	char *after;                  /* NULL = nothing was to be done */
	char *old_path, *old_default; /* that gave way; NULL = none */
};

/** Makes the runtime known to an engine by an edit of its configuration file: what is not ours
 * stays byte for byte, mode and owner too; links are followed, inside image_root; a missing file is
 * made. The file is replaced at once, and its old content is in the same folder, ".nvc-bak" behind
 * its name; one that is there stays as long as the file has our entry, so it is of before that.
 * Needs no config.toml: see no_config. The engine has to be told to read the file. 1 = changed
 * (with dry_run: would be), 0 = nothing was to be done. -EINVAL with place: not JSON that the
 * engine takes. -EEXIST: what is to be removed is not ours. -ENOTSUP: another engine; the advice
 * says what to do instead. */
NVC_EXPORT int nvc_engine_configure(struct nvc_context *ctx, const struct nvc_engine_args *args,
				    struct nvc_engine_change *ret);
NVC_EXPORT void nvc_engine_change_done(struct nvc_engine_change *change);

struct nvc_state {
	size_t size;
	char *id, *bundle, *root, *status; /* owned by the struct: nvc_state_done() */
	pid_t pid;
};

/** Reads the OCI state that a runtime gives to a hook. */
NVC_EXPORT int nvc_state_parse(struct nvc_context *ctx, const char *text, size_t len,
			       struct nvc_state *ret);
NVC_EXPORT void nvc_state_done(struct nvc_state *state);

#ifdef __cplusplus
}
#endif

#endif
