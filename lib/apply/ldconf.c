/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldconf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "apply/ldglob.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/rootfs.h"

#define BLANKS " \t\r\f\v"

struct reader {
	struct ldconf *conf;
	struct ldglob glob;
	bool follows; /* includes are read */
	unsigned files, tries, depth;
	size_t bytes;
};

static int read_file(struct reader *reader, const char *path, struct err *err);

void ldconf_done(struct ldconf *conf)
{
	strv_done(&conf->dirs);
	strv_done(&conf->system);
	*conf = (struct ldconf){0};
}

static int add_dir(struct ldconf *conf, char *text)
{
	auto_free char *normal = NULL;
	char *type = strchr(text, '=');

	if (type != NULL) /* "/lib=libc5" of old */
		*type = '\0';
	if (text[0] != '/')
		return 0;
	if (conf->dirs.n >= LDCONF_MAX_DIRS) {
		conf->cut = true;
		return 0;
	}
	normal = path_normal(text);
	return normal == NULL ? -ENOMEM : strv_add_unique(&conf->dirs, normal);
}

/* Relative patterns are relative to the directory of the file that says them. */
static int include(struct reader *reader, const char *from, const char *pattern, struct err *err)
{
	auto_done(strv) struct strv found = {0};
	auto_free char *dir = path_dirname(from);
	auto_free char *normal = dir == NULL ? NULL : path_join(dir, pattern);
	int r = 0;

	if (normal == NULL)
		return err_nomem(err);
	reader->conf->includes_dir |= ldglob_fits(normal, LDCONF_OURS);
	if (!reader->follows)
		return 0;
	if (reader->depth >= LDCONF_MAX_DEPTH || reader->tries++ >= LDCONF_MAX_TRIES) {
		reader->conf->cut = true;
		return 0;
	}
	r = ldglob_find(&reader->glob, normal, &found, err);
	reader->depth++;
	for (size_t i = 0; r == 0 && i < found.n; i++)
		r = read_file(reader, found.items[i], err);
	reader->depth--;
	return r;
}

static bool is_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 && line[len] != '\0' &&
	       strchr(BLANKS, line[len]) != NULL;
}

