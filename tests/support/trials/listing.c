/* SPDX-License-Identifier: Apache-2.0 */
#include "listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

#define MAX_LINE 20000

static bool add_line(struct listing *listing, char *line)
{
	struct listing_call *more =
		realloc(listing->calls, (listing->n + 1) * sizeof(*listing->calls));
	char *rest = line;
	const char *fields[4] = {"", "", "", ""};

	if (more == NULL)
		return false;
	listing->calls = more;
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < 3 && rest != NULL; i++)
		fields[i] = strsep(&rest, "\t");
	more = &listing->calls[listing->n];
	*more = (struct listing_call){.in_root = strcmp(fields[2], "root") == 0,
				      .names = strdup(rest == NULL ? "" : rest)};
	(void)snprintf(more->word, sizeof(more->word), "%s", fields[1]);
	listing->n++;
	return more->names != NULL;
}

/* Where in a program a call comes from shows in the calls around it. */
static void find_sites(struct listing *listing)
{
	static const struct listing_call none = {.word = "-"};

	for (size_t i = 0; i < listing->n; i++) {
		struct listing_call *call = &listing->calls[i];
		const struct listing_call *before = i == 0 ? &none : call - 1;
		const struct listing_call *after = i + 1 == listing->n ? &none : call + 1;
		unsigned long long site = 0;

		site = tree_sum(before->word, strlen(before->word) + 1, site);
		site = tree_sum(call->word, strlen(call->word) + 1, site);
		site = tree_sum(after->word, strlen(after->word) + 1, site);
		call->site = tree_sum(call->in_root ? "1" : "0", 1, site);
		for (size_t k = 0; k < i; k++)
			call->occurrence += listing->calls[k].site == call->site;
	}
}

bool listing_read(const char *path, struct listing *ret)
{
	static char line[MAX_LINE];
	FILE *file = fopen(path, "re");
	bool whole = file != NULL;

	*ret = (struct listing){0};
	while (whole && fgets(line, sizeof(line), file) != NULL)
		whole = add_line(ret, line);
	if (file != NULL)
		(void)fclose(file);
	find_sites(ret);
	return whole && ret->n > 0;
}

void listing_done(struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++)
		free(listing->calls[i].names);
	free(listing->calls);
	*listing = (struct listing){0};
}
