/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/context.h"

struct named_setting {
	const char *name;
	size_t offset; /* of a char * in struct settings */
};

static const struct named_setting named_settings[] = {
	{"nvidia-container-cli.root", offsetof(struct settings, root)},
	{"nvidia-container-cli.debug", offsetof(struct settings, cli_debug)},
	{"nvidia-container-cli.ldconfig", offsetof(struct settings, ldconfig)},
	{"nvidia-container-runtime.debug", offsetof(struct settings, runtime_debug)},
	{"nvidia-container-runtime.modes.csv.mount-spec-path", offsetof(struct settings, list_dir)},
	{"nvidia-container-runtime-hook.path", offsetof(struct settings, hook_path)},
	{"nvc.host-root", offsetof(struct settings, host_root)},
	{"nvc.state-dir", offsetof(struct settings, state_dir)},
	{"nvc.log-file", offsetof(struct settings, log_file)},
};

const char *nvc_setting(const struct nvc_context *ctx, const char *name)
{
	if (ctx->settings == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(named_settings) / sizeof(named_settings[0]); i++) {
		const char *base = (const char *)ctx->settings;

		if (strcmp(named_settings[i].name, name) == 0)
			return *(char *const *)(const void *)(base + named_settings[i].offset);
	}
	return NULL;
}

const char *const *nvc_setting_runtimes(const struct nvc_context *ctx)
{
	static const char *const none[] = {NULL};

	if (ctx->settings == NULL || ctx->settings->runtimes.n == 0)
		return none;
	return (const char *const *)ctx->settings->runtimes.items;
}

enum nvc_log_level nvc_setting_log_level(const struct nvc_context *ctx)
{
	if (ctx->settings == NULL)
		return NVC_LOG_INFO;
	return (enum nvc_log_level)ctx->settings->log_level;
}
