/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What supervise is asked to do.
 */
#ifndef SUPERVISE_OPTIONS_H
#define SUPERVISE_OPTIONS_H

#include <stdbool.h>

#include "call.h"
#include "deed.h"

#define OPTIONS_MAX 8

/* A refused call. */
struct refusal {
	unsigned long at; /* number of the call; */
	const char *word; /* or, of that name, the next one; NULL = whatever it is */
	int code;
	bool done;
};

struct options {
	const char *stage;
	const char *begin; /* counting starts with the first call of that name; NULL = at once */
	const char *list;
	struct refusal refusals[OPTIONS_MAX];
	int n_refusals;
	unsigned long kill;
	unsigned long at;       /* deeds at that call; */
	char at_word[32];       /* or at that one of this name, */
	unsigned long at_count; /* which is met so many times; */
	bool each;              /* or at every one that is of the root tree */
	struct deed deeds[OPTIONS_MAX];
	int n_deeds;
	bool keep;
	bool inside;
	unsigned deadline; /* seconds; 0 = none */
	const char *report;
	struct call_root root;
	char **command;
};

/** False, with a line on stderr, where they make no sense. */
bool options_parse(int argc, char **argv, struct options *ret);

#endif
