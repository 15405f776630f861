/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of nvc-cli. Each returns the exit status. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include <nvc/nvc.h>

#include "opts.h"
#include "out.h"

struct cmd {
	struct nvc_context *ctx;
	const struct opts *opts;
	struct out *out;
};

int cmd_info(const struct cmd *cmd);
int cmd_list(const struct cmd *cmd);
int cmd_plan(const struct cmd *cmd);
int cmd_configure(const struct cmd *cmd);
int cmd_csv(const struct cmd *cmd);

/** The request that --device, --require and the capability options make; without --device the
 *  word given in devices. The caller frees. Negative: the context has the error. */
int cmd_request(const struct cmd *cmd, const char *devices, struct nvc_request **ret);
/** Writes one rendering to standard output. */
int cmd_show(const struct cmd *cmd, const struct nvc_inventory *inv,
	     const struct nvc_request *request, const struct nvc_plan *plan,
	     enum nvc_rendering rendering);
/** Plans for request (taken over, also when rc, the result of making it, is an error), shows it,
 * and says what failed. Returns the exit status. */
int cmd_show_plan(const struct cmd *cmd, int rc, struct nvc_request *request,
		  enum nvc_rendering rendering);

#endif
