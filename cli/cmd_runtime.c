/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/udiff.h"
#include "cmd.h"

#define MAX_SHOWN 4096 /* bytes of a path */

static int check_usage(const struct cmd *cmd)
{
	const struct opts *opts = cmd->opts;
	const char *word = opts->operands[0];
	struct err err = {0};

	if (strcmp(word, "configure") != 0) {
		(void)err_set(&err, EINVAL, "runtime: unknown word '%.32s'", word);
		(void)err_hint(&err, "configure");
		return out_error(cmd->out, &err);
	}
	/* else somebody would think that another file is edited than is */
	if (opts->root != NULL || opts->host_root != NULL || opts->config != NULL) {
		(void)err_set(&err, EINVAL,
			      "runtime: --root, --host-root, and --config before the command do "
			      "not go with it");
		(void)err_hint(&err, "--image-root is the tree of an image, and --config behind "
				     "the command the engine's file");
		return out_error(cmd->out, &err);
	}
	if (opts->remove && opts->set_default) {
		(void)err_set(&err, EINVAL, "runtime: --remove excludes --set-as-default");
		return out_error(cmd->out, &err);
	}
	if (nvc_check_caller() < 0) {
		(void)err_set(&err, EPERM,
			      "runtime: a set-user-ID program does not edit files of the machine");
		return out_error(cmd->out, &err);
	}
	return 0;
}

/* What comes from a file moves no cursor. */
static void put_word(struct strbuf *text, const char *before, const char *word, const char *behind)
{
	char shown[MAX_SHOWN];

	str_escape(word, shown, sizeof(shown));
	strbuf_addf(text, "%s%s%s", before, shown, behind);
}

static void put_deeds(struct strbuf *text, const struct nvc_engine_change *change)
{
	const char *name = change->runtime_name;

	if (change->done & (NVC_ENGINE_ADDED | NVC_ENGINE_CHANGED)) {
		strbuf_addf(text, "runtime '%s' ", name);
		put_word(text, "is '", change->runtime_path, "'");
		if (change->old_path != NULL)
			put_word(text, ", it was '", change->old_path, "'");
		strbuf_adds(text, "\n");
	}
	if (change->done & NVC_ENGINE_DEFAULT) {
		strbuf_addf(text, "runtime '%s' is the default", name);
		if (change->old_default != NULL)
			put_word(text, ", it was '", change->old_default, "'");
		strbuf_adds(text, "\n");
	}
	if (change->done & NVC_ENGINE_REMOVED)
		strbuf_addf(text, "runtime '%s' is removed\n", name);
	if (change->done & NVC_ENGINE_NO_DEFAULT)
		strbuf_addf(text, "runtime '%s' is not the default any more\n", name);
	put_word(text, "written: ", change->file, "\n");
	if (change->backup != NULL)
		put_word(text,
			 change->done & NVC_ENGINE_OLD_BACKUP
				 ? "what it held before an earlier change: "
				 : "what it held before: ",
			 change->backup, "\n");
}

/* When it is told to read the file again, dockerd takes what is new, and keeps a runtime that is
 * gone; one that was the default can end it in a panic (20.10). */
static void put_advice(struct strbuf *text, const struct nvc_engine_change *change)
{
	if (change->done & (NVC_ENGINE_REMOVED | NVC_ENGINE_NO_DEFAULT))
		strbuf_adds(text, "docker keeps it until: systemctl restart docker\n");
	else
		strbuf_adds(text, "docker takes it with: systemctl reload docker\n");
}

static void put_nothing(struct strbuf *text, const struct cmd *cmd,
			const struct nvc_engine_change *change)
{
	put_word(text, "nothing to do: in '", change->file, "' ");
	strbuf_addf(text, "runtime '%s' is ", change->runtime_name);
	if (cmd->opts->remove) {
		strbuf_adds(text, "not there\n");
		return;
	}
	put_word(text, "'", change->runtime_path, "'");
	strbuf_addf(text, " already%s\n", cmd->opts->set_default ? ", and the default" : "");
}

/* A terminal obeys control characters; ends of lines, of either kind, and tabs are the diff's. */
static size_t shown_as_is(const char *text, size_t len)
{
	bool plain = text[0] == '\n' || text[0] == '\t' ||
		     (text[0] == '\r' && len > 1 && text[1] == '\n');

	return plain ? 1 : str_plain_length(text, len);
}

static void put_shown(struct strbuf *text, const struct strbuf *diff)
{
	for (size_t i = 0; i < diff->len;) {
		const char *at = diff->data + i;
		size_t n = shown_as_is(at, diff->len - i);

		if (n > 0)
			strbuf_add(text, at, n);
		else
			strbuf_addf(text, "\\x%02x", (unsigned char)at[0]);
		i += n > 0 ? n : 1;
	}
}

static void put_diff(struct strbuf *text, const struct nvc_engine_change *change)
{
	auto_done(strbuf) struct strbuf diff = {0};
	char file[MAX_SHOWN];
	const char *before = change->before == NULL ? "" : change->before;
	struct udiff_side old = {.name = change->before == NULL ? "/dev/null" : file,
				 .text = before,
				 .len = strlen(before)};
	struct udiff_side now = {.name = file, .text = change->after, .len = strlen(change->after)};

	str_escape(change->file, file, sizeof(file));
	udiff_write(&diff, &old, &now);
	if (strbuf_failed(&diff))
		text->failed = true;
	else if (isatty(STDOUT_FILENO) != 0)
		put_shown(text, &diff);
	else
		strbuf_add(text, diff.data, diff.len);
}

static int tell(const struct cmd *cmd, const struct nvc_engine_change *change)
{
	auto_done(strbuf) struct strbuf text = {0};
	struct err err = {0};

	if (change->done & NVC_ENGINE_NO_PROGRAM)
		out_warning(cmd->out, "there is no program ", change->runtime_path, " yet");
	strbuf_adds(&text, "");
	if (cmd->opts->dry_run) {
		if (change->after != NULL)
			put_diff(&text, change);
	} else if (change->after == NULL) {
		put_nothing(&text, cmd, change);
	} else {
		put_deeds(&text, change);
		if (cmd->opts->image_root == NULL)
			put_advice(&text, change);
	}
	if (!strbuf_failed(&text))
		return out_text(cmd->out, text.data);
	(void)err_nomem(&err);
	return out_error(cmd->out, &err);
}

int cmd_runtime(const struct cmd *cmd)
{
	const struct opts *opts = cmd->opts;
	const struct nvc_engine_args args = {
		.size = sizeof(args),
		.engine = opts->engine == NULL ? "docker" : opts->engine,
		.config = opts->engine_config,
		.image_root = opts->image_root,
		.runtime_name = opts->runtime_name,
		.runtime_path = opts->runtime_path,
		.set_default = opts->set_default,
		.remove = opts->remove,
		.dry_run = opts->dry_run,
	};
	struct nvc_engine_change change = {.size = sizeof(change)};
	int status = check_usage(cmd);

	if (status != 0)
		return status;
	if (nvc_engine_configure(cmd->ctx, &args, &change) < 0)
		status = out_context_error(cmd->out, cmd->ctx);
	else
		status = tell(cmd, &change);
	nvc_engine_change_done(&change);
	return status;
}
