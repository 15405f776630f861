/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/jmember.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"

#define BLANKS       " \t\r\n"
#define DEFAULT_UNIT "    " /* as dockerd's documents and NVIDIA's tool write it */

/* A stretch of the text, or of a literal. */
struct piece {
	const char *data;
	size_t len;
};

/* How the members of an object are written. */
struct style {
	bool lines; /* each on a line of its own */
	const char *newline;
	struct piece indent; /* of a member, and so many units behind it */
	size_t deeper;
	struct piece unit;  /* what one level is indented by */
	struct piece colon; /* with the blanks around it */
};

struct member {
	struct jscan_span key;
	struct jscan_span value;
};

/* One object, looked through for one key. */
struct object {
	size_t start; /* its "{" */
	size_t end;   /* its "}" */
	size_t n;     /* members */
	struct member first, last;
	bool found;
	struct member member;
	size_t before; /* where the member before that one ends; 0 = it is the first */
	size_t next;   /* where the key of the one behind it is; 0 = it is the last */
};

/* The end of a walk along a path. */
struct place {
	struct object object;
	struct style style;      /* of its members */
	const char *const *rest; /* the key that was looked for in it, and what comes behind */
};

static bool is_null(const char *text, struct jscan_span value)
{
	return text[value.start] == 'n';
}

static int look_through(const struct jscan *text, size_t start, const char *key, struct object *ret,
			struct err *err)
{
	struct jscan scan = {.text = text->text, .len = text->len, .pos = start + 1};
	struct object object = {.start = start};
	struct member member;
	int rc;

	while ((rc = jscan_next(&scan, &member.key, &member.value, err)) > 0) {
		if (object.found && object.next == 0)
			object.next = member.key.start;
		if (jscan_is_key(text, member.key, key)) {
			if (object.found)
				return jscan_fault(text, member.key.start, "duplicate key", err);
			object.found = true;
			object.member = member;
			object.before = object.n > 0 ? object.last.value.end : 0;
		}
		if (object.n++ == 0)
			object.first = member;
		object.last = member;
	}
	if (rc < 0)
		return rc;
	object.end = scan.pos;
	*ret = object;
	return 0;
}

/* The members there are say how one more is written; an empty object is written as its parent. */
static struct style style_of(const struct jscan *scan, const struct object *object,
			     const struct style *parent)
{
	struct style style = *parent;
	const char *open = scan->text + object->start + 1;
	const char *key = scan->text + object->first.key.start;
	const char *colon = scan->text + object->last.key.end;
	const char *line;

	style.deeper++;
	if (object->n == 0)
		return style;
	for (line = key; line > open && line[-1] != '\n'; line--)
		;
	style.lines = line > open;
	style.deeper = 0;
	style.indent = (struct piece){line, style.lines ? (size_t)(key - line) : 0};
	style.colon = (struct piece){colon, object->last.value.start - object->last.key.end};
	if (memchr(style.colon.data, '\n', style.colon.len) != NULL)
		style.colon = parent->colon;
	return style;
}

static struct style style_outside(const struct jscan *scan)
{
	const char *end = memchr(scan->text, '\n', scan->len);
	bool crlf = end != NULL && end > scan->text && end[-1] == '\r';

	return (struct style){
		.lines = true,
		.newline = crlf ? "\r\n" : "\n",
		.indent = {"", 0},
		.unit = {DEFAULT_UNIT, strlen(DEFAULT_UNIT)},
		.colon = {": ", 2},
	};
}

static int not_an_object(const struct jscan *scan, size_t pos, const char *key, struct err *err)
{
	char what[128];

	(void)snprintf(what, sizeof(what), "'%.64s' is not an object", key);
	return jscan_fault(scan, pos, what, err);
}

/* Follows the path as far as there are objects. */
static int walk(const struct strbuf *text, const char *const *path, struct place *ret,
		struct err *err)
{
	const struct jscan whole = {.text = text->data == NULL ? "" : text->data, .len = text->len};
	const struct jscan *scan = &whole;
	struct style outside = style_outside(scan);
	struct place place = {.rest = path};
	struct jscan_span root;
	int rc = jscan_document(scan->text, scan->len, &root, err);
	size_t start = rc < 0 ? 0 : root.start;

