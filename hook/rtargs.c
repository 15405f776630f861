/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/rtargs.h"

#include <stddef.h>
#include <string.h>

/* Which field an option sets. */
enum field {
	FIELD_NONE,
	FIELD_BUNDLE,
	FIELD_CONFIG,
	FIELD_LOG,
	FIELD_LOG_FORMAT,
	FIELD_DEBUG,
	FIELD_VERSION,
	FIELD_HELP,
};

struct option_name {
	const char *name;
	enum field field;
	bool takes_value;
};

static const struct option_name global_options[] = {
	{"root", FIELD_NONE, true},
	{"log", FIELD_LOG, true},
	{"log-format", FIELD_LOG_FORMAT, true},
	{"log-level", FIELD_NONE, true},
	{"criu", FIELD_NONE, true},
	{"rootless", FIELD_NONE, true},
	{"cgroup-manager", FIELD_NONE, true},
	/* No runtime has it here, but its value must not be taken for the command. */
	{"bundle", FIELD_BUNDLE, true},
	{"b", FIELD_BUNDLE, true},
	{"debug", FIELD_DEBUG, false},
	{"version", FIELD_VERSION, false},
	{"v", FIELD_VERSION, false},
	{NULL, FIELD_NONE, false},
};

static const struct option_name create_options[] = {
	{"bundle", FIELD_BUNDLE, true},
	{"b", FIELD_BUNDLE, true},
	{"config", FIELD_CONFIG, true},
	{"f", FIELD_CONFIG, true},
	{"console-socket", FIELD_NONE, true},
	{"pidfd-socket", FIELD_NONE, true},
	{"pid-file", FIELD_NONE, true},
	{"preserve-fds", FIELD_NONE, true},
	{"help", FIELD_HELP, false},
	{"h", FIELD_HELP, false},
	{NULL, FIELD_NONE, false},
};

static const struct option_name *find_option(const struct option_name *options, const char *name,
					     size_t len)
{
	for (; options->name != NULL; options++) {
		if (strlen(options->name) == len && memcmp(options->name, name, len) == 0)
			return options;
	}
	return NULL;
}

/* A flag of Go's may be written "--debug=false". */
static bool is_true(const char *value)
{
	return value == NULL || strchr("1tT", value[0]) != NULL;
}

static void set_field(struct rtargs *args, enum field field, const char *value)
{
	switch (field) {
	case FIELD_BUNDLE:
		args->bundle = value;
		break;
	case FIELD_CONFIG:
		args->config = value;
		break;
	case FIELD_LOG:
		args->log = value;
		break;
	case FIELD_LOG_FORMAT:
		args->log_format = value;
		break;
	case FIELD_DEBUG:
		args->debug = is_true(value);
		break;
	case FIELD_VERSION:
		args->version = is_true(value);
		break;
	case FIELD_HELP:
		args->help = is_true(value);
		break;
	case FIELD_NONE:
	default:
		break;
	}
}

/* Reads the option at argv[0]; returns how many elements it takes. */
static int take_option(int argc, const char *const *argv, const struct option_name *options,
		       struct rtargs *args)
{
	const char *name = argv[0] + (argv[0][1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct option_name *option = find_option(options, name, len);

	/* crun's getopt takes "-b/bundle" too; for runc it is an unknown option. */
	if (option == NULL && argv[0][1] != '-' && strchr("/.", name[1]) != NULL) {
		option = find_option(options, name, 1);
		value = name + 1;
	}
	if (option == NULL)
		return 1;
	if (!option->takes_value || value != NULL) {
		set_field(args, option->field, value);
		return 1;
	}
	if (argc > 1)
		set_field(args, option->field, argv[1]);
	return 2;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

bool rtargs_creates(const struct rtargs *args)
{
	return args->command != NULL && !args->help && !args->version && args->id != NULL &&
	       (strcmp(args->command, "create") == 0 || strcmp(args->command, "run") == 0);
}

void rtargs_scan(int argc, const char *const *argv, struct rtargs *ret)
{
	bool only_words = false;
	int i = 0;

	*ret = (struct rtargs){.command = NULL};
	while (i < argc && is_option(argv[i])) {
		/* "--" ends the options; what follows is the command. */
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		i += take_option(argc - i, argv + i, global_options, ret);
	}
	if (i >= argc)
		return;
	ret->command = argv[i++];
	if (strcmp(ret->command, "create") != 0 && strcmp(ret->command, "run") != 0)
		return;
	/* Both runtimes let options follow the id. */
	while (i < argc) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
			i++;
		} else if (!only_words && is_option(argv[i])) {
			i += take_option(argc - i, argv + i, create_options, ret);
		} else {
			if (ret->id == NULL)
				ret->id = argv[i];
			i++;
		}
	}
}
