/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of JSON objects. Without memory jansson gives NULL, and takes NULL for an error in turn:
 * so only results of these are looked at, where anything but 0 means no memory. Join them by || and
 * not by |, which would leave the order of the members to the compiler.
 */
#ifndef RENDER_JSONPUT_H
#define RENDER_JSONPUT_H

#include <jansson.h>

#include "base/err.h"
#include "base/strv.h"
#include "model/inventory.h"
#include "model/plan.h"

/** JSON has no bytes but UTF-8: others are written as \xNN. NULL gives null. */
json_t *jsonput_string(const char *text);
/** The text as a JSON string with its quotes; the caller frees. -EINVAL: not UTF-8. */
int jsonput_quoted(const char *text, char **ret, struct err *err);
/** Takes value over. */
int jsonput_value(json_t *object, const char *key, json_t *value);
int jsonput_text(json_t *object, const char *key, const char *text);
int jsonput_size(json_t *object, const char *key, size_t number);
/** "mode", in octal. */
int jsonput_mode(json_t *object, mode_t mode);
/** "major" and "minor". */
int jsonput_rdev(json_t *object, dev_t rdev);
int jsonput_strv(json_t *object, const char *key, const struct strv *list);
/** An object with value and source, or null. */
int jsonput_fact(json_t *facts, const char *key, const struct fact *fact);
/** "capabilities": the words of enum driver_cap. */
int jsonput_caps(json_t *object, unsigned caps);
/** Who asked for it: "list" and "line", or "part" and "why". */
int jsonput_provenance(json_t *object, const struct inventory *inv, const struct op *op);
/** "root" and "source", of an operation that has one. */
int jsonput_source(json_t *object, const struct inventory *inv, const struct op *op);
/** A new empty array under that name, borrowed; NULL without memory. */
json_t *jsonput_array(json_t *object, const char *key);
/** A new empty object at the end of an array, borrowed; NULL without memory. */
json_t *jsonput_append(json_t *array);

/** The text of root, which is freed; rc: what came of filling it. */
int jsonput_finish(json_t *root, int rc, char **ret, struct err *err);

#endif
