/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of device ids and words ("all", "none", "void") as it is gathered from variables, mounts
 * or a command line. Pure.
 */
#ifndef OCI_WISH_H
#define OCI_WISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "model/request.h"

struct wish {
	const char *name; /* where the text comes from, for messages; borrowed */
	bool is_void;     /* "void" occurs: nothing is wanted, whatever else there is */
	bool all;         /* the first word was "all" */
	bool none;        /* the first word was "none" */
	struct strv ids;  /* each once, in order */
	size_t n_words;
};

void wish_done(struct wish *wish);

/** A range of indices, "0-3", adds each of them. -EINVAL: no device has such an id, the range runs
 *  backwards, or there are more than REQUEST_MAX_DEVICES of them. */
int wish_add_id(struct wish *wish, const char *id, size_t len, struct err *err);

/** Words with commas; blanks around them and empty ones do not count. */
int wish_add_list(struct wish *wish, const char *text, struct err *err);

bool wish_wants_gpu(const struct wish *wish);

/** Moves the wish into mode and devices of the request. */
void wish_grant(struct wish *wish, struct request *request);

struct wish_word {
	const char *start; /* NULL = there is no further one */
	size_t len;
};

/** The next word of a list with commas, without blanks around it; *text moves on. */
struct wish_word wish_next_word(const char **text);

typedef int (*wish_word_fn)(void *arg, const char *word, size_t len, struct err *err);
/** Calls fn for each word of a list with commas up to a failure. name is the variable's, for
 *  messages. -EINVAL: longer than REQUEST_MAX_ENV_BYTES. */
int wish_each_word(const char *name, const char *text, wish_word_fn fn, void *arg, struct err *err);

/** 1 = "FIRST-LAST" in decimal, 0 = not of that form, -ERANGE: of that form, but it runs backwards
 *  or beyond max. */
int wish_read_range(const char *text, uint64_t max, uint64_t *ret_first, uint64_t *ret_last);

/** VENDOR/CLASS=NAME. Source: CDI specification 0.5 to 1.1, "Kind" and "Device name". */
bool wish_is_cdi_name(const char *id);

/** Only blanks and printable ASCII. */
bool wish_is_printable(const char *text);

#endif
