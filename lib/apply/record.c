/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/record.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

#define RECORD_HEADER "nvc-record 1"
#define MAX_WORDS     9

static const char *const kind_names[] = {"file", "dir", "link", "conf"};

void record_done(struct record *record)
{
	vec_each(item, &record->items)
	{
		free(item->path);
		free(item->text);
	}
	vec_done(&record->items);
	free(record->id);
	free(record->bundle);
	free(record->rootfs);
	*record = (struct record){0};
}

/* A word holds no blank, newline or control character; "%" leads two hexadecimal digits. */
static void add_word(struct strbuf *buf, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c <= ' ' || *c == '%' || *c >= 0x7f)
			strbuf_addf(buf, "%%%02x", (unsigned)*c);
		else
			strbuf_addc(buf, (char)*c);
	}
}

static void add_item(struct strbuf *buf, const struct record_item *item)
{
	strbuf_addf(buf, "%s %llu ", kind_names[item->kind], (unsigned long long)item->ino);
	add_word(buf, item->path);
	if (item->kind == RECORD_LINK) {
		strbuf_addc(buf, ' ');
		add_word(buf, item->text);
	}
	strbuf_addc(buf, '\n');
}

static void add_cache(struct strbuf *buf, const struct record_cache *cache)
{
	if (cache->state == RECORD_CACHE_UNTOUCHED)
		return;
	/* mtime as its 64 bits: a file may be older than 1970 */
	strbuf_addf(buf, "cache %s %u %u %u %llu %u %llu %llu\n",
		    cache->state == RECORD_CACHE_ADDED ? "added" : "replaced",
		    (unsigned)cache->mode, (unsigned)cache->uid, (unsigned)cache->gid,
		    (unsigned long long)cache->mtime, (unsigned)cache->mtime_nsec,
		    (unsigned long long)cache->our_ino, (unsigned long long)cache->our_size);
}

static void add_pair(struct strbuf *buf, const char *name, const char *value)
{
	if (value == NULL)
		return;
	strbuf_addf(buf, "%s ", name);
	add_word(buf, value);
	strbuf_addc(buf, '\n');
}

char *record_format(const struct record *record)
{
	struct strbuf buf = {0};

	strbuf_adds(&buf, RECORD_HEADER "\n");
	add_pair(&buf, "id", record->id);
	add_pair(&buf, "bundle", record->bundle);
	add_pair(&buf, "rootfs", record->rootfs);
	vec_each(item, &record->items) add_item(&buf, item);
	add_cache(&buf, &record->cache);
	return strbuf_take(&buf);
}

char *record_format_item(const struct record_item *item)
{
	struct strbuf buf = {0};

	add_item(&buf, item);
	return strbuf_take(&buf);
}

char *record_format_cache(const struct record_cache *cache)
{
	struct strbuf buf = {0};

	add_cache(&buf, cache);
	return strbuf_take(&buf);
}

struct word {
	const char *text;
	size_t len;
};

