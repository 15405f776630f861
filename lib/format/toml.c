/* SPDX-License-Identifier: Apache-2.0 */
#include "format/toml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/toml_scan.h"

#define MAX_NAMES (4u * TOML_MAX_ENTRIES)

/* What a full name stands for; decides what may come later under the same name. */
enum name_kind {
	NAME_VALUE,
	NAME_TABLE,   /* [a.b]: a.b */
	NAME_IMPLIED, /* [a.b]: a */
	NAME_DOTTED,  /* a.b = 1: a */
};

struct name {
	char *text; /* owned */
	enum name_kind kind;
};

struct parser {
	struct toml_scan scan;
	struct toml *toml;
	VEC(struct name) names; /* sorted */
	char *table;            /* current one, owned; NULL = none yet */
	unsigned table_depth;
};

/* A dotted key as it was read: its full name, and where each part of the name ends. */
struct key {
	struct strbuf text;
	size_t ends[TOML_MAX_DEPTH];
	unsigned first; /* parts before this one are the table's */
	unsigned n;
	const char *at;
};

static void parser_done(struct parser *parser)
{
	vec_each(name, &parser->names) free(name->text);
	vec_done(&parser->names);
	free(parser->table);
}

static void key_done(struct key *key)
{
	strbuf_done(&key->text);
}

static void toml_entry_done(struct toml_entry *entry)
{
	free(entry->key);
	free(entry->string);
	strv_done(&entry->array);
}

static int compare_name(const char *text, size_t len, const char *other)
{
	int order = strncmp(text, other, len);

	return order != 0 ? order : (other[len] == '\0' ? 0 : -1);
}