static int parse_line(struct reader *reader, const char *from, char *line, struct err *err)
{
	char *state = NULL;
	size_t len;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, BLANKS);
	for (len = strlen(line); len > 0 && strchr(BLANKS, line[len - 1]) != NULL;)
		line[--len] = '\0';
	if (is_word(line, "hwcap")) /* ignored by ldconfig, too, since glibc 2.33 */
		return 0;
	if (!is_word(line, "include"))
		return add_dir(reader->conf, line) < 0 ? err_nomem(err) : 0;
	for (char *pattern = strtok_r(line + strlen("include"), BLANKS, &state); pattern != NULL;
	     pattern = strtok_r(NULL, BLANKS, &state)) {
		int r = include(reader, from, pattern, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Changes the text. A NUL ends its line, as for ldconfig. */
static int parse(struct reader *reader, const char *from, char *text, size_t len, struct err *err)
{
	char *end = text + len;

	for (char *at = text; at < end;) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		char *stop = newline == NULL ? end : newline;
		int r;

		*stop = '\0';
		r = parse_line(reader, from, at, err);
		if (r < 0)
			return r;
		at = stop + 1;
	}
	return 0;
}

int ldconf_parse(struct ldconf *conf, const char *text, size_t len, struct err *err)
{
	struct reader reader = {.conf = conf, .glob = {.rootfd = -1}};
	auto_free char *copy = malloc(len + 1);

	if (copy == NULL)
		return err_nomem(err);
	memcpy(copy, text, len);
	return parse(&reader, LDCONF_PATH, copy, len, err);
}

static int read_file(struct reader *reader, const char *path, struct err *err)
{
	auto_free char *text = NULL;
	struct err failed = {0};
	size_t len;
	int r;

	if (reader->files >= LDCONF_MAX_FILES || reader->bytes >= LDCONF_MAX_TOTAL ||
	    reader->tries++ >= LDCONF_MAX_TRIES ||
	    !patience_lasts(&reader->glob.patience, LDGLOB_DEADLINE_MS)) {
		reader->conf->cut = true;
		return 0;
	}
	r = rootfs_read(reader->glob.rootfd, path, LDCONF_MAX_BYTES, &text, &len, &failed);
	if (err_is_trouble(-r)) {
		if (err != NULL)
			*err = failed;
		return r;
	}
	if (r < 0) {
		reader->conf->cut |= r == -EFBIG;
		reader->conf->unread |= r == -EACCES;
		return 0;
	}
	reader->files++;
	reader->bytes += len;
	return parse(reader, path, text, len, err);
}

int ldconf_read(int rootfd, uint16_t machine, struct ldconf *ret, struct err *err)
{
	auto_done(ldconf) struct ldconf conf = {0};
	struct reader reader = {.conf = &conf, .glob = {.rootfd = rootfd}, .follows = true};
	int r = ldconf_system_dirs(rootfd, machine, &conf.system, err);

	if (r == 0)
		r = read_file(&reader, LDCONF_PATH, err);
	if (r < 0)
		return r;
	conf.cut |= reader.glob.cut;
	*ret = conf;
	conf = (struct ldconf){0};
	return 0;
}

bool ldconf_covers(const struct ldconf *conf, const char *dir)
{
	static const char *const unread[] = {"/lib", "/usr/lib", "/lib64", "/usr/lib64"};

	for (size_t i = 0; conf->system.n == 0 && i < sizeof(unread) / sizeof(unread[0]); i++) {
		if (strcmp(dir, unread[i]) == 0)
			return true;
	}
	return strv_contains(&conf->dirs, dir) || strv_contains(&conf->system, dir);
}

static const struct {
	uint16_t machine;
	const char *name;
} multiarch[] = {
	{EM_X86_64, "x86_64-linux-gnu"},   {EM_386, "i386-linux-gnu"},
	{EM_AARCH64, "aarch64-linux-gnu"}, {EM_ARM, "arm-linux-gnueabihf"},
	{EM_ARM, "arm-linux-gnueabi"},
};

/* Negative: the machine is in trouble, and that is not known. */
static int is_dir(int rootfd, const char *path, struct err *err)
{
	auto_fd fd = rootfs_open(rootfd, path, O_PATH | O_DIRECTORY, NULL);

	if (fd < 0 && err_is_trouble(-fd))
		return err_sys(err, -fd, "look at '%s'", path);
	return fd >= 0;
}

/* 1 = there are some. */
static int add_multiarch(int rootfd, uint16_t machine, struct strv *ret, struct err *err)
{
	static const char *const parents[] = {"/lib", "/usr/lib"};
	int found = 0;

	for (size_t i = 0; i < sizeof(multiarch) / sizeof(multiarch[0]); i++) {
		if (machine != 0 && machine != multiarch[i].machine)
			continue;
		for (size_t k = 0; k < sizeof(parents) / sizeof(parents[0]); k++) {
			auto_free char *path = str_format("%s/%s", parents[k], multiarch[i].name);
			int r = path == NULL ? err_nomem(err) : is_dir(rootfd, path, err);

			if (r < 0)
				return r;
			if (r == 0)
				continue;
			found = 1;
			if (strv_add(ret, path) < 0)
				return err_nomem(err);
		}
	}
	return found;
}

int ldconf_system_dirs(int rootfd, uint16_t machine, struct strv *ret, struct err *err)
{
	static const char *const plain[] = {"/lib", "/usr/lib"};
	static const char *const wide[] = {"/lib",     "/lib64",     "/libx32",
					   "/usr/lib", "/usr/lib64", "/usr/libx32"};
	bool is_wide = machine == 0 || machine == EM_X86_64 || machine == EM_AARCH64;
	size_t n = is_wide ? sizeof(wide) / sizeof(wide[0]) : 2;
	const char *const *dirs = is_wide ? wide : plain;
	int found = add_multiarch(rootfd, machine, ret, err);

	if (found < 0)
		return found;
	if (found > 0) { /* Debian's have no /lib64 */
		dirs = plain;
		n = 2;
	}
	for (size_t i = 0; i < n; i++) {
		if (strv_add(ret, dirs[i]) < 0)
			return err_nomem(err);
	}
	return 0;
}
