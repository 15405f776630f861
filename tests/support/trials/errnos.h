/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of ENOMEM, EIO, ENOSPC, EMFILE, EACCES, EINTR a system call can return.
 */
#ifndef TRIALS_ERRNOS_H
#define TRIALS_ERRNOS_H

/** Words, NULL-terminated; an empty list for calls that cannot fail so. Source: the man pages
 *  (man-pages 6.03), and EIO for all that reads or writes a file system. */
const char *const *errnos_of(const char *call);

#endif
