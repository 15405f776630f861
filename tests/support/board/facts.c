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

#define LISTS     "/etc/nvidia-container-runtime/host-files-for-container.d"
#define MAX_BYTES (64u * 1024 * 1024)

static int text_file(struct tree *tree, const char *path, const char *text, struct err *err)
{
	return file_write(tree->fd, path, text, strlen(text), err);
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
	strbuf_addf(&text, "%s\n%s", ref + strlen(release->ref), release->more);
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
	if (!tree->release->chip_id)
		return 0;
	return text_file(tree, "/sys/module/tegra_fuse/parameters/tegra_chip_id", id, err);
}

static int copy_list(struct tree *tree, const char *source, struct err *err)
{
	auto_free char *path = path_join(LISTS, path_basename(source));
	auto_free char *text = NULL;
	size_t len;
	int r = io_read_at(AT_FDCWD, source, MAX_BYTES, &text, &len, err);

	if (r < 0 || path == NULL)
		return r < 0 ? r : err_nomem(err);
	return file_write(tree->fd, path, text, len, err);
}

int tree_write_facts(struct tree *tree, const struct rows *rows, struct err *err)
{
	auto_free char *conf =
		str_format("/usr/lib/aarch64-linux-gnu/%s\n/usr/lib/aarch64-linux-gnu/tegra-egl\n",
			   tree->release->dir);
	int r = write_release(tree, err);

	if (r == 0)
		r = write_device_tree(tree, err);
	if (r == 0)
		r = write_soc(tree, err);
	for (size_t i = 0; r == 0 && i < rows->lists.n; i++)
		r = copy_list(tree, rows->lists.items[i], err);
	if (r == 0)
		r = conf == NULL
			    ? err_nomem(err)
			    : text_file(tree, "/etc/ld.so.conf.d/nvidia-tegra.conf", conf, err);
	return r;
}
