/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "file.h"
#include "sys/io.h"
#include "tree.h"

#define MAX_BYTES (64u * 1024 * 1024)

static int text_file(struct tree *tree, const char *path, const char *text, struct err *err)
{
	return file_write(tree->fd, path, text, strlen(text), err);
}

static bool lacks(const struct tree *tree, enum layout_part part)
{
	return (tree->layout.without & (unsigned)part) != 0;
}

/* "...BOARD: t186ref..." is that of another board's copy of the same release. */
static int write_release(struct tree *tree, struct err *err)
{
	const struct release *release = tree->release;
	const char *ref = strstr(release->line, release->ref);
	struct strbuf text = {0};
	auto_free char *all = NULL;

	strbuf_add(&text, release->line, (size_t)(ref - release->line));
	strbuf_adds(&text, tree->board->ref != NULL && strcmp(release->ref, "generic") != 0
				   ? tree->board->ref
				   : release->ref);
	strbuf_addf(&text, "%s\n%s", ref + strlen(release->ref),
		    lacks(tree, PART_RELEASE_MORE) ? "" : release->more);
	all = strbuf_take(&text);
	return all == NULL ? err_nomem(err) : text_file(tree, "/etc/nv_tegra_release", all, err);
}

static int write_device_tree(struct tree *tree, struct err *err)
{
	auto_free char *words = strdup(tree->board->compatible);
	size_t len;

	if (words == NULL)
		return err_nomem(err);
	len = strlen(words) + 1;
	for (size_t i = 0; i < len; i++)
		words[i] = words[i] == ' ' ? '\0' : words[i];
	if (file_write(tree->fd, "/proc/device-tree/compatible", words, len, err) < 0)
		return -EIO;
	return file_write(tree->fd, "/proc/device-tree/model", tree->board->model,
			  strlen(tree->board->model) + 1, err);
}

static int write_soc(struct tree *tree, struct err *err)
{
	auto_free char *family = str_format("%s\n", tree->board->family);
	auto_free char *id = str_format("%s\n", tree->board->soc_id);
	auto_free char *model = str_format("%s\n", tree->board->model);

	if (family == NULL || id == NULL || model == NULL)
		return err_nomem(err);
	if (text_file(tree, "/sys/devices/soc0/family", family, err) < 0 ||
	    text_file(tree, "/sys/devices/soc0/soc_id", id, err) < 0 ||
	    text_file(tree, "/sys/devices/soc0/machine", model, err) < 0)
		return -EIO;
	return 0;
}

static int write_chip_id(struct tree *tree, struct err *err)
{
	auto_free char *id = str_format("%s\n", tree->board->soc_id);

	if (id == NULL)
		return err_nomem(err);
	return text_file(tree, "/sys/module/tegra_fuse/parameters/tegra_chip_id", id, err);
}

/* As the maker of such a system writes it. Paths of another layout than Debian's are others. */
static int convert_line(const struct tree *tree, const char *line, struct strbuf *ret)
{
	const char *path = strchr(line, '/');
	auto_free char *row = NULL;

	if (line[0] == '#' || path == NULL || tree->layout.libdir == NULL) {
		strbuf_addf(ret, "%s\n", line);
		return 0;
	}
	row = layout_row(&tree->layout, tree->release, path);
	if (row == NULL)
		return -ENOMEM;
	strbuf_addf(ret, "%.*s%s\n", (int)(path - line), line, row);
	return 0;
}

static int copy_list(struct tree *tree, const char *source, struct err *err)
{
	auto_free char *path = path_join(tree->layout.lists, path_basename(source));
	auto_free char *text = NULL;
	auto_free char *all = NULL;
	struct strbuf lines = {0};
	char *rest;
	size_t len;
	int r = io_read_at(AT_FDCWD, source, MAX_BYTES, &text, &len, err);

	if (r < 0 || path == NULL)
		return r < 0 ? r : err_nomem(err);
	if (tree->layout.libdir == NULL)
		return file_write(tree->fd, path, text, len, err);
	rest = text;
	for (char *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		if (line[0] != '\0')
			r = convert_line(tree, line, &lines);
	all = strbuf_take(&lines);
	return r < 0 || all == NULL ? err_nomem(err) : text_file(tree, path, all, err);
}

static int write_lists(struct tree *tree, const struct rows *rows, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->lists.n; i++)
		r = copy_list(tree, rows->lists.items[i], err);
	return r;
}

/* OpenEmbedded's loader looks into its folder without being told. */
static int write_ld_conf(struct tree *tree, struct err *err)
{
	auto_free char *conf =
		str_format("/usr/lib/aarch64-linux-gnu/%s\n/usr/lib/aarch64-linux-gnu/tegra-egl\n",
			   tree->release->dir);

	if (tree->layout.libdir != NULL)
		return 0;
	if (conf == NULL)
		return err_nomem(err);
	return text_file(tree, "/etc/ld.so.conf.d/nvidia-tegra.conf", conf, err);
}

int tree_write_facts(struct tree *tree, const struct rows *rows, struct err *err)
{
	int r = lacks(tree, PART_RELEASE) ? 0 : write_release(tree, err);

	if (r == 0 && !lacks(tree, PART_DEVICE_TREE))
		r = write_device_tree(tree, err);
	if (r == 0 && !lacks(tree, PART_SOC))
		r = write_soc(tree, err);
	if (r == 0 && tree->release->chip_id && !lacks(tree, PART_CHIP_ID))
		r = write_chip_id(tree, err);
	if (r == 0 && !lacks(tree, PART_LISTS))
		r = write_lists(tree, rows, err);
	if (r == 0 && !lacks(tree, PART_LD_CONF))
		r = write_ld_conf(tree, err);
	return r;
}
