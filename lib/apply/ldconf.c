/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldconf.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/rootfs.h"

void ldconf_done(struct ldconf *conf)
{
	strv_done(&conf->dirs);
	*conf = (struct ldconf){0};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Patterns as they occur in distributions; relative ones are relative to /etc. */
static bool is_our_include(const char *pattern, size_t len)
{
	static const char *const patterns[] = {LDCONF_DIR "/*.conf", "ld.so.conf.d/*.conf",
					       LDCONF_DIR "/*"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (strlen(patterns[i]) == len && memcmp(patterns[i], pattern, len) == 0)
			return true;
	}
	return false;
}

static int add_dir(struct ldconf *conf, const char *text, size_t len)
{
	auto_free char *copy = strndup(text, len);
	auto_free char *normal = NULL;
	char *type = copy == NULL ? NULL : strchr(copy, '=');

	if (copy == NULL)
		return -1;
	if (type != NULL) /* "/lib=libc5" of old */
		*type = '\0';
	if (copy[0] != '/')
		return 0;
	normal = path_normal(copy);
	return normal == NULL ? -1 : strv_add_unique(&conf->dirs, normal);
}

static int parse_line(struct ldconf *conf, const char *line, const char *end)
{
	const char *comment = memchr(line, '#', (size_t)(end - line));

	end = comment == NULL ? end : comment;
	while (line < end && is_blank(*line))
		line++;
	while (end > line && is_blank(end[-1]))
		end--;
	if (end - line > 8 && memcmp(line, "include", 7) == 0 && is_blank(line[7])) {
		for (line += 7; line < end && is_blank(*line);)
			line++;
		conf->includes_dir |= is_our_include(line, (size_t)(end - line));
		return 0;
	}
	return line == end ? 0 : add_dir(conf, line, (size_t)(end - line));
}

int ldconf_parse(struct ldconf *conf, const char *text, size_t len, struct err *err)
{
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline == NULL ? end : newline;

		if (parse_line(conf, at, stop) < 0)
			return err_nomem(err);
		at = stop + 1;
	}
	return 0;
}

static int read_one(int rootfd, const char *path, struct ldconf *conf, struct err *err)
{
	auto_free char *text = NULL;
	size_t len;

	if (rootfs_read(rootfd, path, LDCONF_MAX_BYTES, &text, &len, NULL) < 0)
		return 0;
	return ldconf_parse(conf, text, len, err);
}

static int read_folder(int rootfd, struct ldconf *conf, struct err *err)
{
	auto_fd fd = rootfs_open(rootfd, LDCONF_DIR, O_RDONLY | O_DIRECTORY, NULL);
	auto_dir dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned files = 0;

	if (dir == NULL)
		return 0;
	(void)take_fd(&fd);
	while ((entry = readdir(dir)) != NULL && files < LDCONF_MAX_FILES) {
		auto_free char *path = str_format(LDCONF_DIR "/%s", entry->d_name);
		int r;

		if (path == NULL)
			return err_nomem(err);
		if (!str_ends_with(entry->d_name, ".conf"))
			continue;
		files++;
		r = read_one(rootfd, path, conf, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int ldconf_read(int rootfd, struct ldconf *ret, struct err *err)
{
	auto_done(ldconf) struct ldconf conf = {0};
	int r = read_one(rootfd, LDCONF_PATH, &conf, err);

	if (r == 0 && conf.includes_dir)
		r = read_folder(rootfd, &conf, err);
	if (r < 0)
		return r;
	*ret = conf;
	conf = (struct ldconf){0};
	return 0;
}

bool ldconf_covers(const struct ldconf *conf, const char *dir)
{
	static const char *const defaults[] = {"/lib", "/usr/lib", "/lib64", "/usr/lib64"};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (strcmp(dir, defaults[i]) == 0)
			return true;
	}
	return strv_contains(&conf->dirs, dir);
}
