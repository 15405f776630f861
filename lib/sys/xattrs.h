/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of a file that is made anew in the place of another. */
#ifndef SYS_XATTRS_H
#define SYS_XATTRS_H

#include "base/err.h"

/** Gives the file `to` those attributes of `from` that belong to the file and not to its content:
 *  who else may read it (system.posix_acl_access, xattr(7), acl(5)), the labels of SELinux and
 *  Smack, and what users attached. Signatures and capabilities are of the content. A label that the
 *  policy does not let the caller set is not: then the file has the one of a new file. Sets the
 * group's bits of the mode where there is an ACL. Errors of file systems; -E2BIG. */
int xattrs_copy(int from, int to, const char *name, struct err *err);

#endif
