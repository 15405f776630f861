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
int cmd_runtime(const struct cmd *cmd);

/** The request that the options make; without --device the word given in devices. The caller
 *  frees. Negative: the context has the error. */
int cmd_request(const struct cmd *cmd, const char *devices, struct nvc_request **ret);
/** Writes one rendering to standard output. */
int cmd_show(const struct cmd *cmd, const struct nvc_inventory *inv,
	     const struct nvc_request *request, const struct nvc_plan *plan,
	     enum nvc_rendering rendering);
/** Reads the machine, looks at the image of container (may be NULL: nothing is known of it), and
 *  plans. The caller frees both, on failure too. Negative: the context has the error, and
 *  out->fault its class. */
int cmd_find_plan(const struct cmd *cmd, const struct nvc_request *request,
		  const struct nvc_container *container, struct nvc_inventory **ret_inv,
		  struct nvc_plan **ret_plan);

#endif