/* Index of the first name that is not before the text. */
static size_t name_position(const struct parser *parser, const char *text, size_t len)
{
	size_t low = 0;
	size_t high = parser->names.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_name(text, len, parser->names.items[middle].text) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The name with that text; added with that kind when there is none. NULL without memory. */
static struct name *name_get(struct parser *parser, const char *text, size_t len,
			     enum name_kind kind, bool *ret_new)
{
	size_t at = name_position(parser, text, len);
	struct name *items = parser->names.items;
	struct name *added;
	char *copy;

	*ret_new = false;
	if (at < parser->names.n && compare_name(text, len, items[at].text) == 0)
		return &items[at];
	copy = strndup(text, len);
	if (copy == NULL)
		return NULL;
	added = vec_add(&parser->names);
	if (added == NULL) {
		free(copy);
		return NULL;
	}
	items = parser->names.items;
	memmove(&items[at + 1], &items[at], (parser->names.n - 1 - at) * sizeof(*items));
	items[at] = (struct name){copy, kind};
	*ret_new = true;
	return &items[at];
}

/* Makes sure that the tables in front of a key's last part are none or tables. */
static int note_parents(struct parser *parser, const struct key *key, enum name_kind kind)
{
	for (unsigned i = key->first; i + 1 < key->n; i++) {
		bool is_new;
		struct name *name = name_get(parser, key->text.data, key->ends[i], kind, &is_new);

		if (name == NULL)
			return err_nomem(parser->scan.err);
		if (is_new)
			continue;
		if (name->kind == NAME_VALUE)
			return toml_scan_fail(&parser->scan, key->at,
					      "a part of the key is a value already");
		if (kind == NAME_DOTTED && name->kind == NAME_TABLE)
			return toml_scan_fail(&parser->scan, key->at,
					      "the key adds to a table that has its own header");
		if (kind == NAME_DOTTED)
			name->kind = NAME_DOTTED;
	}
	return 0;
}

static int note_name(struct parser *parser, const struct key *key, enum name_kind kind)
{
	enum name_kind parents = kind == NAME_TABLE ? NAME_IMPLIED : NAME_DOTTED;
	int ret = note_parents(parser, key, parents);
	struct name *name;
	bool is_new;

	if (ret < 0)
		return ret;
	name = name_get(parser, key->text.data, key->text.len, kind, &is_new);
	if (name == NULL)
		return err_nomem(parser->scan.err);
	if (parser->names.n > MAX_NAMES)
		return toml_scan_fail(&parser->scan, key->at, "too many keys");
	if (!is_new && !(kind == NAME_TABLE && name->kind == NAME_IMPLIED))
		return toml_scan_fail(&parser->scan, key->at,
				      kind == NAME_TABLE ? "the table is there already"
							 : "the key is there already");
	name->kind = kind;
	return 0;
}

/* Reads "part . part", behind what key->text holds already. */
static int read_key(struct toml_scan *scan, struct key *key)
{
	do {
		int ret;

		toml_scan_blanks(scan);
		if (key->n == TOML_MAX_DEPTH)
			return toml_scan_fail(scan, scan->at, "too many parts in the key");
		if (key->n > 0)
			strbuf_addc(&key->text, '.');
		ret = toml_scan_key_part(scan, &key->text);
		if (ret < 0)
			return ret;
		key->ends[key->n++] = key->text.len;
		toml_scan_blanks(scan);
	} while (toml_scan_take(scan, '.'));
	return strbuf_failed(&key->text) ? err_nomem(scan->err) : 0;
}

static int read_table(struct parser *parser)
{
	auto_done(key) struct key key = {.at = parser->scan.at};
	int ret;

	if (toml_scan_take(&parser->scan, '['))
		return toml_scan_fail(&parser->scan, key.at - 1,
				      "arrays of tables are not supported");
	ret = read_key(&parser->scan, &key);
	if (ret < 0)
		return ret;
	if (!toml_scan_take(&parser->scan, ']'))
		return toml_scan_fail(&parser->scan, parser->scan.at,
				      "expected ']' behind the name of the table");
	ret = note_name(parser, &key, NAME_TABLE);
	if (ret < 0)
		return ret;
	parser->table_depth = key.n;
	free(parser->table);
	parser->table = strbuf_take(&key.text);
	if (parser->table == NULL || strv_add(&parser->toml->tables, parser->table) < 0)
		return err_nomem(parser->scan.err);
	return toml_scan_line_end(&parser->scan);
}

static int read_pair(struct parser *parser)
{
	auto_done(key) struct key key = {.at = parser->scan.at};
	struct toml_scan *scan = &parser->scan;
	struct toml_entry *entry;
	int ret;

	if (parser->table != NULL) {
		strbuf_adds(&key.text, parser->table);
		key.first = key.n = parser->table_depth;
	}
	ret = read_key(scan, &key);
	if (ret < 0)
		return ret;
	if (!toml_scan_take(scan, '='))
		return toml_scan_fail(scan, scan->at, "expected '=' behind the key");
	ret = note_name(parser, &key, NAME_VALUE);
	if (ret < 0)
		return ret;
	if (parser->toml->entries.n == TOML_MAX_ENTRIES)
		return toml_scan_fail(scan, key.at, "too many keys");
	entry = vec_add(&parser->toml->entries);
	if (entry == NULL)
		return err_nomem(scan->err);
	entry->key_line = scan->line;
	entry->key_column = toml_scan_column(scan, key.at);
	entry->key = strbuf_take(&key.text);
	if (entry->key == NULL)
		return err_nomem(scan->err);
	toml_scan_blanks(scan);
	ret = toml_scan_value(scan, entry);
	return ret < 0 ? ret : toml_scan_line_end(scan);
}

static int read_statement(struct parser *parser)
{
	struct toml_scan *scan = &parser->scan;

	toml_scan_blanks(scan);
	if (scan->at == scan->end || strchr("#\r\n", *scan->at) != NULL)
		return toml_scan_line_end(scan);
	if (toml_scan_take(scan, '['))
		return read_table(parser);
	return read_pair(parser);
}

/* Everything behind this can take bytes for characters, and NUL for an end. */
static int check_encoding(const char *text, size_t len, struct err *err)
{
	struct toml_scan scan = {.line_start = text, .line = 1, .err = err};

	for (size_t i = 0; i < len;) {
		size_t one = str_utf8_length(text + i, len - i);

		if (one == 0)
			return toml_scan_fail(&scan, text + i, "the text is not UTF-8");
		if (text[i] == '\0')
			return toml_scan_fail(&scan, text + i, "NUL byte in the text");
		if (text[i] == '\n') {
			scan.line++;
			scan.line_start = text + i + 1;
		}
		i += one;
	}
	return 0;
}

int toml_parse(const char *text, size_t len, struct toml *ret, struct err *err)
{
	auto_done(toml) struct toml toml = {0};
	auto_done(parser) struct parser parser = {.toml = &toml};
	int rc = check_encoding(text, len, err);

	if (rc < 0)
		return rc;
	parser.scan = (struct toml_scan){text, text + len, text, 1, err};
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		parser.scan.at += 3;
	while (parser.scan.at < parser.scan.end) {
		rc = read_statement(&parser);
		if (rc < 0)
			return rc;
	}
	*ret = toml;
	toml = (struct toml){0};
	return 0;
}

void toml_done(struct toml *toml)
{
	vec_each(entry, &toml->entries) toml_entry_done(entry);
	vec_done(&toml->entries);
	strv_done(&toml->tables);
}

const struct toml_entry *toml_find(const struct toml *toml, const char *key)
{
	vec_each(entry, &toml->entries)
	{
		if (strcmp(entry->key, key) == 0)
			return entry;
	}
	return NULL;
}
