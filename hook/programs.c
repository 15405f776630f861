/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/programs.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

#define HOOK_NAME  "nvc-hook"
#define USUAL_DIRS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_program(const char *path)
{
	struct stat st;
	struct stat self;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return false;
	/* Installed as "runc", or configured as its own runtime, it would exec itself forever. */
	return stat("/proc/self/exe", &self) < 0 || st.st_dev != self.st_dev ||
	       st.st_ino != self.st_ino;
}

static char *find_in(const char *dirs, const char *name)
{
	while (*dirs != '\0') {
		size_t len = strcspn(dirs, ":");
		auto_free char *path = NULL;

		/* A relative folder would be one of the bundle: that is the current folder. */
		if (dirs[0] == '/') {
			path = str_format("%.*s/%s", (int)len, dirs, name);
			if (path != NULL && is_program(path))
				return take_ptr(&path);
		}
		dirs += len;
		dirs += *dirs == ':';
	}
	return NULL;
}

static char *find_one(const char *name, const char *path)
{
	char *found = NULL;

	if (name[0] == '\0')
		return NULL;
	if (strchr(name, '/') != NULL)
		return is_program(name) ? strdup(name) : NULL;
	if (path != NULL)
		found = find_in(path, name);
	return found != NULL ? found : find_in(USUAL_DIRS, name);
}

char *programs_find(const char *const *names, const char *path)
{
	for (; *names != NULL; names++) {
		char *found = find_one(*names, path);

		if (found != NULL)
			return found;
	}
	return NULL;
}

char *programs_find_hook(const char *setting, const char *path)
{
	static const char *const names[] = {HOOK_NAME, NULL};
	auto_free char *dir = NULL;
	auto_free char *beside = NULL;
	char self[PATH_MAX];
	ssize_t len;

	if (setting != NULL && setting[0] == '/')
		return strdup(setting);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len > 0) {
		self[len] = '\0';
		dir = path_dirname(self);
		beside = dir == NULL ? NULL : path_join(dir, HOOK_NAME);
	}
	if (beside != NULL && is_program(beside))
		return take_ptr(&beside);
	return programs_find(names, path);
}
