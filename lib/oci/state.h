/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI container state that a runtime writes to a hook's standard input.
 * Source: OCI runtime-spec 1.0 to 1.2, runtime.md "State"; forms of runc 1.1 and crun 1.8.
 */
#ifndef OCI_STATE_H
#define OCI_STATE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define OCI_STATE_MAX_BYTES (1024 * 1024)

struct oci_state {
	char *id;     /* owned; never NULL */
	char *bundle; /* owned; NULL = absent (old "bundlePath" counts) */
	char *root;   /* owned; NULL = absent: only crun writes it */
	char *status; /* owned; NULL = absent */
	pid_t pid;    /* 0 = absent */
};

/** -EINVAL with line and column: not JSON, no object, wrong types, id empty or not a plain name. */
int oci_state_parse(const char *text, size_t len, struct oci_state *ret, struct err *err);
void oci_state_done(struct oci_state *state);

#endif