	if (rc == 0 && scan->text[start] != '{')
		return jscan_fault(scan, start, "not an object", err);
	while (rc == 0) {
		rc = look_through(scan, start, place.rest[0], &place.object, err);
		if (rc < 0)
			break;
		place.style = style_of(scan, &place.object, &outside);
		if (place.rest == path && place.style.lines && place.object.n > 0)
			place.style.unit = place.style.indent;
		if (!place.object.found || place.rest[1] == NULL ||
		    is_null(scan->text, place.object.member.value))
			break;
		start = place.object.member.value.start;
		if (scan->text[start] != '{')
			return not_an_object(scan, start, place.rest[0], err);
		outside = place.style;
		place.rest++;
	}
	if (rc == 0)
		*ret = place;
	return rc;
}

int jmember_find(const struct strbuf *text, const char *const *path, struct jscan_span *ret,
		 struct err *err)
{
	struct place place = {.rest = NULL};
	int rc = walk(text, path, &place, err);

	if (rc < 0)
		return rc;
	if (!place.object.found || is_null(text->data, place.object.member.value))
		return 0;
	*ret = place.object.member.value;
	return 1;
}

static void put_piece(struct strbuf *buf, struct piece piece)
{
	strbuf_add(buf, piece.data, piece.len);
}

static void put_line(struct strbuf *buf, const struct style *style, size_t deeper)
{
	if (!style->lines)
		return;
	strbuf_adds(buf, style->newline);
	put_piece(buf, style->indent);
	for (size_t i = 0; i < deeper; i++)
		put_piece(buf, style->unit);
}

/* The value, in an object for each key of rest. */
static void put_value(struct strbuf *buf, const struct style *style, const char *const *rest,
		      const char *value)
{
	size_t depth = 0;

	for (; rest[depth] != NULL; depth++) {
		strbuf_addc(buf, '{');
		put_line(buf, style, style->deeper + depth + 1);
		strbuf_addf(buf, "\"%s\"", rest[depth]);
		put_piece(buf, style->colon);
	}
	strbuf_adds(buf, value);
	for (; depth > 0; depth--) {
		put_line(buf, style, style->deeper + depth - 1);
		strbuf_addc(buf, '}');
	}
}

static void put_member(struct strbuf *buf, const struct place *place, const char *value)
{
	const struct style *style = &place->style;

	put_line(buf, style, style->deeper);
	strbuf_addf(buf, "\"%s\"", place->rest[0]);
	put_piece(buf, style->colon);
	put_value(buf, style, place->rest + 1, value);
}

/* Bytes [span.start, span.end) of the text give way to middle; that is what text is then. */
static int replace(struct strbuf *text, struct jscan_span span, const struct strbuf *middle,
		   struct err *err)
{
	auto_done(strbuf) struct strbuf buf = {0};

	strbuf_add(&buf, text->data, span.start);
	strbuf_add(&buf, middle->data, middle->len);
	strbuf_add(&buf, text->data + span.end, text->len - span.end);
	if (strbuf_failed(middle) || strbuf_failed(&buf))
		return err_nomem(err);
	strbuf_done(text);
	*text = buf;
	buf = (struct strbuf){0};
	return 0;
}

int jmember_set(struct strbuf *text, const char *const *path, const char *value, struct err *err)
{
	auto_done(strbuf) struct strbuf middle = {0};
	struct jscan_span span;
	struct place place = {.rest = NULL};
	int rc = walk(text, path, &place, err);

	if (rc < 0)
		return rc;
	if (place.object.found) {
		span = place.object.member.value;
		put_value(&middle, &place.style, place.rest + 1, value);
	} else if (place.object.n > 0) {
		span.start = span.end = place.object.last.value.end;
		strbuf_addc(&middle, ',');
		if (!place.style.lines && place.style.colon.data[place.style.colon.len - 1] == ' ')
			strbuf_addc(&middle, ' ');
		put_member(&middle, &place, value);
	} else {
		span = (struct jscan_span){place.object.start + 1, place.object.end};
		put_member(&middle, &place, value);
		put_line(&middle, &place.style, place.style.deeper - 1);
	}
	return replace(text, span, &middle, err);
}

int jmember_remove(struct strbuf *text, const char *const *path, struct err *err)
{
	const struct strbuf nothing = {.data = NULL};
	struct jscan_span span;
	struct place place = {.rest = NULL};
	int rc = walk(text, path, &place, err);

	if (rc < 0)
		return rc;
	if (!place.object.found || place.rest[1] != NULL)
		return 0;
	if (place.object.n == 1)
		span = (struct jscan_span){place.object.start + 1, place.object.end};
	else if (place.object.before > 0)
		span = (struct jscan_span){place.object.before, place.object.member.value.end};
	else
		span = (struct jscan_span){place.object.member.key.start, place.object.next};
	rc = replace(text, span, &nothing, err);
	return rc < 0 ? rc : 1;
}
