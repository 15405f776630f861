/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/splice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/jscan.h"

_Static_assert(SPLICE_MAX_DEPTH == JSCAN_MAX_DEPTH, "the scanner's limit is the promised one");

/* Bytes [start, end) of the text give way to what is written between. */
struct change {
	struct jscan_span span;
	bool comma; /* something stands before the place */
	bool key;   /* the first key that is left has to be written too */
};

static int check_fragment(const char *fragment, struct err *err)
{
	auto_free char *list = str_format("[%s]", fragment);
	struct jscan_span span;
	int rc;

	if (list == NULL)
		return err_nomem(err);
	rc = jscan_document(list, strlen(list), &span, err);
	/* "1],[2" is closed early, and blanks alone give an empty list. */
	if (rc == 0 && fragment[strspn(fragment, " \t\r\n")] == '\0')
		rc = err_set(err, EINVAL, "splice JSON: nothing to insert");
	return rc;
}

static bool is_plain_key(const char *key)
{
	for (const char *p = key; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f || *p == '"' ||
		    *p == '\\')
			return false;
	}
	return true;
}

static bool is_null(const struct jscan *scan, struct jscan_span value)
{
	return scan->text[value.start] == 'n';
}

/* Where the next element of the array goes. */
static int find_in_array(const struct jscan *scan, struct jscan_span array, enum splice_where where,
			 struct change *ret, struct err *err)
{
	size_t at = array.start + 1;
	size_t first;
	bool empty;

	if (scan->text[array.start] != '[')
		return jscan_fault(scan, array.start, "not an array", err);
	for (first = at; strchr(" \t\r\n", scan->text[first]) != NULL; first++)
		;
	empty = scan->text[first] == ']';
	if (!empty && where == SPLICE_APPEND) {
		/* Behind the last element, not before the bracket: indentation stays. */
		for (at = array.end - 1; strchr(" \t\r\n", scan->text[at - 1]) != NULL; at--)
			;
	} else if (!empty) {
		at = first;
	}
	*ret = (struct change){.span = {.start = at, .end = at}, .comma = !empty};
	return 0;
}

/* Follows the path as far as it exists. *rest = the keys that have to be made. */
static int find_place(const struct jscan *scan, size_t root, const struct splice_edit *edit,
		      struct change *ret, const char *const **rest, struct err *err)
{
	struct jscan_span value = {.start = root};
	const char *const *key;

	for (key = edit->path; *key != NULL; key++) {
		struct jscan_member member;
		int rc;

		if (!is_plain_key(*key))
			return err_set(err, EINVAL, "splice JSON: key '%s' is not plain", *key);
		rc = jscan_find(scan, value.start, *key, &member, err);
		if (rc < 0)
			return rc;
		if (!member.found) {
			*rest = key;
			*ret = (struct change){.span = {.start = member.tail, .end = member.tail},
					       .comma = !member.empty,
					       .key = true};
			return 0;
		}
		value = member.value;
		if (is_null(scan, value)) {
			*rest = key + 1;
			*ret = (struct change){.span = value};
			return 0;
		}
	}
	*rest = NULL;
	return find_in_array(scan, value, edit->where, ret, err);
}

/* `{"a":{"b":[FRAGMENT]}}` for what is missing from rest on. */
static void put_rest(struct strbuf *buf, const char *const *rest, bool key, const char *fragment)
{
	size_t objects = 0;

	for (; *rest != NULL; rest++) {
		if (!key) {
			strbuf_addc(buf, '{');
			objects++;
		}
		strbuf_addf(buf, "\"%s\":", *rest);
		key = false;
	}
	strbuf_addf(buf, "[%s]", fragment);
	while (objects-- > 0)
		strbuf_addc(buf, '}');
}

static char *write_edit(const struct jscan *scan, const struct splice_edit *edit,
			const struct change *change, const char *const *rest, size_t *ret_len)
{
	bool before = rest == NULL && edit->where == SPLICE_PREPEND;
	struct strbuf buf = {0};

	strbuf_add(&buf, scan->text, change->span.start);
	if (change->comma && !before)
		strbuf_addc(&buf, ',');
	if (rest == NULL)
		strbuf_adds(&buf, edit->fragment);
	else
		put_rest(&buf, rest, change->key, edit->fragment);
	if (change->comma && before)
		strbuf_addc(&buf, ',');
	strbuf_add(&buf, scan->text + change->span.end, scan->len - change->span.end);
	*ret_len = buf.len;
	return strbuf_take(&buf);
}

static int apply_one(const char *text, size_t len, const struct splice_edit *edit, char **ret,
		     size_t *ret_len, struct err *err)
{
	struct jscan scan = {.text = text, .len = len};
	const char *const *rest = NULL;
	struct change change = {.comma = false};
	struct jscan_span root;
	int rc = check_fragment(edit->fragment, err);

	if (rc == 0)
		rc = jscan_document(text, len, &root, err);
	if (rc == 0)
		rc = find_place(&scan, root.start, edit, &change, &rest, err);
	if (rc < 0)
		return rc;
	*ret = write_edit(&scan, edit, &change, rest, ret_len);
	return *ret == NULL ? err_nomem(err) : 0;
}

int splice_apply(const char *text, size_t len, const struct splice_edit *edits, size_t n_edits,
		 char **ret, size_t *ret_len, struct err *err)
{
	auto_free char *now = NULL;
	struct jscan_span root;
	size_t now_len = len;
	int rc = jscan_document(text, len, &root, err);

	if (rc < 0)
		return rc;
	now = malloc(len + 1);
	if (now == NULL)
		return err_nomem(err);
	memcpy(now, text, len);
	now[len] = '\0';
	for (size_t i = 0; i < n_edits; i++) {
		char *next = NULL;

		rc = apply_one(now, now_len, &edits[i], &next, &now_len, err);
		if (rc < 0)
			return rc;
		free(now);
		now = next;
	}
	/* What was put in may have made it too deep. */
	rc = n_edits > 0 ? jscan_document(now, now_len, &root, err) : 0;
	if (rc < 0)
		return rc;
	*ret_len = now_len;
	*ret = take_ptr(&now);
	return 0;
}
