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
#define MAX_WORDS     11
#define KEPT_NUMBERS  7

static const char *const kind_names[] = {"file", "dir", "link", "conf"};
static const char *const state_names[] = {"added", "replaced", "left"};

void record_kept_done(struct record_kept *kept)
{
	free(kept->path);
	strv_done(&kept->added);
	*kept = (struct record_kept){0};
}

void record_done(struct record *record)
{
	vec_each(kept, &record->kept) record_kept_done(kept);
	vec_done(&record->kept);
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

bool record_is_since(struct timespec since, struct timespec time)
{
	return time.tv_sec > since.tv_sec ||
	       (time.tv_sec == since.tv_sec && time.tv_nsec >= since.tv_nsec);
}

bool record_may_pass(int code)
{
	return err_is_trouble(code) || code == EACCES;
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

static void add_pair(struct strbuf *buf, const char *name, const char *value)
{
	if (value == NULL)
		return;
	strbuf_addf(buf, "%s ", name);
	add_word(buf, value);
	strbuf_addc(buf, '\n');
}

static void add_kept(struct strbuf *buf, const struct record_kept *kept, bool with_added)
{
	/* mtime as its 64 bits: a file may be older than 1970 */
	strbuf_addf(buf, "kept %u %s %u %u %u %llu %u %llu %llu ", kept->slot,
		    state_names[kept->state], (unsigned)kept->mode, (unsigned)kept->uid,
		    (unsigned)kept->gid, (unsigned long long)kept->mtime,
		    (unsigned)kept->mtime_nsec, (unsigned long long)kept->our_ino,
		    (unsigned long long)kept->our_size);
	add_word(buf, kept->path);
	strbuf_addc(buf, '\n');
	for (size_t i = 0; with_added && i < kept->added.n; i++)
		add_pair(buf, "added", kept->added.items[i]);
}

char *record_format(const struct record *record)
{
	struct strbuf buf = {0};

	strbuf_adds(&buf, RECORD_HEADER "\n");
	add_pair(&buf, "id", record->id);
	add_pair(&buf, "rootfs", record->rootfs);
	if (record->folder.ino != 0)
		strbuf_addf(&buf, "folder %llu %llu\n", (unsigned long long)record->folder.dev,
			    (unsigned long long)record->folder.ino);
	if (record->init > 0)
		strbuf_addf(&buf, "init %d %llu\n", (int)record->init,
			    (unsigned long long)record->started);
	if (record->since.tv_sec != 0)
		strbuf_addf(&buf, "since %llu %u\n", (unsigned long long)record->since.tv_sec,
			    (unsigned)record->since.tv_nsec);
	add_pair(&buf, "bundle", record->bundle);
	vec_each(item, &record->items) add_item(&buf, item);
	vec_each(kept, &record->kept) add_kept(&buf, kept, true);
	return strbuf_take(&buf);
}

char *record_format_item(const struct record_item *item)
{
	struct strbuf buf = {0};

	add_item(&buf, item);
	return strbuf_take(&buf);
}

char *record_format_kept(const struct record_kept *kept, bool with_added)
{
	struct strbuf buf = {0};

	add_kept(&buf, kept, with_added);
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

/* -EINVAL: not a word that add_word() writes. -ENOMEM. */
static int decode(struct word word, char **ret)
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
		return -EINVAL;
	}
	*ret = strbuf_take(&buf);
	return *ret == NULL ? -ENOMEM : 0;
}

static bool number(struct word word, uint64_t max, uint64_t *ret)
{
	return str_to_u64(word.text, word.len, 10, max, ret);
}

/* Each: 1 = taken, 0 = not such a line, -EINVAL, -ENOMEM */
static int parse_pair(struct record *record, const struct word *words, size_t n)
{
	const struct {
		const char *name;
		char **value;
	} pairs[] = {{"id", &record->id}, {"bundle", &record->bundle}, {"rootfs", &record->rootfs}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		int r;

		if (!word_is(words[0], pairs[i].name))
			continue;
		if (n != 2 || *pairs[i].value != NULL)
			return -EINVAL;
		r = decode(words[1], pairs[i].value);
		return r < 0 ? r : 1;
	}
	return 0;
}

/* As decode(), and -EINVAL for what is no place in a rootfs. */
static int decode_place(struct word word, char **ret)
{
	int r = decode(word, ret);
	auto_free char *normal = r < 0 ? NULL : path_normal(*ret);

	if (r < 0)
		return r;
	if (normal == NULL)
		return -ENOMEM;
	return (*ret)[0] == '/' && str_equal(normal, *ret) && (*ret)[1] != '\0' ? 0 : -EINVAL;
}

static int parse_since(struct record *record, const struct word *words, size_t n)
{
	uint64_t sec;
	uint64_t nsec;

	if (!word_is(words[0], "since"))
		return 0;
	if (n != 3 || record->since.tv_sec != 0 || !number(words[1], INT64_MAX, &sec) ||
	    !number(words[2], 999999999, &nsec) || sec == 0)
		return -EINVAL;
	record->since = (struct timespec){.tv_sec = (time_t)sec, .tv_nsec = (long)nsec};
	return 1;
}

static int parse_folder(struct record *record, const struct word *words, size_t n)
{
	struct record_folder *folder = &record->folder;

	if (!word_is(words[0], "folder"))
		return 0;
	if (n != 3 || folder->ino != 0 || !number(words[1], UINT64_MAX, &folder->dev) ||
	    !number(words[2], UINT64_MAX, &folder->ino) || folder->ino == 0)
		return -EINVAL;
	return 1;
}

static int parse_init(struct record *record, const struct word *words, size_t n)
{
	uint64_t pid;

	if (!word_is(words[0], "init"))
		return 0;
	if (n != 3 || record->init != 0 || !number(words[1], INT32_MAX, &pid) || pid == 0 ||
	    !number(words[2], UINT64_MAX, &record->started))
		return -EINVAL;
	record->init = (pid_t)pid;
	return 1;
}

/* The file of that path, a new one where there is none. -EINVAL: too many. */
static int find_kept(struct record *record, const char *path, struct record_kept **ret)
{
	struct record_kept *kept;

	vec_each(known, &record->kept)
	{
		if (strcmp(known->path, path) == 0) {
			*ret = known;
			return 0;
		}
	}
	if (record->kept.n >= RECORD_MAX_KEPT)
		return -EINVAL;
	kept = vec_add(&record->kept);
	if (kept == NULL)
		return -ENOMEM;
	*ret = kept;
	kept->path = strdup(path);
	return kept->path == NULL ? -ENOMEM : 0;
}

/* words: the state, then the numbers. */
static int parse_state(const struct word *words, struct record_kept *kept)
{
	uint64_t v[KEPT_NUMBERS];
	unsigned state = RECORD_ADDED;

	while (state <= RECORD_LEFT && !word_is(words[0], state_names[state]))
		state++;
	if (state > RECORD_LEFT)
		return -EINVAL;
	for (size_t i = 0; i < KEPT_NUMBERS; i++) {
		if (!number(words[i + 1], i == 0 ? 07777 : UINT64_MAX, &v[i]))
			return -EINVAL;
	}
	if (v[1] > UINT32_MAX || v[2] > UINT32_MAX || v[4] >= 1000000000)
		return -EINVAL;
	kept->state = (enum record_kept_state)state;
	kept->mode = (mode_t)v[0];
	kept->uid = (uid_t)v[1];
	kept->gid = (gid_t)v[2];
	kept->mtime = (int64_t)v[3];
	kept->mtime_nsec = (uint32_t)v[4];
	kept->our_ino = v[5];
	kept->our_size = v[6];
	return 1;
}

static int parse_kept(struct record *record, const struct word *words, size_t n)
{
	bool old = word_is(words[0], "cache"); /* as an older hook wrote it */
	auto_free char *path = NULL;
	struct record_kept *kept = NULL;
	uint64_t slot = 0;
	int r = 0;

	if (!old && !word_is(words[0], "kept"))
		return 0;
	if (n != (old ? 9u : 11u) || (!old && !number(words[1], RECORD_MAX_KEPT - 1, &slot)))
		return -EINVAL;
	if (!old)
		r = decode_place(words[10], &path);
	if (r == 0)
		r = find_kept(record, old ? "/etc/ld.so.cache" : path, &kept);
	if (r < 0)
		return r;
	kept->slot = (unsigned)slot;
	return parse_state(words + (old ? 1 : 2), kept);
}

/* What was added to the file of the line before. */
static int parse_added(struct record *record, const struct word *words, size_t n)
{
	auto_free char *text = NULL;
	struct record_kept *kept;
	int r;

	if (!word_is(words[0], "added"))
		return 0;
	if (n != 2 || record->kept.n == 0)
		return -EINVAL;
	r = decode(words[1], &text);
	if (r < 0)
		return r;
	kept = &record->kept.items[record->kept.n - 1];
	if (kept->added.n >= RECORD_MAX_ADDED)
		return -EINVAL;
	return strv_add(&kept->added, text) < 0 ? -ENOMEM : 1;
}

static int parse_item(struct record *record, const struct word *words, size_t n)
{
	for (unsigned kind = RECORD_FILE; kind <= RECORD_CONF; kind++) {
		struct record_item *item;
		uint64_t ino;
		int r;

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
		r = decode_place(words[2], &item->path);
		if (r == 0 && kind == RECORD_LINK)
			r = decode(words[3], &item->text);
		return r < 0 ? r : 1;
	}
	return -EINVAL;
}

/* 1 = taken, 0 = a head is wanted, and this is behind it */
static int parse_words(struct record *record, const struct word *words, size_t n, bool head)
{
	int r = parse_pair(record, words, n);

	if (r == 0)
		r = parse_since(record, words, n);
	if (r == 0)
		r = parse_folder(record, words, n);
	if (r == 0)
		r = parse_init(record, words, n);
	if (r != 0 || head)
		return r;
	r = parse_kept(record, words, n);
	if (r == 0)
		r = parse_added(record, words, n);
	if (r == 0)
		r = parse_item(record, words, n);
	return r;
}

static int parse_line(struct record *record, const char *line, size_t len, bool head)
{
	struct word words[MAX_WORDS] = {{NULL, 0}};
	size_t n = 0;
	const char *end = line + len;

	for (const char *at = line; at <= end; n++) {
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		const char *stop = blank == NULL ? end : blank;

		if (n == MAX_WORDS)
			return -EINVAL;
		words[n] = (struct word){at, (size_t)(stop - at)};
		at = stop + 1;
	}
	return parse_words(record, words, n, head);
}

static int parse(const char *text, size_t len, bool head, struct record *ret, struct err *err)
{
	auto_done(record) struct record record = {0};
	const char *end = text + len;
	unsigned line = 0;

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
			r = parse_line(&record, at, (size_t)(newline - at), head);
		if (r == -ENOMEM)
			return err_nomem(err);
		if (r < 0)
			return err_at(err, -r, line, 0, "record of a container, line %u: %s", line,
				      line == 1 ? "not such a record" : "not understood");
		if (r == 0)
			break;
		at = newline + 1;
	}
	if (record.id == NULL || record.rootfs == NULL)
		return err_set(err, EINVAL, "record of a container has no id or rootfs");
	*ret = record;
	record = (struct record){0};
	return 0;
}

int record_parse(const char *text, size_t len, struct record *ret, struct err *err)
{
	if (len > RECORD_MAX_BYTES)
		return err_set(err, EFBIG, "record of a container is larger than %u bytes",
			       RECORD_MAX_BYTES);
	return parse(text, len, false, ret, err);
}

int record_parse_head(const char *text, size_t len, struct record *ret, struct err *err)
{
	return parse(text, len, true, ret, err);
}
