/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/jdoc.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "oci/jscan.h"

/* Where its scanner finds no room for a word jansson calls the word itself wrong. Ours needs none.
 */
static bool ran_out(const json_error_t *error, const char *text, size_t len)
{
	struct jscan_span span;

	switch (json_error_code(error)) {
	case json_error_out_of_memory:
		return true;
	case json_error_unknown:
	case json_error_invalid_syntax:
	case json_error_premature_end_of_input:
	case json_error_end_of_input_expected:
		/* it takes objects and arrays only */
		return jscan_document(text, len, &span, NULL) == 0 &&
		       (text[span.start] == '{' || text[span.start] == '[');
	default:
		return false;
	}
}

/* jansson quotes bytes of the document in its text. */
static int translate_error(const char *name, const json_error_t *error, struct err *err)
{
	char text[JSON_ERROR_TEXT_LENGTH * 4];
	unsigned line = error->line > 0 ? (unsigned)error->line : 0;
	unsigned column = error->column > 0 ? (unsigned)error->column : 0;

	str_escape(error->text, text, sizeof(text));
	return err_at(err, EINVAL, line, column, "%s:%u:%u: %s", name, line, column, text);
}

int jdoc_load(const char *name, const char *text, size_t len, struct jdoc *ret, struct err *err)
{
	json_error_t error = {.line = 0}; /* jansson leaves it alone where it cannot even begin */
	json_t *root =
		json_loadb(text, len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, &error);

	if (root == NULL && ran_out(&error, text, len))
		return err_nomem(err);
	if (root == NULL)
		return translate_error(name, &error, err);
	if (!json_is_object(root)) {
		json_decref(root);
		return err_at(err, EINVAL, 1, 1, "read '%s': not a JSON object", name);
	}
	*ret = (struct jdoc){.root = root, .name = name};
	return 0;
}

void jdoc_done(struct jdoc *doc)
{
	json_decref(doc->root);
	doc->root = NULL;
}

int jdoc_fault(const struct jdoc *doc, const char *path, const char *what, struct err *err)
{
	return err_set(err, EINVAL, "read '%s': '%s' %s", doc->name, path, what);
}

static bool has_type(const json_t *value, json_type type)
{
	switch (type) {
	case JSON_INTEGER:
	case JSON_REAL:
		return json_is_number(value);
	case JSON_TRUE:
	case JSON_FALSE:
		return json_is_boolean(value);
	default:
		return json_typeof(value) == type;
	}
}

static const char *not_of_type(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "is not an object";
	case JSON_ARRAY:
		return "is not an array";
	case JSON_STRING:
		return "is not a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "is not a number";
	default:
		return "is not true or false";
	}
}

int jdoc_check(const struct jdoc *doc, const json_t *value, const char *path, json_type type,
	       struct err *err)
{
	return has_type(value, type) ? 0 : jdoc_fault(doc, path, not_of_type(type), err);
}

int jdoc_get(const struct jdoc *doc, const json_t *object, const char *path, json_type type,
	     const json_t **ret, struct err *err)
{
	const char *dot = strrchr(path, '.');
	const json_t *value = json_object_get(object, dot == NULL ? path : dot + 1);

	if (value == NULL || json_is_null(value)) {
		*ret = NULL;
		return 0;
	}
	if (!has_type(value, type))
		return jdoc_fault(doc, path, not_of_type(type), err);
	*ret = value;
	return 0;
}

int jdoc_get_string(const struct jdoc *doc, const json_t *object, const char *path, char **ret,
		    struct err *err)
{
	const json_t *value = NULL;
	char *copy = NULL;
	int rc = jdoc_get(doc, object, path, JSON_STRING, &value, err);

	if (rc < 0)
		return rc;
	if (value != NULL) {
		copy = strdup(json_string_value(value));
		if (copy == NULL)
			return err_nomem(err);
	}
	*ret = copy;
	return 0;
}

bool jdoc_to_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret)
{
	double number = json_number_value(value);
	int64_t whole;

	/* Beyond 2^53 a double no longer tells neighbours apart; the cast below is safe as well. */
	if (!json_is_number(value) || !(number >= -9007199254740992.0) ||
	    !(number <= 9007199254740992.0))
		return false;
	whole = (int64_t)number;
	if ((double)whole < number || (double)whole > number || whole < min || whole > max)
		return false;
	*ret = whole;
	return true;
}
