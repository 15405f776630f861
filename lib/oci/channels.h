/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of IMEX channels as it is gathered from a variable, mounts or a command line. Pure.
 */
#ifndef OCI_CHANNELS_H
#define OCI_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

struct channels {
	const char *name;    /* where the text comes from, for messages; borrowed */
	bool is_void;        /* "void" occurs: none is wanted, whatever else there is */
	bool all;            /* the first word was "all" */
	bool none;           /* the first word was "none" */
	struct strv numbers; /* in decimal, each once, in order */
	size_t n_words;
};

void channels_done(struct channels *channels);

/** A number below DRIVER_MAX_CHANNELS, "channelN" as the node is called, or a range "0-3".
 *  -EINVAL: none of these, or more than REQUEST_MAX_CHANNELS. */
int channels_add(struct channels *channels, const char *text, size_t len, struct err *err);

/** Words with commas; blanks around them and empty ones do not count. */
int channels_add_list(struct channels *channels, const char *text, struct err *err);

#endif
