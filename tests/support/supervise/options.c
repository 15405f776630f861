/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *word;
	int code;
} codes[] = {
	{"ENOMEM", ENOMEM}, {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EMFILE", EMFILE},
	{"EACCES", EACCES}, {"EINTR", EINTR},   {"EPERM", EPERM},   {"EAGAIN", EAGAIN},
	{"EROFS", EROFS},   {"ENOSYS", ENOSYS}, {"EINVAL", EINVAL}, {"ENOENT", ENOENT},
};

static bool number(const char *text, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *ret > 0;
}

static bool parse_refusal(char *value, struct options *options)
{
	struct refusal refusal = {0};
	char *word = strchr(value, ':');
	char *call;

	if (word == NULL || options->n_refusals == OPTIONS_MAX)
		return false;
	*word++ = '\0';
	call = strchr(word, ':');
	if (call != NULL)
		*call++ = '\0';
	refusal.word = call;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(codes[i].word, word) == 0)
			refusal.code = codes[i].code;
	if (refusal.code == 0 || !number(value, &refusal.at))
		return false;
	options->refusals[options->n_refusals++] = refusal;
	return true;
}

/* NAME or NAME:COUNT */
static bool parse_at_call(char *value, struct options *options)
{
	char *count = strchr(value, ':');

	options->at_count = 1;
	if (count != NULL)
		*count++ = '\0';
	(void)snprintf(options->at_word, sizeof(options->at_word), "%s", value);
	return count == NULL || number(count, &options->at_count);
}

/* All that is on a file system other than that of "/" counts as of the tree, if that is on it: its
 * neighbours too, which things are exchanged with. */
static bool parse_root(const char *value, struct options *options)
{
	struct stat st;
	struct stat above;

	if (value[0] != '/' || stat(value, &st) < 0 || stat("/", &above) < 0)
		return false;
	options->root.path = value;
	options->root.dev = st.st_dev != above.st_dev ? st.st_dev : 0;
	return true;
}

static bool parse_text(const char *name, const char *value, struct options *options)
{
	const struct {
		const char *name;
		const char **field;
	} texts[] = {{"--stage", &options->stage},
		     {"--begin", &options->begin},
		     {"--list", &options->list},
		     {"--report", &options->report}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].field = value;
			return true;
		}
	}
	return false;
}

static bool parse_value(const char *name, char *value, struct options *options)
{
	unsigned long n;

	if (strcmp(name, "--fail") == 0)
		return parse_refusal(value, options);
	if (strcmp(name, "--kill") == 0)
		return number(value, &options->kill);
	if (strcmp(name, "--at") == 0)
		return number(value, &options->at);
	if (strcmp(name, "--at-call") == 0)
		return parse_at_call(value, options);
	if (strcmp(name, "--rootfs") == 0)
		return parse_root(value, options);
	if (strcmp(name, "--deadline") == 0) {
		bool valid = number(value, &n) && n < 86400;

		options->deadline = (unsigned)n;
		return valid;
	}
	if (parse_text(name, value, options))
		return true;
	if (options->n_deeds == OPTIONS_MAX ||
	    !deed_parse(name, value, &options->deeds[options->n_deeds]))
		return false;
	options->n_deeds++;
	return true;
}

static bool parse_flag(const char *name, struct options *options)
{
	if (strcmp(name, "--each") == 0)
		options->each = true;
	else if (strcmp(name, "--keep") == 0)
		options->keep = true;
	else if (strcmp(name, "--inside") == 0)
		options->inside = true;
	else
		return false;
	return true;
}

bool options_parse(int argc, char **argv, struct options *ret)
{
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (parse_flag(argv[i], ret))
			continue;
		if (i + 1 == argc || !parse_value(argv[i], argv[i + 1], ret)) {
			(void)fprintf(stderr, "supervise: what is '%s %s'?\n", argv[i],
				      i + 1 == argc ? "" : argv[i + 1]);
			return false;
		}
		i++;
	}
	if (i + 1 >= argc) {
		(void)fputs("usage: supervise [OPTION...] -- COMMAND [ARGUMENT...]\n", stderr);
		return false;
	}
	ret->command = argv + i + 1;
	return true;
}
