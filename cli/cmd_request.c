/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cmd.h"

/* Words with commas between them; NULL when there are none, or without memory. */
static char *joined(const struct strv *words)
{
	struct strbuf text = {0};

	for (size_t i = 0; i < words->n; i++)
		strbuf_addf(&text, "%s%s", i == 0 ? "" : ",", words->items[i]);
	if (words->n > 0)
		return strbuf_take(&text);
	strbuf_done(&text);
	return NULL;
}

static unsigned left_out(const struct opts *opts)
{
	unsigned without = 0;

	if (opts->no_persistenced)
		without |= NVC_PERSISTENCED;
	if (opts->no_fabricmanager)
		without |= NVC_FABRICMANAGER;
	if (opts->no_gsp_firmware)
		without |= NVC_GSP_FIRMWARE;
	return without;
}

/* As NVIDIA's program has it: who configures says which capabilities, and none means none. */
static const char *without_capabilities(const struct opts *opts)
{
	return opts->command == COMMAND_CONFIGURE ? "," : NULL;
}

int cmd_request(const struct cmd *cmd, const char *devices, struct nvc_request **ret)
{
	const struct opts *opts = cmd->opts;
	auto_free char *ids = joined(&opts->devices);
	auto_free char *capabilities = joined(&opts->capabilities);
	auto_free char *channels = joined(&opts->channels);
	struct nvc_request_args args = {
		.size = sizeof(args),
		.devices = ids == NULL ? devices : ids,
		.capabilities = capabilities == NULL ? without_capabilities(opts) : capabilities,
		.requires = (const char *const *)opts->requires.items,
		.mig_config = opts->mig_config,
		.mig_monitor = opts->mig_monitor,
		.imex_channels = channels,
		.cuda_compat = opts->cuda_compat,
		.without = left_out(opts),
	};

	return nvc_request_from_args(cmd->ctx, &args, ret);
}
