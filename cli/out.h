/* SPDX-License-Identifier: Apache-2.0 */
/* What nvc-cli writes: results on standard output, one line per failure on standard error, a log
 * where one was asked for. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <nvc/nvc.h>

#include "base/err.h"

struct out {
	const char *program; /* in front of each line on standard error */
	int log_fd;          /* of --debug, or -1 */
	bool quiet;          /* warnings go to the log only: the result says the same */
	bool findings;       /* warnings of the module csv go to standard output as they are */
	bool nvidia;         /* called by the name of NVIDIA's program: its forms and words */
	const char *fault;   /* what NVIDIA's program calls the class of a failure from here on:
			      * "device error"; shown under its name only */
};

/** Opens the log for appending. A log that cannot be written is a warning, never a failure. */
void out_open_log(struct out *out, const char *path);
void out_close(struct out *out);

/** A sink for nvc_options.log; arg is the struct out. Warnings and errors also go to standard
 *  error. */
void out_log(void *arg, enum nvc_log_level level, const char *module, const char *text);

/** "PROGRAM: MESSAGE [line:column] (ADVICE)", under NVIDIA's name "PROGRAM: CLASS: ...". Each
 *  returns the exit status 1. */
int out_error(const struct out *out, const struct err *err);
int out_context_error(const struct out *out, const struct nvc_context *ctx);

/** "PROGRAM: warning: BEFORE'NAME'BEHIND" on standard error. */
void out_warning(const struct out *out, const char *before, const char *name, const char *behind);

/** Writes the whole text to standard output. Exit status: 1 when that is not possible. */
int out_text(const struct out *out, const char *text);

#endif
