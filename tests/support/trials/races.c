/* SPDX-License-Identifier: Apache-2.0 */
#include "races.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct deed {
	char text[4096]; /* cut into pieces */
	const char *option;
	const char *value;
	const char *match;
	bool inside;
	bool keep;
	bool mounts; /* of the canary, on purpose */
};

static bool drop(char **text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*text, prefix, len) != 0)
		return false;
	*text += len;
	return true;
}

static bool parse(const char *text, struct deed *ret)
{
	char *at = ret->text + 2;
	char *value;
	char *match;

	(void)snprintf(ret->text, sizeof(ret->text), "--%s", text);
	ret->inside = drop(&at, "inside-");
	ret->keep = drop(&at, "keep-");
	value = strchr(at, '=');
	if (value == NULL)
		return false;
	*value++ = '\0';
	match = strrchr(value, '@');
	if (match != NULL)
		*match++ = '\0';
	at -= 2; /* the prefixes are gone: room for "--" */
	memcpy(at, "--", 2);
	ret->option = at;
	ret->value = value;
	ret->match = match;
	ret->mounts = strcmp(at, "--bind") == 0;
	return true;
}

/* A mount of or on the canary in the container's namespace. Its path begins differently when it is
 * of a file system below "/": the last two names tell. */
static bool is_mounted(const struct bench *bench, const char *canary)
{
	static char line[8192];
	FILE *file = fopen(bench->probe, "re");
	const char *tail = canary + strlen(canary);
	bool found = false;

	for (int slashes = 0; tail > canary && slashes < 2;)
		slashes += *--tail == '/';
	/* mounts come first; "." begins a file's line */
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL && line[0] != '.')
		found = strstr(line, tail) != NULL;
	if (file != NULL)
		(void)fclose(file);
	return found;
}

/* before: of the canary; after an escape, what is there now. */
static const char *judge_canary(struct bench *bench, const struct races *races, char **before,
				const struct deed *deed)
{
	static char because[8192];
	const struct watch canary = {.trees = {{races->canary, TREE_HOST}}, .n = 1};
	char *now = watch_files(&canary);
	const char *why = NULL;

	if (now == NULL || strcmp(*before, now) != 0) {
		int n = snprintf(because, sizeof(because), "ESCAPED: ");

		watch_difference(*before, now == NULL ? "" : now, because + n,
				 sizeof(because) - (size_t)n);
		why = because;
	}
	if (now != NULL) {
		free(*before);
		*before = now;
	}
	if (why == NULL && !deed->mounts && is_mounted(bench, races->canary))
		why = "ESCAPED: the host's is mounted in the container";
	return why;
}

static bool is_as_before(const struct bench *bench)
{
	char *now = watch_files(&bench->watch);
	bool same = now != NULL && strcmp(now, bench->files) == 0;

	free(now);
	return same;
}

static void race(struct bench *bench, const struct races *races, char **canary,
		 const struct deed *deed, unsigned long n)
{
	static struct outcome outcome;
	char at[32];
	static char label[8192];
	const char *options[8] = {"--at", at, deed->option, deed->value};
	int k = 4;
	const char *why;

	(void)snprintf(at, sizeof(at), "%lu", n);
	(void)snprintf(label, sizeof(label), "%s %s%s%s", deed->option, deed->value,
		       deed->inside ? " inside" : "", deed->keep ? " for good" : "");
	if (deed->inside)
		options[k++] = "--inside";
	if (deed->keep)
		options[k++] = "--keep";
	bench_run(bench, options, &outcome);
	if (outcome.deeds == 0)
		return;
	bench->tried++;
	why = bench_judge_words(bench, &outcome);
	if (why == NULL)
		why = bench_judge_host(bench, true);
	if (why == NULL)
		why = judge_canary(bench, races, canary, deed);
	if (why != NULL)
		bench_complain(bench, label, n, why, &outcome);
	if (!is_as_before(bench))
		bench_reset(bench);
}

void races_run(struct bench *bench, const struct races *races)
{
	const struct watch watch = {.trees = {{races->canary, TREE_HOST}}, .n = 1};
	char *canary = watch_files(&watch);
	unsigned long count = 0;

	for (int i = 0; i < races->n; i++) {
		static struct deed deed;
		unsigned long fitting = 0;

		deed = (struct deed){.option = NULL};
		if (!parse(races->deeds[i], &deed)) {
			(void)fprintf(stderr, "trials: what is '%s'?\n", races->deeds[i]);
			exit(2);
		}
		for (size_t k = 0; k < bench->listing.n; k++) {
			const struct listing_call *call = &bench->listing.calls[k];

			if (!call->in_root ||
			    (deed.match != NULL && strstr(call->names, deed.match) == NULL))
				continue;
			if (fitting++ % races->step != 0 || count++ % bench->slices != bench->slice)
				continue;
			race(bench, races, &canary, &deed, k + 1);
		}
	}
	free(canary);
}
