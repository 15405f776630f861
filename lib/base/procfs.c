/* SPDX-License-Identifier: Apache-2.0 */
#include "base/procfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define MAX_MAJOR        4095u /* 12 bits */
#define MAX_MINOR        1048575u
#define STAT_AFTER_COMM  20u /* field 22 counted from field 3, the first behind the name */
#define MOUNT_FIELDS_MIN 6u  /* fixed fields of a mountinfo line before the optional ones */
#define MOUNT_POINT      4u  /* fields before the mount point */
#define NO_ID            UINT32_MAX

struct span {
	const char *at;
	size_t len;
};

/* Cuts the next piece off rest at separator. False at the end. */
static bool next_piece(struct span *rest, char separator, struct span *ret)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->at, separator, rest->len);
	ret->at = rest->at;
	ret->len = end == NULL ? rest->len : (size_t)(end - rest->at);
	rest->at += ret->len + (end == NULL ? 0 : 1);
	rest->len -= ret->len + (end == NULL ? 0 : 1);
	return true;
}

/* Cuts the next word off rest; runs of blanks and tabs separate. False when none is left. */
static bool next_word(struct span *rest, struct span *ret)
{
	while (rest->len > 0 && (*rest->at == ' ' || *rest->at == '\t')) {
		rest->at++;
		rest->len--;
	}
	ret->at = rest->at;
	while (rest->len > 0 && *rest->at != ' ' && *rest->at != '\t') {
		rest->at++;
		rest->len--;
	}
	ret->len = (size_t)(rest->at - ret->at);
	return ret->len > 0;
}

static bool span_is(const struct span *span, const char *text)
{
	return span->len == strlen(text) && memcmp(span->at, text, span->len) == 0;
}

