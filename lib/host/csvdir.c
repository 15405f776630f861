/* SPDX-License-Identifier: Apache-2.0 */
#include "host/csvdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/csv.h"
#include "host/trust.h"
#include "sys/io.h"
#include "sys/rootfs.h"

struct csvdir {
	const struct host *host;
	struct inventory *inv;
	struct trust trust;
	const char *fault; /* why nothing of this folder is believed; NULL = believed */
};

static bool csvdir_is_list(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(".csv") && strcasecmp(name + len - strlen(".csv"), ".csv") == 0;
}

static bool csvdir_is_base(const char *name)
{
	return str_equal(name, "l4t.csv") || str_equal(name, "devices.csv") ||
	       str_equal(name, "drivers.csv");
}

static int csvdir_names(const char *path, int fd, struct strv *ret, struct err *err)
{
	auto_dir dir = fdopendir(fd);

	if (dir == NULL)
		return err_sys(err, errno, "read folder of mount lists '%s'", path);
	errno = 0;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (!csvdir_is_list(entry->d_name))
			continue;
		if (ret->n >= CSVDIR_MAX_FILES)
			return err_set(err, E2BIG, "more than %u mount lists in '%s'",
				       CSVDIR_MAX_FILES, path);
		if (strv_add(ret, entry->d_name) < 0)
			return err_nomem(err);
		errno = 0;
	}
	if (errno != 0)
		return err_sys(err, errno, "read folder of mount lists '%s'", path);
	strv_sort(ret);
	return 0;
}

static enum row_type csvdir_row_type(enum csv_type type)
{
	switch (type) {
	case CSV_LIB:
		return ROW_LIB;
	case CSV_DIR:
		return ROW_DIR;
	case CSV_DEV:
		return ROW_DEV;
	case CSV_SYM:
		return ROW_SYM;
	case CSV_MALFORMED:
		break;
	}
	return ROW_UNKNOWN;
}

/* Copies text that may hold anything, NUL and 64 MiB of it included. */
static char *csvdir_raw(const char *text, size_t len)
{
	size_t kept = len < CSVDIR_MAX_RAW ? len : CSVDIR_MAX_RAW;
	char *raw = malloc(kept + sizeof("..."));

	if (raw == NULL)
		return NULL;
	for (size_t i = 0; i < kept; i++)
		raw[i] = text[i] == '\0' ? '?' : text[i];
	memcpy(raw + kept, kept < len ? "..." : "", kept < len ? sizeof("...") : 1);
	return raw;
}

static int csvdir_add_row(void *arg, const struct csv_row *parsed)
{
	struct csvdir *dir = arg;
	struct row *row = vec_add(&dir->inv->rows);

	if (row == NULL)
		return -ENOMEM;
	row->file = dir->inv->files.n - 1;
	row->line = parsed->line;
	row->column = parsed->column;
	row->type = csvdir_row_type(parsed->type);
	if (parsed->type != CSV_MALFORMED) {
		row->path = strndup(parsed->path, parsed->path_len);
	} else {
		row->state = ROW_MALFORMED;
		row->path = csvdir_raw(parsed->path, parsed->path_len);
		row->reason = strdup(parsed->fault != NULL ? parsed->fault : "not a row");
		if (row->reason == NULL)
			return -ENOMEM;
	}
	return row->path == NULL ? -ENOMEM : 0;
}

static void csvdir_drop_rows(struct inventory *inv, size_t keep)
{
	while (inv->rows.n > keep) {
		struct row *row = &inv->rows.items[--inv->rows.n];

		free(row->path);
		free(row->reason);
	}
}

/* Opens and reads the list unless something speaks against it. 1 = read, 0 = a directory. */
static int csvdir_load(const struct csvdir *dir, const char *path, char **ret, size_t *ret_len,
		       struct err *err)
{
	/* without O_NONBLOCK rootfs_open() refuses FIFOs and devices before it opens them */
	auto_fd fd = rootfs_open(dir->host->fds[ROOT_MACHINE], path, O_RDONLY | O_CLOEXEC, err);
	const char *fault;
	struct stat st;
	int rc;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at mount list '%s'", path);
	if (S_ISDIR(st.st_mode))
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "mount list '%s' is not a regular file", path);
	fault = trust_fault(&dir->trust, &st);
	if (fault != NULL)
		return err_set(err, EPERM, "mount list '%s' %s", path, fault);
	if (dir->fault != NULL)
		return err_set(err, EPERM, "folder of mount list '%s' %s", path, dir->fault);
	rc = io_read_fd(fd, CSV_MAX_BYTES, path, ret, ret_len, err);
	return rc < 0 ? rc : 1;
}

static int csvdir_add_file(struct csvdir *dir, const char *path, const char *name, struct err *err)
{
	struct list_file *file = vec_add(&dir->inv->files);

	if (file == NULL)
		return err_nomem(err);
	file->path = strdup(path);
	file->name = strdup(name);
	file->base = csvdir_is_base(name);
	file->read = true;
	return file->path == NULL || file->name == NULL ? err_nomem(err) : 0;
}

static int csvdir_set_error(struct csvdir *dir, const char *text, struct err *err)
{
	struct list_file *file = &dir->inv->files.items[dir->inv->files.n - 1];

	file->read = false;
	file->error = strdup(text);
	log_warn(dir->host->log, "host", "mount list is not used: %s", text);
	return file->error == NULL ? err_nomem(err) : 0;
}

static int csvdir_read_list(struct csvdir *dir, const char *name, struct err *err)
{
	auto_free char *path = path_join(dir->inv->list_dir, name);
	auto_free char *text = NULL;
	struct err fault = {0};
	size_t before = dir->inv->rows.n;
	size_t len = 0;
	int rc;

	if (path == NULL)
		return err_nomem(err);
	rc = csvdir_load(dir, path, &text, &len, &fault);
	if (rc == 0)
		return 0;
	if (csvdir_add_file(dir, path, name, err) < 0)
		return -ENOMEM;
	if (rc > 0) {
		rc = csv_parse(text, len, csvdir_add_row, dir, &fault);
		if (rc < 0 && rc != -ENOMEM)
			(void)err_wrap(&fault, "mount list '%s'", path);
	}
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc < 0 && err_is_trouble(-rc)) {
		if (err != NULL)
			*err = fault;
		return rc;
	}
	if (rc < 0) {
		csvdir_drop_rows(dir->inv, before);
		return csvdir_set_error(dir, fault.msg, err);
	}
	dir->inv->files.items[dir->inv->files.n - 1].n_rows = dir->inv->rows.n - before;
	return 0;
}

int csvdir_read(const struct host *host, struct inventory *inv, struct err *err)
{
	struct csvdir dir = {.host = host, .inv = inv};
	const char *path = host->settings->list_dir;
	auto_done(strv) struct strv names = {0};
	auto_fd fd = -1;
	struct stat st;
	int rc;

	if (path == NULL)
		return 0;
	inv->list_dir = path_normal(path);
	if (inv->list_dir == NULL)
		return err_nomem(err);
	fd = rootfs_open(host->fds[ROOT_MACHINE], inv->list_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
			 NULL);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, -fd, "open folder of mount lists '%s'", inv->list_dir);
	inv->list_dir_found = true;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at folder of mount lists '%s'", inv->list_dir);
	trust_again(&dir.trust, &host->trust);
	dir.fault = trust_fault(&dir.trust, &st);
	rc = csvdir_names(inv->list_dir, take_fd(&fd), &names, err);
	for (size_t i = 0; i < names.n && rc == 0; i++)
		rc = csvdir_read_list(&dir, names.items[i], err);
	return rc;
}
