/* SPDX-License-Identifier: Apache-2.0 */
#include "render/daemonjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "oci/jmember.h"
#include "render/jsonput.h"

#define EMPTY "{}\n"

static const char *const runtimes_path[] = {"runtimes", NULL};
static const char *const default_path[] = {"default-runtime", NULL};

struct edit {
	const struct daemonjson_wish *wish;
	struct strbuf *text;
	struct daemonjson_result *ret;
};

static bool is_name(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(name);

	return len > 0 && len <= DAEMONJSON_MAX_NAME && strspn(name, letters) == len &&
	       name[0] != '.' && name[0] != '-';
}

static int check_wish(const struct daemonjson_wish *wish, struct err *err)
{
	char shown[DAEMONJSON_MAX_NAME * 2];

	str_escape(wish->name, shown, sizeof(shown));
	if (!is_name(wish->name))
		return err_set(err, EINVAL, "'%s' is no name for a runtime", shown);
	if (strcmp(wish->name, "runc") == 0 || str_starts_with(wish->name, "io.containerd."))
		return err_set(err, EINVAL, "the name '%s' is docker's own", shown);
	str_escape(wish->path, shown, sizeof(shown));
	if (wish->path[0] != '/' && !path_is_name(wish->path))
		return err_set(err, EINVAL,
			       "'%s' is neither an absolute path nor the name of a program", shown);
	return 0;
}

/* As jmember_find(), of a string. */
static int find_string(const struct strbuf *text, const char *const *path, struct jscan_span *ret,
		       struct err *err)
{
	struct jscan scan = {.text = text->data, .len = text->len};
	struct jscan_span span = {.start = 0};
	int rc = jmember_find(text, path, &span, err);

	if (rc > 0 && text->data[span.start] != '"')
		return jscan_fault(&scan, span.start, "not a string", err);
	if (rc > 0)
		*ret = span;
	return rc;
}

static bool reads(const struct strbuf *text, struct jscan_span string, const char *value)
{
	struct jscan scan = {.text = text->data, .len = text->len};

	return jscan_is_key(&scan, string, value);
}

/* What is between the quotes. */
static int copy(const struct strbuf *text, struct jscan_span string, char **ret, struct err *err)
{
	*ret = strndup(text->data + string.start + 1, string.end - string.start - 2);
	return *ret == NULL ? err_nomem(err) : 0;
}

static int set_string(struct strbuf *text, const char *const *path, const char *value,
		      struct err *err)
{
	auto_free char *quoted = NULL;
	int rc = jsonput_quoted(value, &quoted, err);

	return rc < 0 ? rc : jmember_set(text, path, quoted, err);
}

/* dockerd takes a program or a containerd shim, not both. */
static int remove_shim(struct edit *edit, struct err *err)
{
	const char *const type[] = {"runtimes", edit->wish->name, "runtimeType", NULL};
	const char *const options[] = {"runtimes", edit->wish->name, "options", NULL};
	int rc = jmember_remove(edit->text, type, err);

	if (rc <= 0)
		return rc;
	edit->ret->done |= DAEMONJSON_CHANGED;
	rc = jmember_remove(edit->text, options, err);
	return rc < 0 ? rc : 0;
}

static int set_runtime(struct edit *edit, struct err *err)
{
	const struct daemonjson_wish *wish = edit->wish;
	const char *const path[] = {"runtimes", wish->name, "path", NULL};
	const char *const entry[] = {"runtimes", wish->name, NULL};
	struct jscan_span span = {.start = 0};
	int has_entry = jmember_find(edit->text, entry, &span, err);
	int rc = has_entry > 0 ? remove_shim(edit, err) : has_entry;

	if (rc == 0)
		rc = find_string(edit->text, path, &span, err);
	if (rc < 0 || (rc > 0 && reads(edit->text, span, wish->path)))
		return rc < 0 ? rc : 0;
	edit->ret->done |= has_entry > 0 ? DAEMONJSON_CHANGED : DAEMONJSON_ADDED;
	if (rc > 0)
		rc = copy(edit->text, span, &edit->ret->old_path, err);
	return rc < 0 ? rc : set_string(edit->text, path, wish->path, err);
}

static int set_default(struct edit *edit, struct err *err)
{
	struct jscan_span span = {.start = 0};
	int rc = find_string(edit->text, default_path, &span, err);

	if (rc < 0 || !edit->wish->set_default)
		return rc < 0 ? rc : 0;
	if (rc > 0 && reads(edit->text, span, edit->wish->name))
		return 0;
	edit->ret->done |= DAEMONJSON_DEFAULT;
	if (rc > 0)
		rc = copy(edit->text, span, &edit->ret->old_default, err);
	return rc < 0 ? rc : set_string(edit->text, default_path, edit->wish->name, err);
}

/* The same program, perhaps of an installation in another folder. */
static bool is_ours(const struct daemonjson_wish *wish, const struct strbuf *text,
		    struct jscan_span path)
{
	const char *name = path_basename(wish->path);
	size_t len = strlen(name);
	size_t has = path.end - path.start - 2;
	const char *end = text->data + path.end - 1;