static bool word_is(struct word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

/* NULL: not a word that add_word() writes, or no memory. */
static char *decode(struct word word)
{
	struct strbuf buf = {0};
	bool bad = word.len == 0;

	for (size_t i = 0; i < word.len && !bad; i++) {
		uint64_t byte = (unsigned char)word.text[i];

		if (byte == '%') {
			bad = word.len - i < 3 ||
			      !str_to_u64(word.text + i + 1, 2, 16, 255, &byte) || byte == 0;
			i += 2;
		} else {
			bad = byte <= ' ' || byte >= 0x7f;
		}
		strbuf_addc(&buf, (char)byte);
	}
	if (bad) {
		strbuf_done(&buf);
		return NULL;
	}
	return strbuf_take(&buf);
}

static bool number(struct word word, uint64_t max, uint64_t *ret)
{
	return str_to_u64(word.text, word.len, 10, max, ret);
}

/* 1 = taken, 0 = not such a line, -EINVAL */
static int parse_pair(struct record *record, const struct word *words, size_t n)
{
	const struct {
		const char *name;
		char **value;
	} pairs[] = {{"id", &record->id}, {"bundle", &record->bundle}, {"rootfs", &record->rootfs}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (!word_is(words[0], pairs[i].name))
			continue;
		if (n != 2 || *pairs[i].value != NULL)
			return -EINVAL;
		*pairs[i].value = decode(words[1]);
		return *pairs[i].value == NULL ? -EINVAL : 1;
	}
	return 0;
}

static int parse_cache(struct record *record, const struct word *words, size_t n)
{
	uint64_t v[7];

	if (!word_is(words[0], "cache"))
		return 0;
	if (n != 9 || (!word_is(words[1], "added") && !word_is(words[1], "replaced")))
		return -EINVAL;
	for (size_t i = 0; i < 7; i++) {
		if (!number(words[i + 2], i == 0 ? 07777 : UINT64_MAX, &v[i]))
			return -EINVAL;
	}
	if (v[1] > UINT32_MAX || v[2] > UINT32_MAX || v[4] >= 1000000000)
		return -EINVAL;
	record->cache = (struct record_cache){
		.state = word_is(words[1], "added") ? RECORD_CACHE_ADDED : RECORD_CACHE_REPLACED,
		.mode = (mode_t)v[0],
		.uid = (uid_t)v[1],
		.gid = (gid_t)v[2],
		.mtime = (int64_t)v[3],
		.mtime_nsec = (uint32_t)v[4],
		.our_ino = v[5],
		.our_size = v[6],
	};
	return 1;
}

static bool is_place(const char *path)
{
	auto_free char *normal = path_normal(path);

	return path[0] == '/' && str_equal(normal, path) && path[1] != '\0';
}

static int parse_item(struct record *record, const struct word *words, size_t n)
{
	for (unsigned kind = RECORD_FILE; kind <= RECORD_CONF; kind++) {
		struct record_item *item;
		uint64_t ino;

		if (!word_is(words[0], kind_names[kind]))
			continue;
		if (n != (kind == RECORD_LINK ? 4u : 3u) || !number(words[1], UINT64_MAX, &ino) ||
		    record->items.n >= RECORD_MAX_ITEMS)
			return -EINVAL;
		item = vec_add(&record->items);
		if (item == NULL)
			return -ENOMEM;
		item->kind = (enum record_kind)kind;
		item->ino = ino;
		item->path = decode(words[2]);
		if (kind == RECORD_LINK)
			item->text = decode(words[3]);
		if (item->path == NULL || !is_place(item->path) ||
		    (kind == RECORD_LINK && item->text == NULL))
			return -EINVAL;
		return 1;
	}
	return -EINVAL;
}

static int parse_line(struct record *record, const char *line, size_t len)
{
	struct word words[MAX_WORDS] = {{NULL, 0}};
	size_t n = 0;
	const char *end = line + len;
	int r;

	for (const char *at = line; at <= end; n++) {
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		const char *stop = blank == NULL ? end : blank;

		if (n == MAX_WORDS)
			return -EINVAL;
		words[n] = (struct word){at, (size_t)(stop - at)};
		at = stop + 1;
	}
	r = parse_pair(record, words, n);
	if (r == 0)
		r = parse_cache(record, words, n);
	if (r == 0)
		r = parse_item(record, words, n);
	return r;
}

int record_parse(const char *text, size_t len, struct record *ret, struct err *err)
{
	auto_done(record) struct record record = {0};
	const char *end = text + len;
	unsigned line = 0;

	if (len > RECORD_MAX_BYTES)
		return err_set(err, EFBIG, "record of a container is larger than %u bytes",
			       RECORD_MAX_BYTES);
	for (const char *at = text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		int r = 1;

		if (newline == NULL) /* killed while writing it */
			break;
		line++;
		if (line == 1)
			r = word_is((struct word){at, (size_t)(newline - at)}, RECORD_HEADER)
				    ? 1
				    : -EINVAL;
		else
			r = parse_line(&record, at, (size_t)(newline - at));
		if (r < 0)
			return err_at(err, -r, line, 0, "record of a container, line %u: %s", line,
				      line == 1 ? "not such a record" : "not understood");
		at = newline + 1;
	}
	if (record.id == NULL || record.rootfs == NULL)
		return err_set(err, EINVAL, "record of a container has no id or rootfs");
	*ret = record;
	record = (struct record){0};
	return 0;
}