static bool span_to_u32(const struct span *span, uint32_t *ret)
{
	uint64_t value;

	if (!str_to_u64(span->at, span->len, 10, UINT32_MAX, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* Cuts the next line of a character device off rest. False at the end. */
static bool next_driver(struct span *rest, bool *inside, unsigned *ret_major, struct span *ret_name)
{
	struct span line;

	while (next_piece(rest, '\n', &line)) {
		struct span number;
		uint64_t value;

		if (span_is(&line, "Character devices:"))
			*inside = true;
		else if (span_is(&line, "Block devices:"))
			*inside = false;
		if (!*inside || !next_word(&line, &number) || line.len == 0 ||
		    !str_to_u64(number.at, number.len, 10, MAX_MAJOR, &value))
			continue;
		*ret_major = (unsigned)value;
		*ret_name = (struct span){line.at + 1, line.len - 1};
		return true;
	}
	return false;
}

int procfs_char_major(const char *text, size_t len, const char *name, unsigned *ret)
{
	struct span rest = {text, len};
	struct span driver;
	bool inside = false;
	unsigned number;

	while (next_driver(&rest, &inside, &number, &driver)) {
		if (span_is(&driver, name)) {
			*ret = number;
			return 1;
		}
	}
	return 0;
}

int procfs_misc_minor(const char *text, size_t len, const char *name, unsigned *ret)
{
	struct span rest = {text, len};
	struct span line;

	while (next_piece(&rest, '\n', &line)) {
		struct span number;
		struct span device;
		uint64_t value;

		if (!next_word(&line, &number) || !next_word(&line, &device) ||
		    !span_is(&device, name) ||
		    !str_to_u64(number.at, number.len, 10, MAX_MINOR, &value))
			continue;
		*ret = (unsigned)value;
		return 1;
	}
	return 0;
}

bool procfs_char_stranger(const char *text, size_t len, unsigned major, const char *prefix,
			  char *ret, size_t size)
{
	struct span rest = {text, len};
	struct span driver;
	bool inside = false;
	bool found = false;
	unsigned number;

	while (next_driver(&rest, &inside, &number, &driver)) {
		if (number != major)
			continue;
		if (driver.len >= strlen(prefix) && memcmp(driver.at, prefix, strlen(prefix)) == 0)
			return false;
		found = true;
		if (driver.len >= size)
			driver.len = size - 1;
		memcpy(ret, driver.at, driver.len);
		ret[driver.len] = '\0';
	}
	return found;
}

static bool has_word(struct span list, const char *word)
{
	struct span piece;

	while (next_piece(&list, ',', &piece)) {
		if (span_is(&piece, word))
			return true;
	}
	return false;
}

static bool is_plain_path(const struct span *path)
{
	struct span rest = *path;
	struct span piece;

	if (path->len == 0 || path->at[0] != '/' || memchr(path->at, '\0', path->len) != NULL)
		return false;
	while (next_piece(&rest, '/', &piece)) {
		if (span_is(&piece, ".."))
			return false;
	}
	return true;
}

int procfs_cgroup_path(const char *text, size_t len, const char *controller, char **ret,
		       struct err *err)
{
	struct span rest = {text, len};
	struct span line;

	while (next_piece(&rest, '\n', &line)) {
		struct span id;
		struct span names;
		char *path;

		if (!next_piece(&line, ':', &id) || !next_piece(&line, ':', &names))
			continue;
		if (*controller == '\0' ? !(span_is(&id, "0") && names.len == 0)
					: !has_word(names, controller))
			continue;
		if (!is_plain_path(&line))
			return err_set(err, EINVAL,
				       "read the cgroup: '%.*s' is not a path below our root",
				       (int)(line.len < 256 ? line.len : 256), line.at);
		path = strndup(line.at, line.len);
		if (path == NULL)
			return err_nomem(err);
		*ret = path;
		return 1;
	}
	return 0;
}

/* Undoes the kernel's \ooo. NULL without memory. */
static char *unescape(const struct span *field)
{
	char *out = malloc(field->len + 1);
	size_t used = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < field->len; i++) {
		uint64_t byte;

		if (field->at[i] == '\\' && field->len - i > 3 &&
		    str_to_u64(field->at + i + 1, 3, 8, 255, &byte) && byte != 0) {
			out[used++] = (char)byte;
			i += 3;
		} else {
			out[used++] = field->at[i];
		}
	}
	out[used] = '\0';
	return out;
}

/* Splits a mountinfo line; false when it is none, or not of that type and option. */
static bool mount_matches(struct span line, const char *fstype, const char *option,
			  struct span *root, struct span *point)
{
	struct span field;
	unsigned count = 0;

	while (next_piece(&line, ' ', &field)) {
		if (count == 3)
			*root = field;
		if (count == MOUNT_POINT)
			*point = field;
		if (count++ >= MOUNT_FIELDS_MIN && span_is(&field, "-"))
			break;
	}
	if (!next_piece(&line, ' ', &field) || !span_is(&field, fstype))
		return false;
	if (!next_piece(&line, ' ', &field))
		return false;
	return option == NULL || has_word(line, option);
}

/* Seven parameters: text and length are one, and so are the two results. */
int procfs_find_mount(/* NOLINT(readability-function-size) */
		      const char *text, size_t len, const char *fstype, const char *option,
		      char **ret_point, char **ret_root, struct err *err)
{
	struct span rest = {text, len};
	struct span line;

	while (next_piece(&rest, '\n', &line)) {
		auto_free char *point = NULL;
		auto_free char *root = NULL;
		struct span raw_root = {"", 0};
		struct span raw_point = {"", 0};

		if (!mount_matches(line, fstype, option, &raw_root, &raw_point))
			continue;
		point = unescape(&raw_point);
		root = unescape(&raw_root);
		if (point == NULL || root == NULL)
			return err_nomem(err);
		*ret_point = take_ptr(&point);
		*ret_root = take_ptr(&root);
		return 1;
	}
	return 0;
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS FIELD... - TYPE SOURCE SUPER" */
static bool mount_has_id(struct span line, uint64_t id, struct span *point, bool *shared)
{
	static const char word[] = "shared:";
	struct span field;
	unsigned count = 0;

	*shared = false;
	while (next_piece(&line, ' ', &field)) {
		uint64_t number;

		if (count == 0 &&
		    (!str_to_u64(field.at, field.len, 10, UINT64_MAX, &number) || number != id))
			return false;
		if (count == MOUNT_POINT)
			*point = field;
		if (count >= MOUNT_FIELDS_MIN && span_is(&field, "-"))
			return true;
		if (count >= MOUNT_FIELDS_MIN && field.len >= sizeof(word) - 1 &&
		    memcmp(field.at, word, sizeof(word) - 1) == 0)
			*shared = true;
		count++;
	}
	return false;
}

int procfs_mount_by_id(const char *text, size_t len, uint64_t id, char **ret_point,
		       bool *ret_shared, struct err *err)
{
	struct span rest = {text, len};
	struct span line;

	while (next_piece(&rest, '\n', &line)) {
		struct span point = {"", 0};
		bool shared;

		if (!mount_has_id(line, id, &point, &shared))
			continue;
		*ret_point = unescape(&point);
		*ret_shared = shared;
		return *ret_point == NULL ? err_nomem(err) : 1;
	}
	return 0;
}

bool procfs_mount_is_shared(const char *text, size_t len, uint64_t id)
{
	struct span rest = {text, len};
	struct span line;

	while (next_piece(&rest, '\n', &line)) {
		struct span point;
		bool shared;

		if (mount_has_id(line, id, &point, &shared))
			return shared;
	}
	return true;
}

int procfs_next_mount(const char **text, size_t *len, char **ret_point, struct err *err)
{
	struct span rest = {*text, *len};
	struct span line;
	struct span point = {"", 0};
	char *path;

	if (!next_piece(&rest, '\n', &line))
		return 0;
	for (unsigned i = 0; i <= MOUNT_POINT; i++) {
		if (!next_piece(&line, ' ', &point))
			return err_set(err, EINVAL, "read the mounts: a line without a place");
	}
	path = unescape(&point);
	if (path == NULL)
		return err_nomem(err);
	*text = rest.at;
	*len = rest.len;
	*ret_point = path;
	return 1;
}

bool procfs_mount_id(const char *text, size_t len, uint64_t *ret)
{
	static const char word[] = "mnt_id:";
	struct span rest = {text, len};
	struct span line;
	struct span value;

	while (next_piece(&rest, '\n', &line)) {
		if (line.len < sizeof(word) - 1 || memcmp(line.at, word, sizeof(word) - 1) != 0)
			continue;
		line.at += sizeof(word) - 1;
		line.len -= sizeof(word) - 1;
		return next_word(&line, &value) &&
		       str_to_u64(value.at, value.len, 10, UINT64_MAX, ret);
	}
	return false;
}

/* Reads "inside outside count". */
static bool read_range(struct span line, uint32_t ret[3])
{
	struct span word;
	unsigned n = 0;

	while (n < 3 && next_word(&line, &word) && span_to_u32(&word, &ret[n]))
		n++;
	return n == 3 && !next_word(&line, &word);
}

int procfs_map_root(const char *text, size_t len, uint32_t *ret)
{
	struct span rest = {text, len};
	struct span line;

	while (next_piece(&rest, '\n', &line)) {
		uint32_t range[3];

		if (!read_range(line, range))
			return -EINVAL;
		if (range[0] == 0 && range[2] > 0 && range[1] != NO_ID) {
			*ret = range[1];
			return 1;
		}
	}
	return 0;
}

bool procfs_map_is_initial(const char *text, size_t len)
{
	struct span rest = {text, len};
	struct span line;
	uint32_t range[3];

	return next_piece(&rest, '\n', &line) && read_range(line, range) && range[0] == 0 &&
	       range[1] == 0 && range[2] == UINT32_MAX;
}

int procfs_start_time(const char *text, size_t len, uint64_t *ret)
{
	/* The command name may hold anything, ")" and newlines too: the last one counts. */
	const char *close = memrchr(text, ')', len);
	struct span rest;
	struct span word = {"", 0};

	if (close == NULL)
		return -EINVAL;
	rest = (struct span){close + 1, len - (size_t)(close + 1 - text)};
	for (unsigned i = 0; i < STAT_AFTER_COMM; i++) {
		if (!next_word(&rest, &word))
			return -EINVAL;
		if (i == 0 && (span_is(&word, "Z") || span_is(&word, "X")))
			return -ESRCH;
	}
	if (word.len > 0 && word.at[word.len - 1] == '\n')
		word.len--;
	return str_to_u64(word.at, word.len, 10, UINT64_MAX, ret) ? 0 : -EINVAL;
}
