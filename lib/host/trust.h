/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who could have written an object: only what root or the caller alone can write is believed
 * (lists) or handed out (files).
 */
#ifndef HOST_TRUST_H
#define HOST_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct trust {
	uid_t uid;     /* the caller's effective id */
	bool confined; /* in a user namespace that does not map every id: see trust_init() */
};

/** The text of /proc/self/uid_map; the caller frees. False if it cannot be read. */
bool trust_read_ids(char **ret, size_t *ret_len);

/** Takes the caller's ids. In a user namespace that leaves ids out (a rootless engine) the files of
 *  the real root belong to the overflow id, which is then believed too: the engine's user can
 *  harm himself only.
 *  Source: user_namespaces(7), "Unmapped user and group IDs". */
void trust_init(struct trust *trust);

/** The same for a caller whose ids were taken before: taken anew only if he is another user now. */
void trust_again(struct trust *trust, const struct trust *before);

/** NULL if none but root and the caller can write the object; else who can, as a phrase: "can be
 *  written by ...". A literal. Symbolic links and device nodes are not judged by their mode. */
const char *trust_fault(const struct trust *trust, const struct stat *st);

#endif
