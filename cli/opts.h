/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of nvc-cli: one table of commands and one of options give parsing, --help, the
 * completion script and what the manual page is tested against.
 */
#ifndef CLI_OPTS_H
#define CLI_OPTS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strv.h"

enum opts_command {
	COMMAND_NONE,
	COMMAND_INFO,
	COMMAND_LIST,
	COMMAND_PLAN,
	COMMAND_CONFIGURE,
	COMMAND_CSV,
	COMMAND_RUNTIME,
};

#define OPTS_MAX_OPERANDS 2u

struct opts {
	enum opts_command command;
	/* Strings are the caller's argv. NULL = not given. */
	const char *root;
	const char *host_root;
	const char *config;
	const char *debug;
	const char *ldcache;
	const char *user; /* "" = without a value: the caller */
	const char *bundle;
	const char *request;
	const char *rootfs; /* of plan: a folder */
	const char *pid;
	const char *id;
	const char *ldconfig;
	const char *cuda_compat;
	const char *mig_config;
	const char *mig_monitor;
	const char *engine;        /* --runtime of runtime */
	const char *engine_config; /* --config behind runtime */
	const char *image_root;
	const char *runtime_name;
	const char *runtime_path;
	bool help;
	bool version;
	bool print_completion;
	bool print_options;
	bool json;
	bool csv;
	bool no_cache;
	bool load_kmods;
	bool no_channel_making;
	bool no_cgroups;
	bool no_devbind;
	bool no_persistenced, no_fabricmanager, no_gsp_firmware;
	bool libraries, binaries, ipcs, firmwares, compat32; /* of list */
	bool set_default, remove, dry_run;                   /* of runtime */
	struct strv devices;                                 /* --device, in order */
	struct strv channels;                                /* --imex-channel, in order */
	struct strv requires;
	struct strv capabilities; /* words of NVIDIA_DRIVER_CAPABILITIES */
	const char *operands[OPTS_MAX_OPERANDS];
	size_t n_operands;
};

/** argv[0] is the program's name. -EINVAL names the option; its hint is set. */
int opts_parse(int argc, char **argv, struct opts *ret, struct err *err);
void opts_done(struct opts *opts);

/** What --help shows for the command, or for the program (COMMAND_NONE). */
void opts_help(const char *program, enum opts_command command, FILE *out);
/** A bash completion script. */
void opts_completion(FILE *out);
/** "COMMAND --option" for each option there is, for tests of the documents. */
void opts_list(FILE *out);

#endif