	if (reads(text, path, wish->path))
		return true;
	return has > len && end[-(ptrdiff_t)len - 1] == '/' && memcmp(end - len, name, len) == 0;
}

static int check_ours(const struct edit *edit, struct err *err)
{
	const struct daemonjson_wish *wish = edit->wish;
	const char *const path[] = {"runtimes", wish->name, "path", NULL};
	auto_free char *there = NULL;
	struct jscan_span span = {.start = 0};
	char shown[256];
	int rc = find_string(edit->text, path, &span, err);

	if (rc < 0 || (rc > 0 && is_ours(wish, edit->text, span)))
		return rc < 0 ? rc : 0;
	if (rc == 0)
		return err_set(err, EEXIST, "runtime '%s' has no path there, so it is not ours",
			       wish->name);
	rc = copy(edit->text, span, &there, err);
	if (rc < 0)
		return rc;
	str_escape(there, shown, sizeof(shown));
	(void)err_set(err, EEXIST, "runtime '%s' is '%s' there, not '%s'", wish->name, shown,
		      wish->path);
	return err_hint(err, "name its program by --nvidia-runtime-path");
}

/* An object of runtimes that is empty goes as well. */
static int remove_runtime(struct edit *edit, struct err *err)
{
	const char *const entry[] = {"runtimes", edit->wish->name, NULL};
	struct jscan_span span = {.start = 0};
	const char *p;
	int rc = jmember_find(edit->text, entry, &span, err);

	if (rc > 0)
		rc = check_ours(edit, err);
	else if (rc == 0)
		return 0;
	if (rc == 0)
		rc = jmember_remove(edit->text, entry, err);
	if (rc > 0)
		rc = jmember_find(edit->text, runtimes_path, &span, err);
	if (rc < 0)
		return rc;
	edit->ret->done |= DAEMONJSON_REMOVED;
	p = edit->text->data + span.start + 1;
	p += strspn(p, " \t\r\n");
	rc = *p == '}' ? jmember_remove(edit->text, runtimes_path, err) : 0;
	return rc < 0 ? rc : 0;
}

static int remove_default(struct edit *edit, struct err *err)
{
	struct jscan_span span = {.start = 0};
	int rc = find_string(edit->text, default_path, &span, err);

	if (rc <= 0 || !reads(edit->text, span, edit->wish->name))
		return rc < 0 ? rc : 0;
	edit->ret->done |= DAEMONJSON_NO_DEFAULT;
	rc = jmember_remove(edit->text, default_path, err);
	return rc < 0 ? rc : 0;
}

/* All that may be wrong, before the first change moves the places. */
static int check_text(struct edit *edit, struct err *err)
{
	const char *const path[] = {"runtimes", edit->wish->name, "path", NULL};
	const char *const type[] = {"runtimes", edit->wish->name, "runtimeType", NULL};
	const char *const options[] = {"runtimes", edit->wish->name, "options", NULL};
	struct jscan_span span = {.start = 0};
	int rc = find_string(edit->text, path, &span, err);

	if (rc > 0)
		edit->ret->had_ours = is_ours(edit->wish, edit->text, span);
	if (rc >= 0)
		rc = find_string(edit->text, default_path, &span, err);
	if (rc >= 0)
		rc = find_string(edit->text, type, &span, err);
	if (rc >= 0)
		rc = jmember_find(edit->text, options, &span, err);
	return rc < 0 ? rc : 0;
}

static int edit_text(struct edit *edit, struct err *err)
{
	struct jscan_span root;
	int rc = check_text(edit, err);

	if (rc < 0)
		return rc;
	rc = edit->wish->remove ? remove_runtime(edit, err) : set_runtime(edit, err);
	if (rc == 0)
		rc = edit->wish->remove ? remove_default(edit, err) : set_default(edit, err);
	/* what is written was put together: no harm in looking at it once more */
	return rc < 0 ? rc : jscan_document(edit->text->data, edit->text->len, &root, err);
}

int daemonjson_edit(const char *file, const char *text, size_t len,
		    const struct daemonjson_wish *wish, struct daemonjson_result *ret,
		    struct err *err)
{
	auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};
	auto_done(strbuf) struct strbuf buf = {0};
	struct edit edit = {.wish = wish, .text = &buf, .ret = &result};
	int rc = check_wish(wish, err);

	if (rc < 0)
		return rc;
	strbuf_add(&buf, text, len);
	if (!strbuf_failed(&buf) && strspn(buf.data, " \t\r\n") == len) {
		strbuf_done(&buf);
		strbuf_adds(&buf, EMPTY);
	}
	if (strbuf_failed(&buf))
		return err_nomem(err);
	rc = edit_text(&edit, err);
	if (rc == -EEXIST)
		return err_wrap(err, "%s", file);
	if (rc < 0)
		return jscan_blame(file, err);
	if (result.done != 0) {
		result.len = buf.len;
		result.text = strbuf_take(&buf);
	}
	*ret = result;
	result = (struct daemonjson_result){.done = 0};
	return 0;
}

void daemonjson_result_done(struct daemonjson_result *result)
{
	free(result->text);
	free(result->old_path);
	free(result->old_default);
	*result = (struct daemonjson_result){.done = 0};
}
