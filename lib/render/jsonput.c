/* SPDX-License-Identifier: Apache-2.0 */
#include "render/jsonput.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/str.h"
#include "model/drivercaps.h"
#include "render/opwords.h"

json_t *jsonput_string(const char *text)
{
	json_t *value;
	size_t size;
	auto_free char *shown = NULL;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;
	size = strlen(text) * 4 + 1;
	shown = malloc(size);
	if (shown == NULL)
		return NULL;
	str_escape(text, shown, size);
	return json_string(shown);
}

static bool is_utf8(const char *text)
{
	for (size_t len = strlen(text); len > 0;) {
		size_t step = str_utf8_length(text, len);

		if (step == 0)
			return false;
		text += step;
		len -= step;
	}
	return true;
}

int jsonput_quoted(const char *text, char **ret, struct err *err)
{
	json_t *string = json_string(text);
	char *quoted = string == NULL ? NULL : json_dumps(string, JSON_ENCODE_ANY);
	char shown[128];

	json_decref(string);
	if (quoted == NULL && is_utf8(text))
		return err_nomem(err);
	if (quoted == NULL) {
		str_escape(text, shown, sizeof(shown));
		return err_set(err, EINVAL, "'%s' is not UTF-8", shown);
	}
	*ret = quoted;
	return 0;
}

int jsonput_value(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) < 0 ? -ENOMEM : 0;
}

int jsonput_text(json_t *object, const char *key, const char *text)
{
	return jsonput_value(object, key, jsonput_string(text));
}

int jsonput_size(json_t *object, const char *key, size_t number)
{
	return jsonput_value(object, key, json_integer((json_int_t)number));
}

int jsonput_mode(json_t *object, mode_t mode)
{
	auto_free char *text = str_format("%04o", (unsigned)mode & 07777u);

	return text == NULL ? -ENOMEM : jsonput_text(object, "mode", text);
}

int jsonput_rdev(json_t *object, dev_t rdev)
{
	return jsonput_size(object, "major", major(rdev)) ||
	       jsonput_size(object, "minor", minor(rdev));
}

int jsonput_strv(json_t *object, const char *key, const struct strv *list)
{
	json_t *array = json_array();
	int rc = jsonput_value(object, key, array);

	for (size_t i = 0; rc == 0 && i < list->n; i++)
		rc = json_array_append_new(array, jsonput_string(list->items[i]));
	return rc < 0 ? -ENOMEM : 0;
}

json_t *jsonput_array(json_t *object, const char *key)
{
	json_t *array = json_array();

	return jsonput_value(object, key, array) < 0 ? NULL : array;
}

json_t *jsonput_append(json_t *array)
{
	json_t *object = json_object();

	return json_array_append_new(array, object) < 0 ? NULL : object;
}

/* json_dump_callback_t */
static int collect(const char *text, size_t len, void *data)
{
	strbuf_add(data, text, len);
	return 0;
}

/* Not json_dumps(): of jansson 2.14 it leaves keys out where its buffer cannot grow, and says
 * nothing. Ours remembers. */
int jsonput_finish(json_t *root, int rc, char **ret, struct err *err)
{
	auto_done(strbuf) struct strbuf text = {0};
	char *whole = NULL;

	if (rc == 0 && root != NULL &&
	    json_dump_callback(root, collect, &text, JSON_INDENT(2)) == 0) {
		strbuf_addc(&text, '\n');
		whole = strbuf_take(&text);
	}
	json_decref(root);
	if (whole == NULL)
		return err_nomem(err);
	*ret = whole;
	return 0;
}

int jsonput_fact(json_t *facts, const char *key, const struct fact *fact)
{
	json_t *object;
	int rc;

	if (fact->value == NULL)
		return jsonput_value(facts, key, json_null());
	object = json_object();
	rc = jsonput_value(facts, key, object);
	return rc != 0 ? rc
		       : jsonput_text(object, "value", fact->value) ||
				 jsonput_text(object, "source", fact->source);
}

int jsonput_provenance(json_t *object, const struct inventory *inv, const struct op *op)
{
	const struct part *part = opwords_part(inv, op);
	const char *why = op->why;

	if (op->row != NO_ROW && op->row < inv->rows.n)
		return jsonput_text(object, "list",
				    inv->files.items[inv->rows.items[op->row].file].name) ||
		       jsonput_size(object, "line", inv->rows.items[op->row].line);
	if (part != NULL && jsonput_text(object, "part", opwords_part_name(part)) != 0)
		return -ENOMEM;
	/* of the operation it has the part's name in front */
	if (part != NULL)
		why = part->why;
	return why == NULL ? 0 : jsonput_text(object, "why", why);
}

int jsonput_source(json_t *object, const struct inventory *inv, const struct op *op)
{
	if (op->source == NULL)
		return 0;
	return jsonput_text(object, "root", op->root < ROOT_MAX ? inv->roots[op->root] : NULL) ||
	       jsonput_text(object, "source", op->source);
}

int jsonput_caps(json_t *object, unsigned caps)
{
	json_t *array = jsonput_array(object, "capabilities");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && drivercaps_word(i) != NULL; i++) {
		if ((caps & 1u << i) != 0)
			rc = json_array_append_new(array, json_string(drivercaps_word(i)));
	}
	return rc < 0 ? -ENOMEM : 0;
}
