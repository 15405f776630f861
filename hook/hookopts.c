/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/hookopts.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

const char hookopts_usage[] =
	"Usage: nvc-hook [OPTION]... COMMAND [OPTION]...\n"
	"OCI hook that puts an NVIDIA GPU into a container. The container's state is read from\n"
	"standard input as JSON, as runtimes write it.\n"
	"\n"
	"Commands:\n"
	"  prestart, createRuntime   put the GPU's nodes and files into the container\n"
	"  poststart                 nothing; for configurations made for NVIDIA's hook\n"
	"  poststop                  take back what was made in the image's writable layer\n"
	"\n"
	"Options:\n"
	"  --config FILE       config.toml to read\n"
	"  --debug[=FILE]      log everything, to FILE\n"
	"  --bundle DIR        bundle, instead of the state's\n"
	"  --rootfs DIR        root file system, instead of the bundle's\n"
	"  --id ID             container id, instead of the state's\n"
	"  --request TEXT      what the container asks for, as nvc-runtime wrote it\n"
	"  --devices-granted   the container's spec has rules for all nodes\n"
	"  --timeout SECONDS   give up after so long (default: 60)\n"
	"  --root DIR          where driver files and device nodes are\n"
	"  --host-root DIR     where lists, /proc, /sys and /etc are\n"
	"  --version, --help\n"
	"\n"
	"Exit codes: 0 done or nothing to do, 1 error, 2 wrong command line.\n";

struct value_option {
	const char *name;
	size_t offset; /* of a const char * in struct hook_opts */
};

static const struct value_option value_options[] = {
	{"config", offsetof(struct hook_opts, config)},
	{"bundle", offsetof(struct hook_opts, bundle)},
	{"rootfs", offsetof(struct hook_opts, rootfs)},
	{"id", offsetof(struct hook_opts, id)},
	{"request", offsetof(struct hook_opts, request)},
	{"timeout", offsetof(struct hook_opts, timeout_text)},
	{"root", offsetof(struct hook_opts, root)},
	{"host-root", offsetof(struct hook_opts, host_root)},
};

static const struct {
	const char *name;
	enum hook_command command;
} commands[] = {
	{"prestart", HOOK_PRESTART},
	{"createRuntime", HOOK_PRESTART},
	{"poststart", HOOK_POSTSTART},
	{"poststop", HOOK_POSTSTOP},
};

/* True if text is name, or name=VALUE; *ret_value is VALUE or NULL. */
static bool matches(const char *text, const char *name, const char **ret_value)
{
	size_t len = strlen(name);

	if (strncmp(text, name, len) != 0 || (text[len] != '\0' && text[len] != '='))
		return false;
	*ret_value = text[len] == '=' ? text + len + 1 : NULL;
	return true;
}

/* 1 = taken, 0 = not a flag */
static int parse_flag(const char *text, struct hook_opts *opts)
{
	const char *value;

	if (matches(text, "debug", &value)) {
		opts->debug = value == NULL || strcmp(value, "false") != 0;
		if (value != NULL && value[0] == '/')
			opts->debug_file = value;
		return 1;
	}
	if (strcmp(text, "devices-granted") == 0)
		opts->devices_granted = true;
	else if (strcmp(text, "version") == 0)
		opts->command = HOOK_VERSION;
	else if (strcmp(text, "help") == 0 || strcmp(text, "h") == 0)
		opts->command = HOOK_HELP;
	else
		return 0;
	return 1;
}

/* Number of words taken */
static int parse_option(char *const *argv, struct hook_opts *opts, struct err *err)
{
	const char *text = argv[0] + (argv[0][1] == '-' ? 2 : 1);

	if (parse_flag(text, opts) == 1)
		return 1;
	for (size_t i = 0; i < sizeof(value_options) / sizeof(value_options[0]); i++) {
		const char *value;

		if (!matches(text, value_options[i].name, &value))
			continue;
		if (value == NULL && argv[1] == NULL)
			return err_set(err, EINVAL, "option '%s' needs a value", argv[0]);
		*(const char **)(void *)((char *)opts + value_options[i].offset) =
			value == NULL ? argv[1] : value;
		return value == NULL ? 2 : 1;
	}
	return err_set(err, EINVAL, "unknown option '%s'", argv[0]);
}

static int parse_command(const char *word, struct hook_opts *opts, struct err *err)
{
	if (opts->command != HOOK_NONE && opts->command < HOOK_HELP)
		return err_set(err, EINVAL, "a second command '%s'", word);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(word, commands[i].name) == 0) {
			if (opts->command == HOOK_NONE)
				opts->command = commands[i].command;
			return 1;
		}
	}
	return err_set(err, EINVAL, "unknown command '%s'", word);
}

static int read_timeout(struct hook_opts *opts, struct err *err)
{
	const char *text = opts->timeout_text;
	uint64_t seconds;

	if (text == NULL)
		return 0;
	if (!str_to_u64(text, strlen(text), 10, HOOKOPTS_MAX_TIMEOUT, &seconds) || seconds == 0)
		return err_set(err, EINVAL, "option '--timeout' wants 1 to %u seconds, not '%s'",
			       HOOKOPTS_MAX_TIMEOUT, text);
	opts->timeout = (unsigned)seconds;
	return 0;
}

int hookopts_parse(int argc, char *const *argv, struct hook_opts *ret, struct err *err)
{
	struct hook_opts opts = {.command = HOOK_NONE};

	for (int i = 1; i < argc;) {
		int taken = argv[i][0] == '-' && argv[i][1] != '\0'
				    ? parse_option(argv + i, &opts, err)
				    : parse_command(argv[i], &opts, err);

		if (taken < 0)
			return taken;
		i += taken;
	}
	if (read_timeout(&opts, err) < 0)
		return -EINVAL;
	*ret = opts;
	return 0;
}
